/** What was typed into a form and not sent yet, kept by this tab: over a reload, a sign-in, and the back button. */

import type { WrittenForm } from "./schema.ts";

const PREFIX = "orcheo.canvas.draft.";

export class FormDrafts {
  readonly #owner: string;

  /** `owner` keeps the drafts of people apart who sign in one after the other in this tab. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  recall(form: string): WrittenForm | null {
    try {
      const kept: unknown = JSON.parse(sessionStorage.getItem(this.#key(form)) ?? "null");
      return typeof kept === "object" ? (kept as WrittenForm | null) : null;
    } catch {
      return null;
    }
  }

  keep(form: string, written: WrittenForm): void {
    try {
      sessionStorage.setItem(this.#key(form), JSON.stringify(written));
    } catch {
      // Nothing to do: the form works, and a reload loses the text.
    }
  }

  forget(form: string): void {
    try {
      sessionStorage.removeItem(this.#key(form));
    } catch {
      // Nothing is kept where storage is forbidden.
    }
  }

  /** For an owner who signs out. */
  static forgetAll(): void {
    try {
      for (const key of Object.keys(sessionStorage).filter((each) => each.startsWith(PREFIX)))
        sessionStorage.removeItem(key);
    } catch {
      // Nothing is kept where storage is forbidden.
    }
  }

  #key(form: string): string {
    return `${PREFIX}${this.#owner}.${form}`;
  }
}
