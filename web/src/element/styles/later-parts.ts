/** Small parts that stand in several places, of which none is there at first. */

import { css } from "lit";

export const laterPartStyles = css`
  .anchor {
    position: relative;
    display: inline-block;
  }

  .spinner {
    display: inline-block;
    flex: none;
    inline-size: 1rem;
    block-size: 1rem;
    border: 2px solid var(--line);
    border-block-start-color: var(--accent);
    border-radius: 50%;
    animation: spin 0.8s linear infinite;
  }

  @keyframes spin {
    to {
      rotate: 1turn;
    }
  }
`;
