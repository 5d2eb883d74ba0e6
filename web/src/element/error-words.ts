/** What visitors are told of errors, by the server's code. Loaded with the first error: the first load has no need of it. */

import { bookOf, teachErrors } from "./language.ts";
import { strings } from "./strings.ts";
import { englishErrors } from "./strings-errors.ts";

const errors = bookOf(englishErrors);

/** Errors that another sentence says as well. */
const LIKE: Readonly<Record<string, keyof typeof strings | keyof typeof errors>> = {
  chat_session_ended: "closedTitle",
  chat_unavailable: "closedTitle",
  closed_until_restart: "error_storage_unavailable",
  concurrent_change: "error_internal_error",
  disk_full: "error_storage_unavailable",
  feature_disabled: "closedTitle",
  grant_expired: "closedTitle",
  grant_invalid: "closedTitle",
  identity_expired: "loginEndedTitle",
  identity_invalid: "loginEndedTitle",
  identity_provider_unavailable: "error_unavailable",
  login_required: "loginEndedTitle",
  proof_of_work_needed: "error_shared_budget_exceeded",
  publish_token_invalid: "closedTitle",
  publish_token_revoked: "closedTitle",
  publish_token_rotated: "closedTitle",
  rate_limited: "failureRateLimited",
  stop_not_offered: "failureTurnInProgress",
  transcription_failed: "error_unavailable",
  transcription_off: "error_unavailable",
  turn_in_progress: "failureTurnInProgress",
  unauthenticated: "closedTitle",
};

/** Errors that tell a developer what is wrong with a request: a visitor is told that it was not taken. */
const WRONG_REQUESTS: ReadonlySet<string> = new Set([
  "body_compressed",
  "cross_site_request",
  "headers_too_large",
  "host_not_allowed",
  "idempotency_key_reused",
  "invalid_input",
  "invalid_request",
  "item_not_found",
  "malformed_request",
  "method_not_allowed",
  "not_found",
]);

/** Empty where the code alone says nothing to a visitor; undefined for a code that is not known here. */
export function sentenceOfCode(code: string): string | undefined {
  const words: Readonly<Record<string, string>> = { ...strings, ...errors } as Record<string, string>;
  const key = Object.hasOwn(LIKE, code) ? LIKE[code] : `error_${code}`;
  return WRONG_REQUESTS.has(code) ? "" : words[key as string];
}

teachErrors(sentenceOfCode);
