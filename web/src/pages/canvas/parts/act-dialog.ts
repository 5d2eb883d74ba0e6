/**
 * Asks before an act, in the catalogue's own words, and carries it out. What the owner chooses in the dialog changes
 * the question, which is then asked again.
 */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { isAbort } from "../../../element/protocol/chat-client.ts";
import { problemCode } from "../../../element/protocol/problem.ts";
import { controlStyles } from "../../../element/styles/controls.ts";
import { mayPass, type OperationEntry } from "../api.ts";
import type { App } from "../app.ts";
import type { ActResult } from "../models.ts";
import { argumentsOf, type Schema, startOf, type WrittenForm } from "../schema.ts";
import { fill, words } from "../strings.ts";
import { canvasStyles } from "../styles.ts";
import { dialogStyles } from "./dialog-styles.ts";
import { failureNotice, fieldFaults } from "./failure.ts";
import { fieldTemplate } from "./form.ts";

export interface ActOrder {
  operation: string;
  title: string;
  /** What the button that does it says. */
  confirm: string;
  given: Readonly<Record<string, unknown>>;
  /** Arguments that the owner may choose here. */
  choices?: readonly string[];
  start?: WrittenForm;
  /** A text that has to be typed first. */
  retype?: string;
  /** Whether it is asked even where the server has no question. */
  asksAlways?: boolean;
}

class ActDialog extends LitElement {
  static override styles = [controlStyles, canvasStyles, dialogStyles];
  app!: App;
  #order: ActOrder | null = null;
  #entry: OperationEntry | null = null;
  #written: WrittenForm = {};
  #retyped = "";
  #isTouched = false;
  #question: string | null = null;
  #error: unknown = null;
  #state: "asking" | "ready" | "doing" = "asking";
  #over = new AbortController();
  #done: (result: ActResult | null) => void = () => {};
  #unwatch: () => void = () => {};

  /** What the server answers; null where the owner did not want it. */
  async ask(order: ActOrder): Promise<ActResult | null> {
    this.#order = order;
    this.#entry = null;
    this.#written = order.start ?? {};
    this.#retyped = "";
    this.#question = null;
    this.#isTouched = false;
    const answer = new Promise<ActResult | null>((resolve) => {
      this.#done = resolve;
    });
    this.requestUpdate();
    await this.updateComplete;
    this.#dialog?.showModal();
    this.#unwatch = this.app.connection.watch(() => {
      if (mayPass(this.#error)) void this.#askServer();
    });
    void this.#askServer();
    return answer;
  }

  override render(): TemplateResult | typeof nothing {
    const order = this.#order;
    if (order === null) return nothing;
    const isDanger = this.#entry?.destructive === true;
    const isRetyped = order.retype === undefined || this.#retyped.trim() === order.retype;
    return html`<dialog aria-labelledby="title" @cancel=${this.#cancelled} @close=${this.#closed}>
      <h2 id="title" dir="auto">${order.title}</h2>
      ${this.#questionTemplate(order)} ${this.#choicesTemplate(order)} ${this.#retypeTemplate(order)}
      ${this.#error === null ? nothing : failureNotice(this.#error, this.app, () => void this.#askServer())}
      <div class="foot">
        <button type="button" class="quiet" @click=${this.#close}>${words.cancel}</button>
        <button
          type="button"
          class=${isDanger ? "solid danger" : "solid"}
          ?disabled=${this.#state !== "ready" || !isRetyped}
          @click=${this.#perform}
        >
          ${this.#state === "doing" ? words.working : order.confirm}
        </button>
      </div>
    </dialog>`;
  }

  #questionTemplate(order: ActOrder): TemplateResult | typeof nothing {
    if (this.#state === "asking" && this.#question === null)
      return html`<p class="soft" role="status">${this.#entry?.confirm ?? words.looking}</p>`;
    const text = this.#question ?? (order.asksAlways ? (this.#entry?.summary ?? "") : "");
    return text === "" ? nothing : html`<p dir="auto" data-question>${text}</p>`;
  }

  #choicesTemplate(order: ActOrder): TemplateResult | typeof nothing {
    const properties = this.#entry?.schema.properties ?? {};
    const shown = (order.choices ?? []).filter((each) => properties[each] !== undefined);
    if (shown.length === 0) return nothing;
    const required = this.#entry?.schema.required ?? [];
    return html`${shown.map((name) =>
      fieldTemplate(name, properties[name] as Schema, {
        written: this.#written,
        faults: fieldFaults(this.#error),
        isNeeded: (each) => required.includes(each),
        change: (each, value) => {
          this.#written = { ...this.#written, [each]: value };
          this.#isTouched = true;
          void this.#askServer();
        },
      }),
    )}`;
  }

  #retypeTemplate(order: ActOrder): TemplateResult | typeof nothing {
    if (order.retype === undefined) return nothing;
    return html`<div class="field">
      <label for="retype">${fill(words.retype, { text: order.retype })}</label>
      <input
        id="retype"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        @input=${(event: Event) => {
          this.#retyped = (event.target as HTMLInputElement).value;
          this.requestUpdate();
        }}
      />
    </div>`;
  }

  async #askServer(): Promise<void> {
    const order = this.#order;
    if (order === null) return;
    this.#over.abort();
    const over = new AbortController();
    this.#over = over;
    this.#state = "asking";
    this.#error = null;
    this.requestUpdate();
    try {
      if (this.#entry === null) {
        this.#entry = await this.app.api.operation(order.operation);
        this.#written = { ...this.#startOf(order), ...this.#written };
      }
      const question = await this.app.api.question(order.operation, this.#given(order), over.signal);
      if (over.signal.aborted) return;
      this.#question = question;
      this.#state = "ready";
    } catch (error) {
      if (over.signal.aborted || isAbort(error)) return;
      // What is still to be chosen is no mistake.
      this.#error = this.#isTouched || problemCode(error) !== "invalid_input" ? error : null;
    }
    this.requestUpdate();
  }

  #startOf(order: ActOrder): WrittenForm {
    const properties = this.#entry?.schema.properties ?? {};
    return Object.fromEntries(
      (order.choices ?? []).flatMap((name) => {
        const schema = properties[name];
        return schema === undefined ? [] : [[name, startOf(schema)] as const];
      }),
    );
  }

  #given(order: ActOrder): Record<string, unknown> {
    const schema = this.#entry?.schema ?? {};
    return { ...argumentsOf(schema, this.#written), ...order.given };
  }

  readonly #perform = async (): Promise<void> => {
    const order = this.#order;
    if (order === null || this.#state !== "ready") return;
    this.#state = "doing";
    this.#error = null;
    this.requestUpdate();
    try {
      const result = await this.app.api.perform<ActResult>(order.operation, this.#given(order));
      this.#finish(result);
    } catch (error) {
      this.#error = error;
      this.#state = "ready";
      this.requestUpdate();
    }
  };

  #finish(result: ActResult | null): void {
    const done = this.#done;
    this.#done = () => {};
    this.#unwatch();
    this.#over.abort();
    this.#dialog?.close();
    this.#order = null;
    this.requestUpdate();
    done(result);
  }

  /** While the server is at it, its answer may hold a secret: then there is nothing to cancel. */
  readonly #cancelled = (event: Event): void => {
    if (this.#state === "doing") event.preventDefault();
  };

  readonly #closed = (): void => {
    if (this.#order !== null && this.#state !== "doing") this.#finish(null);
  };

  /** What it asks about is not shown any more. */
  leave(): void {
    if (this.#order !== null) this.#close();
  }

  readonly #close = (): void => {
    if (this.#state !== "doing") this.#finish(null);
  };

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }
}

export type { ActDialog };

customElements.define("canvas-act-dialog", ActDialog);
