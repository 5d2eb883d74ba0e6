/** The list of a visitor's chats. */

import { css } from "lit";

export const historyStyles = css`
  :host {
    display: block;
    overflow: auto;
    scrollbar-width: thin;
  }

  :host(:focus) {
    outline: 0;
  }

  * {
    box-sizing: border-box;
  }

  .list {
    inline-size: min(100%, 44rem);
    margin: 0 auto;
    padding: 0.75rem 1rem 1rem;
    list-style: none;
  }

  .thread {
    display: flex;
    align-items: center;
    gap: 0.25rem;
    padding-inline: 0.5rem;
    border-radius: 0.75rem;
  }

  .thread:is(:hover, :focus-within),
  .thread[data-current] {
    background: var(--soft);
  }

  .open {
    display: flex;
    flex: 1;
    flex-direction: column;
    align-items: flex-start; /* a title in another script stands where titles stand */
    justify-content: center;
    min-inline-size: 0;
    min-block-size: 3.25rem;
    padding: 0.35rem 0.5rem;
    line-height: 1.4;
    border: 0;
    background: none;
    text-align: start;
  }

  .open > span {
    overflow-wrap: anywhere;
  }

  .open > time {
    color: var(--ink-soft);
    font-size: calc(0.8125 * var(--base-size, 1rem));
  }

  form,
  .asked {
    display: flex;
    flex: 1;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem;
    padding: 0.35rem 0;
  }

  .thread > :is(form, .asked) {
    min-block-size: 3.25rem;
    padding-inline: 0.5rem;
  }

  .thread > .asked > span {
    flex: 1 1 12rem;
    overflow-wrap: anywhere;
  }

  form input {
    flex: 1;
    min-inline-size: 8rem;
    min-block-size: 2.25rem;
    padding: 0.25rem 0.6rem;
    border: 1px solid var(--edge);
    border-radius: 0.6rem;
    background: var(--raised);
    color: inherit;
    font: inherit;
  }

  .find {
    display: block;
    inline-size: min(100% - 2rem, 42rem);
    min-block-size: 2.75rem;
    margin: 1rem auto 0;
    padding: 0.25rem 1rem;
    border: 1px solid var(--edge);
    border-radius: var(--round, 999px);
    background: var(--raised);
    color: inherit;
    font: inherit;
  }

  .ends {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    padding: 0 1rem 2rem;
  }

  fieldset {
    flex-basis: 100%;
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: 0 1.25rem;
    margin: 0.75rem 0 0;
    padding: 0;
    border: 0;
    color: var(--ink-soft);
    font-size: calc(0.875 * var(--base-size, 1rem));
  }

  legend {
    margin-inline: auto;
    padding: 0;
  }

  label {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    min-block-size: 2.75rem;
    color: var(--ink);
  }

  label input {
    flex: none;
    inline-size: 1.5rem;
    block-size: 1.5rem;
    margin: 0;
    accent-color: var(--accent);
  }

  @media (max-width: 40rem) {
    fieldset {
      display: grid;
    }
  }

  .ends > .asked {
    flex-basis: 100%;
    justify-content: center;
  }

  .thread[data-gone] span {
    color: var(--ink-soft);
  }

  .list:not(:has(li)) {
    display: none;
  }

  input[type="checkbox"] {
    inline-size: 1.5rem;
    block-size: 1.5rem;
    margin: 0;
    accent-color: var(--accent);
  }

  .note:empty {
    padding-block: 0;
  }

  .note {
    margin: 0;
    padding: 2rem 1rem;
    color: var(--ink-soft);
    text-align: center;
  }

  .note button {
    margin: 0.5rem;
  }
`;
