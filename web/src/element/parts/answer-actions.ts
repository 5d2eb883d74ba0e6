/** What a visitor can do with an answer: copy it, judge it, have it written again. */

import { html, nothing, type TemplateResult } from "lit";
import type { ChatOptions } from "../options.ts";
import type { ItemView, ThreadView } from "../state/thread-view.ts";
import { strings } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import "./icon.ts";

export interface AnswerActs {
  answerAgain(): void;
  judge(itemIds: readonly string[], kind: "positive" | "negative"): void;
}

interface Drawing {
  view: ThreadView;
  options: ChatOptions;
  acts: AnswerActs;
}

/** `end`: the last item of the answer. */
export function actionsTemplate(end: ItemView, { view, options, acts }: Drawing): TemplateResult {
  const items = answerUpTo(end, view.items);
  const ids = items.map(({ id }) => id);
  const { feedback = false, retry = false } = options.threadItemActions ?? {};
  const given = ids.map((id) => view.feedback[id]).find((kind) => kind !== undefined);
  const judge = (kind: "positive" | "negative", icon: string, label: string) =>
    html`<button type="button" class="bare" aria-label=${label} title=${label} aria-pressed=${given === kind} @click=${() => acts.judge(ids, kind)}>
      <orcheo-icon name=${icon}></orcheo-icon>
    </button>`;
  const isLast = view.items.findLast(({ kind }) => kind !== "notice") === end;
  return html`<div class="actions">
    <button type="button" class="bare" aria-label=${laterStrings.copyAnswer} title=${laterStrings.copyAnswer} @click=${(click: Event) => void copy(items, click)}>
      <orcheo-icon name="lucide:copy"></orcheo-icon>
    </button>
    ${feedback ? [judge("positive", "lucide:thumbs-up", laterStrings.goodAnswer), judge("negative", "lucide:thumbs-down", laterStrings.badAnswer)] : nothing}
    ${
      retry && isLast && view.turn === "idle"
        ? html`<button type="button" class="bare" aria-label=${strings.tryAgain} title=${strings.tryAgain} @click=${acts.answerAgain}>
          <orcheo-icon name="reload"></orcheo-icon>
        </button>`
        : nothing
    }
  </div>`;
}

function answerUpTo(end: ItemView, items: readonly ItemView[]): ItemView[] {
  const last = items.indexOf(end);
  const first = items.slice(0, last).findLastIndex(({ kind }) => kind === "question") + 1;
  return items.slice(first, last + 1).filter(({ kind }) => kind === "answer" || kind === "widget");
}

async function copy(items: readonly ItemView[], click: Event): Promise<void> {
  const button = click.currentTarget as HTMLElement;
  await navigator.clipboard.writeText(items.map(textOf).filter(Boolean).join("\n\n"));
  button.querySelector("orcheo-icon")?.setAttribute("name", "check");
  button.setAttribute("aria-label", strings.copied);
  setTimeout(() => {
    button.querySelector("orcheo-icon")?.setAttribute("name", "lucide:copy");
    button.setAttribute("aria-label", laterStrings.copyAnswer);
  }, 1500);
}

function textOf(item: ItemView): string {
  if (item.kind === "widget") return item.copyText;
  return item.kind === "answer" ? item.parts.map(({ text }) => text).join("\n\n") : "";
}
