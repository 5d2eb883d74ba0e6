/** The parts of a thread besides its texts. */

import { css } from "lit";
import { laterPartStyles } from "./later-parts.ts";
import { rareProseStyles } from "./rare-prose.ts";

export const richStyles = css`
  ${laterPartStyles}
  ${rareProseStyles}

  /* Of a long thread only what is near the screen is laid out. Heights are guesses until then, so the browser has to
     keep the reader's place. Not of short ones: Chromium's accessibility tree lacks what is not laid out. What is in
     use may reach beyond its box, which the containment clips. */
  @supports (overflow-anchor: auto) {
    .scroller {
      overflow-anchor: auto;
    }

    .log > article:not(:nth-last-child(-n + 200), :hover, :focus-within) {
      content-visibility: auto;
      contain-intrinsic-block-size: auto 8rem;
    }
  }

  .jump[data-news="true"]::after {
    content: "";
    position: absolute;
    inset-block-start: -0.125rem;
    inset-inline-end: -0.125rem;
    inline-size: 0.75rem;
    block-size: 0.75rem;
    border: 2px solid var(--page);
    border-radius: 50%;
    background: var(--accent);
    forced-color-adjust: none;
  }

  /* What is said above the composer covers nothing. */
  .chat:has(.status[data-shown="true"]) .log {
    padding-block-end: 4.5rem;
  }

  .quote-this {
    position: fixed;
    z-index: 2;
    box-shadow: var(--shadow);
  }

  .question:has(> orcheo-edit[open]) {
    inline-size: 100%;
  }

  .question:has(> orcheo-edit[open]) > .bubble {
    display: none;
  }

  .widget > orcheo-widget {
    container-type: inline-size;
  }

  .notice {
    overflow-wrap: anywhere;
    padding: 0.75rem 1rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    font-size: calc(0.9375 * var(--base-size, 1rem));
  }

  .notice[data-level="danger"] {
    border-color: transparent;
    background: var(--danger-soft);
  }

  .closed + orcheo-composer {
    margin-block-start: 0.5rem;
  }

  .notice[data-level="warning"] {
    border-color: light-dark(#9a6700, #d0a03c);
  }

  .bare[aria-pressed="true"] {
    border: 1px solid;
  }

  @media (forced-colors: active) {
    .dots i,
    .prose ::after {
      background: CanvasText !important;
    }
  }

  .quoted {
    margin: 0;
    padding-inline-start: 0.75rem;
    border-inline-start: 3px solid var(--edge);
    color: var(--ink-soft);
    font-size: calc(0.875 * var(--base-size, 1rem));
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    overflow: hidden;
  }

  .skipped,
  .question .files {
    margin: 0;
    color: var(--ink-soft);
    font-size: calc(0.9375 * var(--base-size, 1rem));
  }

  .skipped {
    font-style: italic;
  }

  .question .files {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 0.5rem;
    padding: 0;
    list-style: none;
  }

  .question .files li {
    display: flex;
    align-items: center;
    gap: 0.35rem;
    padding: 0.35rem 0.6rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    overflow-wrap: anywhere;
  }

  .preview {
    display: block;
    min-inline-size: 3rem;
    min-block-size: 3rem;
    max-inline-size: 12rem;
    max-block-size: 12rem;
    border-radius: calc(var(--radius) / 2);
    object-fit: contain;
  }

  .tag {
    display: inline-flex;
    align-items: center;
    gap: 0.25rem;
    padding: 0 0.4rem;
    border: 0;
    border-radius: 0.4rem;
    background: color-mix(in oklab, var(--accent) 16%, transparent);
    color: inherit;
    font: inherit;
    line-height: 1.4;
  }

  .tag orcheo-icon {
    inline-size: 1em;
    block-size: 1em;
  }

  .entity-preview {
    position: absolute;
    z-index: 3;
    inset-block-end: 100%;
    inset-inline-start: 0;
    inline-size: max-content;
    max-inline-size: 20rem;
    padding: 0.75rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--raised);
    box-shadow: var(--shadow);
    white-space: normal;
  }

  .actions {
    display: flex;
    gap: 0.125rem;
    margin-block: -1rem -0.5rem;
    margin-inline-start: -0.5rem;
  }

  .actions :is(orcheo-icon, .icon) {
    inline-size: 1.05rem;
    block-size: 1.05rem;
  }

  .steps {
    display: grid;
    gap: 0.6rem;
    margin: 0.6rem 0 0;
    padding: 0;
    list-style: none;
  }

  .thoughts[data-kind="reasoning"] .steps {
    padding-inline-start: 0.85rem;
    border-inline-start: 2px solid var(--edge);
  }

  .steps > li {
    display: flex;
    gap: 0.6rem;
  }

  .steps > li > div {
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .steps > li > :is(orcheo-icon, .spinner) {
    inline-size: 1rem;
    block-size: 1rem;
    margin-block-start: 0.3rem;
  }

  .step-title {
    color: var(--ink);
  }

  .queries {
    display: flex;
    flex-wrap: wrap;
    gap: 0.35rem;
    margin: 0.35rem 0 0;
    padding: 0;
    list-style: none;
  }

  .queries > li {
    padding: 0.1rem 0.5rem;
    border-radius: var(--round, 999px);
    background: var(--soft);
    font-size: calc(0.8125 * var(--base-size, 1rem));
  }

  .made {
    display: grid;
    gap: 0.5rem;
    margin: 0;
    max-inline-size: 28rem;
  }

  .made img {
    max-inline-size: 100%;
    border-radius: var(--radius);
  }

  .made .bone {
    block-size: 14rem;
  }

  .made progress {
    inline-size: 100%;
    accent-color: var(--accent);
  }

  .thoughts {
    color: var(--ink-soft);
    font-size: calc(0.9375 * var(--base-size, 1rem));
  }

  .thoughts > summary {
    inline-size: fit-content;
    cursor: pointer;
  }

  .asked {
    display: flex;
    flex-direction: column;
    gap: 0.85rem;
  }

  .choice .plain {
    margin-inline-start: -0.5rem;
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

  /* Last, as it takes away what the rules above show. */
  @media print {
    :host,
    .chat,
    .scroller {
      display: block;
      block-size: auto;
      overflow: visible;
    }

    :host {
      color-scheme: light !important;
    }

    .log > * {
      break-inside: avoid;
    }

    .log > article {
      content-visibility: visible !important;
    }

    /* The history is closed on paper. */
    .bar h1:has(span)::before {
      content: attr(title);
    }

    .foot,
    .bar button,
    .bar h1 span,
    .earlier,
    .actions,
    .failure,
    .prose figcaption button,
    .sources summary,
    orcheo-edit,
    .history,
    orcheo-history {
      display: none;
    }

    .sources details::details-content {
      content-visibility: visible;
    }

    .prose pre code {
      overflow-wrap: anywhere;
      white-space: pre-wrap;
    }
  }
`;
