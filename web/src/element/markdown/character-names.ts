/** Names of characters, such as `&copy;`. The common ones are here; a text with another one loads them all. */

const COMMON: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  copy: "©",
  reg: "®",
  trade: "™",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  laquo: "«",
  raquo: "»",
  bull: "•",
  middot: "·",
  times: "×",
  divide: "÷",
  plusmn: "±",
  deg: "°",
  euro: "€",
  pound: "£",
  yen: "¥",
  cent: "¢",
  sect: "§",
  para: "¶",
  larr: "←",
  rarr: "→",
  uarr: "↑",
  darr: "↓",
  harr: "↔",
  ne: "≠",
  le: "≤",
  ge: "≥",
  infin: "∞",
};

let decodeAny: ((text: string) => string) | undefined;
let isMissed = false;

/** The character that `&name;` stands for, or the same text. */
export function decodeHTMLStrict(named: string): string {
  const name = named.slice(1, -1);
  if (Object.hasOwn(COMMON, name)) return COMMON[name] ?? named;
  if (decodeAny !== undefined) return decodeAny(named);
  isMissed = true;
  return named;
}

/** Does `work`, and says whether it met a name that is not known before {@link loadAllNames}. */
export function missesNames<T>(work: () => T): { result: T; isMissed: boolean } {
  isMissed = false;
  return { result: work(), isMissed };
}

export async function loadAllNames(): Promise<void> {
  decodeAny = (await import("entities/decode")).decodeHTMLStrict;
}
