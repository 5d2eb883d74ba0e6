/** The shapes of the ChatKit wire protocol that this element reads and writes. */

export interface Page<T> {
  data: T[];
  has_more: boolean;
  after?: string;
}

type TurnStatus = "running" | "completed" | "cancelled" | "failed" | "interrupted";

/** Our server's word on a thread's latest turn; other ChatKit servers do not send it. */
export interface WireTurn {
  id: string;
  status: TurnStatus;
  user_item_id: string;
}

export interface WireThread {
  id: string;
  title?: string;
  metadata: { "orcheo.turn"?: WireTurn };
  items: Page<WireItem>;
}

export type AnnotationSource =
  | { type: "url"; title: string; url: string; attribution?: string; description?: string }
  | { type: "file"; title: string; filename: string; description?: string }
  | { type: "entity"; title: string; id: string; description?: string };

export interface Annotation {
  type: "annotation";
  source: AnnotationSource;
  index?: number;
}

export interface OutputText {
  type: "output_text";
  text: string;
  annotations: Annotation[];
}

type UserContent = { type: "input_text"; text: string } | { type: "input_tag"; text: string; id: string };

export interface UserItem {
  type: "user_message";
  id: string;
  content: UserContent[];
  attachments?: { id: string; name: string }[];
}

export interface AssistantItem {
  type: "assistant_message";
  id: string;
  content: OutputText[];
}

export interface GivenAnswer {
  values: readonly string[];
  skipped: boolean;
}

/** Questions of the workflow to the visitor. */
export interface QuestionsItem {
  type: "structured_input";
  id: string;
  status: "pending" | "answered" | "skipped";
  inputs: {
    id: string;
    question: string;
    description?: string;
    options?: { value: string }[];
    multiple?: boolean;
    answer?: GivenAnswer;
  }[];
}

/** A tool of the page that the workflow calls. This element has none, so it runs none, given up or not. */
interface ToolCallItem {
  type: "client_tool_call";
  id: string;
  status: "pending" | "completed";
}

export type EndingKind =
  | "stopped"
  | "closed"
  | "failed"
  | "timed_out"
  | "cut_off"
  | "no_answer"
  | "interrupted";

/** The end of a turn. Our server says in it why the answer is not whole; without that the turn ended well. */
export interface EndOfTurnItem {
  type: "end_of_turn";
  id: string;
  "orcheo.ending"?: { kind: EndingKind; message?: string; allow_retry: boolean };
}

/** Steps on the way to an answer; of the type `reasoning` they are what a model thought before it. */
export interface StepsItem {
  type: "workflow";
  id: string;
  workflow?: { type: string; tasks: readonly { type: string; content?: string | null }[] };
}

/** Kinds of item that this element does not draw, those of newer servers included. */
interface OtherItem {
  type: "widget" | "generated_image" | "task";
  id: string;
}

export type WireItem =
  | UserItem
  | AssistantItem
  | QuestionsItem
  | ToolCallItem
  | EndOfTurnItem
  | StepsItem
  | OtherItem;

export type ItemUpdate =
  | { type: "assistant_message.content_part.added"; content_index: number; content: OutputText }
  | { type: "assistant_message.content_part.text_delta"; content_index: number; delta: string }
  | {
      type: "assistant_message.content_part.annotation_added";
      content_index: number;
      annotation_index: number;
      annotation: Annotation;
    }
  | { type: "assistant_message.content_part.done"; content_index: number; content: OutputText };

export type NoticeLevel = "info" | "warning" | "danger";

export type ThreadEvent =
  | { type: "thread.created"; thread: WireThread }
  | { type: "thread.updated"; thread: WireThread }
  | { type: "thread.item.added"; item: WireItem }
  | { type: "thread.item.updated"; item_id: string; update: ItemUpdate }
  | { type: "thread.item.done"; item: WireItem }
  | { type: "thread.item.removed"; item_id: string }
  | { type: "thread.item.replaced"; item: WireItem }
  | { type: "stream_options"; stream_options: { allow_cancel: boolean } }
  | { type: "progress_update"; text: string; icon?: string }
  | { type: "notice"; level: NoticeLevel; message: string; title?: string }
  | { type: "error"; code: string; message?: string; allow_retry: boolean };

interface UserInput {
  content: { type: "input_text"; text: string }[];
  attachments: string[];
  inference_options: Record<string, never>;
}

/** Requests answered by a stream of thread events. */
export type TurnRequest =
  | { type: "threads.create"; params: { input: UserInput } }
  | { type: "threads.add_user_message"; params: { thread_id: string; input: UserInput } }
  | { type: "threads.add_structured_input"; params: StructuredInputParams }
  | { type: "threads.retry_after_item"; params: { thread_id: string; item_id: string } };

interface StructuredInputParams {
  thread_id: string;
  item_id: string;
  input: { status: "answered" | "skipped"; answers: Record<string, GivenAnswer> };
}

/** Requests answered by one JSON document. */
export type ThreadRequest =
  | { type: "threads.get_by_id"; params: { thread_id: string } }
  | { type: "threads.cancel"; params: { thread_id: string } }
  | {
      type: "items.list";
      params: { thread_id: string; limit: number; order: "asc" | "desc"; after?: string };
    };

export function askRequest(text: string, threadId: string | null): TurnRequest {
  const input: UserInput = {
    content: [{ type: "input_text", text }],
    attachments: [],
    inference_options: {},
  };
  if (threadId === null) return { type: "threads.create", params: { input } };
  return { type: "threads.add_user_message", params: { thread_id: threadId, input } };
}

/** Answers a workflow's questions; with every one skipped, the whole is. */
export function answerRequest(
  threadId: string,
  itemId: string,
  answers: Record<string, GivenAnswer>,
): TurnRequest {
  const isSkipped = Object.values(answers).every(({ skipped }) => skipped);
  const input = { status: isSkipped ? "skipped" : "answered", answers } as const;
  return {
    type: "threads.add_structured_input",
    params: { thread_id: threadId, item_id: itemId, input },
  };
}

/** Reads one SSE data field; null when it is no thread event, so that a newer server cannot break the page. */
export function parseThreadEvent(data: string): ThreadEvent | null {
  try {
    const parsed: unknown = JSON.parse(data);
    const isEvent = typeof parsed === "object" && parsed !== null && "type" in parsed;
    return isEvent ? (parsed as ThreadEvent) : null;
  } catch {
    return null;
  }
}
