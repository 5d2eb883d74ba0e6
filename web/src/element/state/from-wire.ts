/** Wire items and turns -> their views. */

import type {
  AssistantItem,
  OutputText,
  QuestionsItem,
  UserItem,
  WireItem,
  WireThread,
  WireTurn,
} from "../protocol/wire.ts";
import type {
  AnswerPart,
  AnswerView,
  ItemView,
  QuestionView,
  ThreadView,
  TurnFailure,
} from "./thread-view.ts";
import { emptyThread } from "./thread-view.ts";

/** Null for kinds of item that are not shown. */
export function itemView(item: WireItem, status: AnswerView["status"]): ItemView | null {
  if (item.type === "user_message") return questionView(item);
  if (item.type === "assistant_message") return answerView(item, status);
  if (item.type === "structured_input") return askedView(item, status);
  return null;
}

export function itemViews(items: readonly WireItem[]): ItemView[] {
  return items.map((item) => itemView(item, "done")).filter((view) => view !== null);
}

export function answerPart(content: OutputText): AnswerPart {
  return { text: content.text ?? "", annotations: content.annotations ?? [] };
}

/** A thread as the server keeps it; `items` oldest first, `earlier` the cursor to those before them. */
export function openedThread(
  thread: WireThread,
  items: readonly WireItem[],
  earlier: string | null,
): ThreadView {
  const turn = thread.metadata["orcheo.turn"] ?? null;
  const views = itemViews(items);
  const base = { ...emptyThread, threadId: thread.id, earlier };
  if (turn === null || turn.status === "completed")
    return { ...base, items: views, failure: emptyAnswer(views) };
  if (turn.status === "running") return { ...base, turn: "running", items: marked(views, "streaming") };
  return { ...base, items: marked(views, "interrupted"), failure: turnFailure(turn) };
}

function questionView(item: UserItem): QuestionView {
  return {
    kind: "question",
    id: item.id,
    text: item.content.map((part) => part.text).join(""),
    status: "kept",
  };
}

function answerView(item: AssistantItem, status: AnswerView["status"]): AnswerView {
  return { kind: "answer", id: item.id, parts: item.content.map(answerPart), status };
}

/** What the workflow asks, as text: the visitor answers in the composer. */
function askedView(item: QuestionsItem, status: AnswerView["status"]): AnswerView {
  const text = item.inputs.map(askedText).join("\n\n");
  return { kind: "answer", id: item.id, parts: [{ text, annotations: [] }], status };
}

function askedText({ question, description, options, answer }: QuestionsItem["inputs"][number]): string {
  const choices = options?.map(({ value }) => `- ${value}`).join("\n");
  const given = answer?.values.length ? `> ${answer.values.join(", ")}` : undefined;
  return [question, description, choices, given].filter((part) => part).join("\n\n");
}

function turnFailure(turn: WireTurn): TurnFailure {
  const kind = turn.status === "cancelled" ? "stopped" : "interrupted";
  return { kind, text: "", remedy: "answer-again", notBefore: 0 };
}

function emptyAnswer(views: readonly ItemView[]): TurnFailure | null {
  if (views.at(-1)?.kind !== "question") return null;
  return { kind: "empty", text: "", remedy: "answer-again", notBefore: 0 };
}

/** Marks the answers of the latest turn: those after the last question. */
function marked(views: readonly ItemView[], status: AnswerView["status"]): ItemView[] {
  const lastQuestion = views.findLastIndex((view) => view.kind === "question");
  return views.map((view, index) =>
    index > lastQuestion && view.kind === "answer" ? { ...view, status } : view,
  );
}
