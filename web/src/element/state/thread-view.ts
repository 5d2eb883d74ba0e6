/** What the element shows of a thread: plain values that a reducer makes and templates draw. */

import type {
  Annotation,
  EndingKind,
  GivenAnswer,
  NoticeLevel,
  Steps,
  ThreadStatus,
  UserContent,
  UserInput,
  WidgetTree,
  WireAttachment,
} from "../protocol/wire.ts";

export interface QuestionView {
  kind: "question";
  id: string;
  /** Stays the same when the server's id takes the place of the key that the question was asked under. */
  key: string;
  text: string;
  /** The text in pieces, some of which stand for things that the visitor named. */
  content: readonly UserContent[];
  /** `pending`: not yet known to be kept by the server. `refused`: it is not kept. */
  status: "pending" | "kept" | "refused";
  attachments: readonly WireAttachment[];
  /** The passage that the question is about. */
  quote: string;
  /** What to send to ask again, while the server does not have it. */
  input: UserInput | null;
}

export interface AnswerPart {
  text: string;
  annotations: readonly Annotation[];
}

export interface AnswerView {
  kind: "answer";
  id: string;
  parts: readonly AnswerPart[];
  status: "streaming" | "done" | "interrupted";
}

/** One question of the workflow to the visitor; without options it asks for free text. */
export interface AskedQuestion {
  id: string;
  question: string;
  description: string;
  options: readonly string[];
  multiple: boolean;
  /** Null while it waits; given here before the server has it, until every question of its item has one. */
  answer: GivenAnswer | null;
}

/** The answers to an item's questions, in their order; null for one that waits. */
export type GivenAnswers = readonly (GivenAnswer | null)[];

export interface AskedView {
  kind: "asked";
  id: string;
  status: "pending" | "answered" | "skipped";
  questions: readonly AskedQuestion[];
}

/** The steps to an answer, or what a model thought before it. */
export interface StepsView {
  kind: "steps";
  id: string;
  steps: Steps;
  status: AnswerView["status"];
}

export interface WidgetView {
  kind: "widget";
  id: string;
  widget: WidgetTree;
  /** What is copied in place of the widget. */
  copyText: string;
}

export interface ImageView {
  kind: "image";
  id: string;
  /** Null while it is made. */
  url: string | null;
  /** From 0 to 1, as far as the workflow says. */
  progress: number | null;
}

/** A tool of the page that the workflow waits for. */
export interface ToolView {
  kind: "tool";
  id: string;
  name: string;
  params: Record<string, unknown>;
  isPending: boolean;
}

/** A part of the conversation that this element cannot draw. */
interface UnshownView {
  kind: "unshown";
  id: string;
}

/** Why the answer above is not whole. */
export interface EndingView {
  kind: "ending";
  id: string;
  ending: EndingKind;
  /** What the server said of it; empty when it said nothing. */
  text: string;
  allowRetry: boolean;
  /** Milliseconds from the end of the turn until it makes sense to try again. */
  wait: number;
}

export interface NoticeView {
  kind: "notice";
  id: string;
  level: NoticeLevel;
  title: string;
  text: string;
}

export type ItemView =
  | QuestionView
  | AnswerView
  | AskedView
  | StepsView
  | WidgetView
  | ImageView
  | ToolView
  | UnshownView
  | EndingView
  | NoticeView;

/** What a visitor can do about a turn that went wrong. */
export type Remedy = "ask-again" | "answer-again" | "send-again" | "reconnect";

export type FailureKind =
  | EndingKind
  | "error"
  | "rate-limited"
  | "turn-in-progress"
  | "connection-lost"
  | "refused";

export interface TurnFailure {
  kind: FailureKind;
  /** The server's own words; empty when there are none fit to show. */
  text: string;
  /** The server's code for it, by which it is translated. */
  code?: string;
  remedy: Remedy | null;
  /** The time (ms) from which the remedy may be tried; 0 for at once. */
  notBefore: number;
}

/** Why nothing more can be said in this chat. */
export type ClosedReason = "unavailable" | "login";

export interface ThreadView {
  threadId: string | null;
  title: string;
  status: ThreadStatus;
  /** Hosts whose images may be loaded, besides the server's own. */
  imageDomains: readonly string[];
  /** What the visitor thinks of answers, by item. */
  feedback: Readonly<Record<string, "positive" | "negative">>;
  items: readonly ItemView[];
  /** Cursor to the items before the first one shown; null when all are shown. */
  earlier: string | null;
  turn: "idle" | "running" | "stopping";
  /** The time (ms) when the latest turn began or, when none runs, ended; the same in every tab. */
  since: number;
  canStop: boolean;
  progress: string;
  connection: "connected" | "reconnecting";
  failure: TurnFailure | null;
  closed: ClosedReason | null;
}

export const emptyThread: ThreadView = {
  threadId: null,
  title: "",
  status: { type: "active" },
  imageDomains: [],
  feedback: {},
  items: [],
  earlier: null,
  turn: "idle",
  since: 0,
  canStop: true,
  progress: "",
  connection: "connected",
  failure: null,
  closed: null,
};

/** The newest question: the one that a retry is about. */
export function lastQuestion(view: ThreadView): QuestionView | null {
  return view.items.findLast((item) => item.kind === "question") ?? null;
}

/** What the visitor gave: a message, answers to questions, the output of a tool of the page. */
export function isSaidByVisitor(item: ItemView): boolean {
  if (item.kind === "tool") return !item.isPending;
  return item.kind === "question" || (item.kind === "asked" && item.status !== "pending");
}

/** What is to be said of the latest turn: what went wrong here, or what the server kept of its end. */
export function shownFailure(view: ThreadView): TurnFailure | null {
  const ending = view.turn === "idle" ? latestEnding(view) : null;
  if (view.failure !== null || ending === null) return view.failure;
  const remedy = ending.allowRetry ? "answer-again" : null;
  return {
    kind: ending.ending,
    text: ending.text,
    remedy,
    notBefore: ending.wait && view.since + ending.wait,
  };
}

/** The items, with the end of their latest turn behind them: what is said next must not make it look whole. */
export function itemsWithEnding(view: ThreadView): readonly ItemView[] {
  const { items, failure } = view;
  const ending = failure === null ? undefined : ENDINGS[failure.kind];
  const last = items.at(-1);
  if (ending === undefined || last === undefined || isRefused(last) || latestEnding(view) !== null)
    return items;
  return [
    ...items,
    { kind: "ending", id: `${OWN_ENDING}${last.id}`, ending, text: "", allowRetry: false, wait: 0 },
  ];
}

/** Begins the ids of endings of which no server knows. */
export const OWN_ENDING = "ending:";

const ENDINGS: Partial<Record<FailureKind, EndingKind>> = {
  interrupted: "interrupted",
  stopped: "stopped",
  no_answer: "no_answer",
  failed: "failed",
  error: "failed",
};

/** How the latest turn ended, where that is kept. */
export function latestEnding({ items }: ThreadView): EndingView | null {
  const last = items.findLast(({ kind }) => kind !== "notice");
  return last?.kind === "ending" ? last : null;
}

export function isRefused(item: ItemView): boolean {
  return item.kind === "question" && item.status === "refused";
}

/** The workflow's questions that the visitor's next message answers; null while a turn runs and when none wait. */
export function pendingQuestions(view: ThreadView): AskedView | null {
  const last = view.items.findLast((item) => item.kind === "asked" || item.kind === "question");
  const isAsked = last?.kind === "asked" && last.status === "pending" && currentQuestion(last) !== null;
  return view.turn === "idle" && view.closed === null && isAsked ? last : null;
}

/** The tool that the page has to run before the workflow continues. */
export function pendingTool(view: ThreadView): ToolView | null {
  const last = view.items.findLast((item) => item.kind !== "notice");
  return last?.kind === "tool" && last.isPending ? last : null;
}

/** The one of them that is asked now. */
export function currentQuestion(asked: AskedView): AskedQuestion | null {
  return asked.questions.find((question) => question.answer === null) ?? null;
}

/** True when the latest turn's end can be seen in the view itself, so that the server need not be asked. */
export function isSettled(view: ThreadView): boolean {
  if (view.failure !== null) return true;
  const last = view.items.findLast((item) => item.kind !== "notice");
  if (last === undefined || last.kind === "question") return false;
  return last.kind !== "answer" || last.status !== "streaming";
}
