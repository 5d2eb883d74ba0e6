/** Draws what went wrong with a turn, and the button that may mend it. */

import { html, nothing, type TemplateResult } from "lit";
import type { EndingKind, FailureKind, TurnFailure } from "../state/thread-view.ts";
import { fill, strings } from "../strings.ts";
import { retryIcon } from "./icons.ts";

const SENTENCES: Record<FailureKind, string> = {
  interrupted: strings.failureInterrupted,
  stopped: strings.failureStopped,
  empty: strings.failureEmpty,
  failed: strings.failureFailed,
  error: strings.failureError,
  "rate-limited": strings.failureRateLimited,
  "turn-in-progress": strings.failureTurnInProgress,
  "connection-lost": strings.failureConnectionLost,
  refused: strings.failureRefused,
};

export function failureSentence(failure: TurnFailure): string {
  return failure.text || SENTENCES[failure.kind];
}

const ENDINGS: Record<EndingKind, string> = {
  interrupted: strings.failureInterrupted,
  stopped: strings.failureStopped,
  empty: strings.failureEmpty,
  failed: strings.endingFailed,
};

/** How an earlier turn ended; nothing can be done about it any more. */
export function endingTemplate(ending: EndingKind): TemplateResult {
  return html`<p class="ending" data-kind=${ending}>${ENDINGS[ending]}</p>`;
}

/** `secondsLeft`: until the retry may be tried. */
export function failureTemplate(
  failure: TurnFailure,
  secondsLeft: number,
  retry: () => void,
): TemplateResult {
  const isCalm = failure.kind === "stopped" || failure.kind === "empty";
  const wait = secondsLeft > 0 ? fill(strings.tryAgainIn, { seconds: secondsLeft }) : "";
  return html`<div class="failure" data-kind=${failure.kind} data-calm=${isCalm}>
    <p dir="auto">${failureSentence(failure)} ${wait}</p>
    ${failure.remedy === null ? nothing : retryButton(secondsLeft > 0, retry)}
  </div>`;
}

function retryButton(disabled: boolean, retry: () => void): TemplateResult {
  return html`<button type="button" class="quiet" ?disabled=${disabled} @click=${retry}>
    ${retryIcon}${strings.retry}
  </button>`;
}
