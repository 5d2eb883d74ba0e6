/** `<orcheo-history>`: the visitor's threads, to open, rename and delete. Loaded when it is first shown. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { ChatClient } from "../protocol/chat-client.ts";
import type { Page, WireThread } from "../protocol/wire.ts";
import { fill, strings } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import { controlStyles } from "../styles/controls.ts";
import { partStyles } from "../styles/parts.ts";
import "./icon.ts";

const PAGE = 30;

type Editing = { threadId: string; kind: "rename" | "delete" } | null;

class OrcheoHistory extends LitElement {
  static override properties = {
    client: { attribute: false },
    current: { attribute: false },
    canDelete: { attribute: false },
    canRename: { attribute: false },
    locale: { attribute: false },
  };

  static override styles = [
    controlStyles,
    partStyles,
    css`
      :host {
        display: block;
        overflow: auto;
        scrollbar-width: thin;
      }

      :host(:focus) {
        outline: 0;
      }

      * {
        box-sizing: border-box;
      }

      .list {
        inline-size: min(100%, 46rem);
        margin: 0 auto;
        padding: 0.75rem 1rem 2rem;
        list-style: none;
      }

      .thread {
        display: flex;
        align-items: center;
        gap: 0.25rem;
        padding-inline: 0.5rem;
        border-radius: 0.75rem;
      }

      .thread:is(:hover, :focus-within),
      .thread[data-current] {
        background: var(--soft);
      }

      .open {
        display: flex;
        flex: 1;
        flex-wrap: wrap;
        gap: 0 0.75rem;
        min-inline-size: 0;
        min-block-size: 2.75rem;
        align-items: center;
        padding: 0.35rem 0.5rem;
        border: 0;
        background: none;
        text-align: start;
      }

      .open > span {
        overflow-wrap: anywhere;
      }

      .open > time {
        color: var(--ink-soft);
        font-size: calc(0.8125 * var(--base-size, 1rem));
      }

      form,
      .asked {
        display: flex;
        flex: 1;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
        padding: 0.35rem 0;
      }

      form input {
        flex: 1;
        min-inline-size: 8rem;
        min-block-size: 2.25rem;
        padding: 0.25rem 0.6rem;
        border: 1px solid var(--edge);
        border-radius: 0.6rem;
        background: var(--raised);
        color: inherit;
        font: inherit;
      }

      .note {
        padding: 2rem 1rem;
        color: var(--ink-soft);
        text-align: center;
      }
    `,
  ];

  declare client: ChatClient | null;
  declare current: string | null;
  declare canDelete: boolean;
  declare canRename: boolean;
  declare locale: string;
  #threads: readonly WireThread[] = [];
  #after: string | null = null;
  #status: "loading" | "loaded" | "failed" = "loading";
  #editing: Editing = null;
  #abort = new AbortController();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#abort = new AbortController();
    this.addEventListener("keydown", this.#keyPressed);
    this.tabIndex = -1;
    this.focus();
    void this.updateComplete.then(() => this.#load());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#abort.abort();
    this.removeEventListener("keydown", this.#keyPressed);
  }

  override render(): TemplateResult {
    if (this.#status === "failed")
      return html`<p class="note" role="alert">${laterStrings.historyFailed}
        <button type="button" class="quiet" @click=${() => this.#load()}>${strings.tryAgain}</button></p>`;
    if (this.#status === "loading" && this.#threads.length === 0)
      return html`<p class="note" role="status">${strings.loading}</p>`;
    if (this.#threads.length === 0) return html`<p class="note">${laterStrings.historyEmpty}</p>`;
    return html`<ul class="list" aria-label=${strings.history}>
        ${this.#threads.map((thread) => html`<li class="thread" ?data-current=${thread.id === this.current}>${this.#rowTemplate(thread)}</li>`)}
      </ul>
      ${this.#after === null ? nothing : html`<p class="note"><button type="button" class="quiet" @click=${() => this.#load()}>${laterStrings.showMore}</button></p>`}`;
  }

  #rowTemplate(thread: WireThread): TemplateResult {
    const title = thread.title || laterStrings.untitled;
    if (this.#editing?.threadId === thread.id)
      return this.#editing.kind === "rename" ? this.#renameTemplate(thread) : this.#deleteTemplate(thread);
    const edit = (kind: "rename" | "delete", icon: string, label: string) =>
      html`<button type="button" class="bare" aria-label=${fill(label, { title })} title=${fill(label, { title })} @click=${() => this.#edit({ threadId: thread.id, kind })}>
        <orcheo-icon name=${icon}></orcheo-icon>
      </button>`;
    return html`<button type="button" class="open" aria-current=${thread.id === this.current} @click=${() => this.#tell("history-open", { threadId: thread.id })}>
        <span dir="auto">${title}</span>${this.#dateTemplate(thread)}
      </button>
      ${this.canRename ? edit("rename", "write", laterStrings.renameThread) : nothing}
      ${this.canDelete ? edit("delete", "lucide:trash-2", laterStrings.deleteThread) : nothing}`;
  }

  #dateTemplate({ created_at: created }: WireThread): TemplateResult | typeof nothing {
    const date = created === undefined ? null : new Date(created);
    if (date === null || Number.isNaN(date.getTime())) return nothing;
    const shown = new Intl.DateTimeFormat(this.locale || undefined, {
      dateStyle: "medium",
      timeStyle: "short",
    });
    return html`<time datetime=${date.toISOString()}>${shown.format(date)}</time>`;
  }

  #renameTemplate({ id, title = "" }: WireThread): TemplateResult {
    const submitted = (submit: SubmitEvent) => {
      submit.preventDefault();
      const given = String(new FormData(submit.target as HTMLFormElement).get("title")).trim();
      if (given !== "") void this.#rename(id, given);
    };
    return html`<form @submit=${submitted}>
      <input name="title" aria-label=${laterStrings.title} maxlength="200" required .value=${title} />
      <button class="solid">${laterStrings.save}</button>
      <button type="button" class="quiet" @click=${() => this.#edit(null)}>${laterStrings.keep}</button>
    </form>`;
  }

  #deleteTemplate({ id }: WireThread): TemplateResult {
    return html`<div class="asked" role="group" aria-label=${laterStrings.deleteAsk}>
      <span>${laterStrings.deleteAsk}</span>
      <button type="button" class="solid" @click=${() => this.#delete(id)}>${laterStrings.deleteNow}</button>
      <button type="button" class="quiet" @click=${() => this.#edit(null)}>${laterStrings.keep}</button>
    </div>`;
  }

  readonly #keyPressed = (key: KeyboardEvent): void => {
    if (key.key !== "Escape") return;
    key.stopPropagation();
    if (this.#editing !== null) this.#edit(null);
    else this.#tell("history-close", {});
  };

  #edit(editing: Editing): void {
    this.#editing = editing;
    this.requestUpdate();
    // The button that had the focus is gone.
    void this.updateComplete.then(() => {
      (this.renderRoot.querySelector<HTMLElement>("form input, .asked button") ?? this).focus();
    });
  }

  async #load(): Promise<void> {
    if (this.client === null) return;
    this.#status = "loading";
    this.requestUpdate();
    try {
      const cursor = this.#after === null ? {} : { after: this.#after };
      const params = { limit: PAGE, order: "desc", ...cursor } as const;
      const page = await this.client.call<Page<WireThread>>(
        { type: "threads.list", params },
        this.#abort.signal,
      );
      this.#threads = [...this.#threads, ...page.data];
      this.#after = page.has_more ? (page.after ?? null) : null;
      this.#status = "loaded";
    } catch {
      this.#status = "failed";
    }
    this.requestUpdate();
  }

  async #rename(threadId: string, title: string): Promise<void> {
    const params = { thread_id: threadId, title };
    await this.#change({ type: "threads.update", params }, () => {
      this.#threads = this.#threads.map((each) => (each.id === threadId ? { ...each, title } : each));
      this.#tell("history-renamed", { threadId, title });
    });
  }

  async #delete(threadId: string): Promise<void> {
    await this.#change({ type: "threads.delete", params: { thread_id: threadId } }, () => {
      this.#threads = this.#threads.filter(({ id }) => id !== threadId);
      this.#tell("history-deleted", { threadId });
    });
  }

  async #change(request: Parameters<ChatClient["call"]>[0], done: () => void): Promise<void> {
    try {
      await this.client?.call(request, this.#abort.signal);
      done();
      this.#edit(null);
    } catch {
      this.#status = "failed";
      this.requestUpdate();
    }
  }

  #tell(name: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

if (customElements.get("orcheo-history") === undefined)
  customElements.define("orcheo-history", OrcheoHistory);
