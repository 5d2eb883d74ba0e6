/** `<orcheo-chat>`: the chat element. Options and calls in, `chatkit.*` events out. */

import { LitElement, type TemplateResult } from "lit";
import type { ChatEvents, ChatOptions } from "./options.ts";
import { chatTemplate } from "./parts/chat.ts";
import type { OrcheoComposer } from "./parts/composer.ts";
import { Countdown } from "./parts/countdown.ts";
import { FrameBatch } from "./parts/frame-batch.ts";
import { OtherTabs } from "./parts/other-tabs.ts";
import { ScrollKeeper } from "./parts/scroll-keeper.ts";
import { skeletonTemplate } from "./parts/skeleton.ts";
import { Stopwatch } from "./parts/stopwatch.ts";
import { isWaiting } from "./parts/thread-items.ts";
import "./parts/composer.ts";
import { ChatClient } from "./protocol/chat-client.ts";
import { GrantKeeper } from "./protocol/grant-keeper.ts";
import { browserPace } from "./protocol/pace.ts";
import type { GivenAnswer } from "./protocol/wire.ts";
import { typedAnswer } from "./state/answering.ts";
import { currentQuestion, lastQuestion, pendingQuestions, type ThreadView } from "./state/thread-view.ts";
import { answerStyles } from "./styles/answer.ts";
import { chatStyles } from "./styles/chat.ts";
import { controlStyles } from "./styles/controls.ts";
import { logStyles } from "./styles/log.ts";
import { skeletonStyles } from "./styles/skeleton.ts";
import { themeStyles } from "./styles/theme.ts";
import { ThreadController } from "./thread-controller.ts";

export class OrcheoChat extends LitElement {
  static override styles = [themeStyles, controlStyles, chatStyles, skeletonStyles, logStyles, answerStyles];

  readonly #countdown = new Countdown(this);
  readonly #stopwatch = new Stopwatch(this);
  readonly #scroll = new ScrollKeeper(this, () => this.renderRoot.querySelector(".scroller"));
  readonly #batch = new FrameBatch(() => this.requestUpdate());
  #options: ChatOptions | null = null;
  #thread: ThreadController | null = null;
  #otherTabs: OtherTabs | null = null;
  #isLoading = false;
  #isHeld = false;
  #threadId: string | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("online", this.#online);
    document.addEventListener("visibilitychange", this.#seen);
    addEventListener("focus", this.#seen);
    this.#otherTabs = new OtherTabs((threadId) => {
      if (threadId === this.#threadId) void this.#thread?.refresh();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("online", this.#online);
    document.removeEventListener("visibilitychange", this.#seen);
    removeEventListener("focus", this.#seen);
    this.#otherTabs?.close();
  }

  /** Connects the element to a server; giving other options starts again. */
  setOptions(options: ChatOptions): void {
    this.#options = options;
    this.#thread?.clear();
    this.#thread = new ThreadController(this.#client(options), browserPace, {
      viewChanged: (view) => this.#viewChanged(view),
      turnStarted: () => this.#emit("chatkit.response.start", undefined),
      turnTaken: (threadId) => this.#otherTabs?.tell(threadId),
      turnEnded: () => this.#emit("chatkit.response.end", undefined),
      failed: (error) => this.#emit("chatkit.error", { error }),
    });
    void this.#start(options.initialThread ?? null);
  }

  /** Shows another thread; null for a new one. */
  async setThreadId(threadId: string | null): Promise<void> {
    if (threadId === null) this.#thread?.clear();
    else await this.#load(threadId);
    await this.#restoreDraft();
    this.#scroll.toEnd();
  }

  /** Says something; where the workflow has asked, it is the answer. */
  async sendUserMessage({ text, newThread = false }: { text: string; newThread?: boolean }): Promise<void> {
    if (this.#thread === null || this.#thread.view.turn !== "idle")
      throw new Error("The chat cannot take a message now.");
    if (newThread) this.#thread.clear();
    this.#scroll.toEnd();
    const asked = pendingQuestions(this.#thread.view);
    const question = asked && currentQuestion(asked);
    if (question === null) await this.#thread.ask(text, crypto.randomUUID());
    else await this.#thread.answer(typedAnswer(question, text), crypto.randomUUID());
  }

  async focusComposer(): Promise<void> {
    await this.updateComplete;
    this.#composer?.focusField();
  }

  override render(): TemplateResult {
    const view = this.#thread?.view;
    if (view === undefined || this.#isLoading) return skeletonTemplate(this.#title());
    return chatTemplate({
      view,
      title: this.#title(),
      loginUrl: this.#options?.api.loginUrl ?? null,
      secondsLeft: this.#countdown.secondsUntil(view.failure?.notBefore ?? 0),
      secondsWaited: this.#stopwatch.secondsOf(isWaiting(view) ? (lastQuestion(view)?.key ?? "") : null),
      messageLimit: this.#options?.messageLimit ?? Number.POSITIVE_INFINITY,
      isHeld: this.#isHeld,
      isAtEnd: this.#scroll.isAtEnd,
      acts: this.#acts,
    });
  }

  protected override willUpdate(): void {
    this.#batch.done();
  }

  /** For a button that vanishes when it is used; on a touch screen focus would open the keyboard. */
  async #keepFocus(): Promise<void> {
    if (matchMedia("(pointer: fine)").matches) await this.focusComposer();
  }

  get #composer(): OrcheoComposer | null {
    return this.renderRoot.querySelector("orcheo-composer");
  }

  /** Another tab may have added to the thread while this one was hidden. */
  readonly #seen = (): void => {
    if (!document.hidden) void this.#thread?.refresh();
  };

  /** A network that is back mends a lost connection without being asked. */
  readonly #online = (): void => {
    const thread = this.#thread;
    if (thread?.view.failure?.remedy === "reconnect") void thread.retry(crypto.randomUUID());
  };

  readonly #acts = {
    send: (text: string) => {
      void this.sendUserMessage({ text });
      void this.#keepFocus();
    },
    answer: (given: GivenAnswer) => {
      this.#scroll.toEnd();
      void this.#thread?.answer(given, crypto.randomUUID());
      void this.#keepFocus();
    },
    write: (text: string) => {
      this.#options?.drafts?.keep(this.#threadId, text);
      this.#hold(false);
    },
    // The answer may have ended an instant ago, with the end not drawn yet: then nothing stands in the way.
    hold: () => {
      if (this.#canSend()) this.#composer?.submit();
      else this.#hold(true);
    },
    keyPressed: (key: KeyboardEvent) => {
      const view = this.#thread?.view;
      if (key.key !== "Escape" || key.isComposing || view?.turn !== "running" || !view.canStop) return;
      this.#acts.stop();
      void this.focusComposer();
    },
    stop: () => void this.#thread?.stop(),
    retry: () => {
      void this.#thread?.retry(crypto.randomUUID());
      void this.#keepFocus();
    },
    startNew: () => void this.setThreadId(null).then(() => this.focusComposer()),
    showEarlier: () => void this.#showEarlier().then(() => this.#focusFirstItem()),
    toEnd: () => this.#scroll.toEnd(),
    scrolled: () => {
      this.#scroll.scrolled();
      if (this.#scroll.isAtTop) void this.#showEarlier();
    },
  };

  async #showEarlier(): Promise<void> {
    if (this.#thread?.view.earlier == null) return;
    await this.#scroll.keepPlace(async () => this.#thread?.showEarlier());
  }

  /** The button may be gone, and with it the focus; what is new begins at the first item. */
  #focusFirstItem(): void {
    this.renderRoot.querySelector<HTMLElement>(".log > [tabindex]")?.focus({ preventScroll: true });
  }

  #canSend(): boolean {
    const view = this.#thread?.view;
    return view?.turn === "idle" && this.#countdown.secondsUntil(view.failure?.notBefore ?? 0) === 0;
  }

  #hold(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.requestUpdate();
  }

  async #restoreDraft(): Promise<void> {
    this.requestUpdate();
    await this.updateComplete;
    this.#composer?.restore(this.#options?.drafts?.recall(this.#threadId) ?? "");
  }

  #client({ api }: ChatOptions): ChatClient {
    return new ChatClient(api.url, new GrantKeeper(api.getClientSecret), (url, init) => fetch(url, init));
  }

  async #start(threadId: string | null): Promise<void> {
    if (threadId !== null) await this.#load(threadId);
    await this.#restoreDraft();
    this.#emit("chatkit.ready", undefined);
  }

  async #load(threadId: string): Promise<void> {
    this.#isLoading = true;
    this.#threadId = threadId;
    this.requestUpdate();
    this.#emit("chatkit.thread.load.start", { threadId });
    await this.#thread?.open(threadId);
    this.#isLoading = false;
    this.requestUpdate();
    this.#emit("chatkit.thread.load.end", { threadId });
  }

  #viewChanged(view: ThreadView): void {
    this.#batch.ask();
    if (view.turn === "idle") this.#isHeld = false;
    if (view.threadId === this.#threadId) return;
    if (this.#threadId === null) this.#moveDraft(view.threadId);
    this.#threadId = view.threadId;
    this.#emit("chatkit.thread.change", { threadId: view.threadId });
  }

  /** What is written while a new thread gets its id belongs to that thread. */
  #moveDraft(threadId: string | null): void {
    this.#options?.drafts?.keep(null, "");
    this.#options?.drafts?.keep(threadId, this.#composer?.text ?? "");
  }

  #title(): string {
    return this.#options?.header?.title?.text ?? "";
  }

  #emit<K extends keyof ChatEvents>(name: K, detail: ChatEvents[K]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

customElements.define("orcheo-chat", OrcheoChat);
