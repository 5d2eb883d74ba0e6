/** Dialogs over the page, and the sheet that they become on a phone. */

import { css } from "lit";

export const dialogStyles = css`
  dialog {
    inline-size: min(34rem, calc(100vw - 2rem));
    max-block-size: min(44rem, calc(100dvh - 2rem));
    padding: 1.5rem;
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: 1.1rem;
    background: var(--page);
    color: var(--ink);
    box-shadow: var(--shadow);
  }

  dialog[open] {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1rem;
    align-content: start;
  }

  dialog::backdrop {
    background: rgb(12 14 16 / 45%);
  }

  dialog h2 {
    font-size: 1.1875rem;
  }

  dialog > p {
    text-wrap: pretty;
    overflow-wrap: anywhere;
  }

  .foot {
    margin-block-start: 0.25rem;
  }

  @media (max-width: 30rem) {
    dialog {
      inline-size: 100vw;
      max-inline-size: 100vw;
      margin: auto 0 0;
      padding: 1.25rem 1.25rem max(1.25rem, env(safe-area-inset-bottom));
      border-end-start-radius: 0;
      border-end-end-radius: 0;
    }

    .foot > * {
      flex: 1 1 auto;
      justify-content: center;
    }
  }
`;
