/** The browser's own waiting and chance. */

import type { Pace } from "./turn-feed.ts";

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
