/** What a composer has besides its field. */

import { css } from "lit";
import { laterPartStyles } from "./later-parts.ts";

export const composerToolStyles = css`
  ${laterPartStyles}

  .quote,
  .files {
    display: flex;
    flex-basis: 100%;
    gap: 0.5rem;
    margin: 0.25rem 0.5rem;
    padding: 0;
    list-style: none;
  }

  .quote blockquote {
    flex: 1;
    margin: 0;
    padding-inline-start: 0.75rem;
    border-inline-start: 3px solid var(--edge);
    color: var(--ink-soft);
    font-size: calc(0.875 * var(--base-size, 1rem));
    max-block-size: 4.5em;
    overflow: auto;
  }

  .files {
    flex-wrap: wrap;
  }

  .files li {
    display: flex;
    align-items: center;
    gap: 0.4rem;
    max-inline-size: 16rem;
    padding-inline-start: 0.4rem;
    border: 1px solid var(--line);
    border-radius: 0.75rem;
    font-size: calc(0.875 * var(--base-size, 1rem));
  }

  .files li[data-status="failed"] {
    border-color: var(--danger);
    color: var(--danger);
  }

  .files li > span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .files img {
    inline-size: 2rem;
    block-size: 2rem;
    border-radius: 0.4rem;
    object-fit: cover;
  }

  /* Under the pointer, too. */
  button.bare.microphone[aria-pressed="true"] {
    background: var(--danger);
    color: var(--page);
  }

  .tools {
    display: flex;
    flex-basis: 100%;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.25rem;
  }

  .chip {
    display: inline-flex;
    align-items: center;
    gap: 0.35rem;
    min-block-size: 2rem;
    max-inline-size: 12rem;
    padding: 0 0.7rem;
    border: 1px solid transparent;
    border-radius: var(--round, 999px);
    background: none;
    color: var(--ink-soft);
    font: inherit;
    font-size: calc(0.875 * var(--base-size, 1rem));
  }

  select.chip {
    field-sizing: content;
    padding-inline: 0.4rem;
  }

  .chip:hover,
  .chip[aria-pressed="true"] {
    background: var(--soft);
    color: var(--ink);
  }

  .chip[aria-pressed="true"] {
    border-color: var(--accent);
  }

  .chip orcheo-icon {
    inline-size: 1rem;
    block-size: 1rem;
  }

  .suggestions,
  .menu {
    position: absolute;
    z-index: 4;
    inset-block-end: calc(100% + 0.5rem);
    inset-inline-start: 0;
    min-inline-size: 14rem;
    max-inline-size: min(26rem, 90vw);
    max-block-size: 18rem;
    padding: 0.35rem;
    border: 1px solid var(--line);
    border-radius: 0.9rem;
    background: var(--raised);
    box-shadow: var(--shadow);
    overflow: auto;
  }

  .suggestions .group {
    margin: 0.35rem 0.6rem 0.15rem;
    color: var(--ink-soft);
    font-size: calc(0.75 * var(--base-size, 1rem));
  }

  .suggestions .row,
  .menu button {
    box-sizing: border-box;
    display: flex;
    align-items: center;
    gap: 0.5rem;
    inline-size: 100%;
    min-block-size: 2.25rem;
    padding: 0.3rem 0.6rem;
    border: 0;
    border-radius: 0.6rem;
    background: none;
    text-align: start;
    cursor: pointer;
  }

  .suggestions .row[aria-selected="true"],
  .menu button:is(:hover, :focus-visible) {
    background: var(--soft);
  }

  .suggestions small {
    margin-inline-start: auto;
    color: var(--ink-soft);
  }
`;
