/** `<orcheo-chat>`: the chat element. Options and calls in, `chatkit.*` events out. */

import { LitElement, type TemplateResult } from "lit";
import type { ChatEvents, ChatOptions } from "./options.ts";
import { chatTemplate } from "./parts/chat.ts";
import { Countdown } from "./parts/countdown.ts";
import { FrameBatch } from "./parts/frame-batch.ts";
import { ScrollKeeper } from "./parts/scroll-keeper.ts";
import { skeletonTemplate } from "./parts/skeleton.ts";
import "./parts/composer.ts";
import { ChatClient } from "./protocol/chat-client.ts";
import { GrantKeeper } from "./protocol/grant-keeper.ts";
import { browserPace } from "./protocol/pace.ts";
import type { ThreadView } from "./state/thread-view.ts";
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
  readonly #scroll = new ScrollKeeper(this, () => this.renderRoot.querySelector(".scroller"));
  readonly #batch = new FrameBatch(() => this.requestUpdate());
  #options: ChatOptions | null = null;
  #thread: ThreadController | null = null;
  #isLoading = false;
  #threadId: string | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("online", this.#online);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("online", this.#online);
  }

  /** Connects the element to a server; giving options anew starts anew. */
  setOptions(options: ChatOptions): void {
    this.#options = options;
    this.#thread?.clear();
    this.#thread = new ThreadController(this.#client(options), browserPace, {
      viewChanged: (view) => this.#viewChanged(view),
      turnStarted: () => this.#emit("chatkit.response.start", undefined),
      turnEnded: () => this.#emit("chatkit.response.end", undefined),
      failed: (error) => this.#emit("chatkit.error", { error }),
    });
    void this.#start(options.initialThread ?? null);
  }

  /** Shows another thread; null for a new one. */
  async setThreadId(threadId: string | null): Promise<void> {
    if (threadId === null) this.#thread?.clear();
    else await this.#load(threadId);
    this.#scroll.toEnd();
  }

  async sendUserMessage({ text, newThread = false }: { text: string; newThread?: boolean }): Promise<void> {
    if (this.#thread === null || this.#thread.view.turn !== "idle")
      throw new Error("The chat cannot take a message now.");
    if (newThread) this.#thread.clear();
    this.#scroll.toEnd();
    await this.#thread.ask(text, crypto.randomUUID());
  }

  async focusComposer(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("orcheo-composer")?.focus();
  }

  override render(): TemplateResult {
    const view = this.#thread?.view;
    if (view === undefined || this.#isLoading) return skeletonTemplate(this.#title());
    return chatTemplate({
      view,
      title: this.#title(),
      loginUrl: this.#options?.api.loginUrl ?? null,
      secondsLeft: this.#countdown.secondsUntil(view.failure?.notBefore ?? 0),
      isAtEnd: this.#scroll.isAtEnd,
      acts: this.#acts,
    });
  }

  protected override willUpdate(): void {
    this.#batch.done();
  }

  /** A network that is back mends a lost connection without being asked. */
  readonly #online = (): void => {
    if (this.#thread?.view.failure?.remedy === "reconnect") this.#acts.retry();
  };

  readonly #acts = {
    send: (text: string) => void this.sendUserMessage({ text }),
    stop: () => void this.#thread?.stop(),
    retry: () => void this.#thread?.retry(crypto.randomUUID()),
    startNew: () => void this.setThreadId(null).then(() => this.focusComposer()),
    showEarlier: () => void this.#scroll.keepPlace(async () => this.#thread?.showEarlier()),
    toEnd: () => this.#scroll.toEnd(),
    scrolled: this.#scroll.scrolled,
  };

  #client({ api }: ChatOptions): ChatClient {
    return new ChatClient(api.url, new GrantKeeper(api.getClientSecret), (url, init) => fetch(url, init));
  }

  async #start(threadId: string | null): Promise<void> {
    if (threadId !== null) await this.#load(threadId);
    this.requestUpdate();
    await this.updateComplete;
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
    if (view.threadId === this.#threadId) return;
    this.#threadId = view.threadId;
    this.#emit("chatkit.thread.change", { threadId: view.threadId });
  }

  #title(): string {
    return this.#options?.header?.title?.text ?? "";
  }

  #emit<K extends keyof ChatEvents>(name: K, detail: ChatEvents[K]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

customElements.define("orcheo-chat", OrcheoChat);
