/** Where the owner is signed in, and the end of what they do not know. */

import { html, nothing, type TemplateResult } from "lit";
import type { ListedSession } from "../api.ts";
import { View } from "../app.ts";
import { bones } from "../parts/bones.ts";
import { failureNotice } from "../parts/failure.ts";
import { words } from "../strings.ts";
import { moment } from "../words.ts";

export class SessionsView extends View {
  readonly #sessions = this.loading<readonly ListedSession[]>();
  #error: unknown = null;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#sessions.run((signal) => this.app.api.sessions(signal));
  }

  override render(): TemplateResult {
    this.titled(words.sessions);
    const { value, error } = this.#sessions;
    return html`<div class="head">
        <div>
          <h1 tabindex="-1">${words.sessions}</h1>
          <p class="soft">${words.sessionsIntro}</p>
        </div>
      </div>
      <div class="stack">
        ${error === null ? nothing : failureNotice(error, this.app, () => void this.#sessions.reload())}
        ${this.#error === null ? nothing : failureNotice(this.#error, this.app, null)}
        ${value === null ? (error === null ? bones() : nothing) : html`<ul class="list">${value.map((each) => this.#row(each))}</ul>`}
      </div>`;
  }

  #row(session: ListedSession): TemplateResult {
    return html`<li>
      <div class="main">
        <bdi>${browserOf(session.user_agent)}</bdi>
        <p>
          <bdi>${session.address}</bdi> · ${words.sessionSince} ${moment(session.created_at)} · ${words.tokenUsed}
          ${moment(session.last_used_at)}
        </p>
      </div>
      ${
        session.current
          ? html`<span class="chip" data-state="public">${words.thisSession}</span>`
          : html`<button type="button" class="quiet" @click=${() => void this.#end(session)}>${words.endSession}</button>`
      }
    </li>`;
  }

  async #end(session: ListedSession): Promise<void> {
    this.#error = null;
    try {
      await this.app.api.endSession(session.id);
      this.app.say(words.sessionEnded);
    } catch (error) {
      this.#error = error;
    }
    await this.#sessions.reload();
  }
}

const BROWSERS = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;
const SYSTEMS = [
  ["Android", "Android"],
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Windows", "Windows"],
  ["Mac OS X", "macOS"],
  ["Linux", "Linux"],
] as const;

/** What browser and system a `User-Agent` says, in words. */
export function browserOf(agent: string): string {
  const find = (known: readonly (readonly [string, string])[]) =>
    known.find(([mark]) => agent.includes(mark))?.[1];
  const said = [find(BROWSERS), find(SYSTEMS)].filter((each) => each !== undefined);
  return said.join(" · ") || agent.slice(0, 60) || words.unknownBrowser;
}

customElements.define("canvas-sessions", SessionsView);
