/** Draws the items of a thread: a kind of item, a template. */

import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { errorSentence, spokenLanguage } from "../language.ts";
import { renderMarkdown } from "../markdown/render.ts";
import type { ChatOptions } from "../options.ts";
import type { GivenAnswer, UserContent } from "../protocol/wire.ts";
import {
  type ItemView,
  lastQuestion,
  type NoticeView,
  pendingQuestions,
  type QuestionView,
  type ThreadView,
  type WidgetView,
} from "../state/thread-view.ts";
import { fill, strings } from "../strings.ts";
import type { WidgetHost } from "../widgets/host.ts";
import { answerTemplate } from "./answer.ts";
import type { AnswerActs } from "./answer-actions.ts";
import { endingTemplate } from "./failure-notice.ts";
import type { FoldedItems } from "./folded-items.ts";
import { Later } from "./later.ts";

/** A shorter wait needs no clock. */
const WAIT_WITHOUT_CLOCK = 5;

export const richParts = new Later(() => import("./rich-parts.ts"));

export interface ItemsDrawing {
  view: ThreadView;
  options: ChatOptions;
  /** What the workflow is called. */
  answerer: string;
  host: WidgetHost;
  /** Whether the server lets visitors change their last message. */
  canEdit: boolean;
  /** How long nothing but progress has been seen. */
  secondsWaited: number;
  acts: AnswerActs & { answer(given: GivenAnswer): void; edit(text: string): void };
}

export function threadItemsTemplate(drawing: ItemsDrawing): TemplateResult {
  const { view, options, secondsWaited } = drawing;
  const pending = pendingQuestions(view);
  const parts = rich(drawing.host);
  const answers = parts?.answersByEnd(view);
  const { items, feedback, imageDomains } = view;
  // What can be done with these depends on how the turn stands.
  const current = [pending, lastQuestion(view), items.findLast(({ kind }) => kind !== "notice")];
  const common = [options, drawing.answerer, richParts.arrived, imageDomains, view.closed, spokenLanguage()];
  const draw = (item: ItemView | FoldedItems) => {
    if (item.kind === "folded") return item.template;
    const answer = answers?.get(item);
    const news = [item, answer && feedback, current.includes(item) && view, ...common];
    // Of a long thread only what has changed is drawn.
    return guard(
      news,
      () =>
        html`${itemTemplate(item, drawing, item === pending)}${answer && parts?.actionsTemplate(answer, drawing)}`,
    );
  };
  // The latest turn's ending is drawn below all items, with what can be done about it.
  const isEnding = view.items.at(-1)?.kind === "ending";
  const shown = isEnding ? items.slice(0, -1) : items;
  return html`${repeat(parts?.withFolds(shown, drawing.host) ?? shown, itemKey, draw)}
  ${isWaiting(view) ? waitingTemplate(view.progress, secondsWaited) : nothing}`;
}

/** True from the question until the first words of its answer, and while the workflow reports progress. */
export function isWaiting(view: ThreadView): boolean {
  if (view.turn === "idle") return false;
  const last = view.items.at(-1);
  const hasText = last?.kind === "answer" && last.parts.some((part) => part.text !== "");
  const isShown = last?.kind === "steps" && last.status === "streaming" && last.steps.tasks.length > 0;
  return !(hasText || isShown) || view.progress !== "";
}

function itemTemplate(
  item: ItemView,
  drawing: ItemsDrawing,
  isAsked: boolean,
): TemplateResult | typeof nothing {
  const { options, answerer, host, acts } = drawing;
  switch (item.kind) {
    case "question":
      return questionTemplate(item, drawing);
    case "answer": {
      const isBlank = item.parts.every((part) => part.text === "" && part.annotations.length === 0);
      return isBlank ? nothing : answerTemplate(item, answerer, host);
    }
    case "asked":
      return rich(host)?.askedTemplate(item, answerer, isAsked ? acts.answer : null) ?? nothing;
    case "steps":
      return rich(host)?.stepsTemplate(item, host) ?? nothing;
    case "widget":
      return widgetTemplate(item, answerer, host);
    case "image":
      return rich(host)?.generatedImageTemplate(item, host) ?? nothing;
    case "tool":
      return item.isPending && options.onClientTool === undefined ? unshownTemplate() : nothing;
    case "notice":
      return noticeTemplate(item);
    case "ending":
      return endingTemplate(item);
    default:
      return unshownTemplate();
  }
}

function unshownTemplate(): TemplateResult {
  return html`<p class="unshown" tabindex="-1">${strings.cannotBeShown}</p>`;
}

function questionTemplate(question: QuestionView, drawing: ItemsDrawing): TemplateResult {
  const { host } = drawing;
  const { attachments, quote, content, status } = question;
  return html`<article class="question" data-role="user" data-status=${status} tabindex="-1">
    <h2 class="spoken-only">${strings.you}</h2>
    ${quote === "" ? nothing : html`<blockquote class="quoted" dir="auto">${quote}</blockquote>`}
    ${attachments.length === 0 ? nothing : rich(host)?.attachmentsTemplate(attachments, host)}
    ${question.text === "" ? nothing : html`<p class="bubble">${content.map((part) => contentTemplate(part, host))}</p>`}
    ${rich(host)?.editTemplate(question, drawing)}
    ${status === "refused" ? html`<small class="not-sent">${strings.notSent}</small>` : nothing}
  </article>`;
}

function contentTemplate(part: UserContent, host: WidgetHost): TemplateResult | string {
  if (part.type === "input_text") return part.text;
  const { id, text, group, data, interactive } = part;
  const known = {
    ...(group === undefined ? {} : { group }),
    ...(interactive === undefined ? {} : { interactive }),
  };
  const entity = { id, title: text, data: data as Record<string, string>, ...known };
  return rich(host)?.entityTemplate(entity, host) ?? text;
}

function rich(host: WidgetHost) {
  return richParts.get(host.redraw);
}

function widgetTemplate({ id, widget }: WidgetView, answerer: string, host: WidgetHost): TemplateResult {
  // Widgets are not in the first load: nothing is drawn in their place until they have come.
  void import("../widgets/orcheo-widget.ts");
  return html`<article class="widget" data-role="assistant" tabindex="-1">
    <h2 class="spoken-only">${answerer}</h2>
    <orcheo-widget .item=${{ id, widget }} .host=${host} .language=${spokenLanguage()}></orcheo-widget>
  </article>`;
}

function noticeTemplate(notice: NoticeView): TemplateResult {
  return html`<div class="notice" role="note" data-level=${notice.level}>
    ${notice.title === "" ? nothing : html`<strong>${notice.title}</strong>`}
    <div class="prose">${renderMarkdown(errorSentence("", notice.text), { streaming: false, headingLevel: 3 })}</div>
  </div>`;
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
function itemKey(item: ItemView | FoldedItems): string {
  return item.kind === "question" ? item.key : item.id;
}
