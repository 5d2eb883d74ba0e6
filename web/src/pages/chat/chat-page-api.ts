/** The two requests a chat page makes of its own: what the chat is, and a chat grant for it. */

import { type Fetch, fetchOrFail, readJson } from "../../element/protocol/chat-client.ts";
import { ProblemError, problemCode, readProblem } from "../../element/protocol/problem.ts";
import { type Challenge, solve } from "./proof-of-work.ts";

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
}

interface GrantAnswer {
  client_secret: string;
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

  /** Opens or renews the visitor's chat session; the cookie that comes along says which visitor it is. */
  async openChatSession(): Promise<string> {
    try {
      return await this.#openWith({});
    } catch (error) {
      if (problemCode(error) !== "proof_of_work_needed" || !(error instanceof ProblemError)) throw error;
      const signal = AbortSignal.timeout(WORK_LIMIT);
      return this.#openWith({ proof: await solve(error.problem.challenge as Challenge, signal) });
    }
  }

  async #openWith(body: { proof?: string }): Promise<string> {
    const post = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    };
    const answer = await this.#ask<GrantAnswer>(`${this.#url}/session`, post);
    return answer.client_secret;
  }

  /** Ends the login of this browser, here and in its other tabs; where to go on when the provider can end its own. */
  async signOut(): Promise<string | null> {
    const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
    const response = await this.#send("/auth/logout", post);
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
