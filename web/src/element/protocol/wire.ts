/** The shapes of the ChatKit wire protocol that this element reads and writes. */

import type { UserMessageContent } from "@openai/chatkit";

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
  /** How long it has run, or since when it is over. */
  seconds?: number;
}

export type ThreadStatus = { type: "active" } | { type: "locked" | "closed"; reason?: string };

export interface WireThread {
  id: string;
  title?: string;
  created_at?: string;
  status?: ThreadStatus;
  allowed_image_domains?: string[];
  metadata: { "orcheo.turn"?: WireTurn };
  items: Page<WireItem>;
}

export type AnnotationSource =
  | { type: "url"; title: string; url: string; attribution?: string; description?: string }
  | { type: "file"; title: string; filename: string; description?: string }
  | {
      type: "entity";
      title: string;
      id: string;
      description?: string;
      icon?: string;
      interactive?: boolean;
      data?: Record<string, string>;
      group?: string;
    };

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

export type UserContent = UserMessageContent;

/** A file of the visitor's; `preview_url` is an image's. */
export interface WireAttachment {
  type?: "file" | "image";
  id: string;
  name: string;
  mime_type?: string;
  preview_url?: string;
  upload_descriptor?: { url: string; method: "POST" | "PUT"; headers?: Record<string, string> };
}

export interface UserItem {
  type: "user_message";
  id: string;
  created_at?: string;
  content: UserContent[];
  attachments?: WireAttachment[];
  quoted_text?: string;
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

/** A tool of the page that the workflow calls. */
export interface ToolCallItem {
  type: "client_tool_call";
  id: string;
  status: "pending" | "completed";
  call_id?: string;
  name?: string;
  arguments?: Record<string, unknown>;
}

export type EndingKind =
  | "stopped"
  | "closed"
  | "failed"
  | "timed_out"
  | "cut_off"
  | "no_answer"
  | "interrupted";

/** The end of a turn. Our server says in it why the answer is not whole, or keeps a notice of the turn. */
export interface EndOfTurnItem {
  type: "end_of_turn";
  id: string;
  "orcheo.ending"?: { kind: EndingKind; message?: string; allow_retry: boolean; retry_after?: number };
  "orcheo.notice"?: { level: NoticeLevel; message: string; title?: string };
}

type TaskSource = AnnotationSource | { type: "url"; title: string; url: string };

/** One step on the way to an answer. */
export interface Task {
  type: "custom" | "web_search" | "thought" | "file" | "image";
  status_indicator?: "none" | "loading" | "complete";
  title?: string | null;
  icon?: string;
  content?: string | null;
  title_query?: string;
  queries?: string[];
  sources?: TaskSource[];
}

export interface Steps {
  type: "custom" | "reasoning";
  tasks: readonly Task[];
  summary?: { title?: string; icon?: string; duration?: number } | null;
  expanded?: boolean;
}

/** Steps on the way to an answer; of the type `reasoning` they are what a model thought before it. */
interface StepsItem {
  type: "workflow";
  id: string;
  workflow?: Steps;
}

interface TaskItem {
  type: "task";
  id: string;
  task?: Task;
}

/** A tree of components; what is in it is checked where it is drawn. */
export type WidgetTree = Record<string, unknown>;

interface WidgetItem {
  type: "widget";
  id: string;
  widget?: WidgetTree;
  copy_text?: string;
}

interface ImageItem {
  type: "generated_image";
  id: string;
  image?: { id: string; url: string } | null;
}

/** Our server adds to any item what its visitor has thought of it. */
export type WireItem = KnownItem & { "orcheo.feedback"?: "positive" | "negative" };

type KnownItem =
  | UserItem
  | AssistantItem
  | QuestionsItem
  | ToolCallItem
  | EndOfTurnItem
  | StepsItem
  | TaskItem
  | WidgetItem
  | ImageItem;

/** What changes in an answer's text. */
export type TextUpdate =
  | { type: "assistant_message.content_part.added"; content_index: number; content: OutputText }
  | { type: "assistant_message.content_part.text_delta"; content_index: number; delta: string }
  | {
      type: "assistant_message.content_part.annotation_added";
      content_index: number;
      annotation_index: number;
      annotation: Annotation;
    }
  | { type: "assistant_message.content_part.done"; content_index: number; content: OutputText };

export type ItemUpdate =
  | TextUpdate
  | { type: "widget.streaming_text.value_delta"; component_id: string; delta: string; done: boolean }
  | { type: "widget.root.updated"; widget: WidgetTree }
  | { type: "widget.component.updated"; component_id: string; component: WidgetTree }
  | { type: "workflow.task.added" | "workflow.task.updated"; task_index: number; task: Task }
  | { type: "generated_image.updated"; image: { id: string; url: string }; progress?: number };

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
  | { type: "client_effect"; name: string; data?: Record<string, unknown> }
  | { type: "notice"; level: NoticeLevel; message: string; title?: string }
  | { type: "error"; code: string; message?: string; allow_retry: boolean };

/** What the visitor says. */
export interface UserInput {
  content: UserContent[];
  attachments: string[];
  quoted_text?: string;
  inference_options: { model?: string; tool_choice?: { id: string } };
}

export interface ActionOrder {
  type: string;
  payload?: unknown;
}

interface ActionParams {
  thread_id: string;
  item_id?: string;
  action: ActionOrder;
}

/** Requests answered by a stream of thread events. */
export type TurnRequest =
  | { type: "threads.create"; params: { input: UserInput } }
  | { type: "threads.add_user_message"; params: { thread_id: string; input: UserInput } }
  | { type: "threads.add_structured_input"; params: StructuredInputParams }
  | { type: "threads.add_client_tool_output"; params: { thread_id: string; result: unknown } }
  | { type: "threads.custom_action"; params: ActionParams }
  | { type: "threads.retry_after_item"; params: RetryParams };

/** `content`: what the message says now. Our server's own; others answer the old message again. */
interface RetryParams {
  thread_id: string;
  item_id: string;
  content?: readonly UserContent[];
}

export interface StructuredInputParams {
  thread_id: string;
  item_id: string;
  input: { status: "answered" | "skipped"; answers: Record<string, GivenAnswer> };
}

interface PageParams {
  limit: number;
  order: "asc" | "desc";
  after?: string;
}

/** Requests answered by one JSON document. */
export type ThreadRequest =
  | { type: "threads.get_by_id"; params: { thread_id: string } }
  | { type: "threads.list"; params: PageParams }
  | { type: "threads.update"; params: { thread_id: string; title: string } }
  | { type: "threads.delete"; params: { thread_id: string } }
  | { type: "threads.cancel"; params: { thread_id: string } }
  | { type: "threads.sync_custom_action"; params: ActionParams }
  | { type: "items.list"; params: PageParams & { thread_id: string } }
  | {
      type: "items.feedback";
      params: { thread_id: string; item_ids: readonly string[]; kind: "positive" | "negative" };
    }
  | { type: "attachments.create"; params: { name: string; size: number; mime_type: string } }
  | { type: "attachments.delete"; params: { attachment_id: string } }
  | { type: "input.transcribe"; params: { audio_base64: string; mime_type: string } };

export function askRequest(input: UserInput, threadId: string | null): TurnRequest {
  if (threadId === null) return { type: "threads.create", params: { input } };
  return { type: "threads.add_user_message", params: { thread_id: threadId, input } };
}

/** A message that is nothing but text. */
export function textInput(text: string): UserInput {
  return { content: [{ type: "input_text", text }], attachments: [], inference_options: {} };
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
