/** What a visitor can do with an answer: copy it, judge it, have it written again. */

import { html, nothing, type TemplateResult } from "lit";
import { copyText } from "../insecure.ts";
import type { ChatOptions } from "../options.ts";
import type { ItemView, ThreadView } from "../state/thread-view.ts";
import { strings } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import { iconTemplate } from "./icon.ts";

/** Parts of an answer that the server takes a judgement of at one time. */
const MOST_JUDGED = 100;

export interface AnswerActs {
  answerAgain(): void;
  judge(itemIds: readonly string[], kind: "positive" | "negative"): void;
}

interface Drawing {
  view: ThreadView;
  options: ChatOptions;
  acts: AnswerActs;
}

/** The items of each answer that is whole, by its last: below that stands what can be done with the answer. */
export function answersByEnd({ items, turn }: ThreadView): Map<ItemView | undefined, readonly ItemView[]> {
  const answers = new Map<ItemView | undefined, readonly ItemView[]>();
  let answer: ItemView[] = [];
  for (const item of items) {
    if (item.kind === "question") {
      answers.set(answer.at(-1), answer);
      answer = [];
    } else if (["answer", "widget", "image"].includes(item.kind)) answer.push(item);
  }
  if (turn === "idle") answers.set(answer.at(-1), answer);
  return answers;
}

/** `items`: all of the answer. */
export function actionsTemplate(
  items: readonly ItemView[],
  { view, options, acts }: Drawing,
): TemplateResult {
  const end = items.at(-1);
  const ids = items.slice(-MOST_JUDGED).map(({ id }) => id);
  const { feedback = false, retry = false } = options.threadItemActions ?? {};
  const given = ids.map((id) => view.feedback[id]).find((kind) => kind !== undefined);
  const judge = (kind: "positive" | "negative", icon: string, label: string) =>
    html`<button type="button" class="bare" aria-label=${label} title=${label} aria-pressed=${given === kind} @click=${() => acts.judge(ids, kind)}>
      <orcheo-icon name=${icon}></orcheo-icon>
    </button>`;
  const isLast = view.items.findLast(({ kind }) => kind !== "notice") === end;
  return html`<div class="actions">
    ${
      items.every(({ kind }) => kind === "image")
        ? nothing
        : html`<button type="button" class="bare" aria-label=${laterStrings.copyAnswer} title=${laterStrings.copyAnswer} @click=${(click: Event) => void copy(items, click)}>
          <orcheo-icon name="lucide:copy"></orcheo-icon>
        </button>`
    }
    ${feedback && view.closed === null ? [judge("positive", "lucide:thumbs-up", laterStrings.goodAnswer), judge("negative", "lucide:thumbs-down", laterStrings.badAnswer)] : nothing}
    ${
      retry && isLast && view.turn === "idle" && view.closed === null && view.status.type === "active"
        ? html`<button type="button" class="bare" aria-label=${strings.tryAgain} title=${strings.tryAgain} @click=${acts.answerAgain}>
          ${iconTemplate("reload")}
        </button>`
        : nothing
    }
  </div>`;
}

async function copy(items: readonly ItemView[], click: Event): Promise<void> {
  const button = click.currentTarget as HTMLElement;
  const done = await copyText(items.map(textOf).filter(Boolean).join("\n\n"));
  if (done) button.querySelector("orcheo-icon")?.setAttribute("name", "check");
  button.setAttribute("aria-label", done ? strings.copied : strings.notCopied);
  setTimeout(() => {
    button.querySelector("orcheo-icon")?.setAttribute("name", "lucide:copy");
    button.setAttribute("aria-label", laterStrings.copyAnswer);
  }, 1500);
}

function textOf(item: ItemView): string {
  if (item.kind === "widget") return item.copyText;
  return item.kind === "answer" ? item.parts.map(({ text }) => text).join("\n\n") : "";
}
