/** An error that ended a request -> what the visitor is told, and what can be done about it. */

import { ConnectionError, type Problem, ProblemError, THREAD_GONE } from "../protocol/problem.ts";
import type { ThreadChange } from "./reduce.ts";
import type { FailureKind, Remedy, TurnFailure } from "./thread-view.ts";

/** `remedy`: what may help if the failure can be mended at all. */
export function changeForError(error: unknown, remedy: Remedy, now: number): ThreadChange {
  if (error instanceof ProblemError) return changeForProblem(error, remedy, now);
  const kind = error instanceof ConnectionError ? "connection-lost" : "error";
  return failed({ kind, text: "", remedy, notBefore: 0 });
}

function changeForProblem({ problem }: ProblemError, remedy: Remedy, now: number): ThreadChange {
  const notBefore = problem.retryAfter === null ? 0 : now + problem.retryAfter;
  switch (problem.code) {
    case "chat_unavailable":
    case "chat_session_ended":
    case "feature_disabled":
      return { type: "closed", reason: "unavailable" };
    case "login_required":
      return { type: "closed", reason: "login" };
    case "rate_limited":
      return failed({ kind: "rate-limited", text: "", remedy, notBefore });
    case "turn_in_progress":
      return failed({ kind: "turn-in-progress", text: "", remedy, notBefore });
    default:
      return failed({
        ...otherProblem(problem, remedy),
        text: `${problem.detail} ${problem.hint}`.trim(),
        code: problem.code,
        notBefore,
      });
  }
}

/**
 * What is refused once is refused again, but a thread that is gone gives way to a new one, and the page may have got
 * another credential.
 */
function otherProblem(
  { status, code }: Problem,
  remedy: Remedy,
): { kind: FailureKind; remedy: Remedy | null } {
  if (status < 400 || status >= 500) return { kind: "error", remedy };
  return { kind: "refused", remedy: code === THREAD_GONE || isShutOut(code) ? remedy : null };
}

/** The credential of the page (publish token or chat grant) does not count, so no message is taken. */
export function isShutOut(code = ""): boolean {
  return /^(publish|grant)/.test(code);
}

function failed(failure: TurnFailure): ThreadChange {
  return { type: "failed", failure };
}
