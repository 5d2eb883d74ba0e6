/** All by which a workflow is shared: its link, its tokens, who may chat, and the sites that show it. */

import { css, html, nothing, type TemplateResult } from "lit";
import { View } from "../app.ts";
import { openIcon } from "../icons.ts";
import type { ActResult, SecretHint, WorkflowView } from "../models.ts";
import { linesOf } from "../schema.ts";
import { fill, words } from "../strings.ts";
import { moment } from "../words.ts";
import "./copyable.ts";
import { failureNotice, fieldFaults } from "./failure.ts";

const qrStyles = css`
  .qr {
    display: flex;
    flex-wrap: wrap;
    gap: 1rem;
    align-items: center;
  }

  .qr img {
    inline-size: 10rem;
    block-size: 10rem;
    border: 1px solid var(--line);
    border-radius: 0.75rem;
    background: #ffffff;
  }

  .qr .field {
    flex: 1 1 10rem;
  }
`;

class SharePanel extends View {
  static override styles = [...View.styles, qrStyles];
  static override properties = { workflow: { attribute: false } };
  declare workflow: WorkflowView;
  /** What was typed; null where nothing was. */
  #origins: string | null = null;
  #error: unknown = null;
  #isSaving = false;
  #isPreviewed = false;

  override render(): TemplateResult {
    const { workflow } = this;
    const isOpen = workflow.is_public && workflow.share_url !== null;
    return html`<div class="stack">
      <section class="card" aria-labelledby="share">
        <h2 id="share">${words.share}</h2>
        ${this.#obstacle(workflow)} ${isOpen ? this.#open(workflow) : closed(workflow)}
      </section>
      ${workflow.archived_at === null ? this.#sites(workflow) : nothing}
    </div>`;
  }

  #obstacle({ obstacle }: WorkflowView): TemplateResult | typeof nothing {
    if (obstacle === null) return nothing;
    const isClosed = obstacle === "closed_until_restart";
    const other = obstacle === "no_identity_provider" ? words.obstacleProvider : words.obstacleSwitchedOff;
    const why = isClosed ? words.obstacleClosed : other;
    return html`<div class="notice" data-level="danger">
      <strong>${words.obstacleTitle}</strong>
      <p>${why}</p>
    </div>`;
  }

  #open(workflow: WorkflowView): TemplateResult {
    const url = workflow.share_url ?? "";
    return html`<div class="field">
        <h3>${words.shareLink}</h3>
        <canvas-copyable .text=${url} .label=${words.shareLink}></canvas-copyable>
        <p class="hint">${words.shareHint}</p>
        <p class="small"><a class="row" href=${url} target="_blank" rel="noopener">${openIcon}${words.openChat}</a></p>
        ${qrTemplate(workflow)}
      </div>
      <div class="field">
        <div class="row spread">
          <h3>${words.publishToken}</h3>
          <button type="button" class="quiet" @click=${this.#rotate}>${words.rotate}</button>
        </div>
        <p><code>${workflow.publish_token_hint}</code></p>
        <p class="hint">${words.publishTokenHint}</p>
        ${formerTemplate(workflow.publish_tokens)}
      </div>
      <div class="field">
        <div class="row spread">
          <h3>${words.whoMayChat}</h3>
          <button type="button" class="quiet" @click=${this.#setLogin}>${words.change}</button>
        </div>
        <p>${workflow.require_login ? words.whoSignsIn : words.anyone}</p>
      </div>`;
  }

  #sites(workflow: WorkflowView): TemplateResult {
    const written = this.#origins ?? workflow.allowed_origins.join("\n");
    const isChanged = this.#origins !== null && this.#origins.trim() !== workflow.allowed_origins.join("\n");
    const fault = fieldFaults(this.#error).allowed_origins;
    return html`<section class="card" aria-labelledby="embed">
      <h2 id="embed">${words.embed}</h2>
      ${
        workflow.is_public
          ? html`<p class="hint">${words.embedHint}</p>
              <canvas-copyable long .text=${snippetFor(workflow)} .label=${words.embedLabel}></canvas-copyable>
              ${this.#preview(workflow)}`
          : nothing
      }
      <div class="field">
        <label for="origins">${words.origins}</label>
        <textarea
          id="origins"
          class="mono"
          rows="3"
          dir="ltr"
          spellcheck="false"
          aria-describedby="origins-hint"
          aria-invalid=${fault !== undefined}
          .value=${written}
          @input=${this.#typed}
        ></textarea>
        ${fault === undefined ? nothing : html`<p class="fault">${fault}</p>`}
        <p class="hint" id="origins-hint">${words.originsHint}</p>
      </div>
      ${this.#error !== null && fault === undefined ? failureNotice(this.#error, this.app, () => void this.#saveOrigins()) : nothing}
      ${
        isChanged
          ? html`<div class="foot">
              <button type="button" class="solid" ?disabled=${this.#isSaving} @click=${this.#saveOrigins}>${words.saveOrigins}</button>
            </div>`
          : nothing
      }
      ${this.#identity(workflow)}
    </section>`;
  }

  /** The chat is loaded when its owner wants to see it. */
  #preview(workflow: WorkflowView): TemplateResult {
    return html`<details @toggle=${this.#previewed}>
      <summary>${words.previewSite}</summary>
      ${this.#isPreviewed ? html`<canvas-site-preview .app=${this.app} .workflow=${workflow}></canvas-site-preview>` : nothing}
    </details>`;
  }

  #identity(workflow: WorkflowView): TemplateResult {
    const hint = workflow.identity_secret_hint;
    return html`<div class="field">
      <div class="row spread">
        <h3>${words.identity}</h3>
        <button type="button" class="quiet" @click=${this.#makeIdentity}>
          ${hint === null ? words.makeIdentity : words.replaceIdentity}
        </button>
      </div>
      <p>${hint === null ? html`<span class="soft">${words.identityNone}</span>` : html`<code>${hint}</code>`}</p>
      <p class="hint">${words.identityHint}</p>
      ${formerTemplate(workflow.identity_secrets)}
    </div>`;
  }

  get #named(): { name: string } {
    return { name: this.workflow.name };
  }

  readonly #previewed = async (event: Event): Promise<void> => {
    if (!(event.target as HTMLDetailsElement).open || this.#isPreviewed) return;
    await import("./site-preview.ts").catch(() => {});
    this.#isPreviewed = true;
    this.requestUpdate();
  };

  readonly #typed = (event: Event): void => {
    this.#origins = (event.target as HTMLTextAreaElement).value;
    this.requestUpdate();
  };

  readonly #rotate = (): Promise<void> => {
    const title = fill(words.rotateTitle, this.#named);
    return this.#act("workflows.rotate_publish_token", title, words.rotate, ["grace"], {});
  };

  readonly #setLogin = (): Promise<void> => {
    const given = { require_login: !this.workflow.require_login };
    return this.#act("workflows.set_login", fill(words.loginTitle, this.#named), words.change, [], given);
  };

  readonly #makeIdentity = (): Promise<void> => {
    const { identity_secret_hint: hint } = this.workflow;
    const title = fill(words.identityTitle, this.#named);
    const confirm = hint === null ? words.makeIdentity : words.replaceIdentity;
    return this.#act("workflows.rotate_identity_secret", title, confirm, hint === null ? [] : ["grace"], {});
  };

  async #act(
    operation: string,
    title: string,
    confirm: string,
    choices: readonly string[],
    more: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const given = { ref: this.workflow.id, ...more };
    const result = await this.app.act({ operation, title, confirm, choices, given, asksAlways: true });
    if (result !== null) await this.#took(result);
  }

  async #took(result: ActResult): Promise<void> {
    const { name, handle } = result.workflow ?? this.workflow;
    const { publish_token: token, identity_secret: secret, message } = result;
    if (token)
      await this.app.showSecret({
        title: fill(words.tokenOf, { name }),
        message,
        text: token,
        fileName: `${handle}-publish-token.txt`,
      });
    if (secret)
      await this.app.showSecret({
        title: fill(words.identityTitle, { name }),
        message,
        text: secret,
        fileName: `${handle}-identity-secret.txt`,
      });
    this.dispatchEvent(new CustomEvent<ActResult["workflow"]>("changed", { detail: result.workflow }));
  }

  readonly #saveOrigins = async (): Promise<void> => {
    const origins = linesOf(this.#origins ?? "");
    const given = { ref: this.workflow.id, allowed_origins: origins };
    this.#error = null;
    this.#isSaving = true;
    this.requestUpdate();
    try {
      const question = await this.app.api.question("workflows.edit", given, AbortSignal.timeout(20_000));
      const title = fill(words.originsTitle, this.#named);
      const result =
        question === null
          ? await this.app.api.perform<ActResult>("workflows.edit", given)
          : await this.app.act({ operation: "workflows.edit", title, confirm: words.saveOrigins, given });
      if (result !== null) {
        if (question === null) this.app.say(result.message);
        this.#origins = null;
        await this.#took(result);
      }
    } catch (error) {
      this.#error = error;
    }
    this.#isSaving = false;
    this.requestUpdate();
  };
}

function closed({ archived_at }: WorkflowView): TemplateResult {
  const isArchived = archived_at !== null;
  return html`<div class="notice">
    <strong>${isArchived ? words.archivedTitle : words.privateTitle}</strong>
    <p>${isArchived ? words.archivedText : words.privateText}</p>
  </div>`;
}

/** Drawn by the server; dark on light in the dark scheme too, as scanners want it. */
function qrTemplate({ id, handle, share_url }: WorkflowView): TemplateResult {
  const image = (form: string) => `/api/workflows/${encodeURIComponent(id)}/share-link.${form}`;
  return html`<details>
    <summary>${words.qrCode}</summary>
    <div class="qr">
      <img src=${`${image("svg")}#${share_url}`} alt=${words.qrOf} loading="lazy" />
      <div class="field">
        <p class="hint">${words.qrHint}</p>
        <p class="row small">
          <a href=${image("svg")} download=${`${handle}-qr.svg`}>${words.qrSvg}</a>
          <a href=${image("png")} download=${`${handle}-qr.png`}>${words.qrPng}</a>
        </p>
      </div>
    </div>
  </details>`;
}

function formerTemplate(secrets: readonly SecretHint[]): TemplateResult | typeof nothing {
  const former = secrets.filter(({ state }) => state === "grace");
  if (former.length === 0) return nothing;
  return html`<h3 class="label">${words.formerTokens}</h3>
    <ul>
      ${former.map(({ hint, expires_at }) => html`<li class="small"><code>${hint}</code> ${words.until} ${moment(expires_at)}</li>`)}
    </ul>`;
}

/** The script tag that puts the bubble on a page; the address is the server's own, as share links have it. */
export function snippetFor({ share_url, handle }: Pick<WorkflowView, "share_url" | "handle">): string {
  const server = new URL(share_url ?? location.href).origin;
  return `<script src="${server}/embed.js" data-workflow="${handle}" async></script>`;
}

customElements.define("canvas-share-panel", SharePanel);
