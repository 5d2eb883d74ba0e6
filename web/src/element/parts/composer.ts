/** `<orcheo-composer>`: where a message is written, sent and stopped. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { fill, strings } from "../strings.ts";
import { composerStyles } from "../styles/composer.ts";
import { controlStyles } from "../styles/controls.ts";
import { sendIcon, stopIcon } from "./icons.ts";

const MESSAGE_LIMIT = 8_000;
const NEAR_LIMIT = 500;

/** What the composer can do at the moment; `waiting`: write, but not send yet. */
export type ComposerMode = "ready" | "waiting" | "answering" | "unstoppable" | "disabled";

export class OrcheoComposer extends LitElement {
  static override styles = [controlStyles, composerStyles];
  static override properties = { mode: { attribute: false } };
  static override shadowRootOptions: ShadowRootInit = { mode: "open", delegatesFocus: true };

  declare mode: ComposerMode;
  #text = "";

  constructor() {
    super();
    this.mode = "disabled";
  }

  override render(): TemplateResult {
    const over = this.#text.length - MESSAGE_LIMIT;
    return html`<form class="composer" @submit=${this.#submitted}>
      <textarea
        rows="1"
        dir="auto"
        enterkeyhint="send"
        aria-label=${strings.messageLabel}
        aria-describedby="limit"
        aria-invalid=${over > 0}
        placeholder=${strings.messagePlaceholder}
        .value=${this.#text}
        ?disabled=${this.mode === "disabled"}
        @input=${this.#changed}
        @keydown=${this.#keyPressed}
      ></textarea>
      ${this.mode === "answering" || this.mode === "unstoppable" ? this.#stopButton() : this.#sendButton()}
      <p id="limit" data-over=${over > 0}>${limitNote(over)}</p>
    </form>`;
  }

  override updated(): void {
    const field = this.renderRoot.querySelector("textarea");
    if (field === null) return;
    // Through the style object, which a content security policy without 'unsafe-inline' allows.
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }

  #sendButton(): TemplateResult {
    const label = strings.send;
    return html`<button class="round" type="submit" aria-label=${label} title=${label} ?disabled=${!this.#canSend()}>
      ${sendIcon}
    </button>`;
  }

  #stopButton(): TemplateResult {
    const label = strings.stop;
    const disabled = this.mode === "unstoppable";
    return html`<button class="round" type="button" aria-label=${label} title=${label} ?disabled=${disabled} @click=${this.#stopped}>
      ${stopIcon}
    </button>`;
  }

  #canSend(): boolean {
    return this.mode === "ready" && this.#text.trim() !== "" && this.#text.length <= MESSAGE_LIMIT;
  }

  #changed(input: InputEvent): void {
    this.#text = (input.target as HTMLTextAreaElement).value;
    this.requestUpdate();
  }

  /** Enter that ends an input method's composition is not meant to send; Safari reports it as key code 229. */
  #keyPressed(key: KeyboardEvent): void {
    if (key.key !== "Enter" || key.shiftKey || key.isComposing || key.keyCode === 229) return;
    key.preventDefault();
    this.#send();
  }

  #submitted(submit: SubmitEvent): void {
    submit.preventDefault();
    this.#send();
  }

  #send(): void {
    if (!this.#canSend()) return;
    this.dispatchEvent(new CustomEvent("composer-send", { detail: { text: this.#text.trim() } }));
    this.#text = "";
    this.requestUpdate();
  }

  #stopped(): void {
    this.dispatchEvent(new CustomEvent("composer-stop"));
    this.focus();
  }
}

function limitNote(over: number): string | typeof nothing {
  if (over > 0) return fill(strings.tooLong, { over, limit: MESSAGE_LIMIT });
  return over > -NEAR_LIMIT ? fill(strings.nearLimit, { left: -over }) : nothing;
}

customElements.define("orcheo-composer", OrcheoComposer);
