/** What the page shows instead of the chat, and why: one picture, a few words, one thing to do. */

import { html, nothing, type TemplateResult } from "lit";
import { clockIcon, closedIcon, personIcon, warningIcon } from "../../element/parts/icons.ts";
import { ConnectionError, ProblemError } from "../../element/protocol/problem.ts";
import { fill, strings } from "../../element/strings.ts";

/** What is known of the chat that could not be opened; null before the server has said it. */
export interface Known {
  name: string;
  loginUrl: string | null;
  /** The identity provider's name where there is just one. */
  loginWith: string | null;
}

export type Screen =
  | { kind: "unavailable" }
  | { kind: "login"; known: Known | null }
  | { kind: "limited"; notBefore: number }
  | { kind: "broken"; text: string };

export function screenForError(error: unknown, known: Known | null, now: number): Screen {
  if (error instanceof ConnectionError) return { kind: "broken", text: strings.offlineText };
  if (!(error instanceof ProblemError)) return { kind: "broken", text: strings.brokenText };
  const { code, status, retryAfter } = error.problem;
  if (status === 404 || code === "chat_session_ended" || code === "feature_disabled")
    return { kind: "unavailable" };
  if (code === "login_required") return { kind: "login", known };
  if (status === 429) return { kind: "limited", notBefore: now + (retryAfter ?? 0) };
  return { kind: "broken", text: strings.brokenText };
}

interface Words {
  icon: TemplateResult;
  title: string;
  text: string;
  hint?: string;
  action: TemplateResult | typeof nothing;
}

/** `secondsLeft`: until another try is allowed. */
export function screenTemplate(screen: Screen, secondsLeft: number, tryAgain: () => void): TemplateResult {
  const { icon, title, text, hint, action } = wordsOf(screen, secondsLeft, tryAgain);
  return html`<div class="screen" role="alert">
    ${icon}
    <h1>${title}</h1>
    <p>${text}</p>
    ${hint === undefined ? nothing : html`<p class="hint">${hint}</p>`} ${action}
  </div>`;
}

function wordsOf(screen: Screen, secondsLeft: number, tryAgain: () => void): Words {
  switch (screen.kind) {
    case "unavailable":
      return {
        icon: closedIcon,
        title: strings.unavailableTitle,
        text: strings.unavailableText,
        hint: strings.unavailableHint,
        action: againButton(false, tryAgain),
      };
    case "login":
      return loginWords(screen.known);
    case "limited":
      return {
        icon: clockIcon,
        title: strings.limitedTitle,
        text: secondsLeft > 0 ? fill(strings.tryAgainIn, { seconds: secondsLeft }) : strings.tryAgainNow,
        action: againButton(secondsLeft > 0, tryAgain),
      };
    case "broken":
      return {
        icon: warningIcon,
        title: strings.brokenTitle,
        text: screen.text,
        action: againButton(false, tryAgain),
      };
  }
}

function loginWords(known: Known | null): Words {
  const title = known === null ? strings.loginTitle : fill(strings.loginTitleNamed, { name: known.name });
  const words = { icon: personIcon, title, text: strings.loginText };
  if (known === null || known.loginUrl === null)
    return { ...words, hint: strings.loginMissing, action: nothing };
  const label =
    known.loginWith === null ? strings.signIn : fill(strings.signInWith, { provider: known.loginWith });
  return { ...words, action: html`<a class="solid" href=${known.loginUrl}>${label}</a>` };
}

function againButton(disabled: boolean, tryAgain: () => void): TemplateResult {
  return html`<button type="button" class="quiet" ?disabled=${disabled} @click=${tryAgain}>${strings.tryAgain}</button>`;
}
