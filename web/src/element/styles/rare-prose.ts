/** What few answers have: coloured and wrapped code, formulas, footnotes. It arrives with the parts that draw them. */

import { css } from "lit";

export const rareProseStyles = css`
  .prose figcaption button:hover,
  .prose figcaption button[aria-pressed="true"] {
    background: var(--line);
    color: var(--ink);
  }

  .prose figcaption button[data-copied] {
    color: var(--accent);
  }

  .prose [data-wrapped] pre code {
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }

  .prose code :is([data-kind="keyword"], [data-kind="built_in"], [data-kind="type"], [data-kind="name"]) {
    color: var(--code-word);
  }

  .prose code :is([data-kind="string"], [data-kind="regexp"], [data-kind="addition"]) {
    color: var(--code-text);
  }

  .prose code :is([data-kind="number"], [data-kind="literal"], [data-kind="symbol"], [data-kind="attr"]) {
    color: var(--code-value);
  }

  .prose code :is([data-kind="title"], [data-kind="section"], [data-kind="selector-class"], [data-kind="meta"]) {
    color: var(--code-title);
  }

  .prose code :is([data-kind="comment"], [data-kind="quote"], [data-kind="deletion"]) {
    color: var(--ink-soft);
  }

  .prose .formula[data-display="true"] {
    display: block;
    margin-block: 0.85em;
    overflow-x: auto;
    text-align: center;
  }

  .prose .notes {
    border-block-start: 1px solid var(--line);
    padding-block-start: 0.5rem;
    color: var(--ink-soft);
    font-size: 0.875rem;
  }

  .prose .notes > li > p {
    margin-block: 0;
  }

  .prose button.note {
    padding: 0 0.2em;
    border: 0;
    background: none;
    color: var(--accent);
    font-size: 0.75rem;
  }
`;
