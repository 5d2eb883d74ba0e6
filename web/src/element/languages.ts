/** Chooses among the languages and fetches the chosen one. Loaded when a language other than English is wanted. */

import { englishAs, fill, type Language, type Phrase } from "./language.ts";
import { bestOf } from "./language-match.ts";

const FILES = new Map(
  Object.entries(import.meta.glob<{ default: Record<string, Phrase> }>("./languages/*.json")).map(
    ([path, load]) => [path.slice("./languages/".length, -".json".length), load],
  ),
);
const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

/**
 * What the server says of turns without a code, by the phrase that says it in other languages. What a workflow says for
 * itself comes in the same way, and is said as it is.
 */
const OF_TURNS: Readonly<Record<string, string>> = {
  "The workflow could not answer. You can try again.": "failureFailed",
  "The model reached its limit before it began to answer. You can try again.": "failureFailed",
  "The model's content filter held the answer back. You can ask in another way.": "answerFiltered",
  "This conversation has become too long for the model. Please start a new one.": "conversationTooLong",
  "The answer could not be saved. You can try again in a little while.": "failureError",
  "The answer was interrupted because the server is restarting. You can try again.": "failureInterrupted",
  "The workflow took too long to answer. You can try again.": "failureTimedOut",
  "The answer became too long and was cut off here.": "failureCutOff",
  "There was no answer to this message. You can try again.": "failureEmpty",
  "The owner has closed this chat.": "failureClosed",
  "The app has ended this chat.": "closedTitle",
  "This conversation was deleted.": "error_thread_not_found",
  "The workflow is busy. You can try again in a little while.": "error_unavailable",
  "The workflow is busy.": "error_unavailable",
  "The workflow is not available at the moment.": "error_unavailable",
  "A part of this answer cannot be shown.": "cannotBeShown",
  "The answer was cut off at the model's limit. Write “continue” to read on.": "failureCutOff",
  "The answer was stopped by the model's content filter and may be incomplete.": "answerFiltered",
};
/** Sentences with something in them that is different each time. */
const WITH_VALUES: readonly [RegExp, string][] = [
  [/^This workflow cannot read attachments of this kind: (?<names>.+)\.$/, "filesNotRead"],
];

export const languageNames: readonly string[] = ["en", ...FILES.keys()];

export async function fetchLanguage(wanted: readonly string[]): Promise<Language> {
  const { name, locale } = bestMatch(wanted);
  const load = FILES.get(name);
  if (load === undefined) return englishAs(locale);
  const { default: phrases } = await load();
  const dir = RIGHT_TO_LEFT.has(name) ? "rtl" : "ltr";
  return { locale, dir, phrases, saidOf: (text) => saidOf(text, phrases) };
}

function saidOf(text: string, phrases: Readonly<Record<string, Phrase>>): string | undefined {
  if (Object.hasOwn(OF_TURNS, text)) return phrases[OF_TURNS[text] ?? ""] as string | undefined;
  for (const [pattern, key] of WITH_VALUES) {
    const found = pattern.exec(text);
    if (found !== null) return fill(phrases[key] ?? text, found.groups ?? {});
  }
  return undefined;
}

/** The file for the first wanted language that has one, and the locale to format by. */
export function bestMatch(wanted: readonly string[]): { name: string; locale: string } {
  return bestOf(languageNames, wanted);
}
