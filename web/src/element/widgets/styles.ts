/** How widgets look. */

import { css } from "lit";

export const widgetStyles = css`
  :host {
    display: block;
    color: var(--ink);
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  /* Nothing of a widget reaches beyond its place. */
  .widget {
    contain: paint;
    max-inline-size: 100%;
    transition: opacity 160ms;
  }

  .widget[inert] {
    opacity: 0.55;
  }

  .failed {
    margin: 0.5rem 0 0;
    color: var(--danger);
    font-size: calc(0.875 * var(--base-size, 1rem));
  }

  .unknown,
  .no-image {
    color: var(--ink-soft);
    font-size: calc(0.875 * var(--base-size, 1rem));
    font-style: italic;
  }

  p {
    margin: 0;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }

  .card {
    display: flex;
    flex-direction: column;
    gap: calc(0.875rem * var(--density, 1));
    max-inline-size: 28rem;
    padding: calc(1rem * var(--density, 1));
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--raised);
    overflow: hidden;
  }

  .card[data-size="sm"] {
    max-inline-size: 21rem;
  }

  .card[data-size="lg"] {
    max-inline-size: 36rem;
  }

  .card[data-size="full"] {
    max-inline-size: none;
  }

  .card > .box,
  details > .box {
    gap: 0.75rem;
  }

  details > :not(summary) {
    margin-block-start: 0.75rem;
  }

  summary {
    cursor: pointer;
  }

  .status-line {
    display: inline-flex;
    align-items: center;
    gap: 0.4rem;
    color: var(--ink-soft);
    font-size: calc(0.875 * var(--base-size, 1rem));
  }

  .status-line img {
    inline-size: 1rem;
    block-size: 1rem;
  }

  .status-line img[data-frame] {
    border: 1px solid var(--line);
    border-radius: 4px;
  }

  .list {
    gap: 0.25rem;
    padding: 0.5rem;
  }

  .list > .status-line {
    padding: 0.35rem 0.5rem;
  }

  .list ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }

  .item {
    position: relative;
    padding: 0.6rem 0.75rem;
    border-radius: calc(var(--radius) * 0.7);
  }

  .item + .item {
    border-block-start: 1px solid var(--line);
  }

  .item:has(> .cover:hover) {
    background: var(--soft);
  }

  .item[aria-busy="true"] {
    opacity: 0.6;
  }

  .cover {
    position: absolute;
    inset: 0;
    border: 0;
    border-radius: inherit;
    background: none;
  }

  .item > .box {
    gap: 0.75rem;
    pointer-events: none;
  }

  .item :is(a, button, input, select, textarea, label):not(.cover) {
    position: relative;
    pointer-events: auto;
  }

  .box,
  .basic {
    display: flex;
    flex-direction: column;
    min-inline-size: 0;
    box-sizing: border-box;
  }

  .basic {
    gap: 0.75rem;
  }

  form.box {
    gap: 0.75rem;
  }

  .box > * {
    min-inline-size: 0;
  }

  .spacer {
    flex: 1;
  }

  hr {
    align-self: stretch;
    inline-size: auto;
    margin: 0;
    border: 0;
    border-block-start: 1px solid var(--line);
  }

  .card > .box > hr[data-flush] {
    margin-inline: calc(-1rem * var(--density, 1));
  }

  .transition {
    display: contents;
  }

  .transition > * {
    animation: appear 240ms ease-out;
  }

  @keyframes appear {
    from {
      opacity: 0;
      translate: 0 4px;
    }
  }

  .title {
    font-weight: 600;
    line-height: 1.3;
    letter-spacing: -0.01em;
  }

  .caption {
    color: var(--ink-soft);
  }

  .title,
  .text,
  .caption,
  .editable {
    font-size: calc(var(--scale, 1) * var(--base-size, 1rem));
  }

  .text[data-size="xs"],
  .caption[data-size="sm"] {
    --scale: 0.75;
  }

  .text[data-size="sm"],
  .caption[data-size="md"],
  .editable[data-size="sm"] {
    --scale: 0.875;
  }

  .text[data-size="lg"],
  .editable[data-size="lg"] {
    --scale: 1.125;
  }

  .caption[data-size="lg"] {
    --scale: 0.9375;
  }

  .text[data-size="xl"],
  .editable[data-size="xl"] {
    --scale: 1.25;
  }

  .title[data-size="lg"] {
    --scale: 1.25;
  }

  .title[data-size="xl"] {
    --scale: 1.5;
  }

  .title[data-size="2xl"] {
    --scale: 1.875;
  }

  .title[data-size="3xl"] {
    --scale: 2.25;
  }

  .title[data-size="4xl"] {
    --scale: 2.75;
  }

  .title[data-size="5xl"] {
    --scale: 3.25;
  }

  [data-truncate] {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  [data-lines] {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    overflow: hidden;
  }

  .text[data-streaming]::after {
    content: "";
    display: inline-block;
    inline-size: 0.5rem;
    block-size: 0.5rem;
    margin-inline-start: 0.4rem;
    border-radius: 50%;
    background: var(--accent);
    animation: breathe 1.2s ease-in-out infinite;
  }

  .badge {
    display: inline-flex;
    align-items: center;
    inline-size: fit-content;
    padding: 0.1rem 0.6rem;
    border: 1px solid transparent;
    border-radius: 999px;
    font-size: calc(0.75 * var(--base-size, 1rem));
    font-weight: 550;
    line-height: 1.5;
  }

  .badge[data-size="sm"] {
    padding-block: 0;
    font-size: calc(0.6875 * var(--base-size, 1rem));
  }

  .badge[data-size="lg"] {
    font-size: calc(0.875 * var(--base-size, 1rem));
  }

  .badge[data-square] {
    border-radius: 6px;
  }

  .badge[data-variant="soft"] {
    background: color-mix(in oklab, var(--tone) 14%, var(--raised));
    color: color-mix(in oklab, var(--tone) 85%, var(--ink));
  }

  .badge[data-variant="solid"] {
    background: var(--tone);
    color: var(--raised);
  }

  .badge[data-variant="outline"] {
    border-color: var(--tone);
    color: color-mix(in oklab, var(--tone) 85%, var(--ink));
  }

  orcheo-icon[data-size="xs"] {
    inline-size: 0.75rem;
    block-size: 0.75rem;
  }

  orcheo-icon[data-size="sm"] {
    inline-size: 1rem;
    block-size: 1rem;
  }

  orcheo-icon[data-size="lg"] {
    inline-size: 1.5rem;
    block-size: 1.5rem;
  }

  orcheo-icon[data-size="xl"] {
    inline-size: 1.75rem;
    block-size: 1.75rem;
  }

  orcheo-icon[data-size="2xl"] {
    inline-size: 2rem;
    block-size: 2rem;
  }

  orcheo-icon[data-size="3xl"] {
    inline-size: 2.5rem;
    block-size: 2.5rem;
  }

  .picture {
    display: block;
    max-inline-size: 100%;
    overflow: hidden;
  }

  .picture > img {
    display: block;
    inline-size: 100%;
    block-size: 100%;
    object-fit: inherit;
    object-position: inherit;
  }

  .picture[data-frame] {
    border: 1px solid var(--line);
    border-radius: 8px;
  }

  .card > .box > .picture[data-flush] {
    margin-inline: calc(-1rem * var(--density, 1));
  }

  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.4rem;
    min-block-size: 2.25rem;
    padding: 0.25rem 0.9rem;
    border: 1px solid transparent;
    border-radius: var(--round, 999px);
    background: none;
    font-size: calc(0.875 * var(--base-size, 1rem));
    font-weight: 550;
  }

  .button:is([data-size="3xs"], [data-size="2xs"], [data-size="xs"], [data-size="sm"]) {
    min-block-size: 1.75rem;
    padding-inline: 0.6rem;
    font-size: calc(0.8125 * var(--base-size, 1rem));
  }

  .button:is([data-size="xl"], [data-size="2xl"], [data-size="3xl"]) {
    min-block-size: 2.75rem;
    font-size: var(--base-size, 1rem);
  }

  .button[data-variant="solid"] {
    background: var(--tone, var(--accent));
    color: var(--on-tone, var(--raised));
  }

  .button[data-variant="soft"] {
    background: color-mix(in oklab, var(--tone) 12%, var(--raised));
    color: var(--tone);
  }

  .button[data-variant="outline"] {
    border-color: var(--edge);
    color: var(--tone);
  }

  .button[data-variant="ghost"] {
    color: var(--tone);
  }

  .button:hover:enabled {
    filter: brightness(1.08);
  }

  .button:disabled {
    opacity: 0.55;
  }

  .button[data-block] {
    inline-size: 100%;
  }

  .button[data-square] {
    border-radius: 8px;
  }

  .button[data-uniform] {
    aspect-ratio: 1;
    padding: 0.25rem;
  }

  .ends {
    display: flex;
    justify-content: flex-end;
    gap: 0.5rem;
  }

  .field,
  .editable {
    inline-size: 100%;
    min-block-size: 2.25rem;
    padding: 0.35rem 0.7rem;
    border: 1px solid var(--edge);
    border-radius: 8px;
    background: var(--page);
    color: inherit;
    font: inherit;
    font-size: max(16px, calc(0.9375 * var(--base-size, 1rem)));
  }

  select.field:not([data-block]),
  input[type="date"].field:not([data-block]) {
    inline-size: fit-content;
    max-inline-size: 100%;
  }

  .field[data-variant="soft"] {
    border-color: transparent;
    background: var(--soft);
  }

  .field[data-pill] {
    border-radius: 999px;
  }

  .field[data-grows] {
    field-sizing: content;
  }

  .editable {
    border-color: transparent;
    padding: 0.15rem 0.35rem;
    margin-inline: -0.35rem;
    background: none;
  }

  .editable:is(:hover, :focus) {
    border-color: var(--edge);
  }

  .field:user-invalid,
  .editable:user-invalid {
    border-color: var(--danger);
  }

  .check {
    display: inline-flex;
    align-items: center;
    gap: 0.5rem;
    min-block-size: 2rem;
  }

  .check input {
    inline-size: 1.05rem;
    block-size: 1.05rem;
    margin: 0;
    accent-color: var(--accent);
  }

  .radios {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1rem;
  }

  .table {
    overflow-x: auto;
  }

  .table table {
    border-collapse: collapse;
    inline-size: 100%;
  }

  .table :is(th, td) {
    padding: 0.4rem 0.6rem;
    border-block-end: 1px solid var(--line);
    text-align: start;
    vertical-align: top;
  }

  .chart {
    display: flex;
    flex-direction: column;
    margin: 0;
    min-inline-size: min(12rem, 100%);
  }

  .chart svg {
    display: block;
    flex: 1;
    inline-size: 100%;
    min-block-size: 0;
  }

  .chart .grid {
    stroke: var(--line);
  }

  .chart .tick {
    fill: var(--ink-soft);
    font-size: 11px;
  }

  /* The drawing shrinks with its place, the words in it stay readable. */
  @container (max-width: 24rem) {
    .chart .tick {
      font-size: 17px;
    }
  }

  .chart .line {
    fill: none;
    stroke-width: 2;
  }

  .chart .area {
    opacity: 0.22;
  }

  .legend {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: 0.25rem 1rem;
    margin: 0.5rem 0 0;
    padding: 0;
    list-style: none;
    color: var(--ink-soft);
    font-size: calc(0.8125 * var(--base-size, 1rem));
  }

  .legend li {
    display: flex;
    align-items: center;
    gap: 0.4rem;
  }

  .legend i {
    inline-size: 0.7rem;
    block-size: 0.7rem;
    border-radius: 3px;
  }
`;
