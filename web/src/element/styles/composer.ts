import { css } from "lit";

export const composerStyles = css`
  :host {
    display: block;
  }

  .composer {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    position: relative;
    gap: 0 0.5rem;
    padding: 0.4rem;
    border: 1px solid var(--edge);
    border-radius: var(--orcheo-radius, 1.6rem);
    background: var(--raised);
    box-shadow: var(--shadow);
    transition: border-color 120ms;
  }

  .composer:focus-within {
    border-color: var(--accent);
    box-shadow: var(--shadow), 0 0 0 1px var(--accent);
  }

  .ends {
    display: flex;
    align-items: center;
    gap: 0.25rem;
  }

  textarea {
    flex: 1;
    min-inline-size: 60%;
    box-sizing: border-box;
    inline-size: 100%;
    min-block-size: 2.5rem;
    max-block-size: min(14rem, 35dvh);
    margin: 0;
    padding: 0.5rem 0.75rem;
    border: 0;
    outline: 0;
    resize: none;
    background: none;
    color: inherit;
    /* Not below 16px: iOS zooms the page in when a smaller field gets focus. */
    font: 400 max(16px, var(--base-size, 1rem)) / 1.5 var(--sans);
    overflow-y: auto;
    scrollbar-width: thin;
  }

  /* The whole composer shows the focus instead. */
  textarea:focus-visible {
    outline: 0;
  }

  textarea::placeholder {
    color: var(--ink-soft);
    opacity: 1;
  }

  .round {
    display: grid;
    place-items: center;
    inline-size: 2.5rem;
    block-size: 2.5rem;
    padding: 0;
    border: 1px solid transparent;
    border-radius: var(--round, 50%);
    background: var(--accent);
    color: var(--on-accent);
    transition: background-color 120ms, color 120ms;
  }

  .round:hover:enabled {
    filter: brightness(1.1);
  }

  .round:disabled {
    background: var(--soft);
    color: var(--ink-soft);
  }

  #limit {
    flex-basis: 100%;
    margin: 0;
    padding-inline: 0.75rem;
    color: var(--ink-soft);
    font-size: calc(0.8125 * var(--base-size, 1rem));
  }

  #limit:empty {
    display: none;
  }

  #limit[data-over="true"] {
    color: var(--danger);
    font-weight: 500;
  }
`;
