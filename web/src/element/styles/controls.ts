/** Buttons, icons, focus and motion, alike in every part. */

import { css } from "lit";

export const controlStyles = css`
  button {
    font: inherit;
    color: inherit;
    cursor: pointer;
    touch-action: manipulation;
  }

  button:disabled {
    cursor: default;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }

  a {
    color: var(--accent);
    text-decoration: underline;
    text-decoration-thickness: 1px;
    text-underline-offset: 0.18em;
  }

  a:hover {
    text-decoration-thickness: 2px;
  }

  .icon {
    inline-size: 1.25rem;
    block-size: 1.25rem;
    flex: none;
    fill: none;
    stroke: currentcolor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
  }

  .icon .solid {
    fill: currentcolor;
    stroke: none;
  }

  .quiet {
    display: inline-flex;
    align-items: center;
    gap: 0.4rem;
    min-block-size: 2.25rem;
    padding: 0.25rem 0.85rem;
    border: 1px solid var(--edge);
    border-radius: var(--round, 999px);
    background: var(--raised);
    font-size: calc(0.875 * var(--base-size, 1rem));
    font-weight: 500;
    white-space: nowrap;
    transition: background-color 120ms;
  }

  .quiet .icon {
    inline-size: 1rem;
    block-size: 1rem;
  }

  .quiet:hover:enabled {
    background: var(--soft);
  }

  .quiet:disabled {
    border-color: var(--line);
    color: var(--ink-soft);
  }

  .plain {
    min-block-size: 2.25rem;
    padding: 0.25rem 0.5rem;
    border: 0;
    background: none;
    color: var(--ink-soft);
    font-size: calc(0.875 * var(--base-size, 1rem));
    text-decoration: underline;
    text-decoration-thickness: 1px;
    text-underline-offset: 0.18em;
  }

  .solid:is(a, button) {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    min-block-size: 2.5rem;
    padding: 0.35rem 1.15rem;
    border: 1px solid transparent;
    border-radius: var(--round, 999px);
    background: var(--accent);
    color: var(--on-accent);
    font: inherit;
    font-weight: 550;
    text-decoration: none;
    white-space: nowrap;
  }

  .solid:is(a, button):hover {
    filter: brightness(1.1);
  }

  .solid:disabled {
    opacity: 0.5;
    filter: none;
  }

  @keyframes breathe {
    0%,
    70%,
    100% {
      opacity: 0.3;
    }
    35% {
      opacity: 1;
    }
  }

  .spoken-only {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    margin: -1px;
    padding: 0;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  /* Large enough for a finger (WCAG 2.5.5), but for what stands in a line of text; the id outweighs every size below. */
  @media (pointer: coarse) {
    :is(button, select, summary, textarea, .quiet, .solid, .contact, input:not([type="checkbox"], [type="radio"]), label:has(> input:enabled)):not(
        #_,
        .tag,
        .note
      ) {
      min-inline-size: 2.75rem;
      min-block-size: 2.75rem;
      align-content: center;
    }
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
      scroll-behavior: auto !important;
    }
  }
`;
