/** The owner's service tokens: created, replaced, revoked; their secrets are shown once. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { View } from "../app.ts";
import { keyIcon } from "../icons.ts";
import type { ServiceToken, ServiceTokenPage } from "../models.ts";
import { Paged } from "../paged.ts";
import type { ActOrder } from "../parts/act-dialog.ts";
import { bones } from "../parts/bones.ts";
import { failureNotice } from "../parts/failure.ts";
import { fill, words } from "../strings.ts";
import { moment } from "../words.ts";

const PAGE = 50;

export class TokensView extends View {
  readonly #list = new Paged<ServiceToken>(this, () => this.app.connection);

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#list.start(async (after, signal) => {
      const given = { limit: PAGE, ...(after === null ? {} : { after }) };
      const page = await this.app.api.perform<ServiceTokenPage>("tokens.list", given, signal);
      return { entries: page.service_tokens, next: page.next_after };
    });
  }

  override render(): TemplateResult {
    this.titled(words.tokens);
    const { entries, error } = this.#list;
    return html`<div class="head">
        <div>
          <h1 tabindex="-1">${words.tokens}</h1>
          <p class="soft">${words.tokensIntro}</p>
        </div>
        <button type="button" class="solid" @click=${this.#create}>${words.createToken}</button>
      </div>
      <div class="stack">
        ${error === null ? nothing : failureNotice(error, this.app, () => void this.#list.reload())}
        ${entries === null ? (error === null ? bones() : nothing) : this.#listTemplate(entries)}
      </div>`;
  }

  #listTemplate(entries: readonly ServiceToken[]): TemplateResult {
    if (entries.length === 0) return html`<div class="empty">${keyIcon}<h2>${words.noTokens}</h2></div>`;
    return html`<div>
      <ul class="list" aria-label=${words.tokens} aria-busy=${this.#list.isPending}>
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

  #row(token: ServiceToken): TemplateResult {
    const isOver = hasEnded(token, Date.now());
    return html`<li>
      <div class="main">
        <bdi>${nameOf(token)}</bdi>
        <p><code>${token.hint}</code> · <bdi>${token.owner.replace(/^owner:/, "")}</bdi></p>
        <p>${token.scopes.join(", ")}</p>
      </div>
      <div class="small soft">${endTemplate(token, isOver)} ${usedTemplate(token)}</div>
      ${
        isOver
          ? nothing
          : html`<div class="acts">
              <button type="button" class="quiet" @click=${() => void this.#rotate(token)}>${words.rotateToken}</button>
              <button type="button" class="quiet danger" @click=${() => void this.#revoke(token)}>${words.revokeToken}</button>
            </div>`
      }
    </li>`;
  }

  readonly #create = (): Promise<void> =>
    this.#act({
      operation: "tokens.create",
      title: words.createTokenTitle,
      confirm: words.create,
      given: {},
      choices: ["label", "scopes", "expires_in_days"],
    });

  #rotate(token: ServiceToken): Promise<void> {
    const title = fill(words.rotateTokenTitle, { name: nameOf(token) });
    return this.#act({
      operation: "tokens.rotate",
      title,
      confirm: words.rotateToken,
      given: { id: token.id },
      choices: ["grace"],
    });
  }

  #revoke(token: ServiceToken): Promise<void> {
    const title = fill(words.revokeTokenTitle, { name: nameOf(token) });
    return this.#act({
      operation: "tokens.revoke",
      title,
      confirm: words.revokeToken,
      given: { id: token.id },
    });
  }

  async #act(order: ActOrder): Promise<void> {
    const result = await this.app.act(order);
    if (result === null) return;
    const { service_token: text, message } = result;
    if (text)
      await this.app.showSecret({ title: words.newToken, message, text, fileName: "service-token.txt" });
    await this.#list.reload();
  }
}

function nameOf({ label, id }: ServiceToken): string {
  return label || id;
}

function hasEnded({ ended_at, expires_at }: ServiceToken, now: number): boolean {
  return [ended_at, expires_at].some((each) => each !== null && Date.parse(each) <= now);
}

function endTemplate({ ended_at, expires_at }: ServiceToken, isOver: boolean): TemplateResult {
  if (isOver) return html`<span class="chip">${words.tokenEnded}</span>`;
  if (ended_at !== null)
    return html`<span class="chip" data-state="obstacle">${words.tokenEnding} ${moment(ended_at)}</span>`;
  if (expires_at !== null)
    return html`<span class="chip" data-state="public">${words.tokenExpires} ${moment(expires_at)}</span>`;
  return html`<span class="chip" data-state="public">${words.tokenLive}</span>`;
}

function usedTemplate({ last_used_at }: ServiceToken): TemplateResult {
  return last_used_at === null
    ? html`${words.tokenUnused}`
    : html`${words.tokenUsed} ${moment(last_used_at)}`;
}

customElements.define("canvas-tokens", TokensView);
