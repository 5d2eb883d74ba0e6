/** The frame of the chat: bar, scrolling log, foot. */

import { css } from "lit";

export const chatStyles = css`
  :host {
    display: block;
    min-block-size: 0;
    block-size: 100%;
    overflow: hidden;
  }

  .chat {
    display: grid;
    /* Not auto: a long name would push the whole chat off a narrow screen. */
    grid-template: auto minmax(0, 1fr) auto / minmax(0, 1fr);
    block-size: 100%;
  }

  .bar {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 1rem;
    min-block-size: 3.5rem;
    padding-block: calc(0.5rem + env(safe-area-inset-top)) 0.5rem;
    padding-inline: max(1rem, env(safe-area-inset-left)) max(1rem, env(safe-area-inset-right));
    border-block-end: 1px solid var(--line);
  }

  h1 {
    margin: 0;
    overflow: hidden;
    font-size: calc(1 * var(--base-size, 1rem));
    font-weight: 600;
    letter-spacing: -0.01em;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  /* A name in another script stays where names stand. */
  .bar h1 {
    text-align: left;
  }

  .chat:dir(rtl) > .bar h1 {
    text-align: right;
  }

  .column {
    position: relative;
    inline-size: min(100%, 44rem);
    margin-inline: auto;
    padding-inline: max(1rem, env(safe-area-inset-left)) max(1rem, env(safe-area-inset-right));
  }

  .scroller {
    overflow: hidden auto;
    overscroll-behavior: contain;
    /* What is added above is answered for by the scroll keeper, which a browser's own anchoring would disturb. */
    overflow-anchor: none;
    scrollbar-gutter: stable both-edges;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }

  .scroller:focus-visible {
    outline-offset: -2px;
  }

  .foot {
    padding-block-end: max(0.75rem, env(safe-area-inset-bottom));
  }

  /* Text fades out under the composer instead of being cut. */
  .foot > .column::before {
    content: "";
    position: absolute;
    inset-block-end: 100%;
    inset-inline: 0;
    block-size: 1.25rem;
    background: linear-gradient(to top, var(--page), transparent);
    pointer-events: none;
  }

  /* Above the fade, which would cover their shadow. */
  orcheo-composer,
  .closed {
    position: relative;
  }

  .status {
    position: absolute;
    inset-block-end: 100%;
    inset-inline: 0;
    inline-size: fit-content;
    max-inline-size: calc(100% - 2rem);
    margin: 0 auto 0.5rem;
    padding: 0.35rem 0.9rem;
    border: 1px solid transparent;
    border-radius: var(--round, 999px);
    background: var(--ink);
    color: var(--page);
    font-size: calc(0.875 * var(--base-size, 1rem));
  }

  .status[data-shown="false"] {
    clip-path: inset(50%);
    pointer-events: none;
  }

  .jump {
    position: absolute;
    inset-block-end: calc(100% + 0.75rem);
    inset-inline: 0;
    display: grid;
    place-items: center;
    inline-size: 2.25rem;
    block-size: 2.25rem;
    margin-inline: auto;
    padding: 0;
    border: 1px solid var(--edge);
    border-radius: 50%;
    background: var(--raised);
    box-shadow: var(--shadow);
  }

  .disclaimer {
    margin: 0.5rem 0 0;
    color: var(--ink-soft);
    font-size: calc(0.75 * var(--base-size, 1rem));
    line-height: 1.4;
    overflow-wrap: anywhere;
    text-align: center;
    text-wrap: balance;
  }

  .closed {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.75rem 1rem;
    padding: 1rem 1.25rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--raised);
    box-shadow: var(--shadow);
    font-size: calc(0.9375 * var(--base-size, 1rem));
  }

  .closed > div {
    flex: 1 1 14rem;
  }

  .closed > .icon,
  .closed p {
    margin: 0;
    color: var(--ink-soft);
  }

  /* Where there is room, the first message is written in the middle of the window. */
  @media (min-width: 48rem) and (min-height: 36rem) {
    .chat[data-empty="true"] {
      grid-template-rows: auto minmax(0, 1fr) auto minmax(0, 1.1fr);
    }

    .chat[data-empty="true"] .log {
      padding-block-end: 0.5rem;
    }

    .chat[data-empty="true"] .empty {
      margin-block: auto 0;
      padding-block-end: 1rem;
    }
  }

  /* On a screen as low as this, or zoomed in as far, the conversation needs the room. */
  .log .disclaimer {
    display: none;
  }

  @media (max-height: 24rem) {
    .foot .disclaimer {
      display: none;
    }

    .log .disclaimer {
      display: block;
    }

    .bar {
      min-block-size: 0;
      padding-block: env(safe-area-inset-top) 0;
    }

    .bar .quiet {
      min-block-size: 2rem;
      border-color: transparent;
    }
  }

  @media (max-width: 30rem) {
    .wide-only {
      display: none;
    }

    .bar .quiet {
      padding-inline: 0.6rem;
    }
  }
`;
