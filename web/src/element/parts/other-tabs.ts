/** Tells the visitor's other tabs that a thread has changed, and hears it from them. */

export class OtherTabs {
  readonly #channel: BroadcastChannel | null;

  constructor(heard: (threadId: string) => void) {
    this.#channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("orcheo.threads") : null;
    this.#channel?.addEventListener("message", ({ data }) => {
      if (typeof data === "string") heard(data);
    });
  }

  tell(threadId: string): void {
    this.#channel?.postMessage(threadId);
  }

  close(): void {
    this.#channel?.close();
  }
}
