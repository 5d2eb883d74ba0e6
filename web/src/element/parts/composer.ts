/** `<orcheo-composer>`: where a message is written, sent and stopped. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { fill, strings } from "../strings.ts";
import { composerStyles } from "../styles/composer.ts";
import { controlStyles } from "../styles/controls.ts";
import { sendIcon, stopIcon } from "./icons.ts";

const NEAR_LIMIT = 500;

/** What the composer can do at the moment; `waiting`: write, but not send yet. */
export type ComposerMode = "ready" | "waiting" | "answering" | "unstoppable" | "disabled";

export class OrcheoComposer extends LitElement {
  static override styles = [controlStyles, composerStyles];
  static override properties = {
    mode: { attribute: false },
    limit: { attribute: false },
    placeholder: { attribute: false },
  };
  static override shadowRootOptions: ShadowRootInit = { mode: "open", delegatesFocus: true };

  declare mode: ComposerMode;
  /** Characters that a message may have. */
  declare limit: number;
  declare placeholder: string;
  #text = "";

  constructor() {
    super();
    this.mode = "disabled";
    this.limit = Number.POSITIVE_INFINITY;
    this.placeholder = strings.messagePlaceholder;
  }

  get text(): string {
    return this.#text;
  }

  /** Sends what is written, whatever the mode says. */
  submit(): void {
    this.mode = "ready";
    this.#send();
  }

  /** Puts a draft into the field. */
  restore(text: string): void {
    this.#text = text;
    this.requestUpdate();
  }

  focusField(): void {
    this.#field?.focus();
  }

  override render(): TemplateResult {
    const over = this.#charactersOver();
    return html`<form class="composer" @submit=${this.#submitted}>
      <textarea
        rows="1"
        dir="auto"
        enterkeyhint="send"
        aria-label=${strings.messageLabel}
        aria-describedby="limit"
        aria-invalid=${over > 0}
        placeholder=${this.placeholder}
        .value=${this.#text}
        ?disabled=${this.mode === "disabled"}
        @input=${this.#changed}
        @keydown=${this.#keyPressed}
      ></textarea>
      ${this.mode === "answering" || this.mode === "unstoppable" ? this.#stopButton() : this.#sendButton()}
      <p id="limit" data-over=${over > 0}>${limitNote(over, this.limit)}</p>
    </form>`;
  }

  override updated(): void {
    const field = this.#field;
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

  get #field(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector("textarea");
  }

  #canSend(): boolean {
    return this.mode === "ready" && this.#text.trim() !== "" && this.#charactersOver() <= 0;
  }

  /** The server counts characters, JavaScript halves of some; only a text near the limit is worth the counting. */
  #charactersOver(): number {
    if (this.#text.length <= this.limit - NEAR_LIMIT) return -this.limit;
    return [...this.#text].length - this.limit;
  }

  #changed(input: InputEvent): void {
    this.#write((input.target as HTMLTextAreaElement).value);
  }

  #write(text: string): void {
    this.#text = text;
    this.dispatchEvent(new CustomEvent("composer-change", { detail: { text } }));
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
    if (this.#text.trim() !== "" && this.mode !== "ready")
      this.dispatchEvent(new CustomEvent("composer-held"));
    if (!this.#canSend()) return;
    const text = this.#text.trim();
    this.#write("");
    this.dispatchEvent(new CustomEvent("composer-send", { detail: { text } }));
  }

  /** The button that had the focus is about to go. */
  #stopped(): void {
    this.focusField();
    this.dispatchEvent(new CustomEvent("composer-stop"));
  }
}

function limitNote(over: number, limit: number): string | typeof nothing {
  if (over > 0) return fill(strings.tooLong, { over, limit });
  return over > -NEAR_LIMIT ? fill(strings.nearLimit, { left: -over }) : nothing;
}

customElements.define("orcheo-composer", OrcheoComposer);
