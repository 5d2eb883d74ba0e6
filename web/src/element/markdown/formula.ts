/** Formulas: MathML by Temml, which is loaded when the first one is seen. */

import { html, type TemplateResult } from "lit";
import { until } from "lit/directives/until.js";

type Temml = typeof import("temml").default;

let temml: Temml | undefined;
let loading: Promise<Temml> | undefined;

export function formulaTemplate(text: string, display: boolean): TemplateResult {
  const source = html`<code>${text}</code>`;
  return html`<span class="formula" dir="ltr" data-display=${display}>${
    temml === undefined ? until(loaded(text, display), source) : drawn(temml, text, display)
  }</span>`;
}

async function loaded(text: string, display: boolean): Promise<Node | string> {
  loading ??= import("temml").then(({ default: maker }) => maker);
  try {
    temml = await loading;
  } catch {
    loading = undefined;
    return text; // offline: the formula stays as it was written
  }
  return drawn(temml, text, display);
}

/** Macros that reach outside (`\href`, `\includegraphics`) are not trusted, and a mistake is shown as its text. */
function drawn(maker: Temml, text: string, display: boolean): Node | string {
  const place = document.createElement("span");
  try {
    maker.render(text, place, {
      displayMode: display,
      throwOnError: true,
      trust: false,
      maxExpand: 200,
      maxSize: [20, 20],
    });
  } catch {
    return text;
  }
  return place;
}
