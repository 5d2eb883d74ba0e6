/** Redraws its host once a second while something lasts. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Stopwatch implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #timer: ReturnType<typeof setInterval> | undefined;
  #what: string | null = null;
  #since = 0;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Whole seconds since `what` was first named here in a row; null stops. Call it while drawing. */
  secondsOf(what: string | null): number {
    if (what !== this.#what) this.#since = Date.now();
    this.#what = what;
    if (what === null) this.hostDisconnected();
    else this.#timer ??= setInterval(() => this.#host.requestUpdate(), 1000);
    return what === null ? 0 : Math.floor((Date.now() - this.#since) / 1000);
  }

  hostDisconnected(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
