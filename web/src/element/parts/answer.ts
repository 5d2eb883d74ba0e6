/** Draws one answer: its text, and the sources that it names. */

import { html, nothing, type TemplateResult } from "lit";
import { renderMarkdown } from "../markdown/render.ts";
import type { AnswerView } from "../state/thread-view.ts";
import type { WidgetHost } from "../widgets/host.ts";
import { richParts } from "./thread-items.ts";

const HEADING_LEVEL = 3;

export function answerTemplate(answer: AnswerView, answerer: string, host: WidgetHost): TemplateResult {
  const streaming = answer.status === "streaming";
  const options = { streaming, headingLevel: HEADING_LEVEL };
  const sources = answer.parts.flatMap((part) => part.annotations);
  return html`<article class="answer" data-role="assistant" data-status=${answer.status} tabindex="-1">
    <h2 class="spoken-only">${answerer}</h2>
    <div class="prose">${answer.parts.map((part) => renderMarkdown(part.text, options))}</div>
    ${streaming ? nothing : richParts.get(host.redraw)?.sourcesTemplate(sources, host)}
  </article>`;
}
