/** When to try again. */

/** Waiting and chance, given from outside so that tests need neither. */
export interface Pace {
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  random(): number;
}

const FIRST_DELAY = 500;
const LONGEST_DELAY = 8_000;

/** Exponential, capped, and jittered so that the visitors of a restarted server do not come back at once. */
export function retryDelay(attempt: number, chance: number): number {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.5 + chance / 2);
}

/** The browser's own waiting and chance. */
export const browserPace: Pace = { wait: waitOrOnline, random: Math.random };

/** Waits; a browser that finds its network again need not wait to the end. */
function waitOrOnline(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const timer = setTimeout(finish, milliseconds);
    addEventListener("online", finish, { signal: over.signal });
    signal.addEventListener("abort", () => finish(signal.reason), { signal: over.signal });

    function finish(reason?: unknown): void {
      clearTimeout(timer);
      over.abort();
      if (signal.aborted) reject(reason);
      else resolve();
    }
  });
}
