/** The items of a thread, and what is said about them. */

import { css } from "lit";

export const logStyles = css`
  .log {
    display: flex;
    flex-direction: column;
    gap: calc(1.5rem * var(--density, 1));
    min-block-size: 100%;
    padding-block: calc(2rem * var(--density, 1)) calc(1.5rem * var(--density, 1));
  }

  .earlier {
    align-self: center;
  }

  .empty {
    margin-block: auto;
    padding-block-end: 8vh;
    text-align: center;
    color: var(--ink-soft);
    overflow-wrap: anywhere;
  }

  .empty p {
    margin: 0;
  }

  .empty .greeting {
    margin-block-end: 0.35rem;
    color: var(--ink);
    font-size: clamp(1.375rem, 1.1rem + 1.4vw, 1.75rem);
    font-weight: 600;
    letter-spacing: -0.02em;
    line-height: 1.25;
    text-wrap: balance;
  }

  .log > [tabindex="-1"]:focus {
    outline: 0;
  }

  .log > [tabindex="-1"]:focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 4px;
  }

  .bubble {
    align-self: flex-end;
    max-inline-size: min(85%, 36rem);
    padding: calc(0.55rem * var(--density, 1)) 1rem;
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    border-end-end-radius: min(0.35rem, var(--radius));
    background: var(--bubble, var(--soft));
  }

  p.bubble,
  .bubble p {
    margin: 0;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
    unicode-bidi: plaintext;
    text-align: start;
  }

  .question[data-status="refused"] > .bubble {
    border-color: var(--danger);
    background: var(--danger-soft);
  }

  .not-sent {
    display: block;
    color: var(--danger);
    font-size: 0.8125rem;
  }

  .unshown,
  .ending {
    margin: 0;
    color: var(--ink-soft);
    font-size: calc(0.9375 * var(--base-size, 1rem));
  }

  .unshown {
    font-style: italic;
  }

  /* Nearer to the answer that they are about. */
  .ending,
  .answer + .failure {
    margin-block-start: -0.5rem;
  }

  .failure {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 0.85rem;
    font-size: calc(0.9375 * var(--base-size, 1rem));
    color: var(--danger);
  }

  .failure[data-calm="true"] {
    color: var(--ink-soft);
  }

  .failure p {
    margin: 0;
  }

  .failure .quiet {
    color: var(--ink);
  }

  .remedies {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }

  .waiting {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    min-block-size: 1.6rem;
    color: var(--ink-soft);
    font-size: calc(0.9375 * var(--base-size, 1rem));
    font-variant-numeric: tabular-nums;
  }

  .dots {
    display: inline-flex;
    gap: 0.3rem;
  }

  .dots i {
    inline-size: 0.45rem;
    block-size: 0.45rem;
    border-radius: 50%;
    background: var(--ink-soft);
    animation: breathe 1.2s ease-in-out infinite;
  }

  .dots i:nth-child(2) {
    animation-delay: 0.15s;
  }

  .dots i:nth-child(3) {
    animation-delay: 0.3s;
  }

  @media (max-width: 30rem) {
    .log {
      padding-block: 1.25rem 1rem;
    }
  }
`;
