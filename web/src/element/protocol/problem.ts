/** Failures of a request: a problem that the server states (RFC 9457), or a connection that broke. */

export interface Problem {
  status: number;
  code: string;
  detail: string;
  hint: string;
  /** What the server's log knows the request by. */
  requestId: string;
  /** Milliseconds that `Retry-After` asks to wait; null when it says nothing. */
  retryAfter: number | null;
  /** The whole document. */
  told: Readonly<Record<string, unknown>>;
}

export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.code);
    this.problem = problem;
  }
}

/** The network, or whatever stands between, failed; the request may or may not have arrived. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

export const THREAD_GONE = "thread_not_found";
const RETRY_AFTER_DEFAULT = 10_000;
const PASSING_STATUSES = new Set([502, 503, 504]);

export function problemCode(error: unknown): string | null {
  return error instanceof ProblemError ? error.problem.code : null;
}

/** True when the server asks to wait: then nothing of the request was begun. */
export function isLimited(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.status === 429;
}

/** True for failures that may be gone a moment later, such as a server that is being restarted. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  return error instanceof ProblemError && PASSING_STATUSES.has(error.problem.status);
}

/** Reads a response that is not OK; a body that is no problem document still becomes one. */
export async function readProblem(response: Response, now = Date.now()): Promise<ProblemError> {
  // Without them the server's own words are shown.
  await import("../error-words.ts").catch(() => {});
  const body = await readObject(response);
  return new ProblemError({
    status: response.status,
    code: text(body.code) || `http_${response.status}`,
    detail: text(body.detail),
    hint: text(body.hint),
    requestId: text(body.request_id),
    retryAfter: readRetryAfter(response, now),
    told: body,
  });
}

async function readObject(response: Response): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function readRetryAfter(response: Response, now: number): number | null {
  const header = response.headers.get("retry-after");
  if (header === null) return response.status === 429 ? RETRY_AFTER_DEFAULT : null;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? RETRY_AFTER_DEFAULT : Math.max(0, wait);
}
