/** Keeps the newest text in sight, until the reader scrolls away from it. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

const NEAR_END = 64;
const NEAR_TOP = 48;

export class ScrollKeeper implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #scroller: () => HTMLElement | null;
  /** False: stays where the reader is while an answer grows. */
  follows = true;
  #isAtEnd = true;
  #lastTop = 0;
  #lastHeight = 0;
  #isWanted = true;
  #watched: HTMLElement | null = null;
  #isUnfolding = false;
  /** A screen that is turned, and a keyboard on it, take room from the end; what is drawn later needs more. */
  readonly #resizes = new ResizeObserver(() => this.#resized());

  constructor(host: ReactiveControllerHost, scroller: () => HTMLElement | null) {
    this.#host = host;
    this.#scroller = scroller;
    host.addController(this);
  }

  /** True while the newest text is in sight. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** True when the reader has moved up to the first text. */
  get isAtTop(): boolean {
    return !this.#isAtEnd && this.#lastTop <= NEAR_TOP;
  }

  /** Listener for the scroller's `scroll`. Only a move upwards is the reader's wish to stay where they are. */
  readonly scrolled = (): void => {
    const scroller = this.#scroller();
    if (scroller === null) return;
    const movedUp = scroller.scrollTop < this.#lastTop;
    this.#lastTop = scroller.scrollTop;
    if (distanceToEnd(scroller) <= NEAR_END) this.#set(true);
    else if (movedUp) this.#set(false);
  };

  /** Listener for clicks: what the reader unfolds at the end is read from its beginning. */
  readonly clicked = (click: Event): void => {
    this.#isUnfolding = click.composedPath().some((each) => (each as Element).localName === "summary");
  };

  toEnd(): void {
    this.#set(true);
    this.#isWanted = true;
    this.hostUpdated();
  }

  /** Runs an update that adds text above, and leaves the reader where they were. */
  async keepPlace(addAbove: () => Promise<unknown>): Promise<void> {
    await addAbove();
    const scroller = this.#scroller();
    if (scroller === null) return;
    this.#set(false);
    const { scrollTop, scrollHeight } = scroller;
    // What was added is not drawn yet: changes are drawn with the next frame.
    this.#host.requestUpdate();
    await this.#host.updateComplete;
    scroller.scrollTop = scrollTop + scroller.scrollHeight - scrollHeight;
    this.#lastTop = scroller.scrollTop;
  }

  hostUpdated(): void {
    const scroller = this.#scroller();
    if (scroller !== null && scroller !== this.#watched)
      for (const each of [scroller, ...scroller.children]) this.#resizes.observe(each);
    this.#watched = scroller;
    if (scroller === null || !this.#isAtEnd || !(this.follows || this.#isWanted)) return;
    // What was sent must be drawn before its end is in sight.
    if (scroller.scrollHeight !== this.#lastHeight) this.#isWanted = false;
    this.#lastHeight = scroller.scrollHeight;
    scroller.scrollTop = scroller.scrollHeight;
    this.#lastTop = scroller.scrollTop;
  }

  #resized(): void {
    const scroller = this.#scroller();
    if (scroller !== null && this.#isUnfolding) this.#set(distanceToEnd(scroller) <= NEAR_END);
    this.#isUnfolding = false;
    this.hostUpdated();
  }

  #set(isAtEnd: boolean): void {
    if (isAtEnd === this.#isAtEnd) return;
    this.#isAtEnd = isAtEnd;
    this.#host.requestUpdate();
  }
}

function distanceToEnd(scroller: HTMLElement): number {
  return scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
}
