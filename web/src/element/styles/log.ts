/** The items of a thread, and what is said about them. */

import { css } from "lit";

export const logStyles = css`
  .log {
    display: flex;
    flex-direction: column;
    gap: 1.5rem;
    min-block-size: 100%;
    padding-block: 2rem 1.5rem;
  }

  .earlier {
    align-self: center;
  }

  .empty {
    margin-block: auto;
    padding-block-end: 8vh;
    text-align: center;
    color: var(--ink-soft);
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
    padding: 0.55rem 1rem;
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    border-end-end-radius: 0.35rem;
    background: var(--soft);
  }

  p.bubble,
  .bubble p {
    margin: 0;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
    unicode-bidi: plaintext;
    text-align: start;
  }

  .thoughts {
    color: var(--ink-soft);
    font-size: 0.9375rem;
  }

  .thoughts > summary {
    inline-size: fit-content;
    cursor: pointer;
  }

  .thoughts > .prose {
    margin-block-start: 0.5rem;
    padding-inline-start: 0.85rem;
    border-inline-start: 2px solid var(--edge);
  }

  .question[data-status="refused"] {
    border-color: var(--danger);
    background: var(--danger-soft);
  }

  .not-sent {
    display: block;
    color: var(--danger);
    font-size: 0.8125rem;
  }

  .files,
  .unshown,
  .ending,
  .skipped {
    margin: 0;
    color: var(--ink-soft);
    font-size: 0.9375rem;
  }

  .files .icon {
    margin-inline-end: 0.35rem;
    vertical-align: -0.25em;
  }

  .unshown,
  .skipped {
    font-style: italic;
  }

  /* Nearer to the answer that they are about. */
  .ending,
  .answer + .failure {
    margin-block-start: -0.5rem;
  }

  .asked {
    display: flex;
    flex-direction: column;
    gap: 0.85rem;
  }

  .choice .plain {
    margin-inline-start: -0.5rem;
  }

  .options ~ .plain,
  form ~ .plain {
    margin-inline-start: 0;
  }

  .choice,
  .choice form {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.75rem;
  }

  .options {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }

  .options .quiet {
    overflow-wrap: anywhere;
    white-space: normal;
    text-align: start;
    cursor: pointer;
  }

  .options input {
    accent-color: var(--accent);
    inline-size: 1rem;
    block-size: 1rem;
    margin: 0;
  }

  .notice {
    padding: 0.75rem 1rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    font-size: 0.9375rem;
  }

  .notice[data-level="danger"] {
    border-color: transparent;
    background: var(--danger-soft);
  }

  .failure {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 0.85rem;
    font-size: 0.9375rem;
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

  .waiting {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    min-block-size: 1.6rem;
    color: var(--ink-soft);
    font-size: 0.9375rem;
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
