/** Sends ChatKit requests, with a chat grant where there are any, and renews the grant when the server asks for it. */

import type { GrantKeeper } from "./grant-keeper.ts";
import { ConnectionError, problemCode, readProblem } from "./problem.ts";
import type { ThreadRequest, TurnRequest } from "./wire.ts";

const REQUEST_LIMIT = 20_000;
/** The addresses of files that an Orcheo server makes, under the name that it knows itself by. */
const FILE = /^https?:\/\/[^/]+(\/api\/chatkit\/attachments\/.+)$/;
const RENEWABLE = new Set(["grant_expired", "grant_invalid"]);

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ChatServer {
  url: string;
  /** Null where the page's own `fetch` says who the visitor is. */
  grants: GrantKeeper | null;
  fetch: Fetch;
  /** Whether the page itself sends the requests: then how much of a file has left is not known. */
  isSentByPage: () => boolean;
  /** False for servers of others, which may forbid pages headers that they do not know. */
  isOurs: boolean;
  /** Language of the visitor; empty for the browser's own. */
  locale: () => string;
}

export class ChatClient {
  readonly #server: ChatServer;
  readonly #url: string;

  constructor(server: ChatServer) {
    this.#server = server;
    this.#url = server.url.replace(/\/$/, "");
  }

  get isOurs(): boolean {
    return this.#server.isOurs;
  }

  /** Sends a request that is answered by one JSON document. */
  async call<T>(request: ThreadRequest, signal: AbortSignal): Promise<T> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_LIMIT)]);
    const response = await this.#send(this.#url, post(request, {}, limited));
    return readJson<T>(response);
  }

  /** Opens a turn. The same idempotency key, sent again, leads to the same turn. */
  openTurn(request: TurnRequest, idempotencyKey: string, signal: AbortSignal): Promise<Response> {
    const accept = { Accept: "text/event-stream" };
    if (this.#server.isOurs) {
      const headers = { "Orcheo-Resume": "1", "Idempotency-Key": idempotencyKey, ...accept };
      return this.#send(this.#url, post(request, headers, signal));
    }
    const body = { ...request, metadata: { client_id: idempotencyKey } };
    return this.#send(this.#url, post(body, accept, signal));
  }

  /** Sends a form to another address of the server, as its visitor; by `fetch` unless the page has its own. */
  async upload<T>(url: string, body: FormData, signal: AbortSignal, fetch: Fetch): Promise<T> {
    const by = this.#server.isSentByPage() ? this.#server.fetch : fetch;
    return readJson<T>(await this.#send(url, { method: "POST", body, signal }, by));
  }

  /**
   * The address of a file at the server as the page reaches it: the server may have other names too, such as
   * localhost, and a page loads nothing from a name that it did not come from.
   */
  reached(url: string): string {
    const path = this.#server.isOurs ? FILE.exec(url)?.[1] : undefined;
    if (path === undefined) return url;
    return URL.canParse(this.#url) ? new URL(path, this.#url).href : path;
  }

  /** Follows a thread's latest turn from the event after `after`; null when there is nothing to follow. */
  async resumeTurn(threadId: string, after: number, signal: AbortSignal): Promise<Response | null> {
    const url = `${this.#url}/threads/${encodeURIComponent(threadId)}/events?after=${after}`;
    const response = await this.#send(url, { headers: { Accept: "text/event-stream" }, signal });
    return response.status === 204 ? null : response;
  }

  async #send(url: string, init: RequestInit, by = this.#server.fetch): Promise<Response> {
    const { grants } = this.#server;
    if (grants === null) return this.#sendWith({}, url, init, by);
    const grant = await grants.current();
    try {
      return await this.#sendWith({ Authorization: `Bearer ${grant}` }, url, init, by);
    } catch (error) {
      if (!RENEWABLE.has(problemCode(error) ?? "")) throw error;
      return this.#sendWith({ Authorization: `Bearer ${await grants.replace(grant)}` }, url, init, by);
    }
  }

  async #sendWith(
    credential: Record<string, string>,
    url: string,
    init: RequestInit,
    fetch: Fetch,
  ): Promise<Response> {
    const locale = this.#server.locale();
    const language = locale === "" ? {} : { "Accept-Language": locale };
    const headers = { ...init.headers, ...language, ...credential };
    const response = await fetchOrFail(fetch, url, { ...init, headers });
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
