/** The look of a workflow's chat, with a preview drawn by the chat element itself. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { OperationEntry } from "../api.ts";
import { View } from "../app.ts";
import type { ActResult, WorkflowView } from "../models.ts";
import { type Schema, type WrittenForm, writtenOver } from "../schema.ts";
import { words } from "../strings.ts";
import { bones } from "./bones.ts";
import { ChatPreview } from "./chat-preview.ts";
import { failureNotice, fieldFaults } from "./failure.ts";
import { fieldTemplate } from "./form.ts";
import { LOOK_FIELDS, lookChanges, lookOf, startForLook } from "./look-fields.ts";
import { lookStyles } from "./look-styles.ts";

const HINTS: Readonly<Record<string, () => string>> = {
  prompts: () => words.starterPromptsHint,
  models: () => words.modelsHint,
  tools: () => words.toolsHint,
};

class LookForm extends View {
  static override styles = [...View.styles, lookStyles];
  static override properties = { workflow: { attribute: false } };
  declare workflow: WorkflowView;
  readonly #operation = this.loading<OperationEntry>();
  #written: WrittenForm | null = null;
  #isRestored = false;
  #error: unknown = null;
  #isSaving = false;
  readonly #preview = new ChatPreview();

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#operation.run(() => this.app.api.operation("workflows.set_look"));
    void this.#showPreview();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("workflow") as WorkflowView | undefined;
    if (this.#written !== null && (before === undefined || before.id === this.workflow.id)) return;
    const kept = this.app.drafts.recall(this.#draft);
    this.#isRestored = kept !== null;
    this.#written = { ...startForLook(this.workflow.look), ...kept };
    this.#paint();
  }

  override render(): TemplateResult {
    const { value: operation, error } = this.#operation;
    if (error !== null) return failureNotice(error, this.app, () => void this.#operation.reload());
    if (operation === null) return bones();
    const isChanged = Object.keys(lookChanges(this.workflow.look, this.#written ?? {})).length > 0;
    return html`<div class="look">
      <form class="stack" novalidate @submit=${this.#submitted}>
        <p class="soft">${words.lookIntro}</p>
        ${this.#isRestored ? this.#restored() : nothing}
        <div class="card">${LOOK_FIELDS.map((each) => this.#field(each, operation.schema))}</div>
        ${this.#error === null ? nothing : failureNotice(this.#error, this.app, () => void this.#save())}
        <div class="foot">
          <button type="submit" class="solid" ?disabled=${!isChanged || this.#isSaving}>
            ${this.#isSaving ? words.working : words.save}
          </button>
        </div>
      </form>
      <section class="preview" aria-labelledby="preview">
        <h2 id="preview">${words.preview}</h2>
        <p class="hint">${words.previewHint}</p>
        <div class="stage" inert>${this.#preview.chat ?? nothing}</div>
      </section>
    </div>`;
  }

  #restored(): TemplateResult {
    return html`<div class="notice" role="status">
      <p>${words.restored}</p>
      <button type="button" class="quiet" @click=${this.#discard}>${words.discard}</button>
    </div>`;
  }

  #field(name: string, schema: Schema): TemplateResult | typeof nothing {
    const found = schema.properties?.[name];
    if (found === undefined) return nothing;
    return fieldTemplate(
      name,
      { ...found, description: HINTS[name]?.() ?? found.description ?? "" },
      {
        written: this.#written ?? {},
        faults: fieldFaults(this.#error),
        // Each of the choices is one that can be said.
        isNeeded: () => found.enum !== undefined,
        change: (each, value) => {
          this.#written = { ...this.#written, [each]: value };
          this.app.drafts.keep(this.#draft, writtenOver(startForLook(this.workflow.look), this.#written));
          this.#paint();
          this.requestUpdate();
        },
      },
    );
  }

  get #draft(): string {
    return `look.${this.workflow.id}`;
  }

  readonly #discard = (): void => {
    this.app.drafts.forget(this.#draft);
    this.#written = startForLook(this.workflow.look);
    this.#isRestored = false;
    this.#error = null;
    this.#paint();
    this.requestUpdate();
  };

  async #showPreview(): Promise<void> {
    await this.#preview.load();
    this.#paint();
    this.requestUpdate();
  }

  #paint(): void {
    const accent = String(this.#written?.accent ?? "").trim();
    this.#preview.paint(this.workflow.name, lookOf(this.#written ?? {}), accent);
  }

  readonly #submitted = (event: Event): void => {
    event.preventDefault();
    void this.#save();
  };

  async #save(): Promise<void> {
    if (this.#isSaving) return;
    this.#isSaving = true;
    this.#error = null;
    this.requestUpdate();
    try {
      const changes = lookChanges(this.workflow.look, this.#written ?? {});
      const given = { ref: this.workflow.id, ...changes };
      const result = await this.app.api.perform<ActResult>("workflows.set_look", given);
      this.app.say(result.message);
      this.app.drafts.forget(this.#draft);
      this.#isRestored = false;
      this.#written = startForLook(result.workflow?.look ?? null);
      this.dispatchEvent(new CustomEvent<ActResult["workflow"]>("changed", { detail: result.workflow }));
    } catch (error) {
      this.#error = error;
    }
    this.#isSaving = false;
    this.requestUpdate();
  }
}

customElements.define("canvas-look-form", LookForm);
