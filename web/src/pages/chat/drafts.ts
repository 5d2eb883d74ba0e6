/** Unsent text of one visitor in one chat, kept by this tab over a reload. Browsers that forbid storage just forget. */

const PREFIX = "orcheo.draft.";

export class Drafts {
  readonly #key: string;

  /** The subject of `grant` keeps people apart who chat one after the other in this tab; their names may be the same. */
  constructor(workflowId: string, grant: string) {
    this.#key = `${PREFIX}${workflowId}.${subjectOf(grant)}.`;
  }

  recall(place: string | null): string {
    try {
      return sessionStorage.getItem(this.#key + (place ?? "")) ?? "";
    } catch {
      return "";
    }
  }

  keep(place: string | null, text: string): void {
    try {
      if (text === "") sessionStorage.removeItem(this.#key + (place ?? ""));
      else sessionStorage.setItem(this.#key + (place ?? ""), text);
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

/** What is written under a grant that cannot be read is not found again. */
function subjectOf(grant: string): string {
  try {
    return JSON.parse(atob((grant.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"))).sub;
  } catch {
    return String(Math.random());
  }
}
