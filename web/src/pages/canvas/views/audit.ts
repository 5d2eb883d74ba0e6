/** Who did what, when, and through which door. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { OperationEntry } from "../api.ts";
import { View } from "../app.ts";
import { listIcon } from "../icons.ts";
import type { AuditEntry, AuditPage } from "../models.ts";
import { Paged } from "../paged.ts";
import { bones } from "../parts/bones.ts";
import { failureNotice, fieldFaults } from "../parts/failure.ts";
import { paths } from "../router.ts";
import { choicesOf } from "../schema.ts";
import { fill, words } from "../strings.ts";
import { moment } from "../words.ts";

const PAGE = 50;
const PAUSE_MS = 250;
const FILTERS = ["workflow", "actor", "act", "since", "until"] as const;
type Filter = (typeof FILTERS)[number];

export class AuditView extends View {
  readonly #list = new Paged<AuditEntry>(this, () => this.app.connection);
  readonly #operation = this.loading<OperationEntry>();
  #filter: Readonly<Record<Filter, string>> = { workflow: "", actor: "", act: "", since: "", until: "" };
  #pause: ReturnType<typeof setTimeout> | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    const { query } = this.app.router;
    for (const name of FILTERS) this.#filter = { ...this.#filter, [name]: query.get(name) ?? "" };
    void this.#operation.run(() => this.app.api.operation("audit.list"));
    void this.#fetch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#pause !== null) clearTimeout(this.#pause);
  }

  #fetch(): Promise<void> {
    const given = Object.fromEntries(
      Object.entries(this.#filter)
        .map(([name, value]) => [name, value.trim()] as const)
        .filter(([, value]) => value !== ""),
    );
    return this.#list.start(async (after, signal) => {
      const from = after === null ? {} : { after };
      const page = await this.app.api.perform<AuditPage>(
        "audit.list",
        { ...given, ...from, limit: PAGE },
        signal,
      );
      return { entries: page.audit_entries, next: page.next_after };
    });
  }

  #change(name: Filter, value: string): void {
    this.#filter = { ...this.#filter, [name]: value };
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.app.router.keep({ ...this.#filter });
      void this.#fetch();
    }, PAUSE_MS);
  }

  override render(): TemplateResult {
    this.titled(words.audit);
    const { entries, error } = this.#list;
    const faults = fieldFaults(error);
    const wrong = Object.values(faults)[0];
    return html`<div class="head">
        <div>
          <h1 tabindex="-1">${words.audit}</h1>
          <p class="soft">${words.auditIntro}</p>
        </div>
      </div>
      <search class="filters">
        ${this.#text("workflow", words.auditWorkflow, faults)} ${this.#text("actor", words.auditActor, faults)}
        ${this.#acts()} ${this.#date("since", words.auditSince, faults)} ${this.#date("until", words.auditUntil, faults)}
      </search>
      <div class="stack">
        ${wrong === undefined ? nothing : html`<p class="fault" role="alert">${wrong}</p>`}
        ${error === null || wrong !== undefined ? nothing : failureNotice(error, this.app, () => void this.#list.reload())}
        ${entries === null ? (error === null ? bones() : nothing) : this.#listTemplate(entries)}
      </div>`;
  }

  #text(name: Filter, label: string, faults: Readonly<Record<string, string>>): TemplateResult {
    return html`<div class="field">
      <label for=${name}>${label}</label>
      <input id=${name} type="text" dir="auto" autocomplete="off" spellcheck="false" .value=${this.#filter[name]}
        aria-invalid=${faults[name] !== undefined}
        @input=${(event: Event) => this.#change(name, (event.target as HTMLInputElement).value)} />
    </div>`;
  }

  #date(name: Filter, label: string, faults: Readonly<Record<string, string>>): TemplateResult {
    return html`<div class="field">
      <label for=${name}>${label}</label>
      <input id=${name} type="date" .value=${this.#filter[name]} aria-invalid=${faults[name] !== undefined}
        @change=${(event: Event) => this.#change(name, (event.target as HTMLInputElement).value)} />
    </div>`;
  }

  #acts(): TemplateResult {
    const choices = choicesOf(this.#operation.value?.schema.properties?.act ?? {});
    return html`<div class="field">
      <label for="act">${words.auditAct}</label>
      <select id="act" @change=${(event: Event) => this.#change("act", (event.target as HTMLSelectElement).value)}>
        <option value="">${words.anyAct}</option>
        ${choices.map((each) => html`<option value=${each} ?selected=${each === this.#filter.act}>${each}</option>`)}
      </select>
    </div>`;
  }

  #listTemplate(entries: readonly AuditEntry[]): TemplateResult {
    if (entries.length === 0) return html`<div class="empty">${listIcon}<h2>${words.noAudit}</h2></div>`;
    return html`<div>
      <ul class="list" aria-label=${words.audit} aria-busy=${this.#list.isPending}>
        ${repeat(entries, (each) => each.id, entryTemplate)}
      </ul>
      ${
        this.#list.hasMore
          ? html`<div class="more">
              <button type="button" class="quiet" ?disabled=${this.#list.isPending} @click=${() => void this.#list.more()}>
                ${words.showMore}
              </button>
            </div>`
          : nothing
      }
    </div>`;
  }
}

function entryTemplate(entry: AuditEntry): TemplateResult {
  const { workflow_id: id, handle, note, actor, actor_label: label } = entry;
  const about = handle ?? id;
  return html`<li>
    <div class="main">
      <span class="mono">${entry.act}</span>
      ${about === null ? nothing : html` · ${id === null ? html`<bdi>${about}</bdi>` : html`<span class="link"><a href=${paths.workflow(id)} class="plain-link"><bdi>${about}</bdi></a></span>`}`}
      <p><bdi>${actor}</bdi>${label === "" ? nothing : html` (<bdi>${label}</bdi>)`} ${fill(words.channel, { channel: entry.channel })}</p>
      ${note === "" ? nothing : html`<p><bdi>${note}</bdi></p>`}
    </div>
    ${moment(entry.at)}
  </li>`;
}

customElements.define("canvas-audit", AuditView);
