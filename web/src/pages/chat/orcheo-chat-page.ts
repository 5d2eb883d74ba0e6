/** `<orcheo-chat-page>`: opens a chat session for the workflow named by the address, then hands over to the chat element. */

import { css, html, LitElement, type TemplateResult } from "lit";
import { OrcheoChat } from "../../element/orcheo-chat.ts";
import { Countdown } from "../../element/parts/countdown.ts";
import { skeletonTemplate } from "../../element/parts/skeleton.ts";
import { chatStyles } from "../../element/styles/chat.ts";
import { controlStyles } from "../../element/styles/controls.ts";
import { skeletonStyles } from "../../element/styles/skeleton.ts";
import { themeStyles } from "../../element/styles/theme.ts";
import { type ChatDescription, ChatPageApi } from "./chat-page-api.ts";
import { Drafts } from "./drafts.ts";
import { type Known, type Screen, screenForError, screenTemplate } from "./screens.ts";
import { type SignInState, signInBar, signInBarStyles } from "./sign-in-bar.ts";
import { ThreadMemory } from "./thread-memory.ts";

const pageStyles = css`
  .page {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr);
    block-size: 100%;
  }

  main {
    grid-row: 2;
    min-block-size: 0;
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
`;

export class OrcheoChatPage extends LitElement {
  static override styles = [
    themeStyles,
    controlStyles,
    chatStyles,
    skeletonStyles,
    signInBarStyles,
    pageStyles,
  ];

  readonly #countdown = new Countdown(this);
  #screen: Screen | null = null;
  #chat: OrcheoChat | null = null;
  #signIn: SignInState = { name: null, isTrial: false };

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#open();
  }

  override render(): TemplateResult {
    const shown =
      this.#screen === null ? (this.#chat ?? skeletonTemplate("")) : this.#screenTemplate(this.#screen);
    const bar = signInBar(this.#signIn, () => void this.#signOut());
    return html`<div class="page">${bar}<main>${shown}</main></div>`;
  }

  #screenTemplate(screen: Screen): TemplateResult {
    const notBefore = screen.kind === "limited" ? screen.notBefore : 0;
    return screenTemplate(screen, this.#countdown.secondsUntil(notBefore), () => void this.#open());
  }

  async #signOut(): Promise<void> {
    Drafts.forgetAll();
    let next: string | null = null;
    try {
      next = await newApi().signOut();
    } finally {
      if (next) location.assign(`${next}&to=${encodeURIComponent(location.pathname)}`);
      else location.reload();
    }
  }

  async #open(): Promise<void> {
    const api = newApi();
    let known: Known | null = null;
    this.#screen = null;
    this.requestUpdate();
    try {
      const description = await api.describe();
      const { name, login_url: loginUrl, login_with: loginWith } = description;
      known = { name, loginUrl, loginWith };
      this.#signIn = { name: description.signed_in_as, isTrial: description.dev_login };
      document.title = description.name;
      this.#chat = startChat(description, api, await api.openChatSession());
    } catch (error) {
      this.#screen = screenForError(error, known, Date.now());
    }
    this.requestUpdate();
  }
}

function newApi(): ChatPageApi {
  return new ChatPageApi(refOf(location.pathname), (url, init) => fetch(url, init));
}

function startChat(description: ChatDescription, api: ChatPageApi, firstGrant: string): OrcheoChat {
  const memory = new ThreadMemory(description.id);
  const chat = new OrcheoChat();
  chat.addEventListener("chatkit.ready", () => void focusUnlessTouch(chat), { once: true });
  chat.addEventListener("chatkit.thread.change", (change) => {
    memory.keep((change as CustomEvent<{ threadId: string | null }>).detail.threadId);
  });
  chat.setOptions({
    api: {
      url: "/api/chatkit",
      loginUrl: description.login_url,
      getClientSecret: async (current) => (current === null ? firstGrant : api.openChatSession()),
    },
    initialThread: memory.recall(),
    theme: "auto",
    header: { title: { text: description.name } },
    messageLimit: description.message_limit,
    drafts: new Drafts(description.id, description.signed_in_as),
  });
  return chat;
}

/** On a touch screen focus would open the keyboard over the page before anybody asked for it. */
async function focusUnlessTouch(chat: OrcheoChat): Promise<void> {
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
