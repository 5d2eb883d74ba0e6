/** What few answers have: coloured and wrapped code, formulas, footnotes, tasks, sources. It arrives with the rich parts. */

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

  .prose .table [data-align="center"] {
    text-align: center;
  }

  .prose .table [data-align="end"] {
    text-align: var(--far);
  }

  .prose li.task {
    margin-inline-start: -1.5em;
    list-style: none;
  }

  .prose li > label {
    display: flex;
    gap: 0.5rem;
  }

  .prose li > label > input {
    flex: none;
    margin-block-start: 0.35em;
    accent-color: var(--accent);
  }

  .sources {
    margin-block-start: 1.1rem;
    font-size: calc(0.875 * var(--base-size, 1rem));
  }

  .sources h3 {
    margin: 0 0 0.35rem;
    color: var(--ink-soft);
    font-size: calc(0.8125 * var(--base-size, 1rem));
    font-weight: 550;
  }

  .sources ol {
    display: grid;
    gap: 0.25rem;
    margin: 0;
    padding: 0;
    list-style: none;
  }

  .sources summary {
    inline-size: fit-content;
    margin-block-end: 0.35rem;
    cursor: pointer;
  }

  .sources li {
    display: flex;
    gap: 0.5rem;
    overflow-wrap: anywhere;
  }

  .sources .icon {
    inline-size: 1rem;
    block-size: 1lh;
    color: var(--ink-soft);
  }

  /* After the name, so that a place on a line of its own is not indented. */
  .sources .named {
    margin-inline-end: 0.25rem;
  }

  .sources .place {
    color: var(--ink-soft);
    font: 0.8125rem var(--mono);
  }

  @media (pointer: coarse) {
    .sources ol {
      gap: 1.5rem;
    }

    :is(.sources a, .no-image) {
      padding-block: 0.85rem;
    }
  }
`;
