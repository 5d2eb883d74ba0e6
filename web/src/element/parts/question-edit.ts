/** `<orcheo-edit>`: the visitor's last message, to be changed and asked again. */

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { type Language, spokenLanguage } from "../language.ts";
import { type ChatOptions, type Drafts, noDrafts } from "../options.ts";
import { lastQuestion, type QuestionView, type ThreadView } from "../state/thread-view.ts";
import { strings } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import { controlStyles } from "../styles/controls.ts";
import { partStyles } from "../styles/parts.ts";
import "./icon.ts";

interface Drawing {
  view: ThreadView;
  options: ChatOptions;
  /** Whether the server lets visitors change their last message. */
  canEdit: boolean;
  acts: { edit(text: string): void };
}

/** Beside the visitor's last message, if all of it is text and it can be changed now. */
export function editTemplate(
  question: QuestionView,
  { view, options, canEdit, acts }: Drawing,
): TemplateResult | typeof nothing {
  const { id, text, content, status } = question;
  const isOpen = view.turn === "idle" && view.status.type === "active" && view.closed === null;
  const isText = text !== "" && content.every(({ type }) => type === "input_text");
  const isEditable = canEdit && isOpen && isText && status === "kept" && question === lastQuestion(view);
  return isEditable
    ? html`<orcheo-edit .itemId=${id} .drafts=${options.drafts ?? noDrafts} .text=${text} .edit=${acts.edit} .language=${spokenLanguage()}></orcheo-edit>`
    : nothing;
}

class OrcheoEdit extends LitElement {
  static override properties = {
    language: { attribute: false },
    itemId: { attribute: false },
    text: { attribute: false },
    edit: { attribute: false },
    open: { type: Boolean, reflect: true },
  };
  static override styles = [
    controlStyles,
    partStyles,
    css`
      :host {
        display: flex;
        justify-content: end;
      }

      :host(:not([open])) {
        /* From the start, before its button is drawn: the end of the thread is scrolled to at once. */
        min-block-size: 2.25rem;
        margin-block: -0.25rem -1rem;
      }

      :host([open]) {
        inline-size: min(100%, 36rem);
      }

      orcheo-icon {
        inline-size: 1.05rem;
        block-size: 1.05rem;
      }

      form {
        display: flex;
        flex: 1;
        flex-wrap: wrap;
        justify-content: end;
        align-items: center;
        gap: 0.5rem;
      }

      textarea {
        box-sizing: border-box;
        inline-size: 100%;
        max-block-size: 40vh;
        padding: 0.55rem 1rem;
        border: 1px solid var(--edge);
        border-radius: var(--radius);
        background: var(--raised);
        color: inherit;
        font: inherit;
        field-sizing: content;
        outline-offset: 0;
        resize: vertical;
      }
    `,
  ];

  declare language: Language;
  declare itemId: string;
  declare drafts: Drafts;
  declare text: string;
  declare edit: (text: string) => void;
  declare open: boolean;

  /** What was being written before a reload is there again. */
  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("itemId")) this.open = this.#draft !== "";
  }

  override render(): TemplateResult {
    if (!this.open)
      return html`<button type="button" class="bare" aria-label=${laterStrings.editMessage} title=${laterStrings.editMessage} @click=${() => this.#show(true)}>
        <orcheo-icon name="lucide:pencil"></orcheo-icon>
      </button>`;
    return html`<form @submit=${this.#submitted} @keydown=${this.#keyPressed}>
      <textarea rows="2" dir="auto" required aria-label=${laterStrings.editMessage} .value=${this.#draft || this.text} @input=${this.#written}></textarea>
      <button type="button" class="quiet" @click=${this.#cancel}>${laterStrings.cancel}</button>
      <button class="solid">${strings.send}</button>
    </form>`;
  }

  /** Opens the field, as the button does. */
  start(): void {
    this.#show(true);
  }

  get #draft(): string {
    return this.drafts.recall(this.itemId);
  }

  #written({ target }: InputEvent): void {
    this.drafts.keep(this.itemId, (target as HTMLTextAreaElement).value);
  }

  #cancel(): void {
    this.drafts.keep(this.itemId, "");
    this.#show(false);
  }

  #show(isOpen: boolean): void {
    this.open = isOpen;
    void this.updateComplete.then(() => {
      this.renderRoot.querySelector<HTMLElement>(isOpen ? "textarea" : "button")?.focus();
    });
  }

  #submitted(submit: SubmitEvent): void {
    submit.preventDefault();
    const text = this.renderRoot.querySelector("textarea")?.value.trim() ?? "";
    if (text === "") return;
    this.drafts.keep(this.itemId, "");
    this.open = false;
    this.edit(text);
  }

  #keyPressed(key: KeyboardEvent): void {
    if (key.isComposing || key.keyCode === 229) return;
    if (key.key === "Escape") {
      key.stopPropagation();
      this.#cancel();
    } else if (key.key === "Enter" && !key.shiftKey) {
      key.preventDefault();
      (key.currentTarget as HTMLFormElement).requestSubmit();
    }
  }
}

if (customElements.get("orcheo-edit") === undefined) customElements.define("orcheo-edit", OrcheoEdit);
