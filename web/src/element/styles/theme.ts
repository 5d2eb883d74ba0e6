/** Colours, type and spacing. A page sets any `--orcheo-…` property to change them. */

import { css } from "lit";

export const themeStyles = css`
  :host {
    --page: var(--orcheo-page, light-dark(#fcfcfb, #161718));
    --raised: var(--orcheo-raised, light-dark(#ffffff, #1f2022));
    --soft: var(--orcheo-soft, light-dark(#f1f1ee, #27292b));
    --line: var(--orcheo-line, light-dark(#e2e2dd, #313335));
    /* Edges of fields, buttons and bubbles: 3:1 at least against what is around them (WCAG 1.4.11). */
    --edge: var(--orcheo-edge, light-dark(#85898e, #777b80));
    --ink: var(--orcheo-ink, light-dark(#1f2124, #ececea));
    --ink-soft: var(--orcheo-ink-soft, light-dark(#5d6167, #a4a8ad));
    --accent: var(--orcheo-accent, light-dark(#1f5f5b, #86c5be));
    --on-accent: var(--orcheo-on-accent, light-dark(#ffffff, #0f2422));
    --danger: var(--orcheo-danger, light-dark(#9c2f26, #f0a79f));
    --danger-soft: var(--orcheo-danger-soft, light-dark(#fbefed, #35211f));
    --code-word: light-dark(#8a2f6b, #e59bc8);
    --code-text: light-dark(#2f6b2f, #a5d6a0);
    --code-value: light-dark(#8a5200, #e8c07a);
    --code-title: light-dark(#1f5a99, #92c1f0);
    --shadow: 0 1px 2px light-dark(rgb(20 22 24 / 5%), rgb(0 0 0 / 30%)),
      0 6px 24px light-dark(rgb(20 22 24 / 6%), rgb(0 0 0 / 25%));
    --radius: var(--orcheo-radius, 1.125rem);
    --sans: var(--orcheo-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif);
    --mono: var(--orcheo-font-mono, ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, Consolas, monospace);

    color-scheme: light dark;
    color: var(--ink);
    background: var(--page);
    font: 400 var(--base-size, 1rem) / 1.6 var(--sans);
    -webkit-text-size-adjust: 100%;
    text-size-adjust: 100%;
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
