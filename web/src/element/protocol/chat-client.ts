/** Sends ChatKit requests with a chat grant, and renews the grant when the server asks for it. */

import type { GrantKeeper } from "./grant-keeper.ts";
import { ConnectionError, problemCode, readProblem } from "./problem.ts";
import type { ThreadRequest, TurnRequest } from "./wire.ts";

const REQUEST_LIMIT = 20_000;
const RENEWABLE = new Set(["grant_expired", "grant_invalid"]);

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export class ChatClient {
  readonly #url: string;
  readonly #grants: GrantKeeper;
  readonly #fetch: Fetch;

  constructor(url: string, grants: GrantKeeper, fetch: Fetch) {
    this.#url = url.replace(/\/$/, "");
    this.#grants = grants;
    this.#fetch = fetch;
  }

  /** Sends a request that is answered by one JSON document. */
  async call<T>(request: ThreadRequest, signal: AbortSignal): Promise<T> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_LIMIT)]);
    const response = await this.#send(this.#url, post(request, {}, limited));
    return readJson<T>(response);
  }

  /** Opens a turn. The same idempotency key, sent again, leads to the same turn. */
  openTurn(request: TurnRequest, idempotencyKey: string, signal: AbortSignal): Promise<Response> {
    const headers = { "Orcheo-Resume": "1", "Idempotency-Key": idempotencyKey, Accept: "text/event-stream" };
    return this.#send(this.#url, post(request, headers, signal));
  }

  /** Follows a thread's latest turn from the event after `after`; null when there is nothing to follow. */
  async resumeTurn(threadId: string, after: number, signal: AbortSignal): Promise<Response | null> {
    const url = `${this.#url}/threads/${encodeURIComponent(threadId)}/events?after=${after}`;
    const response = await this.#send(url, { headers: { Accept: "text/event-stream" }, signal });
    return response.status === 204 ? null : response;
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const grant = await this.#grants.current();
    try {
      return await this.#sendWith(grant, url, init);
    } catch (error) {
      if (!RENEWABLE.has(problemCode(error) ?? "")) throw error;
      return this.#sendWith(await this.#grants.replace(grant), url, init);
    }
  }

  async #sendWith(grant: string, url: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, Authorization: `Bearer ${grant}` };
    const response = await fetchOrFail(this.#fetch, url, { ...init, headers });
    if (!response.ok) throw await readProblem(response);
    return response;
  }
}

/** Fetches, and tells a broken connection (ConnectionError) from a request that its caller gave up (AbortError). */
export async function fetchOrFail(fetch: Fetch, url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, cache: "no-store", redirect: "error" });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ConnectionError("The server could not be reached.", { cause: error });
  }
}

export async function readJson<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ConnectionError("The answer could not be read.", { cause: error });
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

function post(body: unknown, headers: Record<string, string>, signal: AbortSignal): RequestInit {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal,
  };
}
