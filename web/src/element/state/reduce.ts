/** The reducer: a thread view and something that happened -> the next thread view. */

import type {
  ItemUpdate,
  Task,
  TextUpdate,
  ThreadEvent,
  UserInput,
  WidgetTree,
  WireAttachment,
  WireItem,
} from "../protocol/wire.ts";
import { answerPart, itemView, threadFields } from "./from-wire.ts";
import type {
  AnswerPart,
  AnswerView,
  ClosedReason,
  GivenAnswers,
  ItemView,
  NoticeView,
  QuestionView,
  ThreadView,
  TurnFailure,
} from "./thread-view.ts";
import { emptyThread, isRefused, itemsWithEnding, latestEnding } from "./thread-view.ts";
import { withComponent, withText } from "./widget-tree.ts";

export type ThreadChange =
  | { type: "opened"; view: ThreadView }
  | {
      type: "earlier-shown";
      items: readonly ItemView[];
      earlier: string | null;
      feedback: ThreadView["feedback"];
    }
  | { type: "asked"; key: string; input: UserInput; attachments: readonly WireAttachment[] }
  | { type: "answer-retried"; itemId: string; text?: string | undefined }
  | { type: "questions-answered"; itemId: string; answers: GivenAnswers }
  | { type: "answers-sent" }
  | { type: "acted" }
  | { type: "tool-done"; itemId: string }
  | { type: "judged"; itemIds: readonly string[]; kind: "positive" | "negative" }
  | { type: "titled"; title: string }
  | { type: "item-updated"; item: WireItem }
  | { type: "told"; threadEvent: ThreadEvent }
  | { type: "connection"; state: ThreadView["connection"] }
  | { type: "stopping" }
  | { type: "stop-failed" }
  | { type: "ended"; isTold: boolean }
  | { type: "failed"; failure: TurnFailure }
  | { type: "closed"; reason: ClosedReason };

export function reduce(view: ThreadView, change: ThreadChange): ThreadView {
  switch (change.type) {
    case "opened":
      return change.view;
    case "earlier-shown":
      return {
        ...view,
        items: [...change.items, ...view.items],
        earlier: change.earlier,
        feedback: { ...change.feedback, ...view.feedback },
      };
    case "asked":
      return running(view, withQuestion(itemsWithEnding(view), change));
    case "answer-retried":
      return running(view, upTo(view.items, change));
    case "questions-answered":
      return {
        ...view,
        items: changeItem(view.items, change.itemId, (item) => withAnswers(item, change.answers)),
      };
    case "answers-sent":
    case "acted":
      return running(view, itemsWithEnding(view));
    case "tool-done":
      return running(
        view,
        changeItem(view.items, change.itemId, (item) => ({ ...item, isPending: false })),
      );
    case "judged":
      return { ...view, feedback: { ...view.feedback, ...judgements(change) } };
    case "titled":
      return { ...view, title: change.title };
    case "item-updated":
      return put(view, change.item, "done");
    case "told":
      return tell(view, change.threadEvent);
    case "connection":
      return { ...view, connection: change.state };
    case "stopping":
      return { ...view, turn: "stopping" };
    case "stop-failed":
      return view.turn === "stopping" ? { ...view, turn: "running" } : view;
    case "ended":
      return {
        ...endTurn(view, "done", view.failure ?? (change.isTold ? null : stoppedNote(view))),
        closed: isClosedByOwner(view) ? "unavailable" : view.closed,
      };
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
    case "thread.updated":
      return { ...view, ...threadFields(threadEvent.thread) };
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
        items: changeItem(view.items, threadEvent.item_id, (item) => updated(item, threadEvent.update)),
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
    case "error": {
      const { ending = "error", wait = 0 } = latestEnding(view) ?? {};
      return endTurn(view, "interrupted", {
        kind: ending,
        text: threadEvent.message ?? "",
        remedy: threadEvent.allow_retry ? "answer-again" : null,
        notBefore: wait && Date.now() + wait,
      });
    }
    default:
      return view;
  }
}

function running(view: ThreadView, items: readonly ItemView[]): ThreadView {
  const { turn: _turn, canStop, progress, connection, failure, closed } = emptyThread;
  return {
    ...view,
    items,
    turn: "running",
    since: Date.now(),
    canStop,
    progress,
    connection,
    failure,
    closed,
  };
}

function judgements({ itemIds, kind }: Extract<ThreadChange, { type: "judged" }>) {
  return Object.fromEntries(itemIds.map((id) => [id, kind]));
}

/** Adds a question before the server knows of it; asking again under the same key moves nothing. */
function withQuestion(
  items: readonly ItemView[],
  { key, input, attachments }: Extract<ThreadChange, { type: "asked" }>,
): ItemView[] {
  const others = items.filter((item) => item.id !== key && !isRefused(item));
  const { content, quoted_text: quote = "" } = input;
  const text = content.map((part) => part.text).join("");
  return [
    ...others,
    { kind: "question", id: key, key, text, content, status: "pending", attachments, quote, input },
  ];
}

/** `text`: what the question says now. */
function upTo(
  items: readonly ItemView[],
  { itemId, text }: Extract<ThreadChange, { type: "answer-retried" }>,
): readonly ItemView[] {
  const last = items.findIndex(({ id }) => id === itemId);
  const kept = items.slice(0, last + 1);
  if (text === undefined) return kept;
  return kept.with(last, { ...(kept[last] as QuestionView), text, content: [{ type: "input_text", text }] });
}

function put(view: ThreadView, item: WireItem, status: AnswerView["status"]): ThreadView {
  const next = itemView(item, status);
  if (next === null) return view;
  const known = view.items.findIndex((old) => old.id === next.id);
  const place = known >= 0 ? known : placeOfOwn(view.items, next);
  if (place < 0) return { ...view, items: [...view.items, next] };
  return { ...view, items: view.items.with(place, withKeyOf(view.items[place], next)) };
}

function withKeyOf(old: ItemView | undefined, next: ItemView): ItemView {
  return old?.kind === "question" && next.kind === "question" ? { ...next, key: old.key } : next;
}

/** The server's copy takes the place of a question that is shown in advance, or of a notice that was told already. */
function placeOfOwn(items: readonly ItemView[], next: ItemView): number {
  if (next.kind === "notice") return placeOfNotice(items, next);
  if (next.kind !== "question") return -1;
  return items.findIndex((item) => item.kind === "question" && item.status === "pending");
}

function changeItem(
  items: readonly ItemView[],
  id: string,
  change: (item: ItemView) => ItemView,
): readonly ItemView[] {
  const place = items.findIndex((item) => item.id === id);
  const item = items[place];
  const next = item && change(item);
  return next === undefined || next === item ? items : items.with(place, next);
}

function withAnswers(item: ItemView, answers: GivenAnswers): ItemView {
  if (item.kind !== "asked") return item;
  const questions = item.questions.map((question, at) => ({ ...question, answer: answers[at] ?? null }));
  return { ...item, questions };
}

function updated(item: ItemView, update: ItemUpdate): ItemView {
  switch (item.kind) {
    case "answer":
      return item.status === "done" || !isTextUpdate(update)
        ? item
        : { ...item, parts: updateParts(item.parts, update) };
    case "widget":
      return { ...item, widget: updateWidget(item.widget, update) };
    case "steps":
      return { ...item, steps: { ...item.steps, tasks: updateTasks(item.steps.tasks, update) } };
    case "image":
      return update.type === "generated_image.updated"
        ? { ...item, url: update.image.url, progress: update.progress ?? null }
        : item;
    default:
      return item;
  }
}

function isTextUpdate(update: ItemUpdate): update is TextUpdate {
  return update.type.startsWith("assistant_message.");
}

function updateWidget(widget: WidgetTree, update: ItemUpdate): WidgetTree {
  switch (update.type) {
    case "widget.root.updated":
      return update.widget;
    case "widget.component.updated":
      return withComponent(widget, update.component_id, update.component);
    case "widget.streaming_text.value_delta":
      return withText(widget, update.component_id, update.delta, update.done);
    default:
      return widget;
  }
}

function updateTasks(tasks: readonly Task[], update: ItemUpdate): readonly Task[] {
  if (update.type !== "workflow.task.added" && update.type !== "workflow.task.updated") return tasks;
  return placed(tasks, update.task_index, update.task);
}

function updateParts(parts: readonly AnswerPart[], update: TextUpdate): readonly AnswerPart[] {
  const index = update.content_index;
  const part = parts[index] ?? { text: "", annotations: [] };
  const next = updatePart(part, update);
  return placed(parts, index, next);
}

function updatePart(part: AnswerPart, update: TextUpdate): AnswerPart {
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
  return placed(part.annotations, index, annotation);
}

/** The list with `value` at `index`, or at its end where it is shorter. */
function placed<T>(list: readonly T[], index: number, value: T): readonly T[] {
  return index < list.length ? list.with(index, value) : [...list, value];
}

function withNotice(
  items: readonly ItemView[],
  threadEvent: Extract<ThreadEvent, { type: "notice" }>,
): ItemView[] {
  const title = threadEvent.title ?? "";
  const notice = { kind: "notice", level: threadEvent.level, title, text: threadEvent.message } as const;
  const id = `notice:${items.length}:${title}:${threadEvent.message}`;
  return placeOfNotice(items, notice) < 0 ? [...items, { ...notice, id }] : [...items];
}

/** A notice has no id when it is told: the turn and what it says identify it in a replay, and when it is kept. */
function placeOfNotice(
  items: readonly ItemView[],
  { title, text }: Pick<NoticeView, "title" | "text">,
): number {
  const asked = items.findLastIndex((item) => item.kind === "question");
  return items.findIndex(
    (item, place) => place > asked && item.kind === "notice" && item.title === title && item.text === text,
  );
}

/** Servers of others do not say that a turn was stopped. */
function stoppedNote(view: ThreadView): TurnFailure | null {
  if (view.turn !== "stopping") return null;
  return { kind: "stopped", text: "", remedy: "answer-again", notBefore: 0 };
}

/** An older ending may be the last item too, of a chat that was open again: then nothing has failed now. */
function isClosedByOwner({ items, failure }: ThreadView): boolean {
  const last = items.at(-1);
  return failure !== null && last?.kind === "ending" && last.ending === "closed";
}

function endTurn(view: ThreadView, status: "done" | "interrupted", failure: TurnFailure | null): ThreadView {
  const items = view.items.map((item) =>
    (item.kind === "answer" || item.kind === "steps") && item.status === "streaming"
      ? { ...item, status }
      : item,
  );
  return { ...view, items, failure, turn: "idle", since: Date.now(), progress: "", connection: "connected" };
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
