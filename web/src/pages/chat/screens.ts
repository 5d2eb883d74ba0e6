/** What the page shows instead of the chat, and why: one picture, a few words, one thing to do, and whom to ask. */

import { html, nothing, type TemplateResult } from "lit";
import { errorSentence } from "../../element/language.ts";
import { contactTemplate } from "../../element/parts/chat.ts";
import { clockIcon, closedIcon, personIcon, warningIcon } from "../../element/parts/icons.ts";
import { ConnectionError, type Problem, ProblemError } from "../../element/protocol/problem.ts";
import { fill, strings } from "../../element/strings.ts";
import { contactFor } from "./look.ts";
import { pageStrings } from "./page-strings.ts";

/** What is known of the chat that could not be opened. */
export interface Known {
  id: string;
  name: string;
  loginUrl: string | null;
  /** The identity provider's name where there is just one. */
  loginWith: string | null;
  contact: string | null;
}

type Kind = "unavailable" | "off" | "login" | "limited" | "refused" | "offline" | "unreachable" | "broken";

export interface Screen {
  kind: Kind;
  /** Null before the server has said it. */
  known: Known | null;
  problem: Problem | null;
  notBefore: number;
  contact: ReturnType<typeof contactFor>;
}

export function screenForError(error: unknown, known: Known | null, ref: string, now: number): Screen {
  const problem = error instanceof ProblemError ? error.problem : null;
  const about = known ?? { name: "", id: ref };
  return {
    kind: problem === null ? kindOf(error) : kindOfProblem(problem),
    known,
    problem,
    notBefore: problem?.retryAfter == null ? 0 : now + problem.retryAfter,
    contact: contactFor(about, known?.contact ?? null, problem?.requestId ?? ""),
  };
}

function kindOf(error: unknown): Kind {
  if (!(error instanceof ConnectionError)) return "broken";
  return navigator.onLine === false ? "offline" : "unreachable";
}

function kindOfProblem({ code, status, detail }: Problem): Kind {
  if (status === 404 || code === "chat_session_ended") return "unavailable";
  if (code === "feature_disabled") return "off";
  if (code === "login_required") return "login";
  if (code === "rate_limited") return "limited";
  // What no rule here knows is said in the server's own words, if it has any.
  return detail === "" ? "broken" : "refused";
}

/** `secondsLeft`: until another try is allowed. */
export function screenTemplate(screen: Screen, secondsLeft: number, tryAgain: () => void): TemplateResult {
  const { icon, title, text, hint, action } = wordsOf(screen);
  const wait = screen.notBefore > 0 ? waitTemplate(secondsLeft) : nothing;
  return html`<div class="screen" role="alert">
    ${icon}
    <h1 dir="auto">${title}</h1>
    ${text === "" ? nothing : html`<p dir="auto">${text}</p>`} ${wait}
    ${hint === undefined ? nothing : html`<p class="hint">${hint}</p>`}
    ${action ?? againButton(secondsLeft > 0, tryAgain)} ${screen.contact === null ? nothing : contactTemplate(screen.contact)}
  </div>`;
}

/** Changes each second, which no screen reader should read out. */
function waitTemplate(seconds: number): TemplateResult {
  return html`<p role="timer">${seconds > 0 ? fill(strings.tryAgainIn, { seconds }) : strings.tryAgainNow}</p>`;
}

interface Words {
  icon: TemplateResult;
  title: string;
  text: string;
  hint?: string;
  action?: TemplateResult | typeof nothing;
}

function wordsOf(screen: Screen): Words {
  switch (screen.kind) {
    case "unavailable":
      return {
        icon: closedIcon,
        title: pageStrings.unavailableTitle,
        text: pageStrings.unavailableText,
        hint: pageStrings.unavailableHint,
      };
    case "off":
      return { icon: closedIcon, title: pageStrings.unavailableTitle, text: pageStrings.switchedOffText };
    case "login":
      return loginWords(screen.known);
    case "limited":
      return { icon: clockIcon, title: pageStrings.limitedTitle, text: "" };
    case "offline":
      return { icon: warningIcon, title: pageStrings.offlineTitle, text: pageStrings.offlineHint };
    default:
      return { icon: warningIcon, title: pageStrings.brokenTitle, text: textOf(screen) };
  }
}

function textOf({ kind, problem }: Screen): string {
  if (kind === "unreachable") return pageStrings.offlineText;
  if (kind === "broken" || problem === null) return pageStrings.brokenText;
  return errorSentence(problem.code, `${problem.detail} ${problem.hint}`.trim()) || pageStrings.brokenText;
}

function loginWords(known: Known | null): Words {
  const title =
    known === null ? pageStrings.loginTitle : fill(pageStrings.loginTitleNamed, { name: known.name });
  const words = { icon: personIcon, title, text: pageStrings.loginText };
  if (known === null || known.loginUrl === null)
    return { ...words, hint: pageStrings.loginMissing, action: nothing };
  const label =
    known.loginWith === null ? strings.signIn : fill(strings.signInWith, { provider: known.loginWith });
  return { ...words, action: html`<a class="solid" href=${known.loginUrl}>${label}</a>` };
}

function againButton(disabled: boolean, tryAgain: () => void): TemplateResult {
  return html`<button type="button" class="quiet" ?disabled=${disabled} @click=${tryAgain}>${strings.tryAgain}</button>`;
}
