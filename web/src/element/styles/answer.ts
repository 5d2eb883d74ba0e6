/** Text written by a workflow. */

import { css } from "lit";

export const answerStyles = css`
  .answer {
    min-inline-size: 0;
  }

  .prose {
    overflow-wrap: anywhere;
    line-height: 1.65;
  }

  /* Each line of text by its own first letter, whatever stands above it. */
  .prose :is(p, li, h3, h4, h5, h6, th, td) {
    unicode-bidi: plaintext;
    text-align: start;
  }

  /* But never away from the marker, the line or the columns that it belongs to. */
  .prose :is(ul, ol, blockquote, table) {
    --near: left;
    --far: right;
  }

  .prose :is(ul, ol, blockquote, table):dir(rtl) {
    --near: right;
    --far: left;
  }

  .prose :is(ul, ol, blockquote, table) :is(p, li, h3, h4, h5, h6, th, td) {
    text-align: var(--near);
  }

  .prose :where(p, ul, ol, blockquote, .table) {
    margin-block: 0.85em;
  }

  .prose :is(h3, h4, h5, h6) {
    margin-block: 1.5em 0.5em;
    font-size: calc(1 * var(--base-size, 1rem));
    font-weight: 650;
    line-height: 1.35;
    letter-spacing: -0.01em;
  }

  .prose h3 {
    font-size: calc(1.1875 * var(--base-size, 1rem));
  }

  .prose h4 {
    font-size: calc(1.0625 * var(--base-size, 1rem));
  }

  .prose :is(ul, ol) {
    padding-inline-start: 1.5em;
  }

  .prose li {
    margin-block: 0.3em;
    padding-inline-start: 0.2em;
  }

  .prose li :is(ul, ol) {
    margin-block: 0.3em;
  }

  .prose li::marker {
    color: var(--ink-soft);
  }

  .prose blockquote {
    margin-inline: 0;
    padding-inline-start: 1rem;
    border-inline-start: 3px solid var(--line);
    color: var(--ink-soft);
  }

  .prose code {
    font: 0.875em / 1.5 var(--mono);
    unicode-bidi: isolate;
  }

  /* Not in blocks of code: their layout would take time by the square of the number of lines. */
  .prose :not(pre) > code {
    padding: 0.12em 0.35em;
    border-radius: 0.35rem;
    background: var(--soft);
    -webkit-box-decoration-break: clone;
    box-decoration-break: clone;
  }

  .prose code[data-short="true"] {
    white-space: nowrap;
  }

  .prose blockquote code {
    color: var(--ink);
  }

  .prose pre {
    padding: 0.9rem 1.1rem;
    border: 1px solid var(--line);
    border-radius: 0.75rem;
    background: var(--soft);
    overflow-x: auto;
    scrollbar-width: thin;
    text-align: left;
  }

  .prose pre code {
    font-size: calc(0.8438 * var(--base-size, 1rem));
    line-height: 1.6;
    overflow-wrap: normal;
    white-space: pre;
  }

  .prose figure.code {
    margin: 0.85em 0;
    border: 1px solid var(--line);
    border-radius: 0.75rem;
    background: var(--soft);
    overflow: hidden;
  }

  .prose figure.code pre {
    margin: 0;
    padding-block-start: 0.25rem;
    border: 0;
    border-radius: 0;
  }

  .prose figcaption {
    display: flex;
    align-items: center;
    gap: 0.25rem;
    padding: 0.35rem 0.5rem 0 1.1rem;
    color: var(--ink-soft);
    font: 0.75rem var(--mono);
  }

  .prose figcaption > span {
    flex: 1;
  }

  .prose figcaption button {
    display: grid;
    place-items: center;
    min-inline-size: 2rem;
    min-block-size: 2rem;
    padding: 0;
    border: 0;
    border-radius: 0.5rem;
    background: none;
    color: inherit;
  }

  .prose figcaption .icon {
    inline-size: 1rem;
    block-size: 1rem;
  }

  .prose hr {
    margin-block: 1.5rem;
    border: 0;
    border-block-start: 1px solid var(--line);
  }

  .prose .table {
    max-inline-size: 100%;
    overflow-x: auto;
    scrollbar-width: thin;
  }

  .prose table {
    border-collapse: collapse;
    font-size: calc(0.9375 * var(--base-size, 1rem));
    overflow-wrap: normal;
  }

  .prose :is(th, td) {
    padding-block: 0.4rem;
    padding-inline: 0 1.25rem;
    border-block-end: 1px solid var(--line);
    vertical-align: top;
  }

  .prose > :first-child {
    margin-block-start: 0;
  }

  .prose > :last-child {
    margin-block-end: 0;
  }

  /* Where the next word will come, in line with the last one. */
  .answer[data-status="streaming"]
    .prose
    > :is(
      :is(p, h3, h4, h5, h6):last-child,
      blockquote:last-child > p:last-child,
      figure.code:last-child > pre > code,
      :is(ul, ol):last-child > li:last-child:not(:has(ul, ol, pre, p, blockquote)),
      :is(ul, ol):last-child > li:last-child > :is(ul, ol):last-child > li:last-child:not(:has(ul, ol, pre, p, blockquote))
    )::after {
    content: "";
    display: inline-block;
    inline-size: 0.5rem;
    block-size: 0.5rem;
    margin-inline-start: 0.4rem;
    border-radius: 50%;
    background: var(--accent);
    animation: breathe 1.2s ease-in-out infinite;
  }
`;
