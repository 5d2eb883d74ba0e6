/** One conversation: drawn by the chat element itself, with how each turn went beside it. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { OrcheoChat } from "../../../element/orcheo-chat.ts";
import { View } from "../app.ts";
import { loadChat } from "../chat-element.ts";
import { LiveNews, type News } from "../live-news.ts";
import { LiveTranscript, type Whole } from "../live-transcript.ts";
import type { TurnView, WorkflowView } from "../models.ts";
import { bones } from "../parts/bones.ts";
import { failureNotice, isGone } from "../parts/failure.ts";
import { save } from "../parts/secret-dialog.ts";
import { threadStyles } from "../parts/thread-styles.ts";
import { paths } from "../router.ts";
import { fill, words } from "../strings.ts";
import { moment } from "../words.ts";

interface Shown extends Whole {
  chat: OrcheoChat;
  workflow: WorkflowView;
}

interface Document {
  media_type: string;
  file_name: string;
  content: string;
  next_after: string | null;
}

export class ThreadPage extends View {
  static override styles = [...View.styles, threadStyles];
  static override properties = { ref: {}, thread: {} };
  declare ref: string;
  declare thread: string;
  readonly #whole = this.loading<Shown>();
  readonly #news = new LiveNews(
    this,
    () => this.app.connection,
    (news, isFirst) => this.#hear(news, isFirst),
    (error) => this.#refused(error),
  );
  #error: unknown = null;
  #isExporting = false;
  #isRefused = false;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("thread")) return;
    this.#isRefused = false;
    this.#whole.value = null;
    void this.#whole.run((signal) => this.#fetch(signal));
  }

  async #fetch(signal: AbortSignal): Promise<Shown> {
    const { thread, app } = this;
    const live = new LiveTranscript(app.api, thread, words.readOnly, (whole) => {
      const shown = this.#whole.value;
      if (shown === null || thread !== this.thread) return;
      this.#whole.value = { ...shown, ...whole };
      this.requestUpdate();
    });
    const [whole, workflow] = await Promise.all([
      live.read(signal),
      app.api.perform<WorkflowView>("workflows.show", { ref: this.ref }, signal),
    ]);
    const chat = await loadChat({
      api: { url: `${location.origin}/api/chatkit`, domainKey: "", fetch: live.fetch as typeof fetch },
      initialThread: thread,
      theme: "auto",
      header: { enabled: false },
      history: { enabled: false },
    });
    // The chat follows the turn by a connection of its own: one for a page is enough.
    chat.addEventListener("chatkit.response.start", () => this.#news.pause());
    chat.addEventListener("chatkit.response.end", () => this.#news.resume());
    if (!(signal.aborted || whole.isCut || this.#isRefused))
      this.#news.listen((over) => app.api.watch(workflow.id, thread, over));
    return { ...whole, chat, workflow };
  }

  /** The first news of a connection says only how things stand: something may have happened before. */
  #hear({ running, changed }: News, isFirst: boolean): void {
    if (!isFirst && running.length === 0 && changed.length === 0) return;
    void this.#whole.value?.chat.fetchUpdates().catch(() => {});
  }

  /** What was said in a conversation that is deleted is not shown any more. It is listened to once at most. */
  #refused(error: unknown): void {
    if (!isGone(error)) return;
    this.#isRefused = true;
    this.#whole.value = null;
    void this.#whole.reload();
  }

  override render(): TemplateResult {
    const { value: whole, error } = this.#whole;
    const name = whole?.workflow.name ?? "";
    this.titled(whole?.transcript.thread.title || words.threads);
    return html`<p class="small back"><a href=${paths.workflow(this.ref, "threads")}>${words.threads}</a> · <bdi>${name}</bdi></p>
      <div class="head">
        <h1 tabindex="-1"><bdi>${whole === null ? words.threads : whole.transcript.thread.title || words.untitled}</bdi></h1>
        ${whole === null ? nothing : this.#acts(whole)}
      </div>
      <div class="stack">
        ${error === null ? nothing : failureNotice(error, this.app, isGone(error) ? null : () => void this.#whole.reload())}
        ${this.#error === null ? nothing : failureNotice(this.#error, this.app, null)}
        ${whole === null ? (error === null ? bones() : nothing) : this.#wholeTemplate(whole)}
      </div>`;
  }

  #acts({ transcript, workflow }: Shown): TemplateResult {
    const { subject } = transcript.thread;
    return html`<div class="row">
      <button type="button" class="quiet" ?disabled=${this.#isExporting} @click=${() => void this.#export("markdown")}>
        ${words.exportAs} ${words.exportMarkdown}
      </button>
      <button type="button" class="quiet" ?disabled=${this.#isExporting} @click=${() => void this.#export("json")}>
        ${words.exportAs} ${words.exportJson}
      </button>
      <a class="plain" href=${`${paths.workflow(workflow.id, "threads")}?visitor=${encodeURIComponent(subject)}`}>${words.onlyThisVisitor}</a>
      <button type="button" class="quiet danger" @click=${() => void this.#purge(workflow)}>${words.purge}</button>
    </div>`;
  }

  #wholeTemplate({ transcript, entries, turns, isCut, chat }: Shown): TemplateResult {
    const cut = html`<p class="notice" role="status">${fill(words.threadCut, { count: entries.length })}</p>`;
    return html`${isCut ? cut : nothing}
    <div class="thread">
      <div class="stage">${chat}</div>
      <aside class="card" aria-labelledby="turns">
        <dl class="facts">
          <div><dt>${words.visitor}</dt><dd><bdi><code>${transcript.thread.subject}</code></bdi></dd></div>
          <div><dt>${words.lastUsed}</dt><dd>${moment(transcript.thread.updated_at)}</dd></div>
        </dl>
        <h2 id="turns">${words.turnsTitle}</h2>
        <ol class="turns">${turns.map(turnTemplate)}</ol>
      </aside>
    </div>`;
  }

  async #export(format: "markdown" | "json"): Promise<void> {
    this.#isExporting = true;
    this.#error = null;
    this.requestUpdate();
    try {
      const given = { id: this.thread, format };
      let part = await this.app.api.perform<Document>("threads.export", given);
      let text = part.content;
      while (part.next_after !== null) {
        part = await this.app.api.perform<Document>("threads.export", { ...given, after: part.next_after });
        text += part.content;
      }
      save({ text: text.replace(/\n$/, ""), fileName: part.file_name }, part.media_type);
      this.app.say(words.exported);
    } catch (error) {
      this.#error = error;
    }
    this.#isExporting = false;
    this.requestUpdate();
  }

  async #purge(workflow: WorkflowView): Promise<void> {
    const result = await this.app.act({
      operation: "threads.purge",
      title: words.purgeOneTitle,
      confirm: words.purgeConfirm,
      given: { ref: workflow.id, thread: this.thread },
    });
    if (result !== null) this.app.router.go(paths.workflow(workflow.id, "threads"), { replace: true });
  }
}

function turnTemplate(turn: TurnView): TemplateResult {
  const { code, reason, input_tokens: input, output_tokens: output } = turn;
  return html`<li>
    <div class="row spread">
      ${moment(turn.started_at)}
      <span class="chip" data-state=${turn.status === "completed" ? "public" : turn.status}>${turn.status}</span>
    </div>
    ${code === null ? nothing : html`<p class="small"><code>${code}</code> <bdi>${reason}</bdi></p>`}
    ${input === null || output === null ? nothing : html`<p class="hint">${fill(words.tokensUsed, { input, output })}</p>`}
  </li>`;
}

customElements.define("canvas-thread", ThreadPage);
