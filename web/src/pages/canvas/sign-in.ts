/** The ways into Canvas: the identity providers of the server, and the command that prints a one-time address. */

import { html, nothing, type TemplateResult } from "lit";
import type { Provider } from "./api.ts";
import { personIcon } from "./icons.ts";
import "./parts/copyable.ts";
import { fill, words } from "./strings.ts";

/** Why somebody has to sign in. `detail` and `hint` are the server's. */
export interface SignInReason {
  kind: "first" | "again" | "other" | "ticket" | "failed";
  detail: string;
  hint: string;
  providers: readonly Provider[];
}

const COMMAND = "orcheo canvas";

export interface SignInActs {
  /** Another tab may have signed in. */
  look(): void;
  /** Its owner goes to a provider and comes back. */
  leave(): void;
}

export function signInTemplate(reason: SignInReason, note: string, acts: SignInActs): TemplateResult {
  const { title, text } = wordsOf(reason);
  const hasProviders = reason.providers.length > 0;
  return html`<div class="sign-in">
    ${personIcon}
    <h1 id="sign-in-title" tabindex="-1">${title}</h1>
    <p dir="auto">${text}</p>
    ${reason.hint === "" ? nothing : html`<p class="soft small" dir="auto">${reason.hint}</p>`}
    ${hasProviders ? html`<div class="providers">${reason.providers.map((each) => providerLink(each, acts))}</div>` : nothing}
    <div class="command">
      ${hasProviders ? html`<h2>${words.commandTitle}</h2>` : nothing}
      <p class="soft small">${hasProviders ? words.commandText : words.commandOnlyText}</p>
      <canvas-copyable .text=${COMMAND} .label=${words.commandLabel}></canvas-copyable>
    </div>
    ${
      !["again", "other"].includes(reason.kind)
        ? nothing
        : html`<button type="button" class="plain" @click=${acts.look}>${words.iAmSignedIn}</button>`
    }
    <p class="small" role="status">${note}</p>
  </div>`;
}

function providerLink({ label, login_url }: Provider, acts: SignInActs): TemplateResult {
  return html`<a class="solid" href=${login_url} @click=${acts.leave}
    >${fill(words.signInWith, { provider: label })}</a
  >`;
}

function wordsOf({ kind, detail }: SignInReason): { title: string; text: string } {
  switch (kind) {
    case "again":
      return { title: words.signInAgainTitle, text: words.signInAgainText };
    case "other":
      return { title: words.signInOtherTitle, text: words.signInOtherText };
    case "ticket":
      return { title: words.ticketTitle, text: detail };
    case "failed":
      return { title: words.signInFailedTitle, text: detail || words.brokenText };
    default:
      return { title: words.signInTitle, text: words.signInText };
  }
}
