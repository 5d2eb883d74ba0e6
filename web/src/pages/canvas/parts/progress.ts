/** Counts the seconds of something that takes a while. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Progress implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #since: number | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get isRunning(): boolean {
    return this.#since !== null;
  }

  get seconds(): number {
    return this.#since === null ? 0 : Math.floor((Date.now() - this.#since) / 1_000);
  }

  start(): void {
    this.#since = Date.now();
    this.#timer ??= setInterval(() => this.#host.requestUpdate(), 1_000);
    this.#host.requestUpdate();
  }

  stop(): void {
    this.#since = null;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#host.requestUpdate();
  }

  hostDisconnected(): void {
    this.stop();
  }
}
