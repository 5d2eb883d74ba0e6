/**
 * The chat bubble of Canvas: a button, and over the page the same chat element that visitors have, as the owner of the
 * workflow that is shown. Each opening and each switch has a number; what belongs to an earlier one is neither shown
 * nor sent.
 *
 * Events: `canvas.chat.open`, `canvas.chat.close`, `canvas.chat.answer` (`{milliseconds}`, the first of each opening),
 * `canvas.chat.failure` (`{code}`).
 */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { OrcheoChat } from "../../../element/orcheo-chat.ts";
import { isAbort } from "../../../element/protocol/chat-client.ts";
import { controlStyles } from "../../../element/styles/controls.ts";
import { failureCode } from "../../failure-code.ts";
import type { App, ChatPartner } from "../app.ts";
import type { LoadChat } from "../chat-element.ts";
import { chatIcon, closeIcon } from "../icons.ts";
import { failureNotice } from "../parts/failure.ts";
import { fill, words } from "../strings.ts";
import { canvasStyles } from "../styles.ts";
import { bubbleStyles } from "./bubble-styles.ts";
import { ChatAccess } from "./chat-access.ts";
import { keepSize, recallSize, type Size } from "./size-memory.ts";

type State = { kind: "closed" } | { kind: "loading" } | { kind: "failed"; error: unknown } | { kind: "open" };

const STEP = 40;
const KEYS: Readonly<Record<string, Size>> = {
  ArrowUp: { inline: 0, block: STEP },
  ArrowDown: { inline: 0, block: -STEP },
  ArrowLeft: { inline: STEP, block: 0 },
  ArrowRight: { inline: -STEP, block: 0 },
};

export class CanvasBubble extends LitElement {
  static override styles = [controlStyles, canvasStyles, bubbleStyles];
  static override properties = { partner: { attribute: false }, app: { attribute: false } };
  declare app: App;
  declare partner: ChatPartner | null;
  load: LoadChat = async (options) => {
    const { loadChat } = await import("../chat-element.ts");
    return loadChat(options);
  };
  #state: State = { kind: "closed" };
  #generation = 0;
  #access: ChatAccess | null = null;
  #chat: OrcheoChat | null = null;
  /** Whose chat it is. */
  #chatWith = "";
  #isAnswering = false;
  #size = recallSize();

  constructor() {
    super();
    this.partner = null;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("partner")) return;
    const before = changed.get("partner") as ChatPartner | null | undefined;
    if (before?.id === this.partner?.id && before?.obstacle === this.partner?.obstacle) return;
    this.#drop();
    if (this.partner === null || this.partner.obstacle !== null) this.#toClosed();
    else if (this.#state.kind !== "closed") void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#drop();
  }

  /** Nothing of the chat so far is shown or sent after this. */
  #drop(): void {
    this.#generation += 1;
    this.#access?.close();
    this.#access = null;
    this.#chat?.remove();
    this.#chat = null;
    this.#chatWith = "";
    this.#isAnswering = false;
  }

  async #open(): Promise<void> {
    const { partner } = this;
    if (partner === null || partner.obstacle !== null) return;
    if (this.#chat !== null && this.#chatWith === partner.id) return this.#show();
    this.#drop();
    const generation = this.#generation;
    const isCurrent = () => generation === this.#generation;
    const access = new ChatAccess((signal) => this.app.api.openChat(partner.id, signal));
    this.#access = access;
    this.#state = { kind: "loading" };
    this.requestUpdate();
    try {
      // Whether there is a chat at all is known before anything of it is shown.
      await access.secret(null);
      const chat = await this.load({
        api: { url: `${location.origin}/api/chatkit`, getClientSecret: (former) => access.secret(former) },
        header: {
          title: { text: partner.name },
          rightAction: { icon: "close", label: () => words.close, onClick: this.#close },
        },
        theme: "auto",
        threadItemActions: { feedback: true, retry: true },
      });
      if (!isCurrent()) return;
      this.#watch(chat, isCurrent);
      this.#chat = chat;
      this.#chatWith = partner.id;
      this.#show();
    } catch (error) {
      if (!isCurrent() || isAbort(error)) return;
      this.#state = { kind: "failed", error };
      this.#tell("canvas.chat.failure", { code: failureCode(error) });
      this.requestUpdate();
    }
  }

  #show(): void {
    this.#state = { kind: "open" };
    this.requestUpdate();
    void this.updateComplete.then(() => {
      if (matchMedia("(pointer: fine)").matches) void this.#chat?.focusComposer();
    });
  }

  #watch(chat: OrcheoChat, isCurrent: () => boolean): void {
    let asked = 0;
    let isFirst = true;
    chat.addEventListener("chatkit.response.start", () => {
      asked = performance.now();
      this.#isAnswering = true;
    });
    chat.addEventListener("chatkit.response.end", () => {
      this.#isAnswering = false;
      if (!isFirst || !isCurrent()) return;
      isFirst = false;
      this.#tell("canvas.chat.answer", { milliseconds: Math.round(performance.now() - asked) });
    });
    chat.addEventListener("chatkit.error", (event) => {
      if (isCurrent())
        this.#tell("canvas.chat.failure", { code: failureCode((event as CustomEvent).detail?.error) });
    });
  }

  #tell(name: string, detail: Record<string, unknown> = {}): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  readonly #launched = (): void => {
    if (this.partner === null || this.partner.obstacle !== null) return;
    this.#tell("canvas.chat.open");
    void this.#open();
  };

  readonly #close = (): void => this.#dialog?.close();

  /** However it was closed. The chat stays as it is for the next time; what is under way is called off. */
  readonly #closed = (): void => {
    if (this.#state.kind !== "open") this.#drop();
    this.#toClosed();
  };

  #toClosed(): void {
    if (this.#state.kind === "closed") return;
    this.#state = { kind: "closed" };
    this.#tell("canvas.chat.close");
    this.requestUpdate();
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }

  protected override updated(): void {
    const dialog = this.#dialog;
    const isOpen = this.#state.kind !== "closed";
    if (dialog === null) return;
    if (this.#size !== null) {
      dialog.style.setProperty("--inline", `${this.#size.inline}px`);
      dialog.style.setProperty("--block", `${this.#size.block}px`);
    }
    if (dialog.open === isOpen) return;
    if (isOpen) dialog.showModal();
    else dialog.close();
  }

  override render(): TemplateResult | typeof nothing {
    const { partner } = this;
    if (partner === null) return nothing;
    const isBlocked = partner.obstacle !== null;
    return html`${isBlocked ? html`<aside class="reason" aria-label=${fill(words.chat, { name: partner.name })}><span id="reason">${partner.obstacle}</span></aside>` : nothing} ${this.#panel(partner)}
      <button
        type="button"
        class="launch"
        aria-label=${fill(words.chatOpen, { name: partner.name })}
        aria-haspopup="dialog"
        aria-disabled=${isBlocked}
        aria-describedby=${isBlocked ? "reason" : nothing}
        @click=${this.#launched}
      >
        ${chatIcon}
      </button>`;
  }

  #panel(partner: ChatPartner): TemplateResult {
    return html`<dialog
      aria-label=${fill(words.chat, { name: partner.name })}
      @close=${this.#closed}
      @cancel=${this.#cancelled}
      @click=${this.#clicked}
    >
      <button
        type="button"
        class="resize"
        aria-label=${words.chatResize}
        @pointerdown=${this.#grabbed}
        @keydown=${this.#resizeKey}
      ></button>
      ${this.#content()}
    </dialog>`;
  }

  #content(): TemplateResult {
    if (this.#chat !== null) return html`<section class="chat">${this.#chat}</section>`;
    const close = html`<button type="button" class="close" aria-label=${words.chatClose} @click=${this.#close}>${closeIcon}</button>`;
    if (this.#state.kind === "failed")
      return html`${close}
        <div class="failed">
          <h2>${words.chatFailed}</h2>
          ${failureNotice(this.#state.error, this.app, () => void this.#open())}
        </div>`;
    return html`${close}
      <div class="waiting" role="status"><span class="spinner"></span>${words.chatLoading}</div>`;
  }

  /** The chat stops its answer by the same key. */
  readonly #cancelled = (event: Event): void => {
    if (this.#isAnswering) event.preventDefault();
  };

  /** On what is around it. */
  readonly #clicked = (click: MouseEvent): void => {
    if (click.target === this.#dialog) this.#close();
  };

  readonly #grabbed = (grab: PointerEvent): void => {
    const panel = this.#dialog;
    if (panel === null) return;
    grab.preventDefault();
    const start = panel.getBoundingClientRect();
    const direction = getComputedStyle(panel).direction === "rtl" ? -1 : 1;
    const over = new AbortController();
    const handle = grab.currentTarget as HTMLElement;
    handle.setPointerCapture(grab.pointerId);
    const options = { signal: over.signal };
    handle.addEventListener(
      "pointermove",
      (move) =>
        this.#resize({
          inline: start.width + direction * (grab.clientX - move.clientX),
          block: start.height + grab.clientY - move.clientY,
        }),
      options,
    );
    for (const end of ["pointerup", "pointercancel"])
      handle.addEventListener(end, () => over.abort(), options);
  };

  readonly #resizeKey = (key: KeyboardEvent): void => {
    const step = KEYS[key.key];
    const panel = this.#dialog;
    if (step === undefined || panel === null) return;
    key.preventDefault();
    const { width, height } = panel.getBoundingClientRect();
    const direction = getComputedStyle(panel).direction === "rtl" ? -1 : 1;
    this.#resize({ inline: width + direction * step.inline, block: height + step.block });
  };

  #resize(size: Size): void {
    keepSize(size);
    this.#size = recallSize() ?? size;
    this.requestUpdate();
  }
}

customElements.define("canvas-bubble", CanvasBubble);
