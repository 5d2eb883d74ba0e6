/** Something that a view fetches: loading, there, or failed; what a lost connection kept back is asked for again. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { isAbort } from "../../element/protocol/chat-client.ts";
import { mayPass } from "./api.ts";
import type { Connection } from "./connection.ts";

type Ask<T> = (signal: AbortSignal) => Promise<T>;

export class Loading<T> implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #connection: () => Connection;
  #ask: Ask<T> | null = null;
  #over = new AbortController();
  #unwatch: (() => void) | null = null;
  value: T | null = null;
  error: unknown = null;
  isPending = false;

  constructor(host: ReactiveControllerHost, connection: () => Connection) {
    this.#host = host;
    this.#connection = connection;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#over.abort();
    this.#unwatch?.();
    this.#unwatch = null;
  }

  /** Asks; the answer of an earlier question is never shown after this. */
  async run(ask: Ask<T>): Promise<void> {
    this.#over.abort();
    const over = new AbortController();
    this.#over = over;
    this.#ask = ask;
    this.#unwatch ??= this.#connection().watch(() => void this.again());
    this.isPending = true;
    this.error = null;
    this.#host.requestUpdate();
    try {
      const value = await ask(over.signal);
      if (over.signal.aborted) return;
      this.value = value;
    } catch (error) {
      if (over.signal.aborted || isAbort(error)) return;
      this.error = error;
    }
    this.isPending = false;
    this.#host.requestUpdate();
  }

  /** Asks for what is shown by now, without a word: where that fails, what is shown stays. */
  async renew(ask: Ask<T>): Promise<void> {
    const over = this.#over;
    try {
      const value = await ask(over.signal);
      if (over.signal.aborted) return;
      this.value = value;
      this.#host.requestUpdate();
    } catch {
      // The owner did not ask for it.
    }
  }

  /** What failed for want of a connection or a sign-in is asked for once more. */
  async again(): Promise<void> {
    if (mayPass(this.error) && this.#ask !== null) await this.run(this.#ask);
  }

  async reload(): Promise<void> {
    if (this.#ask !== null) await this.run(this.#ask);
  }
}
