/** What a developer should know and a visitor need not: one line on the console, once for each thing. */

/** More would only say that a workflow sends nonsense, and would fill the memory. */
const MOST = 100;
const told = new Set<string>();

/** Whether this was the first time. */
export function reportOnce(line: string): boolean {
  if (told.has(line) || told.size === MOST) return false;
  told.add(line);
  // biome-ignore lint/suspicious/noConsole: this is where developers look
  console.warn(`[orcheo] ${line}`);
  return true;
}
