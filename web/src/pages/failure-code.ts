/**
 * The code by which a failure is counted: the server's own, or what the browser knows of it. By names alone: an import
 * of the classes would take them out of the pages' first script, into one of their own.
 */
export function failureCode(error: unknown): string {
  const { name, problem } = (error ?? {}) as { name?: unknown; problem?: { code?: unknown } };
  if (typeof problem?.code === "string") return problem.code;
  return name === "ConnectionError" ? "connection" : "other";
}
