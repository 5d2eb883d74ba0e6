/** Drives one thread: opens it, asks, follows the answer, stops, retries. Knows nothing of the DOM. */

import { type ChatClient, isAbort } from "./protocol/chat-client.ts";
import { ConnectionError, isLimited, problemCode } from "./protocol/problem.ts";
import { followTurn, type Pace, retryDelay } from "./protocol/turn-feed.ts";
import { askRequest, type Page, type TurnRequest, type WireItem, type WireThread } from "./protocol/wire.ts";
import { changeForError } from "./state/failure.ts";
import { itemViews, openedThread } from "./state/from-wire.ts";
import { reduce, type ThreadChange } from "./state/reduce.ts";
import { emptyThread, isSettled, lastQuestion, type ThreadView } from "./state/thread-view.ts";

const ITEMS_SHOWN = 50;
const MAX_FOLLOWS = 6;

export interface ThreadListener {
  viewChanged(view: ThreadView): void;
  turnStarted(): void;
  turnEnded(): void;
  failed(error: unknown): void;
}

export class ThreadController {
  readonly #client: ChatClient;
  readonly #pace: Pace;
  readonly #listener: ThreadListener;
  #view = emptyThread;
  #abort = new AbortController();

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

  /** Shows a thread and follows its running turn, if any. A thread that is gone gives way to a new one. */
  async open(threadId: string): Promise<void> {
    const signal = this.#restart();
    if (threadId !== this.#view.threadId) this.#apply({ type: "opened", view: { ...emptyThread, threadId } });
    else this.#apply({ type: "connection", state: "reconnecting" });
    try {
      await this.#load(threadId, signal);
    } catch (error) {
      if (isGone(error)) this.#apply({ type: "opened", view: emptyThread });
      else if (!isAbort(error)) this.#fail(error);
      return;
    }
    if (this.#view.turn === "running") void this.#runTurn(null, signal);
  }

  /** Asks under an idempotency key: the same key, asked again, is the same question. */
  async ask(text: string, key: string): Promise<void> {
    const signal = this.#restart();
    this.#apply({ type: "asked", key, text });
    await this.#runTurn({ request: askRequest(text, this.#view.threadId), key }, signal);
  }

  /** Does what the shown failure offers. */
  async retry(newKey: string): Promise<void> {
    const question = lastQuestion(this.#view);
    const threadId = this.#view.threadId;
    const remedy = this.#view.failure?.remedy;
    if (remedy === "ask-again" && question !== null) return this.ask(question.text, question.id);
    if (remedy === "reconnect" && threadId !== null) return this.open(threadId);
    if (remedy === "answer-again" && threadId !== null && question !== null) {
      const signal = this.#restart();
      this.#apply({ type: "answer-retried" });
      const params = { thread_id: threadId, item_id: question.id };
      await this.#runTurn({ request: { type: "threads.retry_after_item", params }, key: newKey }, signal);
    }
  }

  /** Asks the server to stop the running turn; the turn's own stream then tells its end. */
  async stop(): Promise<void> {
    const threadId = this.#view.threadId;
    if (threadId === null || this.#view.turn !== "running") return;
    this.#apply({ type: "stopping" });
    try {
      await this.#client.call(
        { type: "threads.cancel", params: { thread_id: threadId } },
        this.#abort.signal,
      );
    } catch (error) {
      if (isAbort(error)) return;
      this.#apply({ type: "stop-failed" });
      this.#listener.failed(error);
    }
  }

  async showEarlier(): Promise<void> {
    const { threadId, earlier } = this.#view;
    if (threadId === null || earlier === null) return;
    try {
      const page = await this.#newestItems(threadId, earlier, this.#abort.signal);
      this.#apply({ type: "earlier-shown", items: itemViews(page.items), earlier: page.earlier });
    } catch (error) {
      if (!isAbort(error)) this.#listener.failed(error);
    }
  }

  async #load(threadId: string, signal: AbortSignal): Promise<void> {
    const request = { type: "threads.get_by_id", params: { thread_id: threadId } } as const;
    const thread = await this.#client.call<WireThread>(request, signal);
    // get_by_id gives the oldest items: of a long thread the newest are wanted.
    const page = thread.items.has_more
      ? await this.#newestItems(threadId, undefined, signal)
      : { items: thread.items.data, earlier: null };
    this.#apply({ type: "opened", view: openedThread(thread, page.items, page.earlier) });
  }

  async #newestItems(threadId: string, after: string | undefined, signal: AbortSignal) {
    const cursor = after === undefined ? {} : { after };
    const params = { thread_id: threadId, limit: ITEMS_SHOWN, order: "desc", ...cursor } as const;
    const page = await this.#client.call<Page<WireItem>>({ type: "items.list", params }, signal);
    return { items: page.data.toReversed(), earlier: page.has_more ? (page.after ?? null) : null };
  }

  async #runTurn(opening: Opening | null, signal: AbortSignal): Promise<void> {
    this.#listener.turnStarted();
    try {
      await this.#followToEnd(opening, signal);
    } catch (error) {
      if (!isAbort(error)) this.#fail(error, opening?.request.type === "threads.retry_after_item");
    }
    if (!signal.aborted) this.#listener.turnEnded();
  }

  /** A connection may end in good order without the turn's end having been told: then the thread is read again. */
  async #followToEnd(opening: Opening | null, signal: AbortSignal): Promise<void> {
    await this.#follow(opening, signal);
    for (let round = 0; !isSettled(this.#view); round += 1) {
      const threadId = this.#view.threadId;
      if (threadId === null || round === MAX_FOLLOWS)
        throw new ConnectionError("The turn's end was never told.");
      await this.#load(threadId, signal);
      if (this.#view.turn !== "running") return;
      await this.#pace.wait(retryDelay(round, this.#pace.random()), signal);
      await this.#follow(null, signal);
    }
    this.#apply({ type: "ended" });
  }

  async #follow(opening: Opening | null, signal: AbortSignal): Promise<void> {
    const client = this.#client;
    const open = opening && (() => client.openTurn(opening.request, opening.key, signal));
    const feed = followTurn({ client, open, threadId: this.#view.threadId, signal, pace: this.#pace });
    for await (const step of feed) {
      signal.throwIfAborted();
      if (step.kind === "told") this.#apply({ type: "told", threadEvent: step.threadEvent });
      else this.#apply({ type: "connection", state: step.state });
    }
  }

  #fail(error: unknown, wasRetry = false): void {
    const isKept = this.#view.threadId !== null && lastQuestion(this.#view)?.status !== "pending";
    const remedy = wasRetry && isLimited(error) ? "answer-again" : isKept ? "reconnect" : "ask-again";
    this.#apply(changeForError(error, remedy, Date.now()));
    this.#listener.failed(error);
  }

  #restart(): AbortSignal {
    this.#abort.abort();
    if (this.#view.turn !== "idle") this.#listener.turnEnded();
    this.#abort = new AbortController();
    return this.#abort.signal;
  }

  #apply(change: ThreadChange): void {
    this.#view = reduce(this.#view, change);
    this.#listener.viewChanged(this.#view);
  }
}

interface Opening {
  request: TurnRequest;
  key: string;
}

function isGone(error: unknown): boolean {
  const code = problemCode(error);
  return code !== null && code !== "chat_unavailable" && code.endsWith("_not_found");
}
