/** Remembers which thread a visitor was in, for each workflow. Browsers that forbid storage just forget. */

export class ThreadMemory {
  readonly #key: string;

  constructor(workflowId: string) {
    this.#key = `orcheo.thread.${workflowId}`;
  }

  recall(): string | null {
    try {
      return localStorage.getItem(this.#key);
    } catch {
      return null;
    }
  }

  keep(threadId: string | null): void {
    try {
      if (threadId === null) localStorage.removeItem(this.#key);
      else localStorage.setItem(this.#key, threadId);
    } catch {
      // Nothing to do: the chat works, and a reload starts a new thread.
    }
  }
}
