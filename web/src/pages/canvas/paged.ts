/** A list that is fetched page by page; each page begins behind the last entry of the one before. */

import type { ReactiveControllerHost } from "lit";
import type { Connection } from "./connection.ts";
import { Loading } from "./loading.ts";

export interface Page<T> {
  entries: readonly T[];
  next: string | null;
}

type Fetch<T> = (after: string | null, signal: AbortSignal) => Promise<Page<T>>;

export class Paged<T> {
  readonly #loading: Loading<Page<T>>;
  #fetch: Fetch<T> | null = null;

  constructor(host: ReactiveControllerHost, connection: () => Connection) {
    this.#loading = new Loading<Page<T>>(host, connection);
  }

  /** Null until the first page is there. */
  get entries(): readonly T[] | null {
    return this.#loading.value?.entries ?? null;
  }

  get hasMore(): boolean {
    return this.#loading.value?.next != null;
  }

  get isPending(): boolean {
    return this.#loading.isPending;
  }

  get error(): unknown {
    return this.#loading.error;
  }

  /** From the first page on; what is shown stays until that is there. */
  async start(fetch: Fetch<T>): Promise<void> {
    this.#fetch = fetch;
    await this.#loading.run((signal) => fetch(null, signal));
  }

  async reload(): Promise<void> {
    if (this.#fetch !== null) await this.start(this.#fetch);
  }

  /** Puts what the first page is by now in the place of what it was; what was shown behind it stays. */
  async renew(idOf: (entry: T) => string): Promise<void> {
    const { value: shown, isPending } = this.#loading;
    const fetch = this.#fetch;
    if (fetch === null || shown === null || isPending) return;
    await this.#loading.renew(async (signal) => {
      const page = await fetch(null, signal);
      const last = page.entries.at(-1);
      const place = last === undefined ? -1 : shown.entries.findIndex((each) => idOf(each) === idOf(last));
      if (page.next === null || place < 0) return page;
      return { entries: [...page.entries, ...shown.entries.slice(place + 1)], next: shown.next };
    });
  }

  async more(): Promise<void> {
    const { value, isPending } = this.#loading;
    const fetch = this.#fetch;
    if (fetch === null || value === null || value.next === null || isPending) return;
    await this.#loading.run(async (signal) => {
      const page = await fetch(value.next, signal);
      return { entries: [...value.entries, ...page.entries], next: page.next };
    });
  }
}
