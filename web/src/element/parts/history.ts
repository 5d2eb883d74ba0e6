/** `<orcheo-history>`: the visitor's threads, to find, open, rename, keep and delete. Loaded when it is first shown. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { type Language, speak } from "../language.ts";
import type { ChatClient } from "../protocol/chat-client.ts";
import type { Page, WireThread } from "../protocol/wire.ts";
import { fill, strings } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import { controlStyles } from "../styles/controls.ts";
import { historyStyles } from "../styles/history.ts";
import { partStyles } from "../styles/parts.ts";
import { showHelp } from "./help.ts";
import { chime, keepWishes, type Notifications, wishesOf } from "./notify.ts";
import { type ExportFormat, saveThread } from "./thread-export.ts";
import "./icon.ts";

const PAGE = 30;
/** Milliseconds in which a deletion can be taken back. */
const UNDO_TIME = 10_000;

type Editing =
  | { threadId: string; kind: "rename" | "export" }
  | { threadId: null; kind: "delete-all" }
  | null;

class OrcheoHistory extends LitElement {
  static override properties = {
    client: { attribute: false },
    current: { attribute: false },
    canDelete: { attribute: false },
    canRename: { attribute: false },
    notifications: { attribute: false },
    language: { attribute: false },
  };

  static override styles = [controlStyles, partStyles, historyStyles];

  declare client: ChatClient | null;
  declare current: string | null;
  declare canDelete: boolean;
  declare canRename: boolean;
  declare notifications: Notifications | "visitor" | undefined;
  declare language: Language;
  #threads: readonly WireThread[] = [];
  #after: string | null = null;
  #status: "loading" | "loaded" | "failed" = "loading";
  #editing: Editing = null;
  #wanted = "";
  /** Deletions that can still be taken back, by thread. */
  readonly #going = new Map<string, ReturnType<typeof setTimeout>>();
  #abort = new AbortController();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#abort = new AbortController();
    this.addEventListener("keydown", this.#keyPressed);
    document.addEventListener("keydown", this.#keyPressedNowhere);
    addEventListener("pagehide", this.#deleteNow);
    this.tabIndex = -1;
    this.focus();
    void this.updateComplete.then(() => this.#load()).then(() => this.#seek());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("pagehide", this.#deleteNow);
    this.#deleteNow();
    this.#abort.abort();
    this.removeEventListener("keydown", this.#keyPressed);
    document.removeEventListener("keydown", this.#keyPressedNowhere);
  }

  override willUpdate(): void {
    speak(this.language);
  }

  override render(): TemplateResult {
    if (this.#status === "failed")
      return html`<p class="note" role="alert">${laterStrings.historyFailed}
        <button type="button" class="quiet" @click=${() => this.#load()}>${strings.tryAgain}</button></p>`;
    if (this.#status === "loading" && this.#threads.length === 0)
      return html`<p class="note" role="status">${strings.loading}</p>`;
    if (this.#threads.length === 0) return html`<p class="note">${laterStrings.historyEmpty}</p>`;
    const found = this.#found();
    return html`<input class="find" type="search" dir="auto" aria-label=${laterStrings.findThread} placeholder=${laterStrings.findThread} .value=${this.#wanted} @input=${this.#wantedChanged} />
      <ul class="list" aria-label=${strings.history}>
        ${repeat(
          found,
          ({ id }) => id,
          (thread) =>
            html`<li class="thread" ?data-current=${thread.id === this.current} ?data-gone=${this.#going.has(thread.id)}>${this.#rowTemplate(thread)}</li>`,
        )}
      </ul>
      <p class="note" role="status">${found.length === 0 && this.#status === "loaded" ? laterStrings.nothingFound : nothing}</p>
      <div class="ends">
        ${this.#after === null ? nothing : html`<button type="button" class="quiet" @click=${() => this.#load()}>${laterStrings.showMore}</button>`}
        <button type="button" class="quiet" @click=${() => showHelp(this.getRootNode() as ShadowRoot)}>${laterStrings.shortcuts}</button>
        ${this.canDelete ? this.#deleteAllTemplate() : nothing}
        ${this.notifications === "visitor" ? this.#wishesTemplate() : nothing}
      </div>`;
  }

  #found(): readonly WireThread[] {
    const wanted = this.#wanted.trim().toLocaleLowerCase();
    if (wanted === "") return this.#threads;
    return this.#threads.filter(({ title }) =>
      (title || laterStrings.untitled).toLocaleLowerCase().includes(wanted),
    );
  }

  /** What is sought may be among those that are not loaded yet. */
  async #wantedChanged(input: InputEvent): Promise<void> {
    this.#wanted = (input.target as HTMLInputElement).value;
    this.requestUpdate();
    while (this.#wanted !== "" && this.#after !== null && this.#status === "loaded") await this.#load();
  }

  #deleteAllTemplate(): TemplateResult {
    if (this.#editing?.kind !== "delete-all")
      return html`<button type="button" class="quiet" @click=${() => this.#edit({ threadId: null, kind: "delete-all" })}>${laterStrings.deleteAll}</button>`;
    return html`<div class="asked" role="group" aria-label=${laterStrings.deleteAllAsk}>
      <span>${laterStrings.deleteAllAsk}</span>
      <button type="button" class="solid" @click=${() => this.#deleteAll()}>${laterStrings.deleteNow}</button>
      <button type="button" class="quiet" @click=${() => this.#edit(null)}>${laterStrings.keep}</button>
    </div>`;
  }

  /** In a frame there is no mark to choose: its title is never seen. */
  #wishesTemplate(): TemplateResult {
    const wishes = wishesOf("visitor");
    const box = (name: keyof Notifications, label: string) => {
      const changed = ({ target }: Event) => {
        const { checked } = target as HTMLInputElement;
        keepWishes({ ...wishesOf("visitor"), [name]: checked });
        if (name === "sound" && checked) chime();
      };
      return html`<label><input type="checkbox" ?checked=${wishes[name] === true} @change=${changed} />${label}</label>`;
    };
    return html`<fieldset>
      <legend>${laterStrings.whileAway}</legend>
      ${box("sound", laterStrings.answerSound)}
      ${window.parent === window ? box("titleBadge", laterStrings.answerBadge) : nothing}
    </fieldset>`;
  }

  #rowTemplate(thread: WireThread): TemplateResult {
    const title = thread.title || laterStrings.untitled;
    if (this.#going.has(thread.id)) return this.#goneTemplate(thread);
    if (this.#editing?.threadId === thread.id)
      return this.#editing.kind === "rename" ? this.#renameTemplate(thread) : this.#exportTemplate(thread);
    const edit = (kind: "rename" | "export", icon: string, label: string) =>
      html`<button type="button" class="bare" aria-label=${fill(label, { title })} title=${fill(label, { title })} @click=${() => this.#edit({ threadId: thread.id, kind })}>
        <orcheo-icon name=${icon}></orcheo-icon>
      </button>`;
    return html`<button type="button" class="open" aria-current=${thread.id === this.current} @click=${() => this.#tell("history-open", { threadId: thread.id })}>
        <span dir="auto">${title}</span>${this.#dateTemplate(thread)}
      </button>
      ${this.canRename ? edit("rename", "write", laterStrings.renameThread) : nothing}
      ${edit("export", "lucide:download", laterStrings.saveThread)}
      ${this.canDelete ? this.#deleteButton(thread.id, title) : nothing}`;
  }

  #deleteButton(threadId: string, title: string): TemplateResult {
    const label = fill(laterStrings.deleteThread, { title });
    return html`<button type="button" class="bare" aria-label=${label} title=${label} @click=${() => this.#deleteSoon(threadId)}>
      <orcheo-icon name="lucide:trash-2"></orcheo-icon>
    </button>`;
  }

  #dateTemplate({ created_at: created }: WireThread): TemplateResult | typeof nothing {
    const date = created === undefined ? null : new Date(created);
    if (date === null || Number.isNaN(date.getTime())) return nothing;
    const shown = new Intl.DateTimeFormat(this.language.locale, {
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
      <button type="button" class="quiet" @click=${() => this.#edit(null)}>${laterStrings.cancel}</button>
    </form>`;
  }

  #goneTemplate({ id, title }: WireThread): TemplateResult {
    return html`<div class="asked">
      <span role="status">${fill(laterStrings.deleted, { title: title || laterStrings.untitled })}</span>
      <button type="button" class="quiet" @click=${() => this.#undo(id)}>${laterStrings.undo}</button>
    </div>`;
  }

  #exportTemplate(thread: WireThread): TemplateResult {
    const button = (format: ExportFormat, label: string) =>
      html`<button type="button" class="quiet" @click=${() => this.#export(thread, format)}>${label}</button>`;
    return html`<div class="asked" role="group" aria-label=${fill(laterStrings.saveThread, { title: thread.title || laterStrings.untitled })}>
      <span dir="auto">${thread.title || laterStrings.untitled}</span>
      ${button("markdown", "Markdown")} ${button("json", "JSON")}
      <button type="button" class="quiet" @click=${() => this.#edit(null)}>${laterStrings.cancel}</button>
    </div>`;
  }

  readonly #keyPressed = (key: KeyboardEvent): void => {
    if (key.key !== "Escape" || key.isComposing) return;
    key.stopPropagation();
    if (this.#editing !== null) this.#edit(null);
    else this.#tell("history-close", {});
  };

  /** After Tab has left the page, or a click beside everything, nothing has the focus. */
  readonly #keyPressedNowhere = (key: KeyboardEvent): void => {
    if (key.target === document.body && !key.defaultPrevented) this.#keyPressed(key);
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

  /** Who has come to find a thread types at once; on a touch screen that would open the keyboard over the list. */
  async #seek(): Promise<void> {
    await this.updateComplete;
    if (
      this.matches(":focus") &&
      this.shadowRoot?.activeElement === null &&
      matchMedia("(pointer: fine)").matches
    )
      this.renderRoot.querySelector<HTMLElement>(".find")?.focus();
  }

  async #rename(threadId: string, title: string): Promise<void> {
    const params = { thread_id: threadId, title };
    await this.#change({ type: "threads.update", params }, () => {
      this.#threads = this.#threads.map((each) => (each.id === threadId ? { ...each, title } : each));
      this.#tell("history-renamed", { threadId, title });
      this.#tell("history-changed", { threadId });
    });
  }

  /** The server is told when it can no longer be taken back. */
  #deleteSoon(threadId: string): void {
    this.#going.set(
      threadId,
      setTimeout(() => void this.#delete(threadId), UNDO_TIME),
    );
    this.requestUpdate();
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>("[data-gone] button")?.focus(),
    );
  }

  #undo(threadId: string): void {
    clearTimeout(this.#going.get(threadId));
    this.#going.delete(threadId);
    this.requestUpdate();
    void this.updateComplete.then(() => this.focus());
  }

  readonly #deleteNow = (): void => {
    for (const threadId of this.#going.keys()) void this.#delete(threadId);
  };

  async #delete(threadId: string): Promise<void> {
    clearTimeout(this.#going.get(threadId));
    this.#going.delete(threadId);
    this.#threads = this.#threads.filter(({ id }) => id !== threadId);
    this.#tell("history-deleted", { threadId });
    this.requestUpdate();
    try {
      // It is sent although the list, or the page, is being left.
      const signal = AbortSignal.timeout(10_000);
      await this.client?.call({ type: "threads.delete", params: { thread_id: threadId } }, signal);
      this.#tell("history-changed", { threadId });
    } catch {
      this.#fail();
    }
  }

  async #deleteAll(): Promise<void> {
    this.#edit(null);
    this.#wanted = "";
    while (this.#after !== null && this.#status === "loaded") await this.#load();
    for (const { id } of this.#threads) {
      if (this.#status === "loaded") await this.#delete(id);
    }
  }

  async #export(thread: WireThread, format: ExportFormat): Promise<void> {
    const { client } = this;
    if (client === null) return;
    try {
      await saveThread(client, thread, format, this.#abort.signal);
      this.#edit(null);
    } catch {
      this.#fail();
    }
  }

  #fail(): void {
    this.#status = "failed";
    this.requestUpdate();
  }

  async #change(request: Parameters<ChatClient["call"]>[0], done: () => void): Promise<void> {
    try {
      await this.client?.call(request, this.#abort.signal);
      done();
      this.#edit(null);
    } catch {
      this.#fail();
    }
  }

  #tell(name: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

if (customElements.get("orcheo-history") === undefined)
  customElements.define("orcheo-history", OrcheoHistory);
