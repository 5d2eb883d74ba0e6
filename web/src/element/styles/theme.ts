/** Colours, type and spacing. A page sets any `--orcheo-…` property to change them. */

import { css } from "lit";

export const themeStyles = css`
  :host {
    --page: var(--orcheo-page, #fcfcfb);
    --raised: var(--orcheo-raised, #ffffff);
    --soft: var(--orcheo-soft, #f1f1ee);
    --line: var(--orcheo-line, #e2e2dd);
    /* Edges of fields, buttons and bubbles: 3:1 at least against what is around them (WCAG 1.4.11). */
    --edge: var(--orcheo-edge, #85898e);
    --ink: var(--orcheo-ink, #1f2124);
    --ink-soft: var(--orcheo-ink-soft, #5d6167);
    --accent: var(--orcheo-accent, #1f5f5b);
    --on-accent: var(--orcheo-on-accent, #ffffff);
    --danger: var(--orcheo-danger, #9c2f26);
    --danger-soft: var(--orcheo-danger-soft, #fbefed);
    --code-word: light-dark(#8a2f6b, #e59bc8);
    --code-text: light-dark(#2f6b2f, #a5d6a0);
    --code-value: light-dark(#8a5200, #e8c07a);
    --code-title: light-dark(#1f5a99, #92c1f0);
    --shadow: 0 1px 2px rgb(20 22 24 / 5%), 0 6px 24px rgb(20 22 24 / 6%);
    --radius: var(--orcheo-radius, 1.125rem);
    --sans: var(--orcheo-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif);
    --mono: var(--orcheo-font-mono, ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, Consolas, monospace);

    color-scheme: light dark;
    color: var(--ink);
    background: var(--page);
    font: 400 1rem / 1.6 var(--sans);
    -webkit-text-size-adjust: 100%;
    text-size-adjust: 100%;
  }

  @media (prefers-color-scheme: dark) {
    :host {
      --page: var(--orcheo-page, #161718);
      --raised: var(--orcheo-raised, #1f2022);
      --soft: var(--orcheo-soft, #27292b);
      --line: var(--orcheo-line, #313335);
      --edge: var(--orcheo-edge, #777b80);
      --ink: var(--orcheo-ink, #ececea);
      --ink-soft: var(--orcheo-ink-soft, #a4a8ad);
      --accent: var(--orcheo-accent, #86c5be);
      --on-accent: var(--orcheo-on-accent, #0f2422);
      --danger: var(--orcheo-danger, #f0a79f);
      --danger-soft: var(--orcheo-danger-soft, #35211f);
      --shadow: 0 1px 2px rgb(0 0 0 / 30%), 0 6px 24px rgb(0 0 0 / 25%);
    }
  }

  @media (prefers-contrast: more) {
    :host {
      --line: var(--ink-soft);
      --edge: var(--ink);
      --ink-soft: var(--ink);
      --shadow: none;
    }
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
`;
