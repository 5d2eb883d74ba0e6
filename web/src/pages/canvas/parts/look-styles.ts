/** A form with a chat beside it. */

import { css } from "lit";

export const lookStyles = css`
  .look {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 24rem);
    gap: 1.5rem;
    align-items: start;
  }

  .preview {
    position: sticky;
    inset-block-start: 1.25rem;
    display: grid;
    gap: 0.4rem;
  }

  .stage {
    block-size: min(36rem, 75vh);
    overflow: hidden;
    border: 1px solid var(--line);
    border-radius: 0.9rem;
    background: var(--page);
  }

  @media (max-width: 56rem) {
    .look {
      grid-template-columns: minmax(0, 1fr);
    }

    .preview {
      position: static;
    }
  }
`;
