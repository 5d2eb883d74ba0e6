/** What the element shows of a thread: plain values that a reducer makes and templates draw. */

import type { Annotation, NoticeLevel } from "../protocol/wire.ts";

export interface QuestionView {
  kind: "question";
  id: string;
  text: string;
  /** `pending`: not yet known to be kept by the server. `refused`: it is not kept. */
  status: "pending" | "kept" | "refused";
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

export interface NoticeView {
  kind: "notice";
  id: string;
  level: NoticeLevel;
  title: string;
  text: string;
}

export type ItemView = QuestionView | AnswerView | NoticeView;

/** What a visitor can do about a turn that went wrong. */
export type Remedy = "ask-again" | "answer-again" | "reconnect";

export type FailureKind =
  | "interrupted"
  | "stopped"
  | "empty"
  | "error"
  | "rate-limited"
  | "turn-in-progress"
  | "connection-lost"
  | "refused";

export interface TurnFailure {
  kind: FailureKind;
  /** The server's own words; empty when there are none fit to show. */
  text: string;
  remedy: Remedy | null;
  /** The time (ms) from which the remedy may be tried; 0 for at once. */
  notBefore: number;
}

/** Why nothing more can be said in this chat. */
export type ClosedReason = "unavailable" | "login";

export interface ThreadView {
  threadId: string | null;
  items: readonly ItemView[];
  /** Cursor to the items before the first one shown; null when all are shown. */
  earlier: string | null;
  turn: "idle" | "running" | "stopping";
  canStop: boolean;
  progress: string;
  connection: "connected" | "reconnecting";
  failure: TurnFailure | null;
  closed: ClosedReason | null;
}

export const emptyThread: ThreadView = {
  threadId: null,
  items: [],
  earlier: null,
  turn: "idle",
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

/** True when the latest turn's end can be seen in the view itself, so that the server need not be asked. */
export function isSettled(view: ThreadView): boolean {
  if (view.failure !== null) return true;
  const last = view.items.findLast((item) => item.kind !== "notice");
  return last?.kind === "answer" && last.status !== "streaming";
}
