/** A conversation with its turns beside it. */

import { css } from "lit";

export const threadStyles = css`
  .back {
    margin-block-end: 0.5rem;
  }

  .thread {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 19rem);
    gap: 1.25rem;
    align-items: start;
  }

  .stage {
    block-size: max(24rem, 100dvh - 15rem);
    overflow: hidden;
    border: 1px solid var(--line);
    border-radius: 0.9rem;
    background: var(--page);
  }

  .turns {
    display: grid;
    gap: 0.6rem;
    max-block-size: 60vh;
    overflow-y: auto;
  }

  .turns li + li {
    padding-block-start: 0.6rem;
    border-block-start: 1px solid var(--line);
  }

  a.plain {
    display: inline-flex;
    align-items: center;
  }

  @media (max-width: 56rem) {
    .thread {
      grid-template-columns: minmax(0, 1fr);
    }

    .stage {
      block-size: 34rem;
    }
  }
`;
