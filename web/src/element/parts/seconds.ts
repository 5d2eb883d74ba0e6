/** Redraws its host once a second while there is something to count. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Seconds implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Whole seconds until `time` (ms); 0 once it has passed. Call it while drawing. */
  until(time: number): number {
    const left = Math.max(0, Math.ceil((time - Date.now()) / 1000));
    this.#count(left > 0);
    return left;
  }

  /** Whole seconds since `time` (ms); 0 for null. Call it while drawing. */
  since(time: number | null): number {
    this.#count(time !== null);
    return time === null ? 0 : Math.floor((Date.now() - time) / 1000);
  }

  #count(isOn: boolean): void {
    if (isOn) this.#timer ??= setInterval(() => this.#host.requestUpdate(), 1000);
    else this.hostDisconnected();
  }

  hostDisconnected(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
