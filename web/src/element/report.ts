/** What a developer should know and a visitor need not: one line on the console, once for each thing. */

const told = new Set<string>();

/** Whether this was the first time. */
export function reportOnce(line: string): boolean {
  if (told.has(line)) return false;
  told.add(line);
  // biome-ignore lint/suspicious/noConsole: this is where developers look
  console.warn(`[orcheo] ${line}`);
  return true;
}
