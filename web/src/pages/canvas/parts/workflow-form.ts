/** The form of a workflow, to register one or to change one; its fields are those of the catalogue. */

import { html, nothing, type TemplateResult } from "lit";
import { isAbort } from "../../../element/protocol/chat-client.ts";
import { type Catalogue, mayPass, type RunnerEntry } from "../api.ts";
import { View } from "../app.ts";
import type { ActResult, WorkflowView } from "../models.ts";
import { faultsOf, type Schema, type Written, type WrittenForm, writtenOver } from "../schema.ts";
import { fieldLabels, fill, words } from "../strings.ts";
import { bones } from "./bones.ts";
import { failureNotice, fieldFaults } from "./failure.ts";
import { type FieldContext, fieldTemplate } from "./form.ts";
import { Progress } from "./progress.ts";
import { changesOf, formSchema, overwritten, registrationOf, SETTING, startFor } from "./workflow-fields.ts";

const PAIR = ["name", "handle"];
const MAIN = ["target", "description"];
/** Settings that are texts of any length; the schema says no more than that they are texts. */
const LONG = ["instructions", "stop", "extra_body"];
const LATER = ["time_limit", "history"];

export class WorkflowForm extends View {
  static override properties = { workflow: { attribute: false } };
  /** The one to change; null to register one. */
  declare workflow: WorkflowView | null;
  readonly #catalogue = this.loading<Catalogue>();
  readonly #progress = new Progress(this);
  #base: WorkflowView | null = null;
  #written: WrittenForm | null = null;
  #isRestored = false;
  #faults: Readonly<Record<string, string>> = {};
  #error: unknown = null;
  #over: AbortController | null = null;
  #theirs: WorkflowView | null = null;
  #unwatch: () => void = () => {};

  constructor() {
    super();
    this.workflow = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#catalogue.run(() => this.app.api.catalogue());
    this.#unwatch = this.app.connection.watch(() => {
      if (mayPass(this.#error)) this.#error = null;
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unwatch();
    this.#over?.abort();
  }

  override willUpdate(): void {
    const catalogue = this.#catalogue.value;
    if (catalogue === null || (this.#written !== null && this.#base?.id === this.workflow?.id)) return;
    this.#base = this.workflow;
    const start = startFor(this.workflow, catalogue);
    const kept = this.app.drafts.recall(this.#draft);
    this.#isRestored = kept !== null;
    this.#written = { ...start, ...kept };
  }

  override render(): TemplateResult {
    const { value: catalogue, error } = this.#catalogue;
    if (error !== null) return failureNotice(error, this.app, () => void this.#catalogue.reload());
    if (catalogue === null || this.#written === null) return bones();
    const runner = this.#runner(catalogue, this.#written);
    return html`<form class="stack" novalidate @submit=${this.#submitted}>
      ${this.#restoredNotice()}
      <div class="card">
        ${this.#runnerPicks(catalogue, this.#written)} <div class="pair">${PAIR.map((each) => this.#field(each, catalogue))}</div>
        ${MAIN.map((each) => this.#field(each, catalogue))}
      </div>
      ${runner === undefined ? nothing : this.#settingsTemplate(runner)}
      <div class="card">
        <details ?open=${LATER.some((each) => this.#faults[each])}>
          <summary>${words.limits}</summary>
          <div class="stack">${LATER.map((each) => this.#field(each, catalogue))}</div>
        </details>
        <div class="flag">
          <input
            type="checkbox"
            id="check"
            aria-describedby="check-hint"
            .checked=${this.#written.check === true}
            @change=${(event: Event) => this.#change("check", (event.target as HTMLInputElement).checked)}
          />
          <label for="check">${words.checkFirst}</label>
          <p class="hint" id="check-hint">${this.workflow === null ? words.checkFirstHint : words.checkEditHint}</p>
        </div>
      </div>
      ${this.#outcome()}
      <div class="foot">
        ${this.#progress.isRunning ? this.#progressTemplate() : nothing}
        <button type="submit" class="solid" ?disabled=${this.#progress.isRunning}>
          ${this.workflow === null ? words.registerNow : words.save}
        </button>
      </div>
    </form>`;
  }

  #restoredNotice(): TemplateResult | typeof nothing {
    if (!this.#isRestored) return nothing;
    return html`<div class="notice" role="status">
      <p>${words.restored}</p>
      <button type="button" class="quiet" @click=${this.#discard}>${words.discard}</button>
    </div>`;
  }

  #runnerPicks(catalogue: Catalogue, written: WrittenForm): TemplateResult {
    return html`<fieldset>
      <legend>${words.runner}</legend>
      ${this.workflow === null ? nothing : html`<p class="hint">${words.runnerChangeHint}</p>`}
      <div class="picks">
        ${catalogue.runners.map(
          ({ name, title }) => html`<label class="pick"
            ><input
              type="radio"
              name="runner"
              value=${name}
              .checked=${written.runner === name}
              @change=${() => this.#change("runner", name)}
            /><span>${title || name}</span></label
          >`,
        )}
      </div>
      ${this.#lacksCodeScope(catalogue, written) ? html`<p class="fault">${words.codeScope}</p>` : nothing}
      ${this.#faults.runner ? html`<p class="fault">${this.#faults.runner}</p>` : nothing}
    </fieldset>`;
  }

  #field(name: string, catalogue: Catalogue): TemplateResult | typeof nothing {
    const operation = this.workflow === null ? "workflows.add" : "workflows.edit";
    const schema = catalogue.operations.find((each) => each.name === operation)?.schema;
    const found = schema?.properties?.[name];
    if (found === undefined) return nothing;
    const example = name === "target" ? this.#runner(catalogue, this.#written ?? {})?.target : undefined;
    return fieldTemplate(
      name,
      example === undefined ? found : { ...found, examples: [example] },
      this.#context((each) => schema?.required?.includes(each) ?? false),
    );
  }

  #settingsTemplate(runner: RunnerEntry): TemplateResult | typeof nothing {
    const settings = Object.entries(runner.schema.properties ?? {});
    if (settings.length === 0) return nothing;
    const required = runner.schema.required ?? [];
    const context = this.#context((name) => required.includes(name.slice(SETTING.length)));
    const one = ([name, schema]: readonly [string, Schema]) =>
      fieldTemplate(SETTING + name, { title: name, isLong: LONG.includes(name), ...schema }, context);
    const needed = settings.filter(([name]) => required.includes(name));
    const others = settings.filter(([name]) => !required.includes(name));
    const isOpen = others.some(([name]) => this.#faults[SETTING + name] || this.#written?.[SETTING + name]);
    return html`<div class="card">
      <h2>${words.runnerSettings}</h2>
      ${needed.map(one)}
      ${others.length === 0 ? nothing : html`<details ?open=${isOpen}><summary>${words.more}</summary><div class="stack">${others.map(one)}</div></details>`}
    </div>`;
  }

  #context(isNeeded: (name: string) => boolean): FieldContext {
    return {
      written: this.#written ?? {},
      faults: this.#faults,
      isNeeded,
      change: (name, value) => this.#change(name, value),
    };
  }

  #outcome(): TemplateResult | typeof nothing {
    if (this.#theirs !== null && this.#base !== null) return this.#overwriteNotice(this.#base, this.#theirs);
    const count = Object.keys(this.#faults).length;
    if (this.#error === null && count > 0)
      return html`<p class="fault" role="alert">${fill(words.fixFaults, { count })}</p>`;
    if (this.#error === null) return nothing;
    return failureNotice(this.#error, this.app, () => void this.#submit());
  }

  #overwriteNotice(base: WorkflowView, theirs: WorkflowView): TemplateResult {
    const rows = overwritten(base, theirs, this.#written ?? {}, this.#catalogue.value);
    return html`<div class="notice" role="alert" data-level="danger">
      <strong>${words.overwriteTitle}</strong>
      <p>${words.overwriteText}</p>
      <ul>
        ${rows.map(([name, value]) => html`<li>${fill(words.overwriteRow, { field: fieldName(name), value: "" })}<bdi>${value}</bdi></li>`)}
      </ul>
      <div class="row">
        <button type="button" class="quiet" @click=${() => this.#decided(true)}>${words.overwrite}</button>
        <button type="button" class="quiet" @click=${() => this.#decided(false)}>${words.takeTheirs}</button>
      </div>
    </div>`;
  }

  #progressTemplate(): TemplateResult {
    const { seconds } = this.#progress;
    const isCheck = this.#written?.check === true;
    return html`<div class="row">
      <span class="spinner"></span>
      <span role="status">${isCheck ? words.checking : words.working}</span>
      <span class="soft" aria-hidden="true">${fill(words.checkingSeconds, { seconds })}</span>
      ${isCheck ? html`<button type="button" class="quiet" @click=${() => this.#over?.abort()}>${words.stopCheck}</button>` : nothing}
    </div>`;
  }

  #lacksCodeScope(catalogue: Catalogue, written: WrittenForm): boolean {
    const isCode = this.#runner(catalogue, written)?.executes_code === true;
    return isCode && !this.app.session.scopes.includes("workflows:code");
  }

  get #draft(): string {
    return this.workflow === null ? "register" : `edit.${this.workflow.id}`;
  }

  #runner(catalogue: Catalogue, written: WrittenForm): RunnerEntry | undefined {
    return catalogue.runners.find((each) => each.name === written.runner);
  }

  #change(name: string, value: Written): void {
    this.#written = { ...this.#written, [name]: value };
    const { [name]: _, ...others } = this.#faults;
    this.#faults = others;
    this.#keep();
    this.requestUpdate();
  }

  /** Only what was changed: what somebody else changes meanwhile is not undone by a draft. */
  #keep(): void {
    this.app.drafts.keep(this.#draft, this.#ownChanges());
  }

  #ownChanges(): WrittenForm {
    const catalogue = this.#catalogue.value;
    return catalogue === null ? {} : writtenOver(startFor(this.#base, catalogue), this.#written ?? {});
  }

  readonly #discard = (): void => {
    this.app.drafts.forget(this.#draft);
    this.#written = null;
    this.#isRestored = false;
    this.#faults = {};
    this.#error = null;
    this.requestUpdate();
  };

  #decided(isMine: boolean): void {
    const [theirs, catalogue, mine] = [this.#theirs, this.#catalogue.value, this.#ownChanges()];
    if (theirs === null || catalogue === null) return;
    this.#theirs = null;
    this.#base = theirs;
    if (isMine) {
      this.#written = { ...startFor(theirs, catalogue), ...mine };
      void this.#submit();
    } else {
      this.workflow = theirs;
      this.#discard();
    }
  }

  readonly #submitted = (event: Event): void => {
    event.preventDefault();
    void this.#submit();
  };

  async #submit(): Promise<void> {
    const catalogue = this.#catalogue.value;
    if (catalogue === null || this.#written === null || this.#progress.isRunning) return;
    this.#error = null;
    this.#theirs = null;
    this.#faults = this.#faultsOf(catalogue, this.#written);
    if (Object.keys(this.#faults).length > 0) return this.#showFaults();
    this.#over = new AbortController();
    this.#progress.start();
    try {
      const result = await (this.#base === null
        ? this.#register(catalogue, this.#written, this.#over.signal)
        : this.#save(this.#base, catalogue, this.#written, this.#over.signal));
      if (result !== null) this.#done(result);
    } catch (error) {
      if (!isAbort(error)) this.#error = error;
      this.#faults = fieldFaults(error);
    }
    this.#progress.stop();
    if (Object.keys(this.#faults).length > 0) await this.#showFaults();
  }

  #register(catalogue: Catalogue, written: WrittenForm, signal: AbortSignal): Promise<ActResult> {
    return this.app.api.perform<ActResult>("workflows.add", registrationOf(catalogue, written), signal, true);
  }

  /** Null where nothing was done. */
  async #save(
    base: WorkflowView,
    catalogue: Catalogue,
    written: WrittenForm,
    signal: AbortSignal,
  ): Promise<ActResult | null> {
    const changes = changesOf(base, catalogue, written);
    if (Object.keys(changes).length === 0) {
      this.app.say(words.nothingToSave);
      return null;
    }
    const now = await this.app.api.perform<WorkflowView>("workflows.show", { ref: base.id }, signal);
    if (overwritten(base, now, written, catalogue).length > 0) {
      this.#theirs = now;
      return null;
    }
    const given = { ref: base.id, ...changes, ...(written.check === true ? { check: true } : {}) };
    const question = await this.app.api.question("workflows.edit", given, signal);
    if (question === null) return this.app.api.perform<ActResult>("workflows.edit", given, signal, true);
    const title = fill(words.editTitle, { name: base.name });
    return this.app.act({ operation: "workflows.edit", title, confirm: words.save, given });
  }

  #done(result: ActResult): void {
    this.app.drafts.forget(this.#draft);
    this.app.say(result.message);
    this.#written = null;
    this.#isRestored = false;
    if (this.workflow !== null) this.workflow = result.workflow ?? null;
    this.dispatchEvent(new CustomEvent<ActResult["workflow"]>("changed", { detail: result.workflow }));
  }

  #faultsOf(catalogue: Catalogue, written: WrittenForm): Record<string, string> {
    return faultsOf(formSchema(catalogue, this.workflow !== null, written), written, {
      needed: words.needed,
      between: (minimum, maximum) => fill(words.between, { minimum, maximum }),
    });
  }

  async #showFaults(): Promise<void> {
    this.requestUpdate();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }
}

function fieldName(name: string): string {
  return (fieldLabels as Readonly<Record<string, string>>)[name] ?? name;
}

customElements.define("canvas-workflow-form", WorkflowForm);
