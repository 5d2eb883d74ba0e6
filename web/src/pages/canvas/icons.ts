/** Line icons of Canvas; decoration only. */

import { type SVGTemplateResult, svg } from "lit";

function icon(content: SVGTemplateResult): SVGTemplateResult {
  return svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${content}</svg>`;
}

export const chatIcon = icon(
  svg`<path d="M5 5h14a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 19 17h-7l-4.5 3.5V17H5a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 5 5z" />`,
);
export const closeIcon = icon(svg`<path d="M6 6l12 12M18 6 6 18" />`);
export const plusIcon = icon(svg`<path d="M12 5v14M5 12h14" />`);
export const copyIcon = icon(svg`<path d="M9 9h10v11H9zM5 15V4h10" />`);
export const checkIcon = icon(svg`<path d="m5 12.5 4.5 4.5L19 7.5" />`);
export const flowIcon = icon(
  svg`<rect x="4" y="4" width="6" height="6" rx="1.5" /><rect x="14" y="14" width="6" height="6" rx="1.5" /><path d="M7 10v4.5A2.5 2.5 0 0 0 9.5 17H14" />`,
);
export const keyIcon = icon(svg`<circle cx="8" cy="15" r="4" /><path d="m11 12 8-8m-3 3 2.5 2.5" />`);
export const listIcon = icon(svg`<path d="M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01" />`);
export const personIcon = icon(svg`<circle cx="12" cy="8.5" r="3.75" /><path d="M5 20a7 7 0 0 1 14 0" />`);
export const searchIcon = icon(svg`<circle cx="11" cy="11" r="6.5" /><path d="m16 16 4 4" />`);
export const openIcon = icon(
  svg`<path d="M14 5h5v5M19 5l-8 8M17 14v4a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1h4" />`,
);
export const saveIcon = icon(svg`<path d="M12 4v11m-5-5 5 5 5-5M5 20h14" />`);
