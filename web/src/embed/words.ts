/** What a bubble calls its parts, in every language. Loaded where the visitor's is not English. */

import { bestOf } from "../element/language-match.ts";
import type { Words } from "./bubble.ts";

const FOLDER = "../element/languages/";
const KEYS = {
  chat: import.meta.glob<string>("../element/languages/*.json", { eager: true, import: "bubbleChat" }),
  unread: import.meta.glob<string>("../element/languages/*.json", { eager: true, import: "bubbleUnread" }),
  close: import.meta.glob<string>("../element/languages/*.json", { eager: true, import: "close" }),
  failed: import.meta.glob<string>("../element/languages/*.json", { eager: true, import: "bubbleFailed" }),
  tab: import.meta.glob<string>("../element/languages/*.json", { eager: true, import: "bubbleTab" }),
};
const NAMES = Object.keys(KEYS.chat).map((path) => path.slice(FOLDER.length, -".json".length));

/** In the first of the wanted languages that there is; null for English. */
export function wordsIn(wanted: readonly string[]): Words | null {
  const { name, locale } = bestOf(["en", ...NAMES], wanted);
  if (name === "en") return null;
  const said = Object.entries(KEYS).map(([key, files]) => [key, files[`${FOLDER}${name}.json`]]);
  return { lang: locale, labels: Object.fromEntries(said) };
}
