/** What the server shows under `/embed/{ref}`: the chat in a bubble's frame, and the window in which its visitor signs in. */

import { html } from "lit";
import { bookOf } from "../../element/language.ts";
import type { ChatOptions } from "../../element/options.ts";
import type { OrcheoChat } from "../../element/orcheo-chat.ts";
import { closeIcon } from "../../element/parts/icons.ts";
import type { HostMessage, Scheme } from "../../embed/messages.ts";
import { Drafts } from "../chat/drafts.ts";
import { focusUnlessTouch, OrcheoChatPage, refOf } from "../chat/orcheo-chat-page.ts";
import { ThreadMemory } from "../chat/thread-memory.ts";
import { chatPath, FrameApi, signInPath, type Visitor } from "./frame-api.ts";
import { HostLink } from "./host-link.ts";

/** The translations have this word, which the chat itself fetches later. */
const words = bookOf({ close: "Close" });
const IDENTITY_PATIENCE_MS = 10_000;
const HELLO_PATIENCE_MS = 10_000;
const ref = refOf(location.pathname);
const web = (url: string, init: RequestInit): Promise<Response> => fetch(url, init);

class ChatFrame {
  readonly #link = new HostLink(originsOf(document), (message) => this.#heard(message));
  readonly #visitor: Visitor = {
    loginPass: null,
    signedInAs: null,
    identity: null,
    grant: null,
    usedIdentity: null,
    workflowId: "",
  };
  #page: OrcheoChatPage | null = null;
  #chat: OrcheoChat | null = null;
  #theme: Scheme = "auto";
  #greeting = "";
  #isShown = false;
  #isAnswering = false;
  #identity: ((identity: string | null) => void) | null = null;

  constructor() {
    document.addEventListener("keydown", (key) => {
      if (key.key === "Escape" && !key.isComposing && !key.defaultPrevented && !this.#isAnswering)
        this.#link.tell({ type: "close" });
    });
    // The chat's own links to the sign-in: it has a window of its own, as no provider can be framed.
    document.addEventListener("click", (click) => this.#clicked(click), { capture: true });
    setTimeout(() => {
      if (this.#page === null) void import("./plain-page.ts").then(({ showWayOut }) => showWayOut(ref));
    }, HELLO_PATIENCE_MS);
  }

  #heard(message: HostMessage): void {
    switch (message.type) {
      case "hello":
        this.#greeting = message.greeting;
        this.#isShown = message.isShown;
        this.#paint(message.theme);
        this.#visitor.identity = message.isIdentified ? () => this.#askIdentity() : null;
        if (this.#page === null) this.#start();
        this.#link.tell({ type: "ready" });
        break;
      case "shown":
        this.#isShown = message.isShown;
        dispatchEvent(new Event("orcheo.shown"));
        if (message.isShown && message.hasFocus) this.#focus();
        break;
      case "theme":
        this.#paint(message.theme);
        break;
      case "identity":
        if (this.#identity !== null) this.#identity(message.identity);
        else void this.#become(message.identity);
        break;
      case "logout":
        void this.#logOut();
    }
  }

  #start(): void {
    const page = new OrcheoChatPage();
    page.surroundings = {
      api: () =>
        new FrameApi(ref, web, this.#visitor, {
          identified: () => this.#link.tell({ type: "identified" }),
          refused: (code) => this.#link.tell({ type: "refused", code }),
        }),
      started: (chat) => this.#watch(chat),
      isShown: () => this.#isShown,
      corner: () =>
        html`<button class="corner" aria-label=${words.close} @click=${() => this.#link.tell({ type: "close" })}>
          ${closeIcon}
        </button>`,
      options: (own) => ({
        ...own,
        ...this.#themeOver(own),
        header: {
          ...own.header,
          rightAction: {
            icon: "close",
            label: () => words.close,
            onClick: () => this.#link.tell({ type: "close" }),
          },
        },
        ...(this.#greeting === "" ? {} : { startScreen: { ...own.startScreen, greeting: this.#greeting } }),
      }),
    };
    this.#chat = null;
    this.#page = page;
    document.body.replaceChildren(page);
  }

  /** The page around the frame decides between light and dark; all else is the workflow's look. */
  #themeOver({ theme }: ChatOptions): Pick<ChatOptions, "theme"> {
    if (this.#theme === "auto") return theme === undefined ? {} : { theme };
    return { theme: typeof theme === "object" ? { ...theme, colorScheme: this.#theme } : this.#theme };
  }

  #watch(chat: OrcheoChat): void {
    this.#chat = chat;
    chat.addEventListener("chatkit.ready", () => this.#focus(), { once: true });
    chat.addEventListener("chatkit.response.start", () => {
      this.#isAnswering = true;
    });
    chat.addEventListener("chatkit.response.end", () => {
      this.#isAnswering = false;
      if (!this.#isShown) this.#link.tell({ type: "unread" });
    });
  }

  #focus(): void {
    if (this.#isShown && document.hasFocus() && this.#chat !== null) void focusUnlessTouch(this.#chat);
  }

  #paint(theme: Scheme): void {
    this.#theme = theme === "light" || theme === "dark" ? theme : "auto";
    document.documentElement.style.colorScheme = this.#theme === "auto" ? "" : this.#theme;
  }

  /** The page around the frame gets a fresh identity, as it may have to ask its own server. */
  #askIdentity(): Promise<string | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#identity?.(null), IDENTITY_PATIENCE_MS);
      this.#identity = (identity) => {
        clearTimeout(timer);
        this.#identity = null;
        resolve(identity);
      };
      this.#link.tell({ type: "wanted" });
    });
  }

  /** The next chat is in this name. */
  async #become(identity: string | null): Promise<void> {
    if (identity === null || identity === this.#visitor.usedIdentity) return;
    let first: string | null = identity;
    this.#visitor.identity = async () => {
      const given = first ?? (await this.#askIdentity());
      first = null;
      return given;
    };
    this.#restart();
  }

  async #logOut(): Promise<void> {
    const { loginPass, grant, usedIdentity } = this.#visitor;
    this.#visitor.identity = null;
    this.#visitor.usedIdentity = null;
    const api = this.#page?.surroundings.api();
    this.#restart();
    if (usedIdentity !== null && grant !== null) await endChatSession(grant, usedIdentity);
    if (loginPass !== null) await api?.signOut();
  }

  #restart(): void {
    Drafts.forgetAll();
    if (this.#visitor.workflowId !== "") new ThreadMemory(this.#visitor.workflowId).keep(null);
    this.#isAnswering = false;
    this.#visitor.grant = null;
    this.#start();
  }

  #clicked(click: MouseEvent): void {
    const link = click.composedPath().find((each) => each instanceof HTMLAnchorElement);
    if (link === undefined || link.origin !== location.origin || link.pathname !== signInPath(ref)) return;
    click.preventDefault();
    void import("./sign-in.ts").then(({ openSignIn }) =>
      openSignIn(ref, ({ loginPass, signedInAs }) => {
        this.#visitor.loginPass = loginPass;
        this.#visitor.signedInAs = signedInAs;
        this.#start();
      }),
    );
  }
}

async function endChatSession(grant: string, identity: string): Promise<void> {
  await web(`/api/chat/${encodeURIComponent(ref)}/session/end`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${grant}` },
    body: JSON.stringify({ identity }),
    keepalive: true,
  }).catch(() => undefined);
}

function originsOf(page: Document): string[] {
  const said = page.querySelector<HTMLMetaElement>("meta[name=orcheo-origins]")?.content ?? "";
  return said.split(" ").filter((each) => each !== "");
}

if (location.pathname === signInPath(ref))
  void import("./sign-in.ts").then(({ runSignIn }) => runSignIn(ref, web));
// A page of its own, with no bubble around it.
else if (parent === window) location.replace(chatPath(ref));
else new ChatFrame();
