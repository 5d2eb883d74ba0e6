/** One workflow: what it is, who may chat with it, and what its owner can do to it. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { View } from "../app.ts";
import type { ActResult, WorkflowView } from "../models.ts";
import { bones } from "../parts/bones.ts";
import { failureNotice, isGone } from "../parts/failure.ts";
import { Progress } from "../parts/progress.ts";
import "../parts/share-panel.ts";
import { stateChip } from "../parts/state-chip.ts";
import { paths, type Tab } from "../router.ts";
import { fill, words } from "../strings.ts";
import { moment } from "../words.ts";

const TABS: readonly Tab[] = ["overview", "threads", "usage", "edit", "look"];

export class WorkflowPage extends View {
  static override properties = { ref: {}, tab: {} };
  declare ref: string;
  declare tab: Tab;
  readonly #workflow = this.loading<WorkflowView>();
  readonly #checking = new Progress(this);
  #checkOutcome: TemplateResult | null = null;
  /** What the bubble was told of last. */
  #told: WorkflowView | null = null;
  #tabError: unknown = null;
  readonly #tabsThere = new Set<Tab>();
  #over = new AbortController();

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("ref")) {
      this.#over.abort();
      this.#over = new AbortController();
      this.#checkOutcome = null;
      this.#checking.stop();
      this.#workflow.value = null;
      void this.#fetch();
    }
    if (changed.has("tab")) void this.#fetchTab();
    const workflow = this.#workflow.value;
    if (workflow !== null && workflow !== this.#told) this.app.chatWith(partnerOf(workflow));
    this.#told = workflow;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#over.abort();
  }

  #fetch(): Promise<void> {
    const ref = this.ref;
    return this.#workflow.run((signal) => this.app.api.perform("workflows.show", { ref }, signal));
  }

  /** What a tab is made of is there before it is drawn: an element that is upgraded later has no properties yet. */
  async #fetchTab(): Promise<void> {
    const { tab } = this;
    this.#tabError = null;
    try {
      if (this.tab === "edit") await import("../parts/workflow-form.ts");
      else if (this.tab === "look") await import("../parts/look-form.ts");
      else if (this.tab === "threads") await import("../parts/thread-list.ts");
      else if (this.tab === "usage") await import("../parts/usage.ts");
      this.#tabsThere.add(tab);
    } catch (error) {
      this.#tabError = error;
    }
    this.requestUpdate();
  }

  override render(): TemplateResult {
    const { value: workflow, error } = this.#workflow;
    this.titled(workflow?.name ?? "");
    if (workflow === null) return error === null ? bones() : this.#failed(error);
    return html`<div class="head">
        <div>
          <h1 tabindex="-1"><bdi>${workflow.name}</bdi></h1>
          <p class="row soft small"><code>${workflow.handle}</code> ${stateChip(workflow)}</p>
        </div>
        ${this.#mainAct(workflow)}
      </div>
      <nav class="tabs" aria-label=${words.tabs}>
        ${TABS.map(
          (each) =>
            html`<a href=${paths.workflow(this.ref, each)} aria-current=${each === this.tab ? "page" : nothing}>${words[each]}</a>`,
        )}
      </nav>
      ${error === null ? nothing : failureNotice(error, this.app, () => void this.#workflow.reload())}
      ${this.#tabError === null ? this.#tabTemplate(workflow) : failureNotice(this.#tabError, this.app, () => void this.#fetchTab())}`;
  }

  #failed(error: unknown): TemplateResult {
    return html`<h1 tabindex="-1" class="spoken-only">${words.workflows}</h1>
      <div class="stack">
        ${failureNotice(error, this.app, isGone(error) ? null : () => void this.#workflow.reload())}
        <p><a href=${paths.workflows}>${words.toWorkflows}</a></p>
      </div>`;
  }

  #mainAct(workflow: WorkflowView): TemplateResult {
    const { name } = workflow;
    if (workflow.archived_at !== null)
      return html`<button type="button" class="solid" @click=${() => void this.#act("workflows.unarchive", fill(words.unarchiveTitle, { name }), words.unarchive, [], true)}>${words.unarchive}</button>`;
    if (workflow.is_public)
      return html`<button type="button" class="quiet" @click=${() => void this.#act("workflows.unpublish", fill(words.unpublishTitle, { name }), words.unpublish, ["end_sessions"])}>${words.unpublish}</button>`;
    return html`<button type="button" class="solid" @click=${() => void this.#act("workflows.publish", fill(words.publishTitle, { name }), words.publish, ["require_login"])}>${words.publish}</button>`;
  }

  #tabTemplate(workflow: WorkflowView): TemplateResult {
    if (!this.#tabsThere.has(this.tab)) return bones();
    switch (this.tab) {
      case "edit":
        return html`<canvas-workflow-form .app=${this.app} .workflow=${workflow} @changed=${this.#changed}></canvas-workflow-form>`;
      case "look":
        return html`<canvas-look-form .app=${this.app} .workflow=${workflow} @changed=${this.#changed}></canvas-look-form>`;
      case "threads":
        return html`<canvas-thread-list .app=${this.app} .workflow=${workflow}></canvas-thread-list>`;
      case "usage":
        return html`<canvas-usage .app=${this.app} .workflow=${workflow}></canvas-usage>`;
      default:
        return this.#overview(workflow);
    }
  }

  #overview(workflow: WorkflowView): TemplateResult {
    return html`<div class="columns">
      <canvas-share-panel .app=${this.app} .workflow=${workflow} @changed=${this.#changed}></canvas-share-panel>
      <div class="stack">${this.#activity(workflow)} ${this.#details(workflow)} ${this.#endings(workflow)}</div>
    </div>`;
  }

  #activity({ activity, id }: WorkflowView): TemplateResult | typeof nothing {
    if (activity === null) return nothing;
    const failure = activity.last_failure;
    const number = (value: number) => value.toLocaleString();
    return html`<section class="card" aria-labelledby="activity">
      <h2 id="activity">${words.activity}</h2>
      <dl class="facts">
        <div><dt>${words.lastDay}</dt><dd>${number(activity.last_day.turns)}</dd></div>
        <div><dt>${words.inAll}</dt><dd>${number(activity.in_all.turns)}</dd></div>
        <div><dt>${words.visitors}</dt><dd>${number(activity.in_all.visitors)}</dd></div>
        <div><dt>${words.failures}</dt><dd>${number(activity.in_all.failed)}</dd></div>
        <div><dt>${words.lastUsed}</dt><dd>${activity.last_used_at === null ? words.never : moment(activity.last_used_at)}</dd></div>
      </dl>
      ${
        failure === null
          ? nothing
          : html`<div class="notice" data-level="danger">
              <strong>${words.lastFailure} ${moment(failure.at)}</strong>
              <p><code>${failure.code}</code> <bdi>${failure.reason}</bdi></p>
              <a class="small" href=${paths.thread(id, failure.thread_id)}>${words.showThread}</a>
            </div>`
      }
    </section>`;
  }

  #details(workflow: WorkflowView): TemplateResult {
    const { runner, description } = workflow;
    return html`<section class="card" aria-labelledby="details">
      <div class="row spread">
        <h2 id="details">${words.details}</h2>
        <button type="button" class="quiet" ?disabled=${this.#checking.isRunning} @click=${this.#check}>${words.check}</button>
      </div>
      ${this.#checking.isRunning ? this.#checkProgress() : nothing}
      ${this.#checkOutcome ?? nothing}
      ${description === "" ? nothing : html`<p class="soft" dir="auto">${description}</p>`}
      <dl class="facts">
        <div><dt>${words.runner}</dt><dd>${runner.kind}</dd></div>
        <div><dt>${words.timeLimit}</dt><dd>${fill(words.seconds, { seconds: workflow.time_limit })}</dd></div>
        <div><dt>${words.historyLength}</dt><dd>${workflow.history}</dd></div>
        <div><dt>${words.registeredAt}</dt><dd>${moment(workflow.created_at)}</dd></div>
        <div><dt>${words.ownerIs}</dt><dd><bdi>${workflow.owner.replace(/^owner:/, "")}</bdi></dd></div>
        <div class="wide"><dt>${words.target}</dt><dd><code>${runner.target}</code></dd></div>
      </dl>
    </section>`;
  }

  #checkProgress(): TemplateResult {
    return html`<div class="row">
      <span class="spinner"></span><span role="status">${words.checking}</span>
      <span class="soft" aria-hidden="true">${fill(words.checkingSeconds, { seconds: this.#checking.seconds })}</span>
    </div>`;
  }

  #endings(workflow: WorkflowView): TemplateResult {
    const { name, handle } = workflow;
    const archive = html`<button type="button" class="quiet" @click=${() => void this.#act("workflows.archive", fill(words.archiveTitle, { name }), words.archive)}>${words.archive}</button>`;
    return html`<section class="card" aria-labelledby="endings">
      <h2 id="endings">${words.endings}</h2>
      <div class="row">
        ${workflow.archived_at === null ? archive : nothing}
        <button type="button" class="quiet danger" @click=${() => void this.#remove(name, handle)}>${words.remove}</button>
      </div>
    </section>`;
  }

  async #act(
    operation: string,
    title: string,
    confirm: string,
    choices: readonly string[] = [],
    asksAlways = false,
  ): Promise<void> {
    const given = { ref: this.ref };
    const result = await this.app.act({ operation, title, confirm, choices, asksAlways, given });
    await this.#take(result);
  }

  async #remove(name: string, handle: string): Promise<void> {
    const title = fill(words.removeTitle, { name });
    const given = { ref: this.ref };
    const result = await this.app.act({
      operation: "workflows.remove",
      title,
      confirm: words.remove,
      given,
      retype: handle,
    });
    if (result === null) return;
    this.app.chatWith(null);
    this.app.router.go(paths.workflows, { replace: true });
  }

  readonly #changed = (event: CustomEvent<WorkflowView>): void => {
    this.#workflow.value = event.detail;
    void this.#fetch();
  };

  async #take(result: ActResult | null): Promise<void> {
    if (result === null) return;
    if (result.publish_token)
      await this.app.showSecret({
        title: fill(words.tokenOf, { name: result.workflow?.name ?? "" }),
        message: result.message,
        text: result.publish_token,
        fileName: `${result.workflow?.handle ?? "workflow"}-publish-token.txt`,
      });
    await this.#fetch();
  }

  readonly #check = async (): Promise<void> => {
    this.#checkOutcome = null;
    this.#checking.start();
    const { signal } = this.#over;
    try {
      const result = await this.app.api.perform<{ seconds: number; answer: string }>(
        "workflows.check",
        { ref: this.ref },
        signal,
        true,
      );
      this.#checkOutcome = html`<div class="notice" role="status">
        <strong>${fill(words.checkOk, { seconds: result.seconds })}</strong>
        <p dir="auto">${result.answer}</p>
      </div>`;
    } catch (error) {
      if (!signal.aborted) this.#checkOutcome = failureNotice(error, this.app, null);
    }
    if (!signal.aborted) this.#checking.stop();
  };
}

function partnerOf({ id, name, archived_at, obstacle }: WorkflowView): {
  id: string;
  name: string;
  obstacle: string | null;
} {
  const isOff = obstacle === "feature_disabled";
  return { id, name, obstacle: archived_at !== null ? words.chatArchived : isOff ? words.chatOff : null };
}

customElements.define("canvas-workflow", WorkflowPage);
