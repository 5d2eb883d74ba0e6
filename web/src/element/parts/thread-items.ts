/** Draws the items of a thread. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { renderMarkdown } from "../markdown/render.ts";
import type { GivenAnswer } from "../protocol/wire.ts";
import {
  type ItemView,
  type NoticeView,
  pendingQuestions,
  type QuestionView,
  type ThoughtsView,
  type ThreadView,
} from "../state/thread-view.ts";
import { fill, strings } from "../strings.ts";
import { answerTemplate } from "./answer.ts";
import { askedTemplate } from "./asked.ts";
import { endingTemplate } from "./failure-notice.ts";
import { documentIcon } from "./icons.ts";

/** A shorter wait needs no clock. */
const WAIT_WITHOUT_CLOCK = 5;

/** `answerer`: the workflow's name. `secondsWaited`: how long nothing but progress has been seen. */
export function threadItemsTemplate(
  view: ThreadView,
  answerer: string,
  answer: (given: GivenAnswer) => void,
  secondsWaited: number,
): TemplateResult {
  const pending = pendingQuestions(view);
  const draw = (item: ItemView) => itemTemplate(item, answerer, item === pending ? answer : null);
  // The latest turn's ending is drawn below all items, with what can be done about it.
  const isEnding = view.items.at(-1)?.kind === "ending";
  return html`${repeat(isEnding ? view.items.slice(0, -1) : view.items, itemKey, draw)}
  ${isWaiting(view) ? waitingTemplate(view.progress, secondsWaited) : nothing}`;
}

/** True from the question until the first words of its answer, and while the workflow reports progress. */
export function isWaiting(view: ThreadView): boolean {
  if (view.turn === "idle") return false;
  const last = view.items.at(-1);
  const hasText = last?.kind === "answer" && last.parts.some((part) => part.text !== "");
  return !hasText || view.progress !== "";
}

function itemTemplate(
  item: ItemView,
  answerer: string,
  answer: ((given: GivenAnswer) => void) | null,
): TemplateResult | typeof nothing {
  if (item.kind === "question") return questionTemplate(item);
  if (item.kind === "notice") return noticeTemplate(item);
  if (item.kind === "thoughts") return thoughtsTemplate(item);
  if (item.kind === "ending") return endingTemplate(item);
  if (item.kind === "asked") return askedTemplate(item, answerer, answer);
  if (item.kind === "unshown") return html`<p class="unshown" tabindex="-1">${strings.cannotBeShown}</p>`;
  const isBlank = item.parts.every((part) => part.text === "" && part.annotations.length === 0);
  return isBlank ? nothing : answerTemplate(item, answerer);
}

function questionTemplate(question: QuestionView): TemplateResult {
  return html`<article class="question bubble" data-role="user" data-status=${question.status} tabindex="-1">
    <h2 class="spoken-only">${strings.you}</h2>
    ${question.text === "" ? nothing : html`<p>${question.text}</p>`}
    ${question.files.length === 0 ? nothing : html`<p class="files">${documentIcon}${question.files.join(", ")}</p>`}
    ${question.status === "refused" ? html`<small class="not-sent">${strings.notSent}</small>` : nothing}
  </article>`;
}

function thoughtsTemplate(thoughts: ThoughtsView): TemplateResult {
  return html`<details class="thoughts">
    <summary>${strings.thoughts}</summary>
    <div class="prose">${renderMarkdown(thoughts.text, { streaming: false, headingLevel: 3 })}</div>
  </details>`;
}

function noticeTemplate(notice: NoticeView): TemplateResult {
  return html`<aside class="notice" data-level=${notice.level}>
    ${notice.title === "" ? nothing : html`<strong>${notice.title}</strong>`}
    <div class="prose">${renderMarkdown(notice.text, { streaming: false, headingLevel: 3 })}</div>
  </aside>`;
}

function waitingTemplate(progress: string, seconds: number): TemplateResult {
  // Not for screen readers: they would hear a number each second.
  const elapsed = html`<span class="elapsed" aria-hidden="true">${elapsedText(seconds)}</span>`;
  return html`<div class="waiting">
    <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
    ${progress === "" ? nothing : html`<span dir="auto">${progress}</span>`}
    ${seconds < WAIT_WITHOUT_CLOCK ? nothing : elapsed}
  </div>`;
}

function elapsedText(seconds: number): string {
  const template = seconds < 60 ? strings.elapsedSeconds : strings.elapsedMinutes;
  return fill(template, { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
}

/** A question keeps its DOM when the server's id takes the place of the key it was asked under. */
function itemKey(item: ItemView): string {
  return item.kind === "question" ? item.key : item.id;
}
