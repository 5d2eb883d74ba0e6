/**
 * Chat grants for one workflow, as its owner: the first one when the chat is opened, then a fresh one 30 seconds before
 * the end of the one so far. Once it is closed, nothing that was under way is handed over any more.
 */

const RENEWAL_MARGIN_MS = 30_000;
const RETRY_MS = 5_000;

interface Grant {
  client_secret: string;
  expires_in: number;
}

type Open = (signal: AbortSignal) => Promise<Grant>;

/** Runs something later; returns what calls it off. */
export type Later = (run: () => void, milliseconds: number) => () => void;

const byTimer: Later = (run, milliseconds) => {
  const timer = setTimeout(run, milliseconds);
  return () => clearTimeout(timer);
};

export class ChatAccess {
  readonly #open: Open;
  readonly #later: Later;
  readonly #over = new AbortController();
  #grant: string | null = null;
  #asking: Promise<string> | null = null;
  #callOff: () => void = () => {};

  constructor(open: Open, later: Later = byTimer) {
    this.#open = open;
    this.#later = later;
  }

  get isClosed(): boolean {
    return this.#over.signal.aborted;
  }

  /** For the chat element: a grant other than `former`, fetched only where none is at hand. */
  async secret(former: string | null): Promise<string> {
    if (this.#grant !== null && this.#grant !== former) return this.#grant;
    return this.#ask();
  }

  close(): void {
    this.#callOff();
    this.#over.abort();
    this.#grant = null;
  }

  #ask(): Promise<string> {
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #fetch(): Promise<string> {
    const { signal } = this.#over;
    signal.throwIfAborted();
    const { client_secret, expires_in } = await this.#open(signal);
    signal.throwIfAborted();
    this.#grant = client_secret;
    this.#renewAfter(Math.max(expires_in * 1_000 - RENEWAL_MARGIN_MS, RETRY_MS));
    return client_secret;
  }

  /** Silently: a renewal that fails is tried again, and in the end the chat itself says that it cannot go on. */
  #renewAfter(milliseconds: number): void {
    this.#callOff();
    this.#callOff = this.#later(() => {
      this.#ask().catch(() => {
        if (!this.isClosed) this.#renewAfter(RETRY_MS);
      });
    }, milliseconds);
  }
}
