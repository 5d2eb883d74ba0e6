/** Line icons, drawn for this element; decoration only, so hidden from assistive technology. */

import { type SVGTemplateResult, svg } from "lit";

function icon(content: SVGTemplateResult): SVGTemplateResult {
  return svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${content}</svg>`;
}

export const sendIcon = icon(svg`<path d="M12 19V5m-6 6 6-6 6 6" />`);
export const stopIcon = icon(svg`<rect class="solid" x="7" y="7" width="10" height="10" rx="1.5" />`);
export const newChatIcon = icon(svg`<path d="M12 5v14M5 12h14" />`);
export const closeIcon = icon(svg`<path d="m6 6 12 12M18 6 6 18" />`);
export const historyIcon = icon(svg`<path d="M4 4v5h5M4.5 9A8 8 0 1 1 4 13.5M12 7.5V12l3 2" />`);
export const downIcon = icon(svg`<path d="M12 5v14m-6-6 6 6 6-6" />`);
export const retryIcon = icon(svg`<path d="M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6" />`);
export const linkIcon = icon(
  svg`<path d="M14 5h5v5M19 5l-8 8M17 14v4a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1h4" />`,
);
export const documentIcon = icon(svg`<path d="M7 4h7l4 4v12H7zM14 4v4h4M10 13h5M10 16h5" />`);
export const personIcon = icon(svg`<circle cx="12" cy="8.5" r="3.75" /><path d="M5 20a7 7 0 0 1 14 0" />`);
export const clockIcon = icon(svg`<circle cx="12" cy="12" r="8" /><path d="M12 7.5V12l3 2" />`);
export const warningIcon = icon(svg`<path d="M12 4.5 21 19.5H3zM12 10.5v4M12 17v.01" />`);
export const closedIcon = icon(
  svg`<path d="M5 6h14v9a2 2 0 0 1-2 2h-5l-4 3v-3H7a2 2 0 0 1-2-2zM10 9l4 4m0-4-4 4" />`,
);
export const copyIcon = icon(svg`<path d="M9 9h10v11H9zM5 15V4h10" />`);
export const wrapIcon = icon(svg`<path d="M4 6h16M4 12h13a3 3 0 0 1 0 6h-4m2.5-2.5L13 18l2.5 2.5M4 18h5" />`);
