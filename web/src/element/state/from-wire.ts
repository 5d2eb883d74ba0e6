/** Wire items and turns -> their views. */

import type {
  AssistantItem,
  EndOfTurnItem,
  OutputText,
  QuestionsItem,
  Steps,
  ToolCallItem,
  UserItem,
  WireItem,
  WireThread,
  WireTurn,
} from "../protocol/wire.ts";
import type {
  AnswerPart,
  AnswerView,
  AskedView,
  EndingView,
  ItemView,
  NoticeView,
  QuestionView,
  ThreadView,
  ToolView,
  TurnFailure,
} from "./thread-view.ts";
import { emptyThread, isSaidByVisitor, OWN_ENDING } from "./thread-view.ts";

/** Null for kinds of item of which nothing is shown, on purpose. */
export function itemView(item: WireItem, status: AnswerView["status"]): ItemView | null {
  switch (item.type) {
    case "user_message":
      return questionView(item);
    case "assistant_message":
      return answerView(item, status);
    case "structured_input":
      return askedView(item);
    case "end_of_turn":
      return endingView(item);
    case "client_tool_call":
      return toolView(item);
    default:
      return partView(item, status);
  }
}

/** What a workflow shows besides text. A newer server may send kinds that this element does not know. */
function partView(item: WireItem, status: AnswerView["status"]): ItemView {
  const { id } = item;
  switch (item.type) {
    case "workflow":
      return { kind: "steps", id, steps: item.workflow ?? NO_STEPS, status };
    case "task":
      return {
        kind: "steps",
        id,
        steps: { type: "custom", tasks: item.task === undefined ? [] : [item.task], expanded: true },
        status,
      };
    case "widget":
      return { kind: "widget", id, widget: item.widget ?? {}, copyText: item.copy_text ?? "" };
    case "generated_image":
      return imageView(id, item.image?.url ?? null, status);
    default:
      return { kind: "unshown", id };
  }
}

function imageView(id: string, url: string | null, status: AnswerView["status"]): ItemView {
  return url === null && status === "done"
    ? { kind: "unshown", id }
    : { kind: "image", id, url, progress: null };
}

const NO_STEPS: Steps = { type: "custom", tasks: [] };

function toolView(item: ToolCallItem): ToolView {
  const isPending = item.status === "pending";
  return { kind: "tool", id: item.id, name: item.name ?? "", params: item.arguments ?? {}, isPending };
}

export function itemViews(items: readonly WireItem[]): ItemView[] {
  return items.map((item) => itemView(item, "done")).filter((view) => view !== null);
}

/** What the visitor has thought of these items, by their ids. */
export function feedbackOf(items: readonly WireItem[]): ThreadView["feedback"] {
  return Object.fromEntries(
    items.flatMap(({ id, "orcheo.feedback": kind }) => (kind === undefined ? [] : [[id, kind]])),
  );
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
  const turn = thread.metadata?.["orcheo.turn"] ?? null;
  const views = itemViews(items);
  const since = Date.now() - (turn?.seconds ?? 0) * 1000;
  const base = { ...emptyThread, ...threadFields(thread), since, earlier, feedback: feedbackOf(items) };
  const last = views.at(-1);
  // Of an action, whether or not its widget is shown, only the page that it was taken in knows what could be repeated.
  const canRepeat =
    turn === null || views.some((view) => view.id === turn.user_item_id && isSaidByVisitor(view));
  if (last?.kind === "ending")
    return { ...base, items: canRepeat ? views : views.with(-1, { ...last, allowRetry: false }) };
  if (turn === null || turn.status === "completed")
    return { ...base, items: views, failure: emptyAnswer(items) };
  if (turn.status === "running") return { ...base, turn: "running", items: marked(views, "streaming") };
  return { ...base, items: marked(views, "interrupted"), failure: turnFailure(turn, canRepeat) };
}

/** What is known of a thread besides what was said in it. */
export function threadFields(
  thread: WireThread,
): Pick<ThreadView, "threadId" | "title" | "status" | "imageDomains"> {
  return {
    threadId: thread.id,
    title: thread.title ?? "",
    status: thread.status ?? { type: "active" },
    imageDomains: thread.allowed_image_domains ?? [],
  };
}

/** What is shown, with what the server has now in the place of its end; the same view when there are no news. */
export function withNews(view: ThreadView, opened: ThreadView): ThreadView {
  const first = opened.items[0]?.id;
  const place = Math.max(
    0,
    view.items.findIndex(({ id }) => id === first),
  );
  const isSame =
    marksOf(view.items.slice(place)) === marksOf(opened.items) && fieldsOf(view) === fieldsOf(opened);
  if (opened.turn === "idle" && isSame) return view;
  const earlier = place > 0 ? view.earlier : opened.earlier;
  const feedback = { ...view.feedback, ...opened.feedback };
  return { ...opened, items: [...view.items.slice(0, place), ...opened.items], earlier, feedback };
}

const fieldsOf = ({ title, status }: ThreadView): string => JSON.stringify([title, status]);

/** What tells two versions of a thread apart, as far as the server keeps it. */
function marksOf(items: readonly ItemView[]): string {
  const kept = items.filter(({ kind, id }) => kind !== "notice" && !id.startsWith(OWN_ENDING));
  return kept.map((item) => `${item.id} ${"status" in item ? item.status : ""}`).join();
}

function questionView(item: UserItem): QuestionView {
  return {
    kind: "question",
    id: item.id,
    key: item.id,
    text: item.content.map((part) => part.text).join(""),
    content: item.content,
    status: "kept",
    attachments: item.attachments ?? [],
    quote: item.quoted_text ?? "",
    input: null,
  };
}

function answerView(item: AssistantItem, status: AnswerView["status"]): AnswerView {
  return { kind: "answer", id: item.id, parts: item.content.map(answerPart), status };
}

function askedView(item: QuestionsItem): AskedView {
  const questions = item.inputs.map((input) => ({
    id: input.id,
    question: input.question,
    description: input.description ?? "",
    options: (input.options ?? []).map(({ value }) => value),
    multiple: input.multiple ?? false,
    answer: input.answer ?? null,
  }));
  return { kind: "asked", id: item.id, status: item.status, questions };
}

function turnFailure(turn: WireTurn, canRepeat: boolean): TurnFailure {
  const kind = turn.status === "cancelled" ? "stopped" : turn.status === "failed" ? "failed" : "interrupted";
  return { kind, text: "", remedy: canRepeat ? "answer-again" : null, notBefore: 0 };
}

function endingView(item: EndOfTurnItem): EndingView | NoticeView | null {
  const notice = item["orcheo.notice"];
  if (notice !== undefined) {
    const { level, title = "", message } = notice;
    return { kind: "notice", id: item.id, level, title, text: message };
  }
  const told = item["orcheo.ending"];
  if (told === undefined) return null;
  return {
    kind: "ending",
    id: item.id,
    ending: told.kind,
    text: told.message ?? "",
    allowRetry: told.allow_retry,
    wait: (told.retry_after ?? 0) * 1000,
  };
}

/** A workflow that was done although it showed nothing says so by an end of the turn. */
function emptyAnswer(items: readonly WireItem[]): TurnFailure | null {
  const last = items.findLast(({ type }) => type !== "workflow" && type !== "task");
  if (last?.type !== "user_message") return null;
  return { kind: "no_answer", text: "", remedy: "answer-again", notBefore: 0 };
}

/** Marks the answers of the latest turn: those after what the visitor said last. */
function marked(views: readonly ItemView[], status: AnswerView["status"]): ItemView[] {
  const lastSaid = views.findLastIndex(isSaidByVisitor);
  return views.map((view, index) =>
    index > lastSaid && (view.kind === "answer" || view.kind === "steps") ? { ...view, status } : view,
  );
}
