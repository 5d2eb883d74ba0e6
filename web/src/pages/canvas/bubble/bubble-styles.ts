/** The button of the bubble and the chat above it; on a phone the chat is the whole screen. */

import { css } from "lit";

export const bubbleStyles = css`
  .launch {
    position: fixed;
    inset-block-end: max(1.25rem, env(safe-area-inset-bottom));
    inset-inline-end: max(1.25rem, env(safe-area-inset-right));
    z-index: 5;
    display: grid;
    place-items: center;
    inline-size: 3.5rem;
    block-size: 3.5rem;
    border: 0;
    border-radius: 50%;
    background: var(--accent);
    color: var(--on-accent);
    box-shadow: var(--shadow);
    transition: transform 120ms;
  }

  .launch:hover {
    transform: scale(1.04);
  }

  .launch[aria-disabled="true"] {
    background: var(--soft);
    color: var(--ink-soft);
    box-shadow: inset 0 0 0 1px var(--edge);
    cursor: not-allowed;
    transform: none;
  }

  .launch .icon {
    inline-size: 1.5rem;
    block-size: 1.5rem;
  }

  .reason {
    position: fixed;
    inset-block-end: 1.5rem;
    inset-inline-end: 5.5rem;
    z-index: 5;
    max-inline-size: min(20rem, calc(100vw - 7rem));
    padding: 0.5rem 0.85rem;
    border: 1px solid var(--line);
    border-radius: 0.9rem;
    background: var(--raised);
    box-shadow: var(--shadow);
    font-size: 0.875rem;
    opacity: 0;
    pointer-events: none;
    transition: opacity 120ms;
  }

  .reason:has(~ .launch:is(:hover, :focus-visible)) {
    opacity: 1;
  }

  dialog {
    position: fixed;
    inset: auto;
    inset-block-end: 5.75rem;
    inset-inline-end: max(1.25rem, env(safe-area-inset-right));
    max-inline-size: none;
    max-block-size: none;
    margin: 0;
    padding: 0;
    color: var(--ink);
    inline-size: min(var(--inline, 26rem), calc(100vw - 2.5rem));
    block-size: min(var(--block, 38rem), calc(100dvh - 7rem));
    overflow: hidden;
    border: 1px solid var(--line);
    border-radius: 1.1rem;
    background: var(--page);
    box-shadow: 0 2px 6px rgb(0 0 0 / 8%), 0 18px 60px rgb(0 0 0 / 22%);
  }

  dialog::backdrop {
    background: rgb(12 14 16 / 18%);
  }

  .chat {
    block-size: 100%;
  }

  .resize {
    position: absolute;
    inset-block-start: 0;
    inset-inline-start: 0;
    z-index: 1;
    inline-size: 1.5rem;
    block-size: 1.5rem;
    padding: 0;
    border: 0;
    background: none;
    cursor: nwse-resize;
    touch-action: none;
  }

  .resize::before {
    content: "";
    position: absolute;
    inset: 0.4rem;
    border-block-start: 2px solid var(--edge);
    border-inline-start: 2px solid var(--edge);
    border-start-start-radius: 0.35rem;
    opacity: 0;
  }

  .resize:is(:hover, :focus-visible)::before {
    opacity: 1;
  }

  .resize:dir(rtl) {
    cursor: nesw-resize;
  }

  .close {
    position: absolute;
    inset-block-start: 0.6rem;
    inset-inline-end: 0.6rem;
    display: grid;
    place-items: center;
    inline-size: 2.5rem;
    block-size: 2.5rem;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: none;
    color: var(--ink-soft);
  }

  .waiting,
  .failed {
    display: grid;
    place-content: center;
    justify-items: center;
    grid-template-columns: minmax(0, 22rem);
    gap: 0.85rem;
    block-size: 100%;
    padding: 1.5rem;
    color: var(--ink-soft);
  }

  .failed h2 {
    color: var(--ink);
  }

  @media (max-width: 40rem) {
    dialog {
      inset: 0;
      inline-size: 100%;
      block-size: 100dvh;
      border: 0;
      border-radius: 0;
    }

    .resize {
      display: none;
    }
  }
`;
