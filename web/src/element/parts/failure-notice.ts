/** Draws what went wrong with a turn, and the button that may fix it. */

import { html, nothing, type TemplateResult } from "lit";
import { errorSentence } from "../language.ts";
import type { EndingView, FailureKind, TurnFailure } from "../state/thread-view.ts";
import { fill, strings } from "../strings.ts";
import { retryIcon } from "./icons.ts";

const SENTENCES = {
  interrupted: "failureInterrupted",
  stopped: "failureStopped",
  no_answer: "failureEmpty",
  failed: "failureFailed",
  timed_out: "failureTimedOut",
  cut_off: "failureCutOff",
  closed: "failureClosed",
  error: "failureError",
  "rate-limited": "failureRateLimited",
  "turn-in-progress": "failureTurnInProgress",
  "connection-lost": "failureConnectionLost",
  refused: "failureRefused",
} as const satisfies Record<FailureKind, keyof typeof strings>;

const CALM = new Set<FailureKind>(["stopped", "no_answer", "cut_off"]);

export function failureSentence(failure: TurnFailure): string {
  const { code = "", text, kind } = failure;
  return errorSentence(code, text) || strings[SENTENCES[kind]];
}

/** How an earlier turn ended. Nothing can be done about it any more, so it does not offer to try again. */
export function endingTemplate({ ending, text }: EndingView): TemplateResult {
  const sentence = ending === "failed" ? strings.endingFailed : (strings[SENTENCES[ending]] ?? text);
  return html`<p class="ending" data-kind=${ending}>${sentence}</p>`;
}

interface FailureActs {
  retry(): void;
  prompt(text: string): void;
}

/** `secondsLeft`: until the retry may be tried. */
export function failureTemplate(
  failure: TurnFailure,
  secondsLeft: number,
  acts: FailureActs,
): TemplateResult {
  const isCalm = CALM.has(failure.kind);
  const wait = secondsLeft > 0 ? fill(strings.tryAgainIn, { seconds: secondsLeft }) : "";
  return html`<div class="failure" data-kind=${failure.kind} data-calm=${isCalm}>
    <p dir="auto">${failureSentence(failure)} ${wait}</p>
    <div class="remedies">
      ${failure.kind === "cut_off" ? continueButton(acts) : nothing}
      ${failure.remedy === null ? nothing : retryButton(secondsLeft > 0, acts.retry)}
    </div>
  </div>`;
}

/** The rest is asked for as the visitor would ask: by a message, in the language of the page. */
function continueButton(acts: FailureActs): TemplateResult {
  return html`<button type="button" class="quiet" @click=${() => acts.prompt(strings.continueMessage)}>
    ${strings.continueAnswer}
  </button>`;
}

function retryButton(disabled: boolean, retry: () => void): TemplateResult {
  return html`<button type="button" class="quiet" ?disabled=${disabled} @click=${retry}>
    ${retryIcon}${strings.retry}
  </button>`;
}
