/** Redraws its host once a second while a point of time is ahead. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Countdown implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Whole seconds until `time` (ms); 0 once it has passed. Call it while drawing. */
  secondsUntil(time: number): number {
    const left = Math.max(0, Math.ceil((time - Date.now()) / 1000));
    if (left === 0) this.hostDisconnected();
    else this.#timer ??= setInterval(() => this.#host.requestUpdate(), 1000);
    return left;
  }

  hostDisconnected(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
