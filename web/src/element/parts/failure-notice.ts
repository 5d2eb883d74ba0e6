/** Draws what went wrong with a turn, and the button that may fix it. */

import { html, nothing, type TemplateResult } from "lit";
import type { EndingView, FailureKind, TurnFailure } from "../state/thread-view.ts";
import { fill, strings } from "../strings.ts";
import { retryIcon } from "./icons.ts";

const SENTENCES: Record<FailureKind, string> = {
  interrupted: strings.failureInterrupted,
  stopped: strings.failureStopped,
  no_answer: strings.failureEmpty,
  failed: strings.failureFailed,
  timed_out: strings.failureTimedOut,
  cut_off: strings.failureCutOff,
  closed: strings.failureClosed,
  error: strings.failureError,
  "rate-limited": strings.failureRateLimited,
  "turn-in-progress": strings.failureTurnInProgress,
  "connection-lost": strings.failureConnectionLost,
  refused: strings.failureRefused,
};

const CALM = new Set<FailureKind>(["stopped", "no_answer", "cut_off"]);

export function failureSentence(failure: TurnFailure): string {
  return failure.text || SENTENCES[failure.kind] || strings.failureInterrupted;
}

/** How an earlier turn ended. Nothing can be done about it any more, so it does not offer to try again. */
export function endingTemplate({ ending, text }: EndingView): TemplateResult {
  const sentence = ending === "failed" ? strings.endingFailed : (SENTENCES[ending] ?? text);
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
    ${failure.kind === "cut_off" ? continueButton(acts) : nothing}
    ${failure.remedy === null ? nothing : retryButton(secondsLeft > 0, acts.retry)}
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
