/** What Canvas asks of its server: the owner session, the catalogue, and operations. */

import { type Fetch, fetchOrFail, readJson } from "../../element/protocol/chat-client.ts";
import { ConnectionError, type Problem, ProblemError, readProblem } from "../../element/protocol/problem.ts";
import type { Schema } from "./schema.ts";

export interface Provider {
  id: string;
  label: string;
  login_url: string;
}

export interface OwnerSession {
  owner: string;
  scopes: readonly string[];
  expires_at: string;
  idle_ends_at: string;
  /** Which features are switched on for this owner. */
  features?: Readonly<Record<string, boolean>>;
  providers: readonly Provider[];
  /** Whether the server wants to be told how the chat is used. */
  telemetry?: boolean;
}

export interface ListedSession {
  id: string;
  current: boolean;
  created_at: string | null;
  last_used_at: string | null;
  address: string;
  user_agent: string;
}

export interface OperationEntry {
  name: string;
  title: string;
  summary: string;
  destructive: boolean;
  confirm: string | null;
  schema: Schema;
}

export interface RunnerEntry {
  name: string;
  title: string;
  /** What a target looks like. */
  target?: string;
  /** Whether registering one executes code of the server, which needs a scope of its own. */
  executes_code?: boolean;
  schema: Schema;
}

export interface Catalogue {
  operations: readonly OperationEntry[];
  runners: readonly RunnerEntry[];
}

type Arguments = Readonly<Record<string, unknown>>;

const PATIENCE_MS = 20_000;
const SESSION = "/api/canvas/session";
const SESSIONS = "/api/canvas/sessions";

export class CanvasApi {
  readonly #fetch: Fetch;
  readonly #ended: (problem: Problem) => void;
  readonly #lost: () => void;
  #catalogue: Promise<Catalogue> | null = null;

  /** `ended` hears that the owner session is over, or was never there; `lost` that the server cannot be reached. */
  constructor(fetch: Fetch, ended: (problem: Problem) => void, lost: () => void) {
    this.#fetch = fetch;
    this.#ended = ended;
    this.#lost = lost;
  }

  session(): Promise<OwnerSession> {
    return this.#read(SESSION);
  }

  /** Trades the ticket of a one-time address for an owner session. */
  signIn(ticket: string): Promise<OwnerSession> {
    return this.#read(SESSION, { method: "POST", body: JSON.stringify({ ticket }) });
  }

  async signOut(): Promise<void> {
    await this.#send(SESSION, { method: "DELETE" });
  }

  async sessions(signal: AbortSignal): Promise<readonly ListedSession[]> {
    return (await this.#read<{ items: ListedSession[] }>(SESSIONS, { signal })).items;
  }

  async endSession(id: string): Promise<void> {
    await this.#send(`${SESSIONS}/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  /** The same for every owner, so it is fetched once. */
  catalogue(): Promise<Catalogue> {
    this.#catalogue ??= this.#read<Catalogue>("/api/canvas/catalogue").catch((error) => {
      this.#catalogue = null;
      throw error;
    });
    return this.#catalogue;
  }

  async operation(name: string): Promise<OperationEntry> {
    const found = (await this.catalogue()).operations.find((each) => each.name === name);
    if (found === undefined) throw new Error(`The server's catalogue has no operation ${name}.`);
    return found;
  }

  /** `isLong`: it runs a workflow, which takes as long as that does. */
  perform<T>(name: string, given: Arguments, signal?: AbortSignal, isLong = false): Promise<T> {
    return this.#read(
      `/api/operations/${name}`,
      { method: "POST", body: JSON.stringify(given), ...(signal ? { signal } : {}) },
      isLong,
    );
  }

  /** What to ask the owner before `perform`; null for nothing. Fails as that would. */
  async question(name: string, given: Arguments, signal: AbortSignal): Promise<string | null> {
    const init = { method: "POST", body: JSON.stringify(given), signal };
    return (await this.#read<{ question: string | null }>(`/api/operations/${name}/question`, init)).question;
  }

  openChat(ref: string, signal: AbortSignal): Promise<{ client_secret: string; expires_in: number }> {
    const init = { method: "POST", body: "{}", signal };
    return this.#read(`/api/workflows/${encodeURIComponent(ref)}/chatkit/session`, init);
  }

  /** News of a workflow, or of one thread of it, as server-sent events. */
  watch(ref: string, thread: string | null, signal: AbortSignal): Promise<Response> {
    const query = thread === null ? "" : `?thread=${encodeURIComponent(thread)}`;
    return this.#send(`/api/canvas/workflows/${encodeURIComponent(ref)}/live${query}`, { signal }, true);
  }

  /** The events of a thread's latest turn from the one after `after` on; status 204 when there are none. */
  follow(thread: string, after: string, signal: AbortSignal | null): Promise<Response> {
    const url = `/api/canvas/threads/${encodeURIComponent(thread)}/events?after=${encodeURIComponent(after)}`;
    return this.#send(url, { signal }, true);
  }

  async #read<T>(url: string, init: RequestInit = {}, isLong = false): Promise<T> {
    return readJson<T>(await this.#send(url, init, isLong));
  }

  async #send(url: string, init: RequestInit, isLong = false): Promise<Response> {
    const limits = [init.signal, isLong ? null : AbortSignal.timeout(PATIENCE_MS)];
    const response = await fetchOrFail(this.#fetch, url, {
      ...init,
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      signal: AbortSignal.any(limits.filter((each) => each != null)),
    }).catch((error) => {
      if (error instanceof ConnectionError) this.#lost();
      throw error;
    });
    if (response.ok) return response;
    const failure = await readProblem(response);
    if (isEnded(failure)) this.#ended(failure.problem);
    throw failure;
  }
}

/** Whether the owner has to sign in, again or for the first time. */
export function isEnded(error: unknown): boolean {
  if (!(error instanceof ProblemError)) return false;
  const { status, code } = error.problem;
  return status === 401 && code.startsWith("owner_session_");
}

/** Whether the same may work once the owner is signed in, or the server can be reached. */
export function mayPass(error: unknown): boolean {
  return error instanceof ConnectionError || isEnded(error);
}

export function providersOf(problem: Problem | null): readonly Provider[] {
  const told = problem?.told.providers;
  return Array.isArray(told) ? told.filter(isProvider) : [];
}

/** Only addresses of our own: what a provider answers with nonsense is not followed. */
function isProvider(value: unknown): value is Provider {
  const { label, login_url: url } = (value ?? {}) as Partial<Provider>;
  return typeof label === "string" && typeof url === "string" && /^\/(?!\/)/.test(url);
}
