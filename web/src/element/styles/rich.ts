/** The parts of a thread besides its texts. */

import { css } from "lit";

export const richStyles = css`
  .quote-this {
    position: fixed;
    z-index: 2;
    box-shadow: var(--shadow);
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
    max-inline-size: 12rem;
    max-block-size: 12rem;
    border-radius: calc(var(--radius) / 2);
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

  .actions orcheo-icon {
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
`;
