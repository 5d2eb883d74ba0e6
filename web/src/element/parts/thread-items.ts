/** Draws the items of a thread. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { renderMarkdown } from "../markdown/render.ts";
import type { ItemView, NoticeView, QuestionView, ThreadView } from "../state/thread-view.ts";
import { strings } from "../strings.ts";
import { answerTemplate } from "./answer.ts";

export function threadItemsTemplate(view: ThreadView, answerer: string): TemplateResult {
  return html`${repeat(view.items, itemKey, (item) => itemTemplate(item, answerer))}
  ${isWaiting(view) ? waitingTemplate(view.progress) : nothing}`;
}

/** True from the question until the first words of its answer, and while the workflow reports progress. */
function isWaiting(view: ThreadView): boolean {
  if (view.turn === "idle") return false;
  const last = view.items.at(-1);
  const hasText = last?.kind === "answer" && last.parts.some((part) => part.text !== "");
  return !hasText || view.progress !== "";
}

function itemTemplate(item: ItemView, answerer: string): TemplateResult | typeof nothing {
  if (item.kind === "question") return questionTemplate(item);
  if (item.kind === "notice") return noticeTemplate(item);
  const isBlank = item.parts.every((part) => part.text === "" && part.annotations.length === 0);
  return isBlank ? nothing : answerTemplate(item, answerer);
}

function questionTemplate(question: QuestionView): TemplateResult {
  return html`<article class="question" data-role="user" data-status=${question.status}>
    <h2 class="spoken-only">${strings.you}</h2>
    <p dir="auto">${question.text}</p>
  </article>`;
}

function noticeTemplate(notice: NoticeView): TemplateResult {
  return html`<aside class="notice" data-level=${notice.level}>
    ${notice.title === "" ? nothing : html`<strong>${notice.title}</strong>`}
    <div class="prose" dir="auto">${renderMarkdown(notice.text, { streaming: false, headingLevel: 3 })}</div>
  </aside>`;
}

function waitingTemplate(progress: string): TemplateResult {
  return html`<div class="waiting">
    <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
    ${progress === "" ? nothing : html`<span dir="auto">${progress}</span>`}
  </div>`;
}

/** A question keeps its DOM when the server's id takes the place of the key it was asked under. */
function itemKey(item: ItemView, index: number): string {
  return item.kind === "question" ? `question:${index}` : item.id;
}
