/** What all views of Canvas look like; the colours and type are the chat element's. */

import { css } from "lit";

export const canvasStyles = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  :host {
    display: block;
  }

  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  figure {
    margin: 0;
  }

  ul,
  ol {
    padding: 0;
    list-style: none;
  }

  h1 {
    font-size: 1.5rem;
    font-weight: 620;
    letter-spacing: -0.02em;
    line-height: 1.25;
    overflow-wrap: anywhere;
  }

  h1:focus {
    outline: 0;
  }

  h2 {
    font-size: 1.0625rem;
    font-weight: 600;
    letter-spacing: -0.01em;
  }

  h3 {
    font-size: 0.9375rem;
    font-weight: 600;
  }

  code,
  .mono {
    font-family: var(--mono);
    font-size: 0.875em;
    overflow-wrap: anywhere;
  }

  /* Handles, hints and targets are read from the left in every language. */
  code {
    direction: ltr;
    unicode-bidi: isolate;
  }

  .soft {
    color: var(--ink-soft);
  }

  .small {
    font-size: 0.875rem;
  }

  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.75rem 1rem;
    margin-block-end: 1.25rem;
  }

  .head > :first-child {
    flex: 1 1 16rem;
    min-inline-size: 0;
  }

  .stack {
    display: grid;
    gap: 1.25rem;
    grid-template-columns: minmax(0, 1fr);
  }

  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 0.75rem;
  }

  .spread {
    justify-content: space-between;
  }

  .card {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1rem;
    padding: 1.25rem;
    border: 1px solid var(--line);
    border-radius: 0.9rem;
    background: var(--raised);
  }

  .chip {
    display: inline-flex;
    align-items: center;
    gap: 0.4rem;
    padding: 0.05rem 0.6rem;
    border: 1px solid var(--line);
    border-radius: 999px;
    background: var(--soft);
    color: var(--ink-soft);
    font-size: 0.8125rem;
    font-weight: 550;
    white-space: nowrap;
  }

  .chip::before {
    content: "";
    inline-size: 0.5rem;
    block-size: 0.5rem;
    border: 1.5px solid currentcolor;
    border-radius: 50%;
  }

  .chip[data-state="public"] {
    color: var(--accent);
  }

  .chip[data-state="public"]::before {
    background: currentcolor;
  }

  .chip[data-state="obstacle"],
  .chip[data-state="failed"] {
    background: var(--danger-soft);
    color: var(--danger);
  }

  .chip[data-state="running"] {
    color: var(--accent);
  }

  .chip[data-state="running"]::before {
    background: currentcolor;
    animation: breathe 1.6s ease-in-out infinite;
  }

  .tag {
    padding: 0.05rem 0.5rem;
    border-radius: 0.4rem;
    background: var(--soft);
    color: var(--ink-soft);
    font-size: 0.8125rem;
  }

  .list {
    overflow: hidden;
    border: 1px solid var(--line);
    border-radius: 0.9rem;
    background: var(--raised);
  }

  .list > li {
    position: relative;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.35rem 1rem;
    padding: 0.8rem 1.25rem;
  }

  .list > li + li {
    border-block-start: 1px solid var(--line);
  }

  .list > li:has(> .main a):hover {
    background: light-dark(rgb(20 22 24 / 2.5%), rgb(255 255 255 / 3%));
  }

  .list .main {
    flex: 1 1 14rem;
    min-inline-size: 0;
  }

  .list .main > a {
    color: var(--ink);
    font-weight: 550;
    text-decoration: none;
    overflow-wrap: anywhere;
  }

  /* The whole row opens what it is about. */
  .list .main > a::after {
    content: "";
    position: absolute;
    inset: 0;
  }

  .list .main > a:focus-visible {
    outline: 0;
  }

  .list .main > a:focus-visible::after {
    outline: 2px solid var(--accent);
    outline-offset: -3px;
    border-radius: 0.9rem;
  }

  .list .main > p {
    overflow: hidden;
    color: var(--ink-soft);
    font-size: 0.875rem;
    text-overflow: ellipsis;
  }

  .list .acts {
    position: relative;
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }

  time {
    color: var(--ink-soft);
    font-size: 0.875rem;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }

  .field {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.3rem;
  }

  label,
  legend,
  .label {
    padding: 0;
    font-size: 0.875rem;
    font-weight: 550;
  }

  .hint {
    color: var(--ink-soft);
    font-size: 0.8125rem;
    line-height: 1.45;
    overflow-wrap: anywhere;
  }

  .fault {
    color: var(--danger);
    font-size: 0.875rem;
    font-weight: 500;
  }

  input:not([type="checkbox"], [type="radio"], [type="color"]),
  select {
    block-size: 2.5rem;
  }

  input:not([type="checkbox"], [type="radio"], [type="color"]),
  textarea,
  select {
    inline-size: 100%;
    padding: 0.45rem 0.75rem;
    border: 1px solid var(--edge);
    border-radius: 0.6rem;
    background: var(--page);
    color: inherit;
    font: inherit;
    font-size: 0.9375rem;
  }

  textarea {
    min-block-size: 4.5rem;
    resize: vertical;
  }

  textarea[rows="1"] {
    min-block-size: 2.5rem;
    field-sizing: content;
  }

  textarea.mono {
    font-family: var(--mono);
    font-size: 0.875rem;
  }

  :is(input, textarea, select)[aria-invalid="true"] {
    border-color: var(--danger);
  }

  input[type="checkbox"],
  input[type="radio"] {
    inline-size: 1.15rem;
    block-size: 1.15rem;
    margin: 0.2rem 0 0;
    accent-color: var(--accent);
  }

  .flag {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0.1rem 0.65rem;
    align-items: start;
  }

  .flag > :is(.hint, .fault) {
    grid-column: 2;
  }

  legend {
    margin-block-end: 0.45rem;
  }

  form {
    max-inline-size: 46rem;
  }

  .pair {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr));
    gap: 1rem;
  }

  fieldset {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.5rem;
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }

  .picks {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr));
    gap: 0.5rem;
  }

  .pick {
    display: flex;
    align-items: start;
    gap: 0.6rem;
    padding: 0.6rem 0.85rem;
    border: 1px solid var(--edge);
    border-radius: 0.75rem;
    background: var(--page);
    font-weight: 500;
    cursor: pointer;
  }

  .pick:has(:checked) {
    border-color: var(--accent);
    box-shadow: inset 0 0 0 1px var(--accent);
  }

  details > summary {
    inline-size: fit-content;
    padding: 0.3rem 0;
    color: var(--ink-soft);
    font-size: 0.875rem;
    font-weight: 550;
    cursor: pointer;
  }

  details[open] > summary {
    margin-block-end: 0.85rem;
  }

  .notice {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.5rem;
    justify-items: start;
    padding: 0.8rem 1rem;
    border: 1px solid var(--line);
    border-radius: 0.75rem;
    background: var(--soft);
    font-size: 0.9375rem;
    overflow-wrap: anywhere;
  }

  .notice[data-level="danger"] {
    border-color: transparent;
    background: var(--danger-soft);
  }

  .notice[data-level="danger"] > strong {
    color: var(--danger);
  }

  .notice p {
    font-size: 0.875rem;
  }

  .empty {
    display: grid;
    justify-items: center;
    gap: 0.75rem;
    padding: 3.5rem 1.5rem;
    border: 1px dashed var(--line);
    border-radius: 0.9rem;
    color: var(--ink-soft);
    text-align: center;
    text-wrap: balance;
  }

  .empty > .icon {
    inline-size: 2.25rem;
    block-size: 2.25rem;
    stroke-width: 1.25;
  }

  .empty h2 {
    color: var(--ink);
  }

  .bones {
    display: grid;
    gap: 0.75rem;
    padding: 1.25rem;
    border: 1px solid var(--line);
    border-radius: 0.9rem;
  }

  .bones i {
    block-size: 1rem;
    border-radius: 0.5rem;
    background: var(--line);
    animation: breathe 1.6s ease-in-out infinite;
  }

  .bones i:nth-child(even) {
    inline-size: 60%;
  }

  .spinner {
    display: inline-block;
    flex: none;
    inline-size: 1rem;
    block-size: 1rem;
    border: 2px solid var(--line);
    border-block-start-color: var(--accent);
    border-radius: 50%;
    animation: spin 0.8s linear infinite;
  }

  @keyframes spin {
    to {
      rotate: 1turn;
    }
  }

  .copyable {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    padding: 0.35rem 0.35rem 0.35rem 0.85rem;
    border: 1px solid var(--line);
    border-radius: 0.75rem;
    background: var(--page);
  }

  .copyable > code {
    flex: 1;
    min-inline-size: 0;
    direction: ltr;
    text-align: start;
    unicode-bidi: isolate;
  }

  .copyable > pre {
    flex: 1;
    margin: 0.35rem 0;
    min-inline-size: 0;
    direction: ltr;
    text-align: start;
    overflow-wrap: anywhere;
    font: 0.8125rem / 1.5 var(--mono);
    white-space: pre-wrap;
  }

  .facts {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(7.5rem, 100%), 1fr));
    gap: 0.75rem 1rem;
  }

  .facts .wide {
    grid-column: 1 / -1;
  }

  .facts dt {
    color: var(--ink-soft);
    font-size: 0.8125rem;
  }

  .facts time {
    color: inherit;
    font-size: inherit;
    white-space: normal;
  }

  .facts dd {
    font-weight: 550;
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }

  .danger:is(button) {
    border-color: var(--danger);
    color: var(--danger);
  }

  .solid.danger:is(button) {
    border-color: transparent;
    background: var(--danger);
    color: light-dark(#ffffff, #2a1210);
  }

  .foot {
    display: flex;
    flex-wrap: wrap;
    justify-content: end;
    gap: 0.6rem;
  }

  .filters {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: 0.75rem;
    margin-block-end: 1rem;
  }

  .filters > .flag {
    min-block-size: 2.5rem;
    align-content: center;
  }

  .filters > .quiet {
    min-block-size: 2.5rem;
  }

  .filters > .grow {
    flex: 1 1 16rem;
  }

  .filters > .field:not(.grow) {
    flex: 0 1 auto;
    min-inline-size: 9rem;
  }

  .more {
    display: grid;
    justify-items: center;
    gap: 0.75rem;
    padding-block-start: 1rem;
  }

  .tabs {
    display: flex;
    gap: 0.25rem;
    margin-block-end: 1.25rem;
    overflow-x: auto;
    border-block-end: 1px solid var(--line);
    scrollbar-width: none;
  }

  .tabs a {
    padding: 0.55rem 0.8rem;
    border-block-end: 2px solid transparent;
    color: var(--ink-soft);
    font-size: 0.9375rem;
    font-weight: 550;
    text-decoration: none;
    white-space: nowrap;
  }

  .tabs a:hover {
    color: var(--ink);
  }

  .tabs a:focus-visible {
    outline-offset: -3px;
    border-radius: 0.5rem;
  }

  .tabs a[aria-current] {
    border-color: var(--accent);
    color: var(--ink);
  }

  .columns {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr));
    gap: 1.25rem;
    align-items: start;
  }

  @media (max-width: 30rem) {
    .tabs {
      gap: 0;
    }

    .tabs a {
      flex: 1 0 auto;
      padding-inline: 0.3rem;
      font-size: 0.8125rem;
      text-align: center;
    }

    .filters > .field:not(.grow) {
      flex: 1 1 8rem;
      min-inline-size: 0;
    }

    .card,
    .list > li {
      padding-inline: 1rem;
    }
  }

  @media (pointer: coarse) {
    .tabs a,
    .flag > label {
      min-block-size: 2.75rem;
      align-content: center;
    }

    .flag {
      align-items: center;
    }

    a:is(.row, .small, .plain, .plain-link),
    p > a {
      padding-block: 0.85rem;
    }
  }
`;
