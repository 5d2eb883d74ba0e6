/** Joins many small changes into one drawing a frame. */

const LONGEST_DELAY = 250;

export class FrameBatch {
  readonly #draw: () => void;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** Draws with the next frame. A page that is hidden, or gets so while it waits, has none, yet must not fall behind. */
  ask(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(this.#draw, LONGEST_DELAY);
    if (!document.hidden) this.#frame = requestAnimationFrame(this.#draw);
  }

  /** Says that a drawing took place. */
  done(): void {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#timer = undefined;
  }
}
