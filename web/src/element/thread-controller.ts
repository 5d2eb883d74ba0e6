/** Drives one thread: opens it, asks, follows the answer, stops, retries. Knows nothing of the DOM. */

import { newKey } from "./insecure.ts";
import { errorSentence } from "./language.ts";
import type { Drafts } from "./options.ts";
import { type ChatClient, isAbort } from "./protocol/chat-client.ts";
import { type Pace, retryDelay } from "./protocol/pace.ts";
import { ConnectionError, isLimited, problemCode, THREAD_GONE } from "./protocol/problem.ts";
import { followTurn } from "./protocol/turn-feed.ts";
import {
  type ActionOrder,
  answerRequest,
  askRequest,
  type GivenAnswer,
  type Page,
  type StructuredInputParams,
  type ThreadEvent,
  type TurnRequest,
  textInput,
  type UserInput,
  type WireAttachment,
  type WireItem,
  type WireThread,
} from "./protocol/wire.ts";
import { typedAnswer } from "./state/answering.ts";
import { changeForError } from "./state/failure.ts";
import { feedbackOf, itemViews, openedThread, withNews } from "./state/from-wire.ts";
import { reduce, type ThreadChange } from "./state/reduce.ts";
import {
  currentQuestion,
  emptyThread,
  isSaidByVisitor,
  isSettled,
  lastQuestion,
  pendingQuestions,
  pendingTool,
  type Remedy,
  shownFailure,
  type ThreadView,
  type ToolView,
} from "./state/thread-view.ts";
import { strings } from "./strings.ts";

const ITEMS_SHOWN = 50;
const MAX_FOLLOWS = 6;
/** What the workflow has asked for, which another tab may have given. */
const ANSWERS = new Set(["threads.add_structured_input", "threads.add_client_tool_output"]);
/** Somebody else, such as another tab of the visitor's, was quicker: the thread shows what they did. */
const OVERTAKEN = new Set(["nothing_pending", "item_not_found", THREAD_GONE]);

export interface ThreadListener {
  viewChanged(view: ThreadView): void;
  turnStarted(): void;
  /** The server has taken what was said here, so others may look at it. */
  turnTaken(threadId: string): void;
  turnEnded(view: ThreadView): void;
  failed(error: unknown): void;
  /** The workflow asks the page to do something; nothing comes back. */
  effectCaused(name: string, data: Record<string, unknown> | undefined): void;
  /** The workflow waits for a tool of the page: what it gives; null for a page without tools. */
  toolCalled(tool: ToolView): Promise<unknown> | null;
  /** Where answers wait for the last one of their item. */
  drafts(): Drafts;
}

export class ThreadController {
  readonly #client: ChatClient;
  readonly #pace: Pace;
  readonly #listener: ThreadListener;
  #view = emptyThread;
  #abort = new AbortController();
  #lastOpening: Opening | null = null;
  #isLoadingEarlier = false;
  #isRefreshing = false;
  #isStale = false;

  constructor(client: ChatClient, pace: Pace, listener: ThreadListener) {
    this.#client = client;
    this.#pace = pace;
    this.#listener = listener;
  }

  get view(): ThreadView {
    return this.#view;
  }

  /** Leaves the thread; a running turn goes on at the server. */
  clear(): void {
    this.#restart();
    if (this.#view.closed === null) this.#apply({ type: "opened", view: emptyThread });
  }

  /**
   * Shows a thread and follows its running turn, if any, or runs the tool that it waits for. A thread that is gone gives
   * way to a new one.
   */
  async open(threadId: string): Promise<void> {
    if (await this.#show(threadId)) void this.#runTool(this.#abort.signal);
  }

  /** True when the thread is there and rests. */
  async #show(threadId: string): Promise<boolean> {
    const signal = this.#restart();
    if (threadId !== this.#view.threadId) this.#apply({ type: "opened", view: { ...emptyThread, threadId } });
    else this.#apply({ type: "connection", state: "reconnecting" });
    try {
      this.#showLoaded(await this.#read(threadId, signal));
    } catch (error) {
      if (!this.#leaveIfGone(error) && !isAbort(error)) this.#fail(error);
      return false;
    }
    if (this.#view.turn !== "running") return !signal.aborted;
    void this.#runTurn(null, signal);
    return false;
  }

  /** Asks under an idempotency key: the same key, asked again, is the same question. */
  async ask(input: UserInput, attachments: readonly WireAttachment[], key: string): Promise<void> {
    const signal = this.#restart();
    this.#apply({ type: "asked", key, input, attachments });
    await this.#runTurn({ request: askRequest(input, this.#view.threadId), key }, signal);
  }

  #leaveIfGone(error: unknown): boolean {
    const code = problemCode(error);
    const isGone = code !== null && code !== "chat_unavailable" && code.endsWith("_not_found");
    if (isGone) this.#apply({ type: "opened", view: emptyThread });
    return isGone;
  }

  /** Hands an action of a widget, or of the page, to the workflow, which answers with a turn. */
  async act(action: ActionOrder, itemId: string | null, key: string): Promise<void> {
    const params = this.#actionParams(action, itemId);
    const signal = this.#restart();
    this.#apply({ type: "acted" });
    await this.#runTurn({ request: { type: "threads.custom_action", params }, key }, signal);
  }

  /** Hands an action over that changes its own widget at most; a running turn continues. */
  async actNow(action: ActionOrder, itemId: string | null): Promise<void> {
    const params = this.#actionParams(action, itemId);
    const { signal } = this.#abort;
    const answer = await this.#client.call<{ updated_item?: WireItem }>(
      { type: "threads.sync_custom_action", params },
      signal,
    );
    if (answer.updated_item !== undefined && !signal.aborted)
      this.#apply({ type: "item-updated", item: answer.updated_item });
  }

  #actionParams(action: ActionOrder, itemId: string | null) {
    const { threadId } = this.#view;
    if (threadId === null) throw new Error("There is no thread yet that an action could be for.");
    return { thread_id: threadId, action, ...(itemId === null ? {} : { item_id: itemId }) };
  }

  /** Says what the visitor thinks of answers. */
  async judge(itemIds: readonly string[], kind: "positive" | "negative"): Promise<void> {
    const { threadId } = this.#view;
    if (threadId === null) return;
    this.#apply({ type: "judged", itemIds, kind });
    await this.#client.call(
      { type: "items.feedback", params: { thread_id: threadId, item_ids: itemIds, kind } },
      this.#abort.signal,
    );
  }

  /** The open thread has another title now. */
  retitled(title: string): void {
    this.#apply({ type: "titled", title });
  }

  /**
   * Has the latest message answered once more; `text`: what it says now, in the place of what it said. Of an answer that
   * is not whole, what it is for: also what the visitor gave when they were asked. Servers of others know messages only.
   */
  async answerAgain(key: string, text?: string): Promise<void> {
    const { threadId, turn, items } = this.#view;
    const question = lastQuestion(this.#view);
    if (threadId === null || question?.status !== "kept" || turn !== "idle") return;
    const isLatest = text !== undefined || !this.#client.isOurs || shownFailure(this.#view) === null;
    const { id } = (isLatest ? null : items.findLast(isSaidByVisitor)) ?? question;
    const signal = this.#restart();
    this.#apply({ type: "answer-retried", itemId: id, text });
    const content = text === undefined ? {} : { content: textInput(text).content };
    const params = { thread_id: threadId, item_id: id, ...content };
    await this.#runTurn({ request: { type: "threads.retry_after_item", params }, key }, signal);
  }

  /** Reads the thread again, as the page knows that it has changed at the server. */
  async reload(): Promise<void> {
    const { threadId, turn } = this.#view;
    if (threadId === null || turn !== "idle") return;
    const { signal } = this.#abort;
    const opened = await this.#read(threadId, signal);
    if (signal.aborted) return;
    const feedback = { ...this.#view.feedback, ...opened.feedback };
    this.#showLoaded({ ...opened, feedback });
    if (opened.turn === "running") void this.#runTurn(null, signal);
  }

  /**
   * Answers the question that waits, by the words or by what is picked; with the last one of its item, all answers are
   * sent. Until the server has them, a reload does not lose those before. Whether the answer counts; where it could not
   * be sent, its question waits again.
   */
  async answer(said: GivenAnswer | string, key: string): Promise<boolean> {
    const { threadId } = this.#view;
    const asked = pendingQuestions(this.#view);
    const current = asked && currentQuestion(asked);
    if (threadId === null || asked === null || current === null) return false;
    const answer = typeof said === "string" ? typedAnswer(current, said) : said;
    const answers = asked.questions.map((each) => (each === current ? answer : each.answer));
    this.#apply({ type: "questions-answered", itemId: asked.id, answers });
    if (pendingQuestions(this.#view) !== null) {
      this.#keepAnswers(JSON.stringify([asked.id, answers]));
      return true;
    }
    const signal = this.#restart();
    this.#apply({ type: "answers-sent" });
    const given = Object.fromEntries(asked.questions.map(({ id }, at) => [id, answers[at] ?? answer]));
    const opening: Opening = { request: answerRequest(threadId, asked.id, given), key };
    await this.#runTurn(opening, signal);
    const { failure, items } = this.#view;
    const waits = items.some(
      (item) => item.id === asked.id && item.kind === "asked" && item.status === "pending",
    );
    if (opening.isTaken || !waits || signal.aborted || failure?.remedy === "send-again") return true;
    const before = asked.questions.map((each) => each.answer);
    this.#apply({ type: "questions-answered", itemId: asked.id, answers: before });
    return false;
  }

  /** Shows what another tab of the visitor has done to the thread, if anything; one that is gone gives way to a new one. */
  async refresh(): Promise<void> {
    // What is read at the moment may be older than the news.
    this.#isStale = this.#isRefreshing || this.#view.turn !== "idle";
    if (this.#isStale || !this.#isSure()) return;
    const { signal } = this.#abort;
    this.#isRefreshing = true;
    try {
      const view = withNews(this.#view, await this.#read(this.#view.threadId ?? "", signal));
      if (!signal.aborted) this.#showLoaded(view);
    } catch (error) {
      if (!signal.aborted) this.#leaveIfGone(error);
      return; // The visitor did not ask for this, and what is shown is still true.
    } finally {
      this.#isRefreshing = false;
    }
    if (signal.aborted) return;
    if (this.#view.turn === "running") void this.#runTurn(null, signal);
    else if (this.#isStale) await this.refresh();
  }

  /** True when the server has all that is shown. */
  #isSure(): boolean {
    const { threadId, closed, items } = this.#view;
    return (
      threadId !== null &&
      closed === null &&
      items.every((item) => item.kind !== "question" || item.status === "kept")
    );
  }

  /** Does what the shown failure offers. */
  async retry(newKey: string): Promise<void> {
    const question = lastQuestion(this.#view);
    const threadId = this.#view.threadId;
    const { remedy, code } = shownFailure(this.#view) ?? {};
    if (remedy === "ask-again" && question?.input) {
      if (code === THREAD_GONE) this.clear();
      return this.ask(question.input, question.attachments, question.id);
    }
    if (remedy === "reconnect" && threadId !== null) return this.open(threadId);
    const opening = this.#opening(remedy, newKey);
    if (opening !== null) {
      const signal = this.#restart();
      this.#apply({ type: "answers-sent" });
      return this.#runTurn(opening, signal);
    }
    if (remedy === "answer-again") return this.answerAgain(newKey);
  }

  /** What is sent once more: as it was, or an action of this page that failed, as another one. */
  #opening(remedy: Remedy | null | undefined, newKey: string): Opening | null {
    if (remedy === "send-again") return this.#lastOpening;
    const request = remedy === "answer-again" ? this.#lastOpening?.request : undefined;
    const isAction =
      request?.type === "threads.custom_action" && request.params.thread_id === this.#view.threadId;
    return isAction ? { request, key: newKey } : null;
  }

  /**
   * Asks the server to stop the running turn; the turn's own stream then tells its end. A message of which the server
   * has not said anything, in a new thread or while the connection is lost, is taken back.
   */
  async stop(): Promise<void> {
    const threadId = this.#view.threadId;
    if (this.#view.turn !== "running") return;
    if (threadId === null || this.#isUnheard()) {
      const signal = this.#restart();
      const failure = { kind: "stopped", text: "", remedy: "ask-again", notBefore: 0 } as const;
      this.#apply({ type: "failed", failure });
      // The server may have taken it without our hearing so; what is asked next ends this.
      if (threadId !== null) await this.#cancel(threadId, signal).catch(() => {});
      return;
    }
    this.#apply({ type: "stopping" });
    try {
      await this.#cancel(threadId, this.#abort.signal);
    } catch (error) {
      if (isAbort(error)) return;
      this.#apply({ type: "stop-failed" });
      this.#listener.failed(error);
    }
  }

  #cancel(threadId: string, signal: AbortSignal): Promise<unknown> {
    return this.#client.call({ type: "threads.cancel", params: { thread_id: threadId } }, signal);
  }

  /** True while the connection is lost and the server has not said that it has the message. */
  #isUnheard(): boolean {
    const isLast = this.#view.items.at(-1)?.kind === "question";
    return (
      isLast && this.#view.connection === "reconnecting" && lastQuestion(this.#view)?.status === "pending"
    );
  }

  async showEarlier(): Promise<void> {
    const { threadId, earlier } = this.#view;
    if (threadId === null || earlier === null || this.#isLoadingEarlier) return;
    this.#isLoadingEarlier = true;
    try {
      const page = await this.#newestItems(threadId, earlier, this.#abort.signal);
      const feedback = feedbackOf(page.items);
      this.#apply({ type: "earlier-shown", items: itemViews(page.items), earlier: page.earlier, feedback });
    } catch (error) {
      if (!isAbort(error)) this.#listener.failed(error);
    } finally {
      this.#isLoadingEarlier = false;
    }
  }

  /** What failed last may not be what this page sent last; without news it still is. */
  #showLoaded(view: ThreadView): void {
    if (view !== this.#view) this.#lastOpening = null;
    this.#apply({ type: "opened", view });
  }

  /** The thread, with the answers to its pending questions that wait here for the last one. */
  async #read(threadId: string, signal: AbortSignal): Promise<ThreadView> {
    const view = await this.#readFromServer(threadId, signal);
    try {
      const [itemId, answers] = JSON.parse(this.#listener.drafts().recall(answersOf(threadId)));
      const answered = reduce(view, { type: "questions-answered", itemId, answers });
      return pendingQuestions(answered)?.id === itemId ? answered : view;
    } catch {
      return view; // Nothing is kept, or it cannot be read.
    }
  }

  #keepAnswers(text: string): void {
    this.#listener.drafts().keep(answersOf(this.#view.threadId), text);
  }

  async #readFromServer(threadId: string, signal: AbortSignal): Promise<ThreadView> {
    let thread = await this.#thread(threadId, signal);
    if (!thread.items.has_more) return openedThread(thread, thread.items.data, null);
    for (;;) {
      // get_by_id gives the oldest items: of a long thread the newest are wanted.
      const page = await this.#newestItems(threadId, undefined, signal);
      const before = turnState(thread);
      thread = await this.#thread(threadId, signal);
      // A turn that began or ended in between would not fit the items: its answer would seem to be missing.
      if (turnState(thread) === before) return openedThread(thread, page.items, page.earlier);
    }
  }

  #thread(threadId: string, signal: AbortSignal): Promise<WireThread> {
    return this.#client.call({ type: "threads.get_by_id", params: { thread_id: threadId } }, signal);
  }

  async #newestItems(threadId: string, after: string | undefined, signal: AbortSignal) {
    const cursor = after === undefined ? {} : { after };
    const params = { thread_id: threadId, limit: ITEMS_SHOWN, order: "desc", ...cursor } as const;
    const page = await this.#client.call<Page<WireItem>>({ type: "items.list", params }, signal);
    return { items: page.data.toReversed(), earlier: page.has_more ? (page.after ?? null) : null };
  }

  async #runTurn(opening: Opening | null, signal: AbortSignal): Promise<void> {
    this.#lastOpening = opening;
    this.#listener.turnStarted();
    try {
      await this.#followToEnd(opening, signal);
    } catch (error) {
      if (await this.#showOvertaker(error, opening?.request)) return;
      if (!isAbort(error)) this.#fail(error, opening);
    }
    if (signal.aborted) return;
    await this.#showKept(opening?.request, signal);
    if (signal.aborted) return;
    this.#listener.turnEnded(this.#view);
    if (await this.#runTool(signal)) return;
    if (this.#isStale) void this.refresh();
  }

  /**
   * A retry that did not come to its end has left the whole answer before it, as any other tab and a reload show. Of a
   * turn that this page did not begin, only the server knows what could be repeated.
   */
  async #showKept(request: TurnRequest | undefined, signal: AbortSignal): Promise<void> {
    const { threadId, failure } = this.#view;
    const isRetry = request?.type === "threads.retry_after_item" && request.params.content === undefined;
    if (threadId === null || !(isRetry || request === undefined) || shownFailure(this.#view) === null) return;
    try {
      const kept = await this.#read(threadId, signal);
      if (kept.turn === "idle") this.#apply({ type: "opened", view: isRetry ? { ...kept, failure } : kept });
    } catch {
      // It cannot be read now; what is shown tells why.
    }
  }

  /** Shows what another tab has given in the place of what was sent here; whether that is so. */
  async #showOvertaker(error: unknown, request: TurnRequest | undefined): Promise<boolean> {
    const { threadId } = this.#view;
    if (!ANSWERS.has(request?.type ?? "") || !OVERTAKEN.has(problemCode(error) ?? "")) return false;
    if (threadId === null) return false;
    await this.#show(threadId);
    if (request?.type === "threads.add_structured_input") this.#tellDropped(request.params);
    return true;
  }

  /** The visitor's answer stays in sight, so that they can say it in another way. */
  #tellDropped({ item_id: itemId, input }: StructuredInputParams): void {
    if (this.#view.items.every(({ id }) => id !== itemId)) return;
    const said = Object.values(input.answers).flatMap(({ values }) => values.join(", ") || []);
    const title = [strings.notSent, said.join("; ")].filter(Boolean).join(": ");
    const message = errorSentence("nothing_pending", "");
    this.#tell({ type: "notice", level: "warning", title, message });
  }

  /** Runs the tool that the workflow waits for, and gives it the result; whether there was one. */
  async #runTool(signal: AbortSignal): Promise<boolean> {
    const tool = pendingTool(this.#view);
    const { threadId } = this.#view;
    const running = tool === null || threadId === null ? null : this.#listener.toolCalled(tool);
    if (tool === null || threadId === null || running === null) return false;
    const result = await running;
    if (signal.aborted) return true;
    this.#apply({ type: "tool-done", itemId: tool.id });
    const params = { thread_id: threadId, result };
    const request = { type: "threads.add_client_tool_output", params } as const;
    await this.#runTurn({ request, key: newKey() }, signal);
    return true;
  }

  /** A connection may end in good order without the turn's end having been told: then the thread is read again. */
  async #followToEnd(opening: Opening | null, signal: AbortSignal): Promise<void> {
    await this.#follow(opening, signal);
    for (let round = 0; !isSettled(this.#view); round += 1) {
      const threadId = this.#view.threadId;
      if (threadId === null || round === MAX_FOLLOWS)
        throw new ConnectionError("The turn's end was never told.");
      this.#apply({ type: "opened", view: await this.#read(threadId, signal) });
      if (this.#view.turn !== "running") return;
      await this.#pace.wait(retryDelay(round, this.#pace.random()), signal);
      await this.#follow(null, signal);
    }
    // A stop that came too late changes nothing: our server tells how the turn ended.
    this.#apply({ type: "ended", isTold: this.#client.isOurs });
  }

  async #follow(opening: Opening | null, signal: AbortSignal): Promise<void> {
    const client = this.#client;
    const open = opening && (() => client.openTurn(opening.request, opening.key, signal));
    const feed = followTurn({ client, open, threadId: this.#view.threadId, signal, pace: this.#pace });
    for await (const step of feed) {
      signal.throwIfAborted();
      if (step.kind === "told") this.#tell(step.threadEvent);
      else this.#apply({ type: "connection", state: step.state });
      if (opening && !opening.isTaken && step.kind === "told" && this.#view.threadId !== null) {
        opening.isTaken = true;
        if (opening.request.type === "threads.add_structured_input") this.#keepAnswers("");
        this.#listener.turnTaken(this.#view.threadId);
      }
    }
  }

  #tell(threadEvent: ThreadEvent): void {
    if (threadEvent.type === "client_effect") this.#listener.effectCaused(threadEvent.name, threadEvent.data);
    this.#apply({ type: "told", threadEvent });
  }

  #fail(error: unknown, opening: Opening | null = null): void {
    this.#apply(changeForError(error, this.#remedyFor(error, opening), Date.now()));
    this.#listener.failed(error);
  }

  #remedyFor(error: unknown, opening: Opening | null): Remedy {
    const request = isLimited(error) ? opening?.request : undefined;
    if (request?.type === "threads.retry_after_item")
      return request.params.content === undefined ? "answer-again" : "send-again";
    if (request?.type === "threads.add_structured_input") return "send-again";
    const isKept = this.#view.threadId !== null && lastQuestion(this.#view)?.status !== "pending";
    return isKept ? "reconnect" : "ask-again";
  }

  #restart(): AbortSignal {
    this.#abort.abort();
    if (this.#view.turn !== "idle") this.#listener.turnEnded(this.#view);
    this.#abort = new AbortController();
    return this.#abort.signal;
  }

  #apply(change: ThreadChange): void {
    this.#view = reduce(this.#view, change);
    this.#listener.viewChanged(this.#view);
  }
}

function turnState({ metadata }: WireThread): string {
  const { id, status } = metadata["orcheo.turn"] ?? {};
  return `${id} ${status}`;
}

interface Opening {
  request: TurnRequest;
  key: string;
  /** Whether the server has it. */
  isTaken?: boolean;
}

/** The place of a thread's answers among its drafts. */
const answersOf = (threadId: string | null): string => `${threadId}?`;
