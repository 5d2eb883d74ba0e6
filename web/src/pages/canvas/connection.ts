/** Whether the server can be reached: said when it is lost, tried again by itself, and told to those who wait. */

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export class Connection {
  readonly #try: () => Promise<boolean>;
  readonly #changed: () => void;
  readonly #waiting = new Set<() => void>();
  #wait = FIRST_WAIT_MS;
  #timer: ReturnType<typeof setTimeout> | null = null;
  isLost = false;

  /** `attempt`: whether the server answers, whatever it says. */
  constructor(attempt: () => Promise<boolean>, changed: () => void) {
    this.#try = attempt;
    this.#changed = changed;
  }

  /** Calls `back` when the connection, or the owner, is back; returns what ends that. */
  watch(back: () => void): () => void {
    this.#waiting.add(back);
    return () => this.#waiting.delete(back);
  }

  lost(): void {
    if (this.isLost) return;
    this.isLost = true;
    this.#wait = FIRST_WAIT_MS;
    this.#changed();
    this.#later();
  }

  /** Tells everybody who waits. */
  back(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const wasLost = this.isLost;
    this.isLost = false;
    for (const each of [...this.#waiting]) each();
    if (wasLost) this.#changed();
  }

  /** Tries at once, for the browser's `online` and for an owner who does not want to wait. */
  async now(): Promise<void> {
    if (!this.isLost) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (await this.#try()) this.back();
    else this.#later();
  }

  #later(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.now(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }
}
