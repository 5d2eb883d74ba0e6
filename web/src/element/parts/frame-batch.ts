/** Joins many small changes into one drawing a frame. */

const HIDDEN_DELAY = 250;

export class FrameBatch {
  readonly #draw: () => void;
  #isAsked = false;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** Draws with the next frame. A hidden page has no frames, yet must not fall behind. */
  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    if (document.hidden) setTimeout(this.#draw, HIDDEN_DELAY);
    else requestAnimationFrame(this.#draw);
  }

  /** Says that a drawing took place. */
  done(): void {
    this.#isAsked = false;
  }
}
