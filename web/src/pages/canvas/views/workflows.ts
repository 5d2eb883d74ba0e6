/** All workflows of the owner, with search and state. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { View } from "../app.ts";
import { flowIcon, plusIcon, searchIcon } from "../icons.ts";
import type { WorkflowPage, WorkflowView } from "../models.ts";
import { Paged } from "../paged.ts";
import { bones } from "../parts/bones.ts";
import { failureNotice } from "../parts/failure.ts";
import { lastUse, sparkline, sparkStyles } from "../parts/sparkline.ts";
import { stateChip } from "../parts/state-chip.ts";
import { paths } from "../router.ts";
import { fill, words } from "../strings.ts";

const PAGE = 50;
/** The turns of so many days are shown beside each workflow. */
const DAYS = 30;
const PAUSE_MS = 200;
const STATES = ["", "public", "private", "archived"] as const;

export class WorkflowsView extends View {
  static override styles = [...View.styles, sparkStyles];
  readonly #list = new Paged<WorkflowView>(this, () => this.app.connection);
  readonly #over = new AbortController();
  readonly #turns = new Map<string, readonly number[]>();
  #search = "";
  #state = "";
  #pause: ReturnType<typeof setTimeout> | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    const query = this.app.router.query;
    this.#search = query.get("q") ?? "";
    this.#state = query.get("state") ?? "";
    void this.#fetch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#over.abort();
    if (this.#pause !== null) clearTimeout(this.#pause);
  }

  #fetch(): Promise<void> {
    const [search, state] = [this.#search.trim(), this.#state];
    const filter = {
      ...(search === "" ? {} : { search }),
      ...(state === "public" || state === "private" ? { public: state === "public" } : {}),
      ...(state === "archived" ? { include_archived: true } : {}),
    };
    return this.#list.start(async (after, signal) => {
      const from = after === null ? {} : { after };
      const given = { ...filter, ...from, limit: PAGE };
      const page = await this.app.api.perform<WorkflowPage>("workflows.list", given, signal);
      void this.#countTurns(given);
      return { entries: page.workflows, next: page.next_after };
    });
  }

  /** After the list is there, as counting takes long where there are very many turns; without it the list is whole. */
  async #countTurns(given: object): Promise<void> {
    const asked = { ...given, days: DAYS };
    const { signal } = this.#over;
    const page = await this.app.api.perform<WorkflowPage>("workflows.list", asked, signal).catch(() => null);
    for (const { id, turns_by_day: turns } of page?.workflows ?? []) if (turns) this.#turns.set(id, turns);
    this.requestUpdate();
  }

  #filtered(): void {
    this.app.router.keep({ q: this.#search, state: this.#state });
    void this.#fetch();
  }

  readonly #typed = (event: Event): void => {
    this.#search = (event.target as HTMLInputElement).value;
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#filtered(), PAUSE_MS);
  };

  readonly #chosen = (event: Event): void => {
    this.#state = (event.target as HTMLSelectElement).value;
    this.#filtered();
  };

  readonly #showAll = (): void => {
    this.#search = "";
    this.#state = "";
    this.#filtered();
  };

  override render(): TemplateResult {
    this.titled(words.workflows);
    const { entries, error } = this.#list;
    const isFiltered = this.#search.trim() !== "" || this.#state !== "";
    return html`<div class="head">
        <h1 tabindex="-1">${words.workflows}</h1>
        <a class="solid" href=${paths.register}>${words.register}</a>
      </div>
      ${entries?.length === 0 && !isFiltered ? nothing : this.#filters()}
      <div class="stack">
        ${error === null ? nothing : failureNotice(error, this.app, () => void this.#list.reload())}
        ${entries === null ? (error === null ? bones() : nothing) : this.#listTemplate(entries, isFiltered)}
      </div>`;
  }

  #filters(): TemplateResult {
    const labels = {
      "": words.stateAll,
      public: words.statePublic,
      private: words.statePrivate,
      archived: words.withArchived,
    };
    return html`<search class="filters">
      <div class="field grow">
        <label for="search">${words.searchWorkflows}</label>
        <input id="search" type="search" dir="auto" autocomplete="off" .value=${this.#search} @input=${this.#typed} />
      </div>
      <div class="field">
        <label for="state">${words.state}</label>
        <select id="state" @change=${this.#chosen}>
          ${STATES.map((each) => html`<option value=${each} ?selected=${each === this.#state}>${labels[each]}</option>`)}
        </select>
      </div>
    </search>`;
  }

  #listTemplate(entries: readonly WorkflowView[], isFiltered: boolean): TemplateResult {
    if (entries.length === 0) return isFiltered ? this.#noneFound() : noneYet();
    const count = fill(this.#list.hasMore ? words.countShownMore : words.countShown, {
      count: entries.length,
    });
    return html`<div>
      <ul class="list" aria-label=${words.workflows} aria-busy=${this.#list.isPending}>
        ${repeat(
          entries,
          (each) => each.id,
          (each) => row(each, this.#turns.get(each.id)),
        )}
      </ul>
      <div class="more">
        <p class="soft small" role="status">${count}</p>
        ${
          this.#list.hasMore
            ? html`<button type="button" class="quiet" ?disabled=${this.#list.isPending} @click=${() => void this.#list.more()}>
                ${words.showMore}
              </button>`
            : nothing
        }
      </div>
    </div>`;
  }

  #noneFound(): TemplateResult {
    return html`<div class="empty">
      ${searchIcon}
      <h2>${words.noneFoundTitle}</h2>
      <p>${words.noneFoundText}</p>
      <button type="button" class="quiet" @click=${this.#showAll}>${words.showAll}</button>
    </div>`;
  }
}

function noneYet(): TemplateResult {
  return html`<div class="empty">
    ${flowIcon}
    <h2>${words.noWorkflowsTitle}</h2>
    <p>${words.noWorkflowsText}</p>
    <a class="quiet" href=${paths.register}>${plusIcon}${words.register}</a>
  </div>`;
}

function row(workflow: WorkflowView, turns: readonly number[] | undefined): TemplateResult {
  return html`<li>
    <div class="main">
      <a href=${paths.workflow(workflow.id)}><bdi>${workflow.name}</bdi></a>
      <p><code>${workflow.handle}</code>${workflow.description === "" ? nothing : html` · <bdi>${workflow.description}</bdi>`}</p>
    </div>
    <div class="row">${stateChip(workflow)}</div>
    <div class="use small soft">${turns === undefined ? nothing : html`${sparkline(turns)}<span>${lastUse(turns)}</span>`}</div>
  </li>`;
}

customElements.define("canvas-workflows", WorkflowsView);
