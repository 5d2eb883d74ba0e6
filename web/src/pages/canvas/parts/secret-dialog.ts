/** Shows a secret the only time that it can be seen, and does not let it be lost by accident. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { controlStyles } from "../../../element/styles/controls.ts";
import { saveIcon } from "../icons.ts";
import { words } from "../strings.ts";
import { canvasStyles } from "../styles.ts";
import "./copyable.ts";
import { dialogStyles } from "./dialog-styles.ts";

export interface Secret {
  title: string;
  /** What the server said of it. */
  message: string;
  text: string;
  /** Name of the file that it is saved as. */
  fileName: string;
}

class SecretDialog extends LitElement {
  static override styles = [controlStyles, canvasStyles, dialogStyles];
  #secret: Secret | null = null;
  #isStored = false;
  #isAsking = false;
  #done: () => void = () => {};

  /** Whether a secret is on the screen that its owner has not stored yet. */
  get isHolding(): boolean {
    return this.#secret !== null && !this.#isStored;
  }

  async show(secret: Secret): Promise<void> {
    this.#secret = secret;
    this.#isStored = false;
    this.#isAsking = false;
    const closed = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    this.requestUpdate();
    await this.updateComplete;
    this.#dialog?.showModal();
    return closed;
  }

  /** Asks whether it may be lost, where it is not stored. */
  warn(): void {
    this.#isAsking = true;
    this.requestUpdate();
  }

  override render(): TemplateResult | typeof nothing {
    const secret = this.#secret;
    if (secret === null) return nothing;
    return html`<dialog
      aria-labelledby="title"
      @cancel=${this.#cancelled}
      @keydown=${this.#keyPressed}
      @close=${this.#closed}
    >
      <h2 id="title" dir="auto">${secret.title}</h2>
      <p dir="auto">${secret.message}</p>
      <canvas-copyable .text=${secret.text} .label=${secret.title}></canvas-copyable>
      <div class="row">
        <button type="button" class="quiet" @click=${() => save(secret)}>${saveIcon}${words.saveSecret}</button>
      </div>
      <div class="flag">
        <input
          type="checkbox"
          id="stored"
          .checked=${this.#isStored}
          @change=${(event: Event) => {
            this.#isStored = (event.target as HTMLInputElement).checked;
            this.#isAsking = false;
            this.requestUpdate();
          }}
        />
        <label for="stored">${words.stored}</label>
        <p class="hint">${words.storedHint}</p>
      </div>
      ${this.#isAsking ? this.#askTemplate() : nothing}
      <div class="foot">
        <button type="button" class="solid" @click=${this.#leave}>${words.close}</button>
      </div>
    </dialog>`;
  }

  #askTemplate(): TemplateResult {
    return html`<div class="notice" role="alert" data-level="danger">
      <strong>${words.unstoredTitle}</strong>
      <p>${words.unstoredText}</p>
      <button type="button" class="quiet danger" @click=${this.#finish}>${words.loseSecret}</button>
    </div>`;
  }

  readonly #leave = (): void => {
    if (this.#isStored) this.#finish();
    else this.warn();
  };

  readonly #cancelled = (event: Event): void => {
    event.preventDefault();
    this.#leave();
  };

  /** Chromium closes a dialog on the second Escape, whatever is said of the first. */
  readonly #keyPressed = (key: KeyboardEvent): void => {
    if (key.key !== "Escape") return;
    key.preventDefault();
    this.#leave();
  };

  readonly #closed = (): void => {
    if (this.#secret !== null) this.#finish();
  };

  readonly #finish = (): void => {
    const done = this.#done;
    this.#done = () => {};
    this.#secret = null;
    this.#dialog?.close();
    this.requestUpdate();
    done();
  };

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }
}

export function save({ text, fileName }: Pick<Secret, "text" | "fileName">, type = "text/plain"): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type }));
  link.download = fileName;
  link.click();
  // The download has begun by the next task.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export type { SecretDialog };

customElements.define("canvas-secret-dialog", SecretDialog);
