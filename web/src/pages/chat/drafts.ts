/** Unsent text of one visitor in one chat, kept by this tab over a reload. Browsers that forbid storage just forget. */

const PREFIX = "orcheo.draft.";

export class Drafts {
  readonly #key: string;

  /** `signedInAs` keeps the drafts of people apart who sign in one after the other in this tab. */
  constructor(workflowId: string, signedInAs: string | null) {
    this.#key = `${PREFIX}${workflowId}.${signedInAs ?? ""}.`;
  }

  recall(threadId: string | null): string {
    try {
      return sessionStorage.getItem(this.#key + (threadId ?? "")) ?? "";
    } catch {
      return "";
    }
  }

  keep(threadId: string | null, text: string): void {
    try {
      if (text === "") sessionStorage.removeItem(this.#key + (threadId ?? ""));
      else sessionStorage.setItem(this.#key + (threadId ?? ""), text);
    } catch {
      // Nothing to do: the chat works, and a reload loses the text.
    }
  }

  /** Forgets every draft of this tab. */
  static forgetAll(): void {
    try {
      for (const key of Object.keys(sessionStorage).filter((each) => each.startsWith(PREFIX))) {
        sessionStorage.removeItem(key);
      }
    } catch {
      // Nothing is kept where storage is forbidden.
    }
  }
}
