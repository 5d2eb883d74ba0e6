/** The frame of Canvas: header, content, and what stands above them. */

import { css } from "lit";

export const frameStyles = css`
  :host {
    min-block-size: 100dvh;
  }

  header {
    display: flex;
    align-items: center;
    gap: 0.5rem 1.5rem;
    min-block-size: 3.5rem;
    padding-inline: max(1.25rem, (100% - 66rem) / 2);
    border-block-end: 1px solid var(--line);
  }

  .brand {
    color: var(--ink);
    font-weight: 650;
    letter-spacing: -0.02em;
    text-decoration: none;
    white-space: nowrap;
  }

  .brand span {
    color: var(--ink-soft);
    font-weight: 450;
  }

  nav {
    display: flex;
    flex: 1;
    gap: 0.15rem;
    min-inline-size: 0;
  }

  nav a {
    display: inline-flex;
    align-items: center;
    gap: 0.45rem;
    min-block-size: 2.25rem;
    padding: 0.25rem 0.75rem;
    border-radius: 999px;
    color: var(--ink-soft);
    font-size: 0.9375rem;
    font-weight: 500;
    text-decoration: none;
    white-space: nowrap;
  }

  nav a:hover {
    background: var(--soft);
    color: var(--ink);
  }

  nav a[aria-current] {
    background: var(--soft);
    color: var(--ink);
    font-weight: 600;
  }

  nav .icon {
    inline-size: 1.1rem;
    block-size: 1.1rem;
  }

  .who {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    min-inline-size: 0;
  }

  .owner {
    max-inline-size: 10rem;
    overflow: hidden;
    color: var(--ink-soft);
    font-size: 0.875rem;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  main {
    display: block;
    inline-size: min(100%, 68.5rem);
    margin-inline: auto;
    padding: 2rem 1.25rem 7rem;
  }

  main:focus {
    outline: 0;
  }

  .gate {
    display: grid;
    place-content: center;
    justify-items: center;
    grid-template-columns: minmax(0, 26rem);
    min-block-size: 92dvh;
    padding-block: 2rem;
  }

  .sign-in {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.85rem;
    text-align: center;
    text-wrap: balance;
  }

  .sign-in > .icon {
    inline-size: 2.5rem;
    block-size: 2.5rem;
    margin-inline: auto;
    color: var(--ink-soft);
    stroke-width: 1.25;
  }

  .sign-in .solid {
    min-block-size: 2.75rem;
  }

  .providers {
    display: grid;
    gap: 0.6rem;
    margin-block-start: 0.5rem;
  }

  .command {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.5rem;
    margin-block-start: 0.75rem;
    padding: 1.1rem;
    border: 1px solid var(--line);
    border-radius: 0.9rem;
    background: var(--raised);
  }

  .command h2 {
    font-size: 0.9375rem;
  }

  .lost {
    position: sticky;
    inset-block-start: 0;
    z-index: 3;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: center;
    gap: 0.4rem 1rem;
    padding: 0.4rem 1rem;
    border-block-end: 1px solid var(--line);
    background: var(--danger-soft);
    font-size: 0.875rem;
  }

  .news {
    position: fixed;
    inset-block-end: max(1.25rem, env(safe-area-inset-bottom));
    inset-inline: 0;
    z-index: 2;
    inline-size: fit-content;
    max-inline-size: min(34rem, calc(100vw - 7rem));
    margin-inline: auto;
    padding: 0.55rem 1.1rem;
    border-radius: 1.1rem;
    background: var(--ink);
    color: var(--page);
    font-size: 0.9375rem;
    box-shadow: var(--shadow);
    overflow-wrap: anywhere;
  }

  .news[data-shown="false"] {
    clip-path: inset(50%);
    pointer-events: none;
  }

  .skip {
    position: absolute;
    inset-block-start: -4rem;
    inset-inline-start: 1rem;
    z-index: 4;
    padding: 0.5rem 1rem;
    border-radius: 0.6rem;
    border: 1px solid var(--edge);
    background: var(--raised);
  }

  .skip:focus {
    inset-block-start: 0.5rem;
  }

  @media (max-width: 56rem) {
    header {
      flex-wrap: wrap;
      padding-block: 0.5rem;
      padding-inline: 1rem;
    }

    .who {
      margin-inline-start: auto;
    }

    nav {
      order: 3;
      flex: 1 0 100%;
    }

    main {
      padding: 1.25rem 1rem 6rem;
    }
  }

  @media (max-width: 40rem) {
    nav {
      justify-content: space-between;
      gap: 0;
    }

    nav a {
      flex: 1 1 0;
      flex-direction: column;
      gap: 0.1rem;
      min-inline-size: 0;
      padding: 0.35rem 0.15rem;
      border-radius: 0.75rem;
      font-size: 0.75rem;
      line-height: 1.25;
      text-align: center;
      white-space: normal;
    }
  }

  @media (pointer: coarse) {
    nav a,
    .brand {
      min-block-size: 2.75rem;
      align-content: center;
    }
  }
`;
