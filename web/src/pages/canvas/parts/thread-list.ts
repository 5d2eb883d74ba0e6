/** The conversations of a workflow: found by words, visitor or failure, exported, purged. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { View } from "../app.ts";
import { listIcon, searchIcon } from "../icons.ts";
import { LiveNews, type News } from "../live-news.ts";
import type { ThreadPage, ThreadSummary, WorkflowView } from "../models.ts";
import { Paged } from "../paged.ts";
import { paths } from "../router.ts";
import { fill, words } from "../strings.ts";
import { moment } from "../words.ts";
import { bones } from "./bones.ts";
import { failureNotice, fieldFaults } from "./failure.ts";

const PAGE = 50;
const PAUSE_MS = 250;
/** A busy workflow changes all the time. */
const RENEWED_EVERY_MS = 1_000;

class ThreadList extends View {
  static override properties = { workflow: { attribute: false } };
  declare workflow: WorkflowView;
  readonly #list = new Paged<ThreadSummary>(this, () => this.app.connection);
  readonly #news = new LiveNews(
    this,
    () => this.app.connection,
    (news, isFirst) => this.#hear(news, isFirst),
    () => {}, // What the list itself asks for says why.
  );
  /** Threads in which a turn runs now. */
  #running: ReadonlySet<string> = new Set();
  #renewal: ReturnType<typeof setTimeout> | null = null;
  #renewedAt = 0;
  #search = "";
  #visitor = "";
  #isFailed = false;
  #pause: ReturnType<typeof setTimeout> | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    const { query } = this.app.router;
    this.#search = query.get("q") ?? "";
    this.#visitor = query.get("visitor") ?? "";
    this.#isFailed = query.get("failed") === "yes";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#pause !== null) clearTimeout(this.#pause);
    if (this.#renewal !== null) clearTimeout(this.#renewal);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("workflow") as WorkflowView | undefined;
    if (!changed.has("workflow") || before?.id === this.workflow.id) return;
    const { id } = this.workflow;
    this.#running = new Set();
    void this.#fetch();
    this.#news.listen((signal) => this.app.api.watch(id, null, signal));
  }

  #hear({ running, changed, is_cut }: News, isFirst: boolean): void {
    this.#running = new Set(running);
    this.requestUpdate();
    if (isFirst || is_cut || changed.length > 0) this.#renewSoon();
  }

  #renewSoon(): void {
    if (this.#renewal !== null) return;
    const wait = Math.max(0, this.#renewedAt + RENEWED_EVERY_MS - Date.now());
    this.#renewal = setTimeout(() => {
      this.#renewal = null;
      this.#renewedAt = Date.now();
      void this.#list.renew(({ id }) => id);
    }, wait);
  }

  get #isFiltered(): boolean {
    return this.#search.trim() !== "" || this.#visitor.trim() !== "" || this.#isFailed;
  }

  #fetch(): Promise<void> {
    const [search, visitor] = [this.#search.trim(), this.#visitor.trim()];
    const filter = {
      ref: this.workflow.id,
      ...(search === "" ? {} : { search }),
      ...(visitor === "" ? {} : { visitor }),
      ...(this.#isFailed ? { failed: true } : {}),
    };
    return this.#list.start(async (after, signal) => {
      const given = { ...filter, ...(after === null ? {} : { after }), limit: PAGE };
      const page = await this.app.api.perform<ThreadPage>("threads.list", given, signal);
      return { entries: page.threads, next: page.next_after };
    });
  }

  #filtered(): void {
    const failed = this.#isFailed ? "yes" : "";
    this.app.router.keep({ q: this.#search, visitor: this.#visitor, failed });
    void this.#fetch();
    this.requestUpdate();
  }

  #later(): void {
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#filtered(), PAUSE_MS);
  }

  override render(): TemplateResult {
    const { entries, error } = this.#list;
    const fault = fieldFaults(error).visitor;
    return html`<search class="filters">
        <div class="field grow">
          <label for="search">${words.searchThreads}</label>
          <input id="search" type="search" dir="auto" autocomplete="off" .value=${this.#search}
            @input=${(event: Event) => {
              this.#search = (event.target as HTMLInputElement).value;
              this.#later();
            }} />
        </div>
        <div class="field grow">
          <label for="visitor">${words.visitor}</label>
          <input id="visitor" type="text" dir="ltr" autocomplete="off" spellcheck="false" placeholder="oidc:…"
            aria-invalid=${fault !== undefined} .value=${this.#visitor}
            @input=${(event: Event) => {
              this.#visitor = (event.target as HTMLInputElement).value;
              this.#later();
            }} />
        </div>
        <div class="flag">
          <input id="failed" type="checkbox" .checked=${this.#isFailed}
            @change=${(event: Event) => {
              this.#isFailed = (event.target as HTMLInputElement).checked;
              this.#filtered();
            }} />
          <label for="failed">${words.onlyFailed}</label>
        </div>
        <button type="button" class="quiet" @click=${this.#purge}>${words.purge}</button>
      </search>
      <div class="stack">
        ${fault === undefined ? nothing : html`<p class="fault" role="alert">${fault}</p>`}
        ${error === null || fault !== undefined ? nothing : failureNotice(error, this.app, () => void this.#list.reload())}
        ${entries === null ? (error === null ? bones() : nothing) : this.#listTemplate(entries)}
      </div>`;
  }

  #listTemplate(entries: readonly ThreadSummary[]): TemplateResult {
    if (entries.length === 0)
      return html`<div class="empty">
        ${this.#isFiltered ? searchIcon : listIcon}
        <h2>${this.#isFiltered ? words.noThreadsFound : words.noThreadsTitle}</h2>
        ${this.#isFiltered ? nothing : html`<p>${words.noThreadsText}</p>`}
      </div>`;
    return html`<div>
      <ul class="list" aria-label=${words.threads} aria-busy=${this.#list.isPending}>
        ${repeat(
          entries,
          (each) => each.id,
          (each) => this.#row(each),
        )}
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

  #row(thread: ThreadSummary): TemplateResult {
    return html`<li>
      <div class="main">
        <a href=${paths.thread(this.workflow.id, thread.id)}><bdi>${thread.title || words.untitled}</bdi></a>
        <p><bdi><code>${thread.subject}</code></bdi></p>
      </div>
      ${this.#running.has(thread.id) ? html`<span class="chip" data-state="running">${words.answeringNow}</span>` : nothing}
      ${moment(thread.updated_at)}
    </li>`;
  }

  readonly #purge = async (): Promise<void> => {
    const visitor = this.#visitor.trim();
    const result = await this.app.act({
      operation: "threads.purge",
      title: fill(words.purgeTitle, { name: this.workflow.name }),
      confirm: words.purgeConfirm,
      given: { ref: this.workflow.id },
      choices: ["older_than_days", "visitor", "all"],
      start: visitor === "" ? {} : { visitor },
      asksAlways: true,
    });
    if (result !== null) await this.#list.reload();
  };
}

customElements.define("canvas-thread-list", ThreadList);
