/** What happens in a workflow, or in one thread of it, told as long as its owner looks at the page. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { isAbort } from "../../element/protocol/chat-client.ts";
import { readFrames } from "../../element/protocol/frames.ts";
import { browserPace, type Pace, retryDelay } from "../../element/protocol/pace.ts";
import { isLimited, isPassing } from "../../element/protocol/problem.ts";
import type { Connection } from "./connection.ts";

export interface News {
  /** Threads in which a turn runs now. */
  running: readonly string[];
  /** Threads in which a turn began or ended, or that are gone. */
  changed: readonly string[];
  /** Whether more has changed than is named. */
  is_cut: boolean;
}

type Open = (signal: AbortSignal) => Promise<Response>;

/**
 * Listens while the page is seen and not paused: a browser has few connections for one server, and other tabs need them
 * too. `heard` is given `isFirst` for what a new connection says first, before which things may have gone unheard;
 * `refused` is told why listening on makes no sense.
 */
export class LiveNews implements ReactiveController {
  readonly #connection: () => Connection;
  readonly #heard: (news: News, isFirst: boolean) => void;
  readonly #refused: (error: unknown) => void;
  readonly #pace: Pace;
  #open: Open | null = null;
  #listening: AbortController | null = null;
  #isPaused = false;
  #unwatch: (() => void) | null = null;

  constructor(
    host: ReactiveControllerHost,
    connection: () => Connection,
    heard: (news: News, isFirst: boolean) => void,
    refused: (error: unknown) => void,
    pace: Pace = browserPace,
  ) {
    this.#connection = connection;
    this.#heard = heard;
    this.#refused = refused;
    this.#pace = pace;
    host.addController(this);
  }

  /** Listens to what `open` opens from now on. */
  listen(open: Open): void {
    this.#stop();
    this.#open = open;
    this.#isPaused = false;
    if (this.#unwatch === null) {
      const back = this.#connection().watch(() => this.#begin());
      document.addEventListener("visibilitychange", this.#seen);
      this.#unwatch = () => {
        back();
        document.removeEventListener("visibilitychange", this.#seen);
      };
    }
    this.#begin();
  }

  pause(): void {
    this.#isPaused = true;
    this.#stop();
  }

  resume(): void {
    this.#isPaused = false;
    this.#begin();
  }

  hostDisconnected(): void {
    this.#stop();
    this.#open = null;
    this.#unwatch?.();
    this.#unwatch = null;
  }

  readonly #seen = (): void => {
    if (document.hidden) this.#stop();
    else this.#begin();
  };

  #stop(): void {
    this.#listening?.abort();
    this.#listening = null;
  }

  #begin(): void {
    if (this.#open === null || this.#isPaused || document.hidden || this.#listening !== null) return;
    const listening = new AbortController();
    this.#listening = listening;
    void this.#keepListening(this.#open, listening.signal).finally(() => {
      if (this.#listening === listening) this.#listening = null;
    });
  }

  /** Until listening on makes no sense: the owner was signed out, say, or the thread is gone. */
  async #keepListening(open: Open, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        if (await this.#listenOnce(open, signal)) attempt = 0;
      } catch (error) {
        if (isAbort(error)) return;
        if (!(isPassing(error) || isLimited(error))) {
          this.#refused(error);
          return;
        }
      }
      await this.#pace.wait(retryDelay(attempt, this.#pace.random()), signal).catch(() => {});
    }
  }

  /** Whether anything was heard before the stream ended. */
  async #listenOnce(open: Open, signal: AbortSignal): Promise<boolean> {
    const { body } = await open(signal);
    let isFirst = true;
    for await (const frame of body === null ? [] : readFrames(body)) {
      signal.throwIfAborted();
      this.#heard(JSON.parse(frame.data) as News, isFirst);
      isFirst = false;
    }
    return !isFirst;
  }
}
