/** What the page shows instead of the chat, and why. */

import { html, nothing, type TemplateResult } from "lit";
import { closedIcon } from "../../element/parts/icons.ts";
import { ConnectionError, ProblemError } from "../../element/protocol/problem.ts";
import { fill, strings } from "../../element/strings.ts";

export type Screen =
  | { kind: "unavailable" }
  | { kind: "login"; loginUrl: string | null }
  | { kind: "limited"; notBefore: number }
  | { kind: "broken"; text: string };

export function screenForError(error: unknown, loginUrl: string | null, now: number): Screen {
  if (error instanceof ConnectionError) return { kind: "broken", text: strings.offlineText };
  if (!(error instanceof ProblemError)) return { kind: "broken", text: strings.brokenText };
  const { code, status, retryAfter } = error.problem;
  if (status === 404 || code === "chat_session_ended" || code === "feature_disabled")
    return { kind: "unavailable" };
  if (code === "login_required") return { kind: "login", loginUrl };
  if (status === 429) return { kind: "limited", notBefore: now + (retryAfter ?? 0) };
  return { kind: "broken", text: strings.brokenText };
}

interface Words {
  title: string;
  text: string;
  hint: string;
  action: TemplateResult | typeof nothing;
}

/** `secondsLeft`: until another try is allowed. */
export function screenTemplate(screen: Screen, secondsLeft: number, tryAgain: () => void): TemplateResult {
  const { title, text, hint, action } = wordsOf(screen, secondsLeft, tryAgain);
  return html`<div class="screen" role="alert">
    ${screen.kind === "unavailable" ? closedIcon : nothing}
    <h1>${title}</h1>
    <p>${text}</p>
    ${hint === "" ? nothing : html`<p class="hint">${hint}</p>`} ${action}
  </div>`;
}

function wordsOf(screen: Screen, secondsLeft: number, tryAgain: () => void): Words {
  switch (screen.kind) {
    case "unavailable":
      return {
        title: strings.unavailableTitle,
        text: strings.unavailableText,
        hint: strings.unavailableHint,
        action: retryButton(false, tryAgain),
      };
    case "login":
      return loginWords(screen.loginUrl);
    case "limited":
      return {
        title: strings.limitedTitle,
        text: secondsLeft > 0 ? fill(strings.tryAgainIn, { seconds: secondsLeft }) : strings.tryAgainNow,
        hint: "",
        action: retryButton(secondsLeft > 0, tryAgain),
      };
    case "broken":
      return {
        title: strings.brokenTitle,
        text: screen.text,
        hint: "",
        action: retryButton(false, tryAgain),
      };
  }
}

function loginWords(loginUrl: string | null): Words {
  const isPossible = loginUrl !== null;
  const action = isPossible ? html`<a class="solid" href=${loginUrl}>${strings.signIn}</a>` : nothing;
  return {
    title: strings.loginTitle,
    text: strings.loginText,
    hint: isPossible ? "" : strings.loginMissing,
    action,
  };
}

function retryButton(disabled: boolean, tryAgain: () => void): TemplateResult {
  return html`<button type="button" class="quiet" ?disabled=${disabled} @click=${tryAgain}>${strings.retry}</button>`;
}
