/** Modules that are fetched when they are first needed. */

export class Later<Module> {
  readonly #load: () => Promise<Module>;
  #module: Module | null = null;
  #isComing = false;
  readonly #waiting = new Set<() => void>();

  constructor(load: () => Promise<Module>) {
    this.#load = load;
  }

  /** The module if it is there already. */
  get arrived(): Module | null {
    return this.#module;
  }

  /** The module, or null for now: then `arrived` is called once it is there. */
  get(arrived: () => void): Module | null {
    if (this.#module === null) {
      this.#waiting.add(arrived);
      void this.#fetch();
    }
    return this.#module;
  }

  /** What does not arrive is asked for again with the next need: the network may be back. */
  async #fetch(): Promise<void> {
    if (this.#isComing) return;
    this.#isComing = true;
    try {
      this.#module = await this.#load();
      for (const arrived of this.#waiting) arrived();
      this.#waiting.clear();
    } catch {
      this.#isComing = false;
    }
  }
}
