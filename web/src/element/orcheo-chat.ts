/** `<orcheo-chat>`: the chat element. Options and calls in, `chatkit.*` events out. */

import type {
  Attachment,
  ChatKitEvents,
  EventHandler,
  OpenAIChatKit,
  ToolChoice,
  UserMessageContent,
} from "@openai/chatkit";
import { LitElement, type TemplateResult } from "lit";
import { ownServer } from "./home.ts";
import {
  type ChatOptions,
  checkOptions,
  type Drafts,
  narrowed,
  noDrafts,
  type Target,
  targetOf,
} from "./options.ts";
import { chatTemplate } from "./parts/chat.ts";
import type { ComposerValue, OrcheoComposer, Written } from "./parts/composer.ts";
import { FrameBatch } from "./parts/frame-batch.ts";
import { OtherTabs } from "./parts/other-tabs.ts";
import type { Quoting } from "./parts/quoting.ts";
import { ScrollKeeper } from "./parts/scroll-keeper.ts";
import { Seconds } from "./parts/seconds.ts";
import { skeletonTemplate } from "./parts/skeleton.ts";
import { isWaiting, richParts } from "./parts/thread-items.ts";
import "./parts/composer.ts";
import { newKey } from "./insecure.ts";
import { Later } from "./parts/later.ts";
import { ChatClient } from "./protocol/chat-client.ts";
import { GrantKeeper } from "./protocol/grant-keeper.ts";
import { browserPace } from "./protocol/pace.ts";
import type { ActionOrder, GivenAnswer, UserInput } from "./protocol/wire.ts";
import { reportOnce } from "./report.ts";
import { Speaker } from "./speaker.ts";
import {
  type ItemView,
  lastQuestion,
  pendingQuestions,
  type QuestionView,
  shownFailure,
  type ThreadView,
  type ToolView,
} from "./state/thread-view.ts";
import { answerStyles } from "./styles/answer.ts";
import { chatStyles } from "./styles/chat.ts";
import { controlStyles } from "./styles/controls.ts";
import { logStyles } from "./styles/log.ts";
import { partStyles } from "./styles/parts.ts";
import { skeletonStyles } from "./styles/skeleton.ts";
import { themeStyles } from "./styles/theme.ts";
import { ThemeSheet } from "./styles/theme-sheet.ts";
import { ThreadController } from "./thread-controller.ts";
import type { ActionConfig, WidgetHost } from "./widgets/host.ts";

const shortcuts = new Later(() => import("./parts/shortcuts.ts"));

type Details = { [K in keyof ChatKitEvents]: ChatKitEvents[K]["detail"] };

interface UserMessage {
  text?: string;
  content?: UserMessageContent[];
  reply?: string;
  attachments?: Attachment[];
  newThread?: boolean;
  toolChoice?: ToolChoice;
  model?: string;
}

/** Listeners of our events are told their details; nothing of this is there when the code runs. */
export interface OrcheoChat {
  addEventListener<K extends keyof ChatKitEvents>(
    type: K,
    listener: EventHandler<K>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof ChatKitEvents>(
    type: K,
    listener: EventHandler<K>,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: both methods are those of every element
export class OrcheoChat extends LitElement implements OpenAIChatKit {
  /** `locale`: the language where the options name none. */
  static override properties = { locale: {} };
  static override styles = [
    themeStyles,
    controlStyles,
    chatStyles,
    skeletonStyles,
    logStyles,
    answerStyles,
    partStyles,
  ];

  declare locale: string | null;
  readonly #countdown = new Seconds(this);
  readonly #stopwatch = new Seconds(this);
  readonly #scroll = new ScrollKeeper(this, () => this.renderRoot.querySelector(".scroller"));
  readonly #batch = new FrameBatch(() => this.requestUpdate());
  readonly #theme = new ThemeSheet();
  readonly #speaker = new Speaker(this, () => {
    const given = this.#locale;
    return given === null ? navigator.languages : [given];
  });
  #given: ChatOptions | null = null;
  /** The given ones, without what is switched off. */
  #options: ChatOptions | null = null;
  #off: readonly string[] = [];
  #target: Target | null = null;
  #client: ChatClient | null = null;
  #thread: ThreadController | null = null;
  #otherTabs: OtherTabs | null = null;
  #loading: Promise<void> = Promise.resolve();
  #isLoading = false;
  #isHeld = false;
  #isOutdated = false;
  #hasKeys = false;
  #isHistoryOpen = false;
  #hasSpoken = false;
  #quoting: Quoting | null = null;
  #threadId: string | null = null;
  /** What the visitor has said and the server does not have. */
  #unsent: QuestionView | null = null;
  /** The item at the end when the end was last in sight. */
  #lastSeen: ItemView | undefined;
  /** Waits for the server to have what was just said. */
  #taken: (() => void) | null = null;
  /** Wait for the running turn's end. */
  readonly #idle: (() => void)[] = [];

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

  /**
   * Says what the element shall be like; each call gives all options. Giving others later changes what is different and
   * leaves the open thread, the draft and a running answer as they are. Only another server starts a new chat.
   */
  setOptions(options: ChatOptions): void {
    const checked = checkOptions(options, (path, expected) => this.#wrongOption(path, expected));
    if (checked === null) return;
    const target = targetOf(checked.api, ownServer());
    const isSameServer =
      this.#target?.url === target.url &&
      (this.#target.getClientSecret === null) === (target.getClientSecret === null);
    this.#given = checked;
    this.#narrow(this.#off);
    this.#target = target;
    this.#scroll.follows = checked.thread?.autoScroll ?? true;
    this.#theme.apply(checked.theme);
    this.#speaker.listen();
    if (!isSameServer) this.#connect(checked.initialThread ?? null);
    this.requestUpdate();
  }

  /** Shows another thread; null for a new one. */
  async setThreadId(threadId: string | null): Promise<void> {
    if (threadId === null) this.#thread?.clear();
    else await this.#load(threadId);
    await this.#restoreDraft();
    this.#scroll.toEnd();
  }

  /** Says something; where the workflow has asked, it is the answer. Returns once the server has it. */
  async sendUserMessage(message: UserMessage): Promise<void> {
    if (this.#thread === null || this.#thread.view.turn !== "idle")
      throw new Error("The chat cannot take a message now.");
    if (message.newThread) await this.setThreadId(null);
    this.#show();
    this.#scroll.toEnd();
    const { text = "", content, reply, attachments = [], toolChoice, model } = message;
    if (content === undefined && this.#isAsked()) return void (await this.#thread.answer(text, newKey()));
    const input: UserInput = {
      content: content ?? (text === "" ? [] : [{ type: "input_text", text }]),
      attachments: attachments.map(({ id }) => id),
      ...(reply === undefined ? {} : { quoted_text: reply }),
      inference_options: {
        ...(model === undefined ? {} : { model }),
        ...(toolChoice === undefined ? {} : { tool_choice: { id: toolChoice.id } }),
      },
    };
    await this.#say({ input, attachments });
  }

  /** Puts something into the composer without sending it. */
  async setComposerValue(value: ComposerValue): Promise<void> {
    await Promise.all([this.#loading, this.#speaker.ready]);
    this.#show();
    await this.updateComplete;
    await this.#composer?.setValue(value);
  }

  async focusComposer(): Promise<void> {
    await this.#speaker.ready;
    await this.updateComplete;
    this.#composer?.focusField();
  }

  /** Hands an action of the page to the workflow; `itemId` is the widget that it is about. */
  async sendCustomAction(action: { type: string; payload?: unknown }, itemId?: string): Promise<void> {
    if (this.#thread === null || this.#thread.view.threadId === null)
      throw new Error("There is no thread yet that an action could be for.");
    if (this.#thread.view.turn !== "idle") throw new Error("The chat cannot take an action now.");
    await this.#until((thread) => thread.act(action, itemId ?? null, newKey()));
  }

  /** Reads the thread from the server again. */
  async fetchUpdates(): Promise<void> {
    await this.#thread?.reload();
  }

  async showHistory(): Promise<void> {
    if ((this.#isHistoryOpen && customElements.get("orcheo-history")) || !this.#hasHistory()) return;
    const arriving = import("./parts/history.ts");
    await arriving.catch(({ isGone }) => {
      this.#isOutdated = isGone;
    });
    const wasOpen = this.#isHistoryOpen;
    this.#isHistoryOpen = true;
    this.requestUpdate();
    await this.updateComplete;
    if (!wasOpen) this.#emit("chatkit.history.open", undefined);
    await arriving;
  }

  async hideHistory(): Promise<void> {
    if (!this.#isHistoryOpen) return;
    this.#show();
    await this.updateComplete;
  }

  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    const root = super.createRenderRoot() as ShadowRoot;
    root.adoptedStyleSheets.push(this.#theme.sheet);
    return root;
  }

  override render(): TemplateResult {
    const view = this.#thread?.view;
    if (view === undefined || this.#options === null || this.#isLoading || this.#isSilent())
      return skeletonTemplate(this.#options?.header?.title?.text ?? "");
    return chatTemplate({
      view,
      options: this.#options,
      client: this.#client,
      target: this.#target,
      secondsLeft: this.#countdown.until(shownFailure(view)?.notBefore ?? 0),
      secondsWaited: this.#stopwatch.since(isWaiting(view) ? view.since : null),
      isHeld: this.#isHeld,
      isAtEnd: this.#scroll.isAtEnd,
      hasNews: view.items.at(-1) !== this.#lastSeen,
      isHistoryOpen: this.#isHistoryOpen,
      isOutdated: this.#isOutdated,
      canEdit: this.#target !== null && isOrcheo(this.#target),
      draft: this.#composer?.text ?? "",
      quoteButton: this.#quoting?.template(),
      host: this.#widgetHost,
      acts: this.#acts,
    });
  }

  protected override firstUpdated(): void {
    // Focus that moves within the chat is not told outside of it.
    this.renderRoot.addEventListener("focusin", () => this.#listenForKeys());
  }

  #listenForKeys(): void {
    if (!this.#hasKeys && shortcuts.get(this.#keysArrived)) this.#keysArrived();
  }

  protected override willUpdate(): void {
    this.#batch.done();
    if (this.#scroll.isAtEnd) this.#lastSeen = this.#thread?.view.items.at(-1);
    adoptStyles(this.renderRoot as ShadowRoot, richParts.arrived?.richStyles.styleSheet);
  }

  readonly #keysArrived = (): void => {
    this.#hasKeys = true;
    shortcuts.arrived?.listenForKeys(this.renderRoot, this.#acts);
  };

  readonly #widgetHost: WidgetHost = {
    act: (config, item) => this.#act(config, item),
    redraw: () => this.requestUpdate(),
    ownOrigins: () => [ownServer(), this.#target === null ? "" : originOf(this.#target)],
    imageDomains: () => this.#thread?.view.imageDomains ?? [],
    reached: (url) => this.#client?.reached(url) ?? url,
    entities: () => this.#options?.entities,
  };

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

  /** A network that is back restores a lost connection without being asked. */
  readonly #online = (): void => {
    const thread = this.#thread;
    if (thread?.view.failure?.remedy === "reconnect") void thread.retry(newKey());
  };

  readonly #acts = {
    send: (written: Written) => {
      this.#scroll.toEnd();
      const text = written.input.content.map((part) => part.text).join("");
      void (this.#isAsked() ? this.#answer(text) : this.#say(written));
      void this.#keepFocus();
    },
    prompt: (content: string | UserMessageContent[]) => {
      const said = typeof content === "string" ? { text: content } : { content };
      const model = this.#composer?.model ?? null;
      this.sendUserMessage({ ...said, ...(model === null ? {} : { model }) }).catch((error) =>
        this.#failed(error),
      );
      void this.#keepFocus();
    },
    answer: (given: GivenAnswer) => {
      this.#scroll.toEnd();
      void this.#thread?.answer(given, newKey());
      void this.#keepFocus();
    },
    write: (text: string) => {
      this.#keepDraft(text);
      this.#hold(false);
    },
    toolChosen: (toolId: string | null) => this.#emit("chatkit.tool.change", { toolId }),
    // The answer may have ended an instant ago, with the end not drawn yet: then nothing stands in the way.
    hold: () => {
      if (this.#canSend()) this.#composer?.submit();
      else this.#hold(true);
    },
    keyPressed: (key: KeyboardEvent) => {
      const view = this.#thread?.view;
      // Pressed with Ctrl or ⌘ before that script is there, the keys of shortcuts wait for it.
      if (!this.#hasKeys && (key.ctrlKey || key.metaKey) && /^[/kKO]$/.test(key.key)) {
        key.preventDefault();
        shortcuts.get(() => this.renderRoot.dispatchEvent(new KeyboardEvent("keydown", key)));
      }
      if (key.key !== "Escape" || key.isComposing || view?.turn !== "running" || !view.canStop) return;
      this.#acts.stop();
      void this.focusComposer();
    },
    clicked: (click: Event) => {
      this.#scroll.clicked(click);
      this.#deepLink(click);
    },
    stop: () => void this.#thread?.stop(),
    retry: () => {
      void this.#thread?.retry(newKey());
      void this.#keepFocus();
    },
    answerAgain: () => this.#answerAgain(),
    edit: (text: string) => this.#answerAgain(text),
    judge: (itemIds: readonly string[], kind: "positive" | "negative") => {
      this.#thread?.judge(itemIds, kind).catch((error) => this.#failed(error));
    },
    startNew: () => void this.setThreadId(null).then(() => this.focusComposer()),
    openThread: (threadId: string) => {
      this.#show();
      void this.setThreadId(threadId).then(() => this.#keepFocus());
    },
    threadRetitled: (threadId: string, title: string) => {
      if (threadId === this.#threadId) this.#thread?.retitled(title);
    },
    threadDeleted: (threadId: string) => {
      if (threadId === this.#threadId) void this.setThreadId(null);
    },
    threadChanged: (threadId: string) => this.#otherTabs?.tell(threadId),
    showHistory: () => void this.showHistory().catch((error) => this.#failed(error)),
    hideHistory: () => void this.hideHistory().then(() => this.#keepFocus()),
    showEarlier: () => void this.#showEarlier().then(() => this.#focusFirstItem()),
    toEnd: () => this.#scroll.toEnd(),
    scrolled: () => {
      this.#scroll.scrolled();
      this.#quoting?.hide();
      if (this.#scroll.isAtTop) void this.#showEarlier();
    },
    selected: () => void this.#lookAtSelection(),
  };

  #isAsked(): boolean {
    return this.#thread !== null && pendingQuestions(this.#thread.view) !== null;
  }

  /** What could not be sent is in the field again, unless something else is; until the server has it, a reload keeps it. */
  async #answer(text: string): Promise<void> {
    const answering = this.#thread?.answer(text, newKey());
    this.#keepDraft(text);
    if (!(await answering) && !this.#composer?.text) this.#composer?.restore(text);
    else if (this.#thread?.view.failure?.remedy !== "send-again") this.#keepDraft();
  }

  #answerAgain(text?: string): void {
    this.#scroll.toEnd();
    void this.#thread?.answerAgain(newKey(), text);
    void this.#keepFocus();
  }

  async #say({ input, attachments }: Written): Promise<void> {
    await this.#until((thread) => thread.ask(input, attachments, newKey()));
  }

  /** Until the server has what `run` sends, or it cannot be sent; the answer takes longer. */
  async #until(run: (thread: ThreadController) => Promise<void>): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    const taken = new Promise<void>((resolve) => {
      this.#taken = resolve;
    });
    await Promise.race([run(thread), taken]);
    this.#taken = null;
  }

  async #act(config: ActionConfig, item: { id: string; widget: Record<string, unknown> }): Promise<void> {
    const { type, payload, handler, streaming } = config;
    const action: ActionOrder = { type, ...(payload === undefined ? {} : { payload }) };
    this.#emit("chatkit.log", { name: "widget.action", data: { type, itemId: item.id } });
    if (handler === "client") {
      const { onAction } = this.#options?.widgets ?? {};
      if (onAction === undefined)
        reportOnce(`The action ${type} is for the page, which has no widgets.onAction.`);
      await (onAction as ((action: unknown, item: unknown) => Promise<void>) | undefined)?.(action, item);
    } else if (streaming === false) await this.#thread?.actNow(action, item.id);
    else {
      await this.#whenIdle();
      await this.#thread?.act(action, item.id, newKey());
    }
  }

  /** A thread runs one turn at a time: what a visitor does in a widget during one waits for its end. */
  async #whenIdle(): Promise<void> {
    while (this.#thread !== null && this.#thread.view.turn !== "idle") {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  async #runTool(tool: ToolView): Promise<unknown> {
    try {
      return (await this.#options?.onClientTool?.({ name: tool.name, params: tool.params })) ?? {};
    } catch (error) {
      this.#failed(error);
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  async #lookAtSelection(): Promise<void> {
    const { Quoting: Reader } = await import("./parts/quoting.ts");
    this.#quoting ??= new Reader(this, (reply) => void this.setComposerValue({ reply }));
    this.#quoting.look();
  }

  #deepLink(click: Event): void {
    const link = click.composedPath().find((each) => each instanceof HTMLAnchorElement);
    if (link === undefined || !link.href.startsWith("chatkit-link:")) return;
    click.preventDefault();
    const address = new URL(link.href);
    const name = `${address.host}${address.pathname}`.replace(/^\/+|\/+$/g, "");
    this.#emit("chatkit.deeplink", { name, data: Object.fromEntries(address.searchParams) });
  }

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
    return view?.turn === "idle" && this.#countdown.until(view.failure?.notBefore ?? 0) === 0;
  }

  #hold(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.requestUpdate();
  }

  get #drafts(): Drafts {
    return this.#options?.drafts ?? noDrafts;
  }

  get #locale(): string | null {
    return this.#options?.locale ?? this.locale ?? null;
  }

  /** Before its first words the chat waits for its language; later it says the former words until the others come. */
  #isSilent(): boolean {
    return this.#speaker.isComing && !this.#hasSpoken;
  }

  #hasHistory(): boolean {
    return this.#options?.history?.enabled ?? true;
  }

  /** Shows the thread again where the history was. */
  #show(): void {
    if (!this.#isHistoryOpen) return;
    this.#isHistoryOpen = false;
    this.requestUpdate();
    this.#emit("chatkit.history.close", undefined);
  }

  async #restoreDraft(): Promise<void> {
    this.requestUpdate();
    await this.updateComplete;
    this.#composer?.restore(this.#drafts.recall(this.#threadId));
  }

  #connect(threadId: string | null): void {
    this.#thread?.clear();
    this.#client = this.#newClient();
    this.#thread = new ThreadController(this.#client, browserPace, {
      viewChanged: (view) => this.#viewChanged(view),
      turnStarted: () => this.#emit("chatkit.response.start", undefined),
      turnTaken: (taken) => {
        this.#taken?.();
        this.#keepDraft();
        this.#otherTabs?.tell(taken);
      },
      turnEnded: (view) => {
        this.#emit("chatkit.response.end", undefined);
        if (document.hidden)
          void import("./parts/notify.ts").then(({ notify }) => notify(view, this.#options?.notifications));
      },
      failed: (error) => this.#failed(error),
      effectCaused: (name, data) =>
        this.#emit("chatkit.effect", data === undefined ? { name } : { name, data }),
      toolCalled: (tool) => (this.#options?.onClientTool === undefined ? null : this.#runTool(tool)),
      drafts: () => this.#drafts,
    });
    void this.#start(threadId);
  }

  #narrow(off: readonly string[]): void {
    this.#off = off;
    if (this.#given !== null) this.#options = off.length === 0 ? this.#given : narrowed(this.#given, off);
    this.requestUpdate();
  }

  /** Functions are looked up with each call: the page may have given others since. */
  #newClient(): ChatClient {
    const target = this.#target as Target;
    const ask = async (current: string | null) => this.#target?.getClientSecret?.(current) ?? "";
    const grants =
      target.getClientSecret === null ? null : new GrantKeeper(ask, Date.now, (off) => this.#narrow(off));
    // What is switched off should not be offered until the first message; a failure comes again with that.
    grants?.current().catch(() => {});
    const origin = originOf(target);
    return new ChatClient({
      url: target.url,
      grants,
      fetch: (url, init) => (this.#target?.fetch ?? fetch)(url, init),
      isSentByPage: () => this.#target?.fetch != null,
      isOurs: grants !== null || origin === ownServer() || origin === location.origin,
      locale: () => canonical(this.#locale),
    });
  }

  async #start(threadId: string | null): Promise<void> {
    if (threadId !== null) await this.#load(threadId);
    await this.#speaker.ready;
    await this.#restoreDraft();
    this.#hasSpoken = true;
    // Frameworks add their listeners after the element is in the page, and before the next task.
    await new Promise((resolve) => setTimeout(resolve));
    this.#emit("chatkit.ready", undefined);
  }

  #load(threadId: string): Promise<void> {
    this.#loading = this.#loadNow(threadId);
    return this.#loading;
  }

  async #loadNow(threadId: string): Promise<void> {
    this.#isLoading = true;
    const isOther = threadId !== this.#threadId;
    this.#threadId = threadId;
    this.requestUpdate();
    if (isOther) this.#emit("chatkit.thread.change", { threadId });
    this.#emit("chatkit.thread.load.start", { threadId });
    await this.#thread?.open(threadId);
    this.#isLoading = false;
    this.requestUpdate();
    this.#emit("chatkit.thread.load.end", { threadId });
  }

  #viewChanged(view: ThreadView): void {
    this.#batch.ask();
    if (view.turn === "idle") {
      this.#isHeld = false;
      for (const resolve of this.#idle.splice(0)) resolve();
    }
    this.#keepUnsent(view);
    if (view.threadId === this.#threadId) return;
    const isNew = this.#threadId === null;
    this.#threadId = view.threadId;
    // What is written while a new thread gets its id belongs to that thread.
    if (isNew) {
      this.#drafts.keep(null, "");
      this.#keepDraft();
    }
    this.#emit("chatkit.thread.change", { threadId: view.threadId });
  }

  #keepUnsent(view: ThreadView): void {
    const question = lastQuestion(view);
    const before = this.#unsent?.key;
    this.#unsent = question?.status === "kept" ? null : question;
    // Another thread that is opened says nothing of what was not sent in this one.
    if (question !== null && (this.#unsent === null) === (question.key === before)) this.#keepDraft();
  }

  /** A reload loses neither what is being written nor a message that the server does not have. */
  #keepDraft(written = this.#composer?.text ?? ""): void {
    this.#drafts.keep(this.#threadId, [this.#unsent?.text, written].filter(Boolean).join("\n\n"));
  }

  #wrongOption(path: string, expected: string): void {
    const line = `The option ${path} must be: ${expected}. It is left out.`;
    if (!reportOnce(line)) return;
    this.#emit("chatkit.log", { name: "option.invalid", data: { option: path, expected } });
  }

  #failed(error: unknown): void {
    this.#emit("chatkit.error", { error: error instanceof Error ? error : new Error(String(error)) });
  }

  #emit<K extends keyof ChatKitEvents>(name: K, detail: Details[K]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

function adoptStyles(root: ShadowRoot, sheet: CSSStyleSheet | undefined): void {
  if (sheet !== undefined && !root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
}

/** As it may be sent in a header; empty for what names no language. */
function canonical(locale: string | null): string {
  try {
    return locale === null ? "" : new Intl.Locale(locale).toString();
  } catch {
    return "";
  }
}

/** Another server at the page's own address may be any that speaks ChatKit. */
function isOrcheo(target: Target): boolean {
  return target.getClientSecret !== null || originOf(target) === ownServer();
}

function originOf({ url }: Target): string {
  return new URL(url, document.baseURI).origin;
}

if (customElements.get("orcheo-chat") === undefined) customElements.define("orcheo-chat", OrcheoChat);
