/** What is wrong with a file of `src/element/languages/`, compared with the English sentences. */

import type { Phrase } from "./src/element/language.ts";

type Phrases = Readonly<Record<string, unknown>>;

/** One line for each fault; `name` is the file's: `de`, `zh-Hant`. */
export function languageFaults(
  name: string,
  phrases: Phrases,
  english: Readonly<Record<string, Phrase>>,
): string[] {
  const missing = Object.keys(english).filter((key) => !Object.hasOwn(phrases, key));
  const leftOver = Object.keys(phrases).filter((key) => !Object.hasOwn(english, key));
  const wrong = Object.entries(english).flatMap(([key, phrase]) =>
    Object.hasOwn(phrases, key) ? phraseFaults(name, key, phrases[key], phrase) : [],
  );
  return [
    ...missing.map((key) => `${name}: ${key} is missing`),
    ...leftOver.map((key) => `${name}: ${key} is not among the English sentences`),
    ...wrong,
  ];
}

function phraseFaults(name: string, key: string, given: unknown, english: Phrase): string[] {
  const at = `${name}: ${key}`;
  if (typeof english === "string") return textFaults(at, given, placesOf(english));
  if (typeof given !== "object" || given === null) return [`${at} needs a sentence for each plural form`];
  const needed = new Intl.PluralRules(name).resolvedOptions().pluralCategories;
  const forms = Object.keys(given);
  return [
    ...needed.filter((form) => !forms.includes(form)).map((form) => `${at} has no form "${form}"`),
    ...forms
      .filter((form) => !needed.some((each) => each === form))
      .map((form) => `${at} has a form "${form}", which this language does not have`),
    ...Object.entries(given).flatMap(([form, text]) => formFaults(`${at}.${form}`, text, form)),
  ];
}

/** A form that stands for one number may say it in a word: "one file". */
function formFaults(at: string, text: unknown, form: string): string[] {
  const isOneNumber = ["zero", "one", "two"].includes(form);
  const hasNumber = typeof text !== "string" || placesOf(text).length > 0;
  return textFaults(at, text, isOneNumber && !hasNumber ? [] : ["count"]);
}

function textFaults(at: string, text: unknown, places: readonly string[]): string[] {
  if (typeof text !== "string" || text.trim() === "") return [`${at} has no text`];
  if (text !== text.trim()) return [`${at} begins or ends with a space`];
  const found = placesOf(text);
  if (found.join() === places.join()) return [];
  return [`${at} needs the places ${braced(places)}, and has ${braced(found)}`];
}

function placesOf(text: string): string[] {
  return [...text.matchAll(/\{(\w*)\}/g)].map(([, place = ""]) => place).sort();
}

function braced(places: readonly string[]): string {
  return places.length === 0 ? "none" : places.map((place) => `{${place}}`).join(" ");
}
