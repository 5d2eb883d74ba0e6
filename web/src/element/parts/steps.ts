/** Draws the steps to an answer, and what a model thought before it. */

import { html, nothing, type TemplateResult } from "lit";
import { safeHref } from "../markdown/links.ts";
import { renderLink, renderMarkdown } from "../markdown/render.ts";
import type { Task } from "../protocol/wire.ts";
import type { StepsView } from "../state/thread-view.ts";
import { fill } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import type { WidgetHost } from "../widgets/host.ts";
import { entityTemplate } from "./entity.ts";
import { folded, inItem } from "./folded.ts";
import "./icon.ts";

const MARKDOWN = { streaming: false, headingLevel: 3 };
const ICONS: Record<Task["type"], string> = {
  custom: "check-circle",
  web_search: "globe",
  thought: "lightbulb",
  file: "document",
  image: "square-image",
};

export function stepsTemplate(
  { steps, status }: StepsView,
  host: WidgetHost,
): TemplateResult | typeof nothing {
  const tasks = steps.tasks.filter((task) => steps.type !== "reasoning" || isFilled(task));
  if (tasks.length === 0) return nothing;
  const isRunning = status === "streaming";
  const icon = steps.summary?.icon;
  return html`<details class="thoughts" data-kind=${steps.type} data-status=${status} ?open=${steps.expanded || isRunning}>
    <summary>
      ${icon ? html`<orcheo-icon name=${icon}></orcheo-icon>` : nothing}<span dir="auto">${summaryOf(steps, isRunning)}</span>
    </summary>
    <ol class="steps">${folded(tasks, (task) => taskTemplate(task, host, steps.type === "reasoning"), inItem)}</ol>
  </details>`;
}

function isFilled({ content, title }: Task): boolean {
  return Boolean(content) || Boolean(title);
}

function summaryOf(steps: StepsView["steps"], isRunning: boolean): string {
  const { title, duration } = steps.summary ?? {};
  if (title) return title;
  if (typeof duration === "number") return fill(laterStrings.thoughtFor, { seconds: Math.round(duration) });
  if (steps.type === "reasoning") return isRunning ? laterStrings.thinking : laterStrings.thoughts;
  return laterStrings.steps;
}

function taskTemplate(task: Task, host: WidgetHost, isThought: boolean): TemplateResult {
  const state = task.status_indicator ?? "none";
  const icon = task.icon ?? ICONS[task.type] ?? "dot";
  return html`<li data-state=${state}>
    ${isThought ? nothing : state === "loading" ? html`<i class="spinner"></i>` : html`<orcheo-icon name=${icon}></orcheo-icon>`}
    <div>
      ${task.title ? html`<span class="step-title" dir="auto">${task.title}</span>` : nothing}
      ${state === "loading" ? html`<span class="spoken-only">${laterStrings.stepRunning}</span>` : nothing}
      ${state === "complete" ? html`<span class="spoken-only">${laterStrings.stepDone}</span>` : nothing}
      ${task.title_query ? html`<q dir="auto">${task.title_query}</q>` : nothing}
      ${task.content ? html`<div class="prose">${renderMarkdown(task.content, MARKDOWN)}</div>` : nothing}
      ${listTemplate(task.queries ?? [], (query) => html`<span dir="auto">${query}</span>`)}
      ${listTemplate(task.sources ?? [], (source) => sourceTemplate(source, host))}
    </div>
  </li>`;
}

function listTemplate<T>(
  entries: readonly T[],
  draw: (entry: T) => TemplateResult,
): TemplateResult | typeof nothing {
  if (entries.length === 0) return nothing;
  return html`<ul class="queries">${folded(entries, (entry) => html`<li>${draw(entry)}</li>`, inItem)}</ul>`;
}

function sourceTemplate(source: NonNullable<Task["sources"]>[number], host: WidgetHost): TemplateResult {
  if (source.type === "entity") return entityTemplate(source, host);
  const href = source.type === "url" ? safeHref(source.url) : null;
  const title = source.title || (source.type === "url" ? source.url : source.filename);
  return href === null ? html`<span dir="auto">${title}</span>` : renderLink(href, title);
}
