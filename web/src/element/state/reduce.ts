/** The reducer: a thread view and something that happened -> the next thread view. */

import type { GivenAnswer, ItemUpdate, ThreadEvent, WireItem } from "../protocol/wire.ts";
import { answerPart, itemView } from "./from-wire.ts";
import type {
  AnswerPart,
  AnswerView,
  ClosedReason,
  ItemView,
  ThreadView,
  TurnFailure,
} from "./thread-view.ts";
import { emptyThread, isRefused, itemsWithEnding } from "./thread-view.ts";

export type ThreadChange =
  | { type: "opened"; view: ThreadView }
  | { type: "earlier-shown"; items: readonly ItemView[]; earlier: string | null }
  | { type: "asked"; key: string; text: string }
  | { type: "answer-retried" }
  | { type: "question-answered"; itemId: string; questionId: string; answer: GivenAnswer }
  | { type: "answers-sent" }
  | { type: "told"; threadEvent: ThreadEvent }
  | { type: "connection"; state: ThreadView["connection"] }
  | { type: "stopping" }
  | { type: "stop-failed" }
  | { type: "ended" }
  | { type: "failed"; failure: TurnFailure }
  | { type: "closed"; reason: ClosedReason };

export function reduce(view: ThreadView, change: ThreadChange): ThreadView {
  switch (change.type) {
    case "opened":
      return change.view;
    case "earlier-shown":
      return { ...view, items: [...change.items, ...view.items], earlier: change.earlier };
    case "asked":
      return running(view, withQuestion(itemsWithEnding(view), change.key, change.text));
    case "answer-retried":
      return running(view, upToLastQuestion(view.items));
    case "question-answered":
      return { ...view, items: withAnswer(view.items, change) };
    case "answers-sent":
      return running(view, itemsWithEnding(view));
    case "told":
      return tell(view, change.threadEvent);
    case "connection":
      return { ...view, connection: change.state };
    case "stopping":
      return { ...view, turn: "stopping" };
    case "stop-failed":
      return view.turn === "stopping" ? { ...view, turn: "running" } : view;
    case "ended":
      return endTurn(view, "done", view.failure ?? stoppedNote(view));
    case "failed":
      return endTurn(refuse(view, change.failure), "interrupted", change.failure);
    case "closed":
      return { ...endTurn(refusePending(view), "interrupted", null), closed: change.reason };
  }
}

/** Takes a thread event. Taking one twice changes nothing, so a replay may overlap with what is shown. */
function tell(view: ThreadView, threadEvent: ThreadEvent): ThreadView {
  switch (threadEvent.type) {
    case "thread.created":
      return { ...view, threadId: threadEvent.thread.id };
    case "thread.item.added":
      return put(view, threadEvent.item, "streaming");
    case "thread.item.done":
    case "thread.item.replaced":
      return put({ ...view, progress: "" }, threadEvent.item, "done");
    case "thread.item.removed":
      return { ...view, items: view.items.filter((item) => item.id !== threadEvent.item_id) };
    case "thread.item.updated":
      return {
        ...view,
        progress: "",
        items: updateAnswer(view.items, threadEvent.item_id, threadEvent.update),
      };
    default:
      return tellAside(view, threadEvent);
  }
}

function tellAside(view: ThreadView, threadEvent: ThreadEvent): ThreadView {
  switch (threadEvent.type) {
    case "stream_options":
      return { ...view, canStop: threadEvent.stream_options.allow_cancel };
    case "progress_update":
      return { ...view, progress: threadEvent.text };
    case "notice":
      return { ...view, items: withNotice(view.items, threadEvent) };
    case "error":
      return endTurn(view, "interrupted", {
        kind: "error",
        text: threadEvent.message ?? "",
        remedy: threadEvent.allow_retry ? "answer-again" : null,
        notBefore: 0,
      });
    default:
      return view;
  }
}

function running(view: ThreadView, items: readonly ItemView[]): ThreadView {
  return { ...emptyThread, threadId: view.threadId, earlier: view.earlier, items, turn: "running" };
}

/** Adds a question before the server knows of it; asking again under the same key moves nothing. */
function withQuestion(items: readonly ItemView[], key: string, text: string): ItemView[] {
  const others = items.filter((item) => item.id !== key && !isRefused(item));
  return [...others, { kind: "question", id: key, key, text, status: "pending", files: [] }];
}

function withAnswer(
  items: readonly ItemView[],
  given: Extract<ThreadChange, { type: "question-answered" }>,
): ItemView[] {
  return items.map((item) => {
    if (item.kind !== "asked" || item.id !== given.itemId) return item;
    const questions = item.questions.map((question) =>
      question.id === given.questionId ? { ...question, answer: given.answer } : question,
    );
    return { ...item, questions };
  });
}

function upToLastQuestion(items: readonly ItemView[]): readonly ItemView[] {
  return items.slice(0, items.findLastIndex((item) => item.kind === "question") + 1);
}

function put(view: ThreadView, item: WireItem, status: AnswerView["status"]): ThreadView {
  const next = itemView(item, status);
  if (next === null) return view;
  const known = view.items.findIndex((old) => old.id === next.id);
  const place = known >= 0 ? known : placeOfPending(view.items, next);
  if (place < 0) return { ...view, items: [...view.items, next] };
  return { ...view, items: view.items.with(place, withKeyOf(view.items[place], next)) };
}

function withKeyOf(old: ItemView | undefined, next: ItemView): ItemView {
  return old?.kind === "question" && next.kind === "question" ? { ...next, key: old.key } : next;
}

/** The server's copy of a question takes the place of the one shown in advance. */
function placeOfPending(items: readonly ItemView[], next: ItemView): number {
  if (next.kind !== "question") return -1;
  return items.findIndex((item) => item.kind === "question" && item.status === "pending");
}

function updateAnswer(items: readonly ItemView[], id: string, update: ItemUpdate): readonly ItemView[] {
  const place = items.findIndex((item) => item.id === id);
  const answer = items[place];
  if (answer?.kind !== "answer" || answer.status === "done") return items;
  return items.with(place, { ...answer, parts: updateParts(answer.parts, update) });
}

function updateParts(parts: readonly AnswerPart[], update: ItemUpdate): readonly AnswerPart[] {
  const index = update.content_index;
  const part = parts[index] ?? { text: "", annotations: [] };
  const next = updatePart(part, update);
  return index < parts.length ? parts.with(index, next) : [...parts, next];
}

function updatePart(part: AnswerPart, update: ItemUpdate): AnswerPart {
  switch (update.type) {
    case "assistant_message.content_part.text_delta":
      return { ...part, text: part.text + update.delta };
    case "assistant_message.content_part.annotation_added":
      return { ...part, annotations: withAnnotation(part, update.annotation_index, update.annotation) };
    case "assistant_message.content_part.added":
    case "assistant_message.content_part.done":
      return answerPart(update.content);
    default:
      return part;
  }
}

function withAnnotation(part: AnswerPart, index: number, annotation: AnswerPart["annotations"][number]) {
  const { annotations } = part;
  return index < annotations.length ? annotations.with(index, annotation) : [...annotations, annotation];
}

function withNotice(
  items: readonly ItemView[],
  threadEvent: Extract<ThreadEvent, { type: "notice" }>,
): ItemView[] {
  const title = threadEvent.title ?? "";
  const notice = { kind: "notice", level: threadEvent.level, title, text: threadEvent.message } as const;
  // A notice has no id on the wire: where it stands and what it says identify it in a replay.
  const lastQuestion = items.findLast((item) => item.kind === "question");
  const id = `notice:${lastQuestion?.id ?? ""}:${title}:${threadEvent.message}`;
  return [...items.filter((item) => item.id !== id), { ...notice, id }];
}

/** Servers other than ours do not say that a turn was stopped. */
function stoppedNote(view: ThreadView): TurnFailure | null {
  if (view.turn !== "stopping" || view.items.at(-1)?.kind === "ending") return null;
  return { kind: "stopped", text: "", remedy: "answer-again", notBefore: 0 };
}

function endTurn(view: ThreadView, status: "done" | "interrupted", failure: TurnFailure | null): ThreadView {
  const items = view.items.map((item) =>
    item.kind === "answer" && item.status === "streaming" ? { ...item, status } : item,
  );
  return { ...view, items, failure, turn: "idle", progress: "", connection: "connected" };
}

function refuse(view: ThreadView, failure: TurnFailure): ThreadView {
  return failure.remedy === "ask-again" || failure.kind === "refused" ? refusePending(view) : view;
}

function refusePending(view: ThreadView): ThreadView {
  const items = view.items.map((item) =>
    item.kind === "question" && item.status === "pending" ? ({ ...item, status: "refused" } as const) : item,
  );
  return { ...view, items };
}
