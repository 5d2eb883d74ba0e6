/** Small parts that stand in several places, and what came with widgets, steps, files and images. */

import { css } from "lit";

export const partStyles = css`
  orcheo-icon {
    display: inline-block;
    flex: none;
    inline-size: 1.25rem;
    block-size: 1.25rem;
    background: currentcolor;
    vertical-align: -0.3em;
    forced-color-adjust: none; /* its background is its shape */
  }

  .bare {
    display: inline-grid;
    place-items: center;
    min-inline-size: 2.25rem;
    min-block-size: 2.25rem;
    padding: 0.25rem;
    border: 0;
    border-radius: var(--round, 999px);
    background: none;
    color: var(--ink-soft);
  }

  .bare:hover:enabled {
    background: var(--soft);
    color: var(--ink);
  }

  .bare[aria-pressed="true"] {
    color: var(--accent);
  }

  .bare:disabled,
  .bare[aria-disabled="true"] {
    opacity: 0.5;
  }

  .bar :is(h1, i) {
    flex: 1;
  }

  .prompts {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: 0.5rem;
    margin-block-start: 1.25rem;
    color: var(--ink);
  }

  .prompts .quiet {
    white-space: normal;
    text-align: start;
  }

  .question {
    display: flex;
    flex-direction: column;
    align-items: flex-end;
    align-self: flex-end;
    gap: 0.5rem;
    max-inline-size: min(85%, 36rem);
  }

  .question > .bubble {
    max-inline-size: 100%;
  }

  .disclaimer p {
    margin: 0;
  }

  .disclaimer[data-contrast="high"] {
    color: var(--ink);
  }

  .history,
  orcheo-history {
    grid-area: 2 / 1 / 4 / 2;
    z-index: 1;
    background: var(--page);
  }

  .history {
    padding: 1rem max(1rem, (100% - 44rem) / 2);
  }

  .chat > .scroller {
    grid-area: 2 / 1;
  }

  .chat > .foot {
    grid-area: 3 / 1;
  }

  .chat > .bar {
    grid-area: 1 / 1;
  }
`;
