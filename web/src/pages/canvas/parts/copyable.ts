/** A text with a button that copies it, and says so. */

import { html, LitElement, type TemplateResult } from "lit";
import { copyText } from "../../../element/insecure.ts";
import { controlStyles } from "../../../element/styles/controls.ts";
import { checkIcon, copyIcon } from "../icons.ts";
import { words } from "../strings.ts";
import { canvasStyles } from "../styles.ts";

class Copyable extends LitElement {
  static override styles = [controlStyles, canvasStyles];
  static override properties = { text: {}, label: {}, long: { type: Boolean } };
  declare text: string;
  /** What is copied, for screen readers. */
  declare label: string;
  declare long: boolean;
  #outcome: "" | "done" | "failed" = "";

  override render(): TemplateResult {
    const said = { "": words.copy, done: words.copied, failed: words.notCopied }[this.#outcome];
    return html`<div class="copyable">
      ${this.long ? html`<pre tabindex="0">${this.text}</pre>` : html`<code>${this.text}</code>`}
      <button type="button" class="quiet" aria-label=${`${said}: ${this.label}`} @click=${this.#copy}>
        ${this.#outcome === "done" ? checkIcon : copyIcon}<span role="status">${said}</span>
      </button>
    </div>`;
  }

  readonly #copy = async (): Promise<void> => {
    this.#outcome = (await copyText(this.text)) ? "done" : "failed";
    this.dispatchEvent(new CustomEvent("copied", { detail: this.#outcome === "done", bubbles: true }));
    this.requestUpdate();
  };
}

customElements.define("canvas-copyable", Copyable);
