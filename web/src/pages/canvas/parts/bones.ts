/** Grey shapes where something will be. */

import { html, type TemplateResult } from "lit";
import { words } from "../strings.ts";

export function bones(): TemplateResult {
  return html`<div class="bones" role="status"><span class="spoken-only">${words.loading}</span><i></i><i></i><i></i><i></i></div>`;
}
