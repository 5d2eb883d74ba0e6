/** The chat page's requests from a frame in which cookies may not come along: who chats is known by what it holds. */

import type { Fetch } from "../../element/protocol/chat-client.ts";
import { problemCode } from "../../element/protocol/problem.ts";
import { type ChatDescription, ChatPageApi } from "../chat/chat-page-api.ts";

/** Who the visitor of a frame is. It lives in memory alone; nothing of it is stored. */
export interface Visitor {
  /** Stands for the login that a sign-in window has brought. */
  loginPass: string | null;
  signedInAs: string | null;
  /** Asks the page around the frame for a fresh identity; null where it has not said that it knows the visitor. */
  identity: (() => Promise<string | null>) | null;
  /** The chat grant and identity of the chat now. */
  grant: string | null;
  usedIdentity: string | null;
  workflowId: string;
}

const ENDED = new Set(["grant_expired", "grant_invalid", "chat_session_ended"]);

/** The page around the frame has no fresh identity for a visitor whom it had named. */
class NotIdentified extends Error {}

export class FrameApi extends ChatPageApi {
  readonly #ref: string;
  readonly #visitor: Visitor;
  readonly #told: { identified(): void; refused(code: string): void };

  constructor(
    ref: string,
    fetch: Fetch,
    visitor: Visitor,
    told: { identified(): void; refused(code: string): void },
  ) {
    super(ref, fetch);
    this.#ref = ref;
    this.#visitor = visitor;
    this.#told = told;
  }

  override async describe(): Promise<ChatDescription> {
    const description = await super.describe();
    this.#visitor.workflowId = description.id;
    const login_url = description.login_url === null ? null : signInPath(this.#ref);
    return { ...description, login_url, signed_in_as: this.#visitor.signedInAs };
  }

  override async openChatSession(former: string | null = null): Promise<string> {
    if (former !== null) {
      try {
        return await this.#ask({}, former);
      } catch (error) {
        if (!ENDED.has(problemCode(error) ?? "")) throw error;
      }
    }
    const identity = (await this.#visitor.identity?.()) ?? null;
    if (identity === null && former !== null && this.#visitor.usedIdentity !== null)
      throw new NotIdentified();
    return identity === null ? this.#ask({}, null) : this.#identified(identity, former === null);
  }

  async #identified(identity: string, isFirst: boolean): Promise<string> {
    try {
      const grant = await this.#ask({ identity }, null);
      this.#visitor.usedIdentity = identity;
      this.#told.identified();
      return grant;
    } catch (error) {
      const code = problemCode(error);
      this.#told.refused(code ?? "connection");
      // A chat in someone's name is never continued in no name; one that begins may be a stranger's.
      if (!isFirst || code?.startsWith("identity_") !== true) throw error;
      return this.#ask({}, null);
    }
  }

  /** Where a provider could end its own login cannot be shown in a frame. */
  override async signOut(): Promise<null> {
    const { loginPass, workflowId } = this.#visitor;
    this.#visitor.loginPass = null;
    this.#visitor.signedInAs = null;
    await this.post("/auth/logout", { login_pass: loginPass ?? "", workflow_id: workflowId });
    return null;
  }

  async #ask(body: Record<string, unknown>, former: string | null): Promise<string> {
    const pass = this.#visitor.loginPass === null ? {} : { login_pass: this.#visitor.loginPass };
    const answer = await this.askForGrant({ embedded: true, ...pass, ...body }, former);
    this.#visitor.loginPass = answer.login_pass ?? this.#visitor.loginPass;
    this.#visitor.grant = answer.client_secret;
    return answer.client_secret;
  }
}

export function chatPath(ref: string): string {
  return `/chat/${encodeURIComponent(ref)}`;
}

export function signInPath(ref: string): string {
  return `/embed/${encodeURIComponent(ref)}/sign-in`;
}
