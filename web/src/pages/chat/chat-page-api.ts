/** The two requests a chat page makes of its own: what the chat is, and a chat grant for it. */

import { type Fetch, fetchOrFail, readJson } from "../../element/protocol/chat-client.ts";
import { ProblemError, problemCode, readProblem } from "../../element/protocol/problem.ts";
import type { Look } from "./look.ts";
import type { Challenge } from "./proof-of-work.ts";

export interface ChatDescription {
  id: string;
  name: string;
  require_login: boolean;
  login_url: string | null;
  signed_in_as: string | null;
  dev_login: boolean;
  /** The identity provider's name where there is just one. */
  login_with: string | null;
  /** Characters that a message may have. */
  message_limit: number;
  /** Whether the server wants to be told what happens in the page. */
  telemetry: boolean;
  look: Partial<Look>;
}

export interface GrantAnswer {
  client_secret: string;
  signed_in_as: string | null;
  /** Stands for the login where cookies do not come along; only a bubble asks for it. */
  login_pass: string | null;
}

const REQUEST_LIMIT = 20_000;
const WORK_LIMIT = 60_000;

export class ChatPageApi {
  readonly #url: string;
  readonly #fetch: Fetch;

  constructor(ref: string, fetch: Fetch) {
    this.#url = `/api/chat/${encodeURIComponent(ref)}`;
    this.#fetch = fetch;
  }

  describe(): Promise<ChatDescription> {
    return this.#ask(this.#url, {});
  }

  /**
   * Opens or renews the visitor's chat session; the cookie that comes along says which visitor it is. `former`, the
   * chat grant so far, is for those who are known by that alone.
   */
  async openChatSession(_former: string | null = null): Promise<string> {
    return (await this.askForGrant({})).client_secret;
  }

  /** `body` may say more about the visitor; `former` is a chat grant to renew. */
  protected async askForGrant(
    body: Record<string, unknown>,
    former: string | null = null,
  ): Promise<GrantAnswer> {
    try {
      return await this.#openWith(body, former);
    } catch (error) {
      if (problemCode(error) !== "proof_of_work_needed" || !(error instanceof ProblemError)) throw error;
      const { solve } = await import("./proof-of-work.ts");
      const signal = AbortSignal.timeout(WORK_LIMIT);
      const proof = await solve(error.problem.told.challenge as Challenge, signal);
      return this.#openWith({ ...body, proof }, former);
    }
  }

  async #openWith(body: Record<string, unknown>, former: string | null): Promise<GrantAnswer> {
    return readJson<GrantAnswer>(await this.post(`${this.#url}/session`, body, former));
  }

  protected post(url: string, body: Record<string, unknown>, grant: string | null = null): Promise<Response> {
    const authorization = grant === null ? {} : { Authorization: `Bearer ${grant}` };
    return this.#send(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...authorization },
      body: JSON.stringify(body),
    });
  }

  /** Ends the login of this browser, here and in its other tabs; where to go on when the provider can end its own. */
  async signOut(): Promise<string | null> {
    const response = await this.post("/auth/logout", {});
    return response.status === 204 ? null : (await readJson<{ next_url: string }>(response)).next_url;
  }

  async #ask<T>(url: string, init: RequestInit): Promise<T> {
    return readJson<T>(await this.#send(url, init));
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(REQUEST_LIMIT);
    const response = await fetchOrFail(this.#fetch, url, { ...init, credentials: "same-origin", signal });
    if (!response.ok) throw await readProblem(response);
    return response;
  }
}
