/** `<orcheo-chat-page>`: opens a chat session for the workflow named by the address, then hands over to the chat element. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { ChatOptions } from "../../element/options.ts";
import { OrcheoChat } from "../../element/orcheo-chat.ts";
import { Seconds } from "../../element/parts/seconds.ts";
import { skeletonTemplate } from "../../element/parts/skeleton.ts";
import { Speaker } from "../../element/speaker.ts";
import { chatStyles } from "../../element/styles/chat.ts";
import { controlStyles } from "../../element/styles/controls.ts";
import { skeletonStyles } from "../../element/styles/skeleton.ts";
import { themeStyles } from "../../element/styles/theme.ts";
import { type ChatDescription, ChatPageApi } from "./chat-page-api.ts";
import { Drafts } from "./drafts.ts";
import { contactFor, optionsOf, paint } from "./look.ts";
import { type Known, type Screen, screenForError, screenTemplate } from "./screens.ts";
import type { SignInState } from "./sign-in-bar.ts";
import { ThreadMemory } from "./thread-memory.ts";

const pageStyles = css`
  .page {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr);
    block-size: 100%;
  }

  main {
    position: relative;
    grid-row: 2;
    min-block-size: 0;
  }

  .corner {
    position: absolute;
    inset-block-start: 0.25rem;
    inset-inline-end: 0.25rem;
    display: grid;
    place-content: center;
    inline-size: 2.75rem;
    block-size: 2.75rem;
    padding: 0;
    border: 0;
    background: none;
  }

  .screen {
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 0.75rem;
    block-size: 100%;
    padding: 2rem 1.5rem 12vh;
    overflow: auto;
    text-align: center;
  }

  .screen h1 {
    max-inline-size: 32rem;
    font-size: 1.5rem;
    letter-spacing: -0.02em;
    overflow-wrap: anywhere;
    white-space: normal;
    text-wrap: balance;
  }

  .screen p {
    max-inline-size: 32rem;
    margin: 0;
    text-wrap: balance;
  }

  .screen .hint {
    color: var(--ink-soft);
  }

  .screen > .icon {
    inline-size: 2.5rem;
    block-size: 2.5rem;
    stroke-width: 1.25;
    color: var(--ink-soft);
  }

  .screen > :is(a, button) {
    margin-block-start: 0.75rem;
  }

  .screen > .contact {
    padding-block: 0.5rem;
    font-size: 0.9375rem;
  }
`;

/** Tells the other tabs of this browser that the visitor has signed out. */
const signOuts = new BroadcastChannel("orcheo.sign-out");

export interface Surroundings {
  api(): ChatPageApi;
  /** Called with the chat before it starts. */
  started?(chat: OrcheoChat): void;
  /** The options of the chat, made of the page's. */
  options?(own: ChatOptions): ChatOptions;
  /** A way out in the corner of what is shown while there is no chat, whose header has one. */
  corner?(): TemplateResult;
  /** Whether its visitor sees the chat, where it is opened and closed on a page around it. */
  isShown?(): boolean;
}

export class OrcheoChatPage extends LitElement {
  static override styles = [themeStyles, controlStyles, chatStyles, skeletonStyles, pageStyles];

  readonly #countdown = new Seconds(this);
  readonly #speaker = new Speaker(this, () => navigator.languages);
  /** What is different where the page is not the whole of a tab. */
  surroundings: Surroundings = { api: newApi };
  /** The title of the tab, which may also bear the number of new answers. */
  #name = document.title;
  #screen: Screen | null = null;
  #chat: OrcheoChat | null = null;
  #signIn: SignInState = { name: null, isTrial: false };
  #bar: typeof import("./sign-in-bar.ts") | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("online", this.#cameOnline);
    signOuts.onmessage = () => {
      if (this.#signIn.name === null) return;
      Drafts.forgetAll();
      location.reload();
    };
    void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("online", this.#cameOnline);
  }

  readonly #cameOnline = () => {
    if (this.#screen?.kind === "offline" || this.#screen?.kind === "unreachable") void this.#open();
  };

  override render(): TemplateResult {
    const { locale, dir } = this.#speaker.language;
    Object.assign(document.documentElement, { lang: locale, dir });
    const shown =
      this.#screen === null
        ? (this.#chat ?? skeletonTemplate(toldName()))
        : this.#screenTemplate(this.#screen);
    const bar = this.#bar?.signInBar(this.#signIn, () => void this.#signOut()) ?? nothing;
    const corner = shown === this.#chat ? nothing : (this.surroundings.corner?.() ?? nothing);
    return html`<div class="page">${bar}<main aria-label=${this.#name}>${corner}${shown}</main></div>`;
  }

  #screenTemplate(screen: Screen): TemplateResult {
    return screenTemplate(screen, this.#countdown.until(screen.notBefore), () => void this.#open());
  }

  async #fetchBar(): Promise<void> {
    if (this.#bar !== null || (this.#signIn.name === null && !this.#signIn.isTrial)) return;
    // Without it the chat can still be used.
    this.#bar = await import("./sign-in-bar.ts").catch(() => null);
    const sheet = this.#bar?.signInBarStyles.styleSheet;
    if (sheet) (this.renderRoot as ShadowRoot).adoptedStyleSheets.push(sheet);
    this.requestUpdate();
  }

  async #signOut(): Promise<void> {
    Drafts.forgetAll();
    let next: string | null = null;
    try {
      next = await this.surroundings.api().signOut();
    } finally {
      signOuts.postMessage("");
      if (next) location.assign(`${next}&to=${encodeURIComponent(location.pathname)}`);
      else location.reload();
    }
  }

  async #begin(description: ChatDescription, api: ChatPageApi): Promise<OrcheoChat> {
    const barArrives = this.#fetchBar();
    const grant = await api.openChatSession();
    await Promise.all([barArrives, this.#speaker.ready]);
    return startChat(description, api, grant, this.surroundings);
  }

  async #open(): Promise<void> {
    const api = this.surroundings.api();
    let known: Known | null = null;
    this.#screen = null;
    this.requestUpdate();
    try {
      const description = await api.describe();
      const { id, name, login_url: loginUrl, login_with: loginWith, look } = description;
      known = { id, name, loginUrl, loginWith, contact: look.contact ?? null };
      paint(look, this.surroundings.options === undefined);
      this.#signIn = { name: description.signed_in_as, isTrial: description.dev_login };
      document.title = this.#name = description.name;
      const chat = this.#begin(description, api);
      if (description.telemetry)
        import("../telemetry.ts")
          .then(({ watchChat }) => watchChat(chat, this.surroundings.isShown))
          .catch(() => {});
      this.#chat = await chat;
    } catch (error) {
      await this.#speaker.ready;
      this.#screen = screenForError(error, known, refOf(location.pathname), Date.now());
    }
    this.requestUpdate();
  }
}

function newApi(): ChatPageApi {
  return new ChatPageApi(refOf(location.pathname), (url, init) => fetch(url, init));
}

function startChat(
  description: ChatDescription,
  api: ChatPageApi,
  firstGrant: string,
  { started, options }: Surroundings,
): OrcheoChat {
  const memory = new ThreadMemory(description.id);
  const looked = optionsOf(description.look);
  const contact = contactFor(description, description.look.contact ?? null, "");
  const chat = new OrcheoChat();
  if (started) started(chat);
  else chat.addEventListener("chatkit.ready", () => void focusUnlessTouch(chat), { once: true });
  chat.addEventListener("chatkit.thread.change", (change) => {
    memory.keep((change as CustomEvent<{ threadId: string | null }>).detail.threadId);
  });
  const own: ChatOptions = {
    api: {
      url: "/api/chatkit",
      loginUrl: description.login_url,
      getClientSecret: async (current) => (current === null ? firstGrant : api.openChatSession(current)),
    },
    initialThread: memory.recall(),
    ...looked,
    header: { title: { text: description.name } },
    threadItemActions: { feedback: true, retry: true },
    messageLimit: description.message_limit,
    notifications: "visitor",
    drafts: new Drafts(description.id, firstGrant),
    ...(contact === null ? {} : { contact }),
  };
  chat.setOptions(options ? options(own) : own);
  return chat;
}

/** The name that the server has put into the head of the page; empty where it tells none. */
function toldName(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="og:title"]')?.content ?? "";
}

/** On a touch screen focus would open the keyboard over the page before anybody asked for it. */
export async function focusUnlessTouch(chat: OrcheoChat): Promise<void> {
  if (matchMedia("(pointer: fine)").matches) await chat.focusComposer();
}

/** The workflow's id or handle in `/chat/{ref}`. */
export function refOf(pathname: string): string {
  const segment = pathname.split("/")[2] ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

customElements.define("orcheo-chat-page", OrcheoChatPage);
