/** Names of characters, such as `&copy;`. The common ones are here; a text with another one loads them all. */

import { lack } from "./rare.ts";

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

/** The character that `&name;` stands for, or the same text. */
export function decodeHTMLStrict(named: string): string {
  const name = named.slice(1, -1);
  if (Object.hasOwn(COMMON, name)) return COMMON[name] ?? named;
  if (decodeAny !== undefined) return decodeAny(named);
  lack(loadAllNames);
  return named;
}

export async function loadAllNames(): Promise<void> {
  decodeAny = (await import("entities/decode")).decodeHTMLStrict;
}
