/** A chat bubble: a floating button on any page, and on first use the chat in a frame of the server's own origin. */

import {
  FRAME_SHAPES,
  type FrameMessage,
  type HostMessage,
  readMessage,
  type Scheme,
  sealed,
} from "./messages.ts";
import { bubbleSheet } from "./sheet.ts";

export interface BubbleOptions {
  /** Id or handle of the workflow. */
  workflow: string;
  /** Address of the Orcheo server, such as `https://chat.example.org`. */
  server: string;
  /** The corner at the bottom, in the direction of the page's text. */
  position?: "end" | "start";
  /** `auto`: as the browser is set. */
  theme?: Scheme;
  /** Colour of the button, as CSS writes it; what stands on it is white or black, whichever can be seen. */
  color?: string;
  /** A sentence that invites to the chat, beside the button and on the chat's first screen. */
  greeting?: string;
  labels?: Partial<typeof LABELS>;
}

/** The words of the bubble; those in the chat are the chat's. */
export const LABELS = {
  chat: "Chat",
  unread: "new answer",
  close: "Close",
  failed: "The chat cannot be shown on this page.",
  tab: "Open it in a tab of its own",
};

/** What a bubble calls its parts in the visitor's language. */
export interface Words {
  lang: string;
  labels: Partial<typeof LABELS>;
}

let fetchWords: () => Promise<Words | null> = async () => null;
let fetched: Promise<Words | null> | null = null;

/** Says where bubbles get their words from, if the visitor's language is not English. */
export function takeWordsFrom(fetch: typeof fetchWords): void {
  fetchWords = fetch;
}

/** A signed identity of the visitor, made by the page's own server; or what gets a fresh one. */
export type Identity = string | (() => string | Promise<string>);

export interface BubbleEvents {
  /** The chat in the frame has loaded. */
  ready: undefined;
  open: undefined;
  close: undefined;
  /** An answer came while the bubble was closed. */
  unread: undefined;
  /** The server has taken the identity. */
  identified: undefined;
  /** `blocked`: the frame could not be loaded; else the code with which the server refused an identity. */
  error: { code: string };
}

type Listener<K extends keyof BubbleEvents> = (detail: BubbleEvents[K]) => void;

const PATIENCE_MS = 15_000;
/** The chat answers a hello at once, but a page that the browser puts in the place of a refused one never does. */
const PATIENCE_LOADED_MS = 4_000;
const live: Bubble[] = [];

/** Every bubble on this page, oldest first. */
export function bubbles(): readonly Bubble[] {
  return [...live];
}

/** Puts a bubble on the page; there is one for each workflow of a server, however often it is asked for. */
export function bubble(options: BubbleOptions): Bubble {
  const server = new URL(options.server, document.baseURI).origin;
  return live.find((each) => each.is(options.workflow, server)) ?? new Bubble({ ...options, server });
}

export class Bubble {
  readonly workflow: string;
  readonly #server: string;
  readonly #options: BubbleOptions;
  #labels: typeof LABELS;
  readonly #host = document.createElement("div");
  readonly #box = make("div", "box");
  readonly #button = make("button", "button");
  readonly #dot = make("span", "dot");
  readonly #panel = make("div", "panel");
  readonly #note = make("div", "note");
  readonly #over = new AbortController();
  readonly #listeners = new Map<string, Set<(detail: never) => void>>();
  #greeting: HTMLElement | null = null;
  #frame: HTMLIFrameElement | null = null;
  #isReady = false;
  #identity: Identity | null = null;
  #theme: Scheme;

  constructor(options: BubbleOptions) {
    this.workflow = options.workflow;
    this.#server = options.server;
    this.#options = options;
    this.#labels = { ...LABELS, ...options.labels };
    this.#theme = schemeOf(options.theme);
    this.#build();
    live.push(this);
    // Beside the body, not in it: pages that swap their body on the way keep the chat.
    document.documentElement.append(this.#host);
    void this.#speak();
  }

  get isOpen(): boolean {
    return !this.#panel.hidden;
  }

  is(workflow: string, server: string): boolean {
    return workflow === this.workflow && server === this.#server;
  }

  /** Opens the chat, in place of another bubble's, and moves the focus into it, unless that is not wanted. */
  open({ focus = true }: { focus?: boolean } = {}): void {
    if (this.isOpen || this.#over.signal.aborted) return;
    for (const each of bubbles()) each.close();
    this.#dismissGreeting();
    this.#fit();
    this.#panel.hidden = false;
    this.#showUnread(false);
    this.#button.setAttribute("aria-expanded", "true");
    if (this.#frame === null) this.#load();
    if (focus) this.#frame?.focus();
    this.#tell({ type: "shown", isShown: true, hasFocus: focus });
    this.#emit("open", undefined);
  }

  close(): void {
    if (!this.isOpen) return;
    const hadFocus = this.#panel.contains(this.#host.shadowRoot?.activeElement ?? null);
    this.#panel.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
    if (hadFocus) this.#button.focus();
    this.#tell({ type: "shown", isShown: false, hasFocus: false });
    this.#emit("close", undefined);
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  /** Says who the visitor is; the server believes it only if the workflow's own secret has signed it. */
  identify(identity: Identity): void {
    this.#identity = identity;
    if (this.#isReady) void this.#sendIdentity();
  }

  /** Ends the chat in the visitor's name; the next chat is a stranger's. */
  logout(): void {
    this.#identity = null;
    this.#tell({ type: "logout" });
  }

  setTheme(theme: Scheme): void {
    this.#theme = schemeOf(theme);
    this.#host.dataset.theme = this.#theme;
    this.#tell({ type: "theme", theme: this.#theme });
  }

  /** Takes the bubble off the page, with all that belongs to it. */
  destroy(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#host.remove();
    this.#listeners.clear();
    this.#frame = null;
    this.#identity = null;
    live.splice(live.indexOf(this), 1);
  }

  /** Calls `listener` at each such event; the answer ends that. */
  on<K extends keyof BubbleEvents>(name: K, listener: Listener<K>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener as (detail: never) => void);
    return () => listeners.delete(listener as (detail: never) => void);
  }

  #emit<K extends keyof BubbleEvents>(name: K, detail: BubbleEvents[K]): void {
    for (const each of [...(this.#listeners.get(name) ?? [])]) each(detail as never);
  }

  #build(): void {
    const { signal } = this.#over;
    const { position, color, greeting } = this.#options;
    const root = this.#host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [bubbleSheet()];
    this.#host.dataset.theme = this.#theme;
    this.#host.dataset.orcheo = this.workflow;
    const side = position === "start" ? "start" : "end";
    this.#box.classList.add(side);
    this.#box.style.setProperty("--slot", String(freeSlot(side)));
    this.#box.dataset.slot = this.#box.style.getPropertyValue("--slot");
    if (color !== undefined && CSS.supports("color", color)) {
      this.#box.style.setProperty("--accent", color);
      // White where it can be seen, else black.
      this.#box.style.setProperty("--on-accent", `oklch(from ${color} clamp(0, (0.7 - l) * 999, 1) 0 0)`);
    }
    this.#button.type = "button";
    this.#button.setAttribute("aria-haspopup", "dialog");
    this.#button.setAttribute("aria-expanded", "false");
    this.#button.append(icon(), this.#dot);
    this.#button.addEventListener("click", () => this.toggle(), { signal });
    this.#dot.hidden = true;
    this.#panel.hidden = true;
    this.#panel.setAttribute("role", "dialog");
    this.#note.append(this.#closer(() => this.close()));
    this.#panel.append(this.#note);
    this.#box.append(this.#button, this.#panel);
    if (greeting) this.#greet(greeting);
    this.#name();
    root.append(this.#box);
    root.addEventListener("keydown", (key) => this.#keyPressed(key as KeyboardEvent), { signal });
    addEventListener("message", (message) => this.#heard(message), { signal });
    visualViewport?.addEventListener("resize", () => this.#fit(), { signal });
    visualViewport?.addEventListener("scroll", () => this.#fit(), { signal });
  }

  #greet(text: string): void {
    const card = make("div", "greeting");
    const words = make("button", "");
    words.type = "button";
    words.textContent = text;
    words.addEventListener("click", () => this.open());
    card.append(
      words,
      this.#closer(() => {
        this.#dismissGreeting();
        this.#button.focus();
      }),
    );
    this.#box.prepend(card);
    this.#greeting = card;
  }

  #dismissGreeting(): void {
    this.#greeting?.remove();
    this.#greeting = null;
  }

  #closer(act: () => void): HTMLButtonElement {
    const closer = make("button", "x");
    closer.type = "button";
    closer.textContent = "×";
    closer.addEventListener("click", act);
    return closer;
  }

  #load(): void {
    const frame = document.createElement("iframe");
    frame.src = this.#address;
    frame.allow = "clipboard-write; microphone";
    // A page that is loaded in the frame knows nothing yet, however often it is.
    frame.addEventListener("load", () => {
      this.#hello();
      this.#giveUpAfter(PATIENCE_LOADED_MS);
    });
    this.#frame = frame;
    this.#panel.append(frame);
    this.#name();
    this.#giveUpAfter(PATIENCE_MS);
  }

  #giveUpAfter(milliseconds: number): void {
    const patience = setTimeout(() => this.#giveUp(), milliseconds);
    this.#over.signal.addEventListener("abort", () => clearTimeout(patience));
  }

  get #address(): string {
    return `${this.#server}/embed/${encodeURIComponent(this.workflow)}`;
  }

  #hello(): void {
    this.#isReady = false;
    const { greeting = "" } = this.#options;
    const isIdentified = this.#identity !== null;
    this.#say({ type: "hello", theme: this.#theme, greeting, isIdentified, isShown: this.isOpen });
  }

  #giveUp(): void {
    if (this.#isReady || this.#frame === null) return;
    const words = document.createElement("p");
    words.dir = "auto";
    const link = document.createElement("a");
    link.href = `${this.#server}/chat/${encodeURIComponent(this.workflow)}`;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = this.#labels.tab;
    words.append(`${this.#labels.failed} `, link);
    this.#note.append(words);
    this.#frame.remove();
    this.#frame = null;
    const hint = `Is the workflow public, and ${location.origin} among its allowed origins?`;
    // biome-ignore lint/suspicious/noConsole: this is where developers look
    console.warn(`[orcheo] ${this.#address} cannot be shown on this page. ${hint}`);
    this.#emit("error", { code: "blocked" });
  }

  /** Only this bubble's own frame, as long as it shows the server's page, is listened to. */
  #heard(event: MessageEvent): void {
    if (this.#frame === null || event.source !== this.#frame.contentWindow || event.origin !== this.#server)
      return;
    const message = readMessage<FrameMessage>(event.data, FRAME_SHAPES);
    if (message === null) return;
    if (message.type === "ready") this.#started();
    else if (message.type === "close") this.close();
    else if (message.type === "unread") this.#missed();
    else if (message.type === "wanted") void this.#sendIdentity();
    else if (message.type === "refused") this.#emit("error", { code: message.code });
    else this.#emit("identified", undefined);
  }

  #started(): void {
    this.#isReady = true;
    this.#note.hidden = true;
    this.#tell({
      type: "shown",
      isShown: this.isOpen,
      hasFocus: this.#host.shadowRoot?.activeElement === this.#frame,
    });
    this.#emit("ready", undefined);
  }

  #missed(): void {
    if (this.isOpen) return;
    this.#showUnread(true);
    this.#emit("unread", undefined);
  }

  #showUnread(isUnread: boolean): void {
    this.#dot.hidden = !isUnread;
    this.#name();
  }

  #name(): void {
    const { chat, unread, close } = this.#labels;
    const say = (element: Element, label: string) => element.setAttribute("aria-label", label);
    say(this.#button, this.#dot.hidden ? chat : `${chat}, ${unread}`);
    say(this.#panel, chat);
    for (const each of this.#box.querySelectorAll(".x")) say(each, close);
    if (this.#frame !== null) this.#frame.title = chat;
  }

  /** The words of another language come a moment later; those that the page has given stay. */
  async #speak(): Promise<void> {
    if (/^en\b/i.test(navigator.language)) return;
    fetched ??= fetchWords();
    const words = await fetched.catch(() => null);
    if (words === null) return;
    this.#labels = { ...LABELS, ...words.labels, ...this.#options.labels };
    if (this.#options.labels === undefined) this.#button.lang = this.#note.lang = words.lang;
    this.#name();
  }

  async #sendIdentity(): Promise<void> {
    const given = this.#identity;
    let identity: string | null = null;
    try {
      identity = typeof given === "function" ? await given() : given;
    } catch {
      // The page's own server could not say who it is; the chat hears that there is none.
    }
    if (given === this.#identity) this.#say({ type: "identity", identity });
  }

  #tell(message: HostMessage): void {
    if (this.#isReady) this.#say(message);
  }

  #say(message: HostMessage): void {
    this.#frame?.contentWindow?.postMessage(sealed(message), this.#server);
  }

  #keyPressed(key: KeyboardEvent): void {
    if (key.key !== "Escape" || key.isComposing || !this.isOpen) return;
    key.preventDefault();
    this.close();
  }

  /** A keyboard on the screen takes room that `100dvh` still counts. */
  #fit(): void {
    const view = visualViewport;
    if (view?.scale !== 1) return;
    this.#box.style.setProperty("--height", `${view.height}px`);
    this.#box.style.setProperty("--top", `${view.offsetTop}px`);
  }
}

function make<K extends "div" | "span" | "button">(tag: K, className: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  return element;
}

/** The bubbles of one side stand beside each other; a place that became free is taken first. */
function freeSlot(side: string): number {
  const taken = [...document.querySelectorAll<HTMLElement>("[data-orcheo]")].flatMap((each) => {
    const box = each.shadowRoot?.querySelector<HTMLElement>(`.${side}`);
    return box ? [Number(box.dataset.slot)] : [];
  });
  let slot = 0;
  while (taken.includes(slot)) slot += 1;
  return slot;
}

function schemeOf(theme: unknown): Scheme {
  return theme === "light" || theme === "dark" ? theme : "auto";
}

/** A speech balloon, and for the open chat an arrow that points down. */
function icon(): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const shape of ["M21 11.5a8.4 8.4 0 0 1-12.2 7.5L3 21l2-5.4A8.4 8.4 0 1 1 21 11.5Z", "m6 9 6 6 6-6"]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}
