/** The language that is spoken: English from the first moment, another once it has been fetched. */

/** One sentence, or one for each plural category of the language; a plural counts its `{count}`. */
export type Phrase = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>;

export interface Language {
  /** What numbers, dates and plurals go by, and screen readers: `de-AT`. */
  locale: string;
  dir: "ltr" | "rtl";
  /** By key; what is missing is said in English. */
  phrases: Readonly<Record<string, Phrase>>;
  /** A sentence of the server that comes without a code; undefined for what a workflow says itself. */
  saidOf?: (text: string) => string | undefined;
}

type Book<English> = { [Key in keyof English]: English[Key] extends string ? string : Phrase };

const ENGLISH = /^en(?:-[a-z]{2})?$/i;
const books: (() => void)[] = [];
let spoken = englishAs("en");

export function englishAs(locale: string): Language {
  return { locale, dir: "ltr", phrases: {} };
}

/** The language of what is being drawn. */
export function spokenLanguage(): Language {
  return spoken;
}

/** Each element says its language before it draws: two on one page may speak different ones. */
export function speak(language: Language): void {
  if (language === spoken) return;
  spoken = language;
  for (const learn of books) learn();
}

/** Sentences that always are in the spoken language. */
export function bookOf<const English extends Record<string, Phrase>>(english: English): Book<English> {
  const words: Record<string, Phrase> = {};
  const learn = () => {
    for (const [key, phrase] of Object.entries(english)) words[key] = spoken.phrases[key] ?? phrase;
  };
  learn();
  books.push(learn);
  return words as Book<English>;
}

/** Puts values into the `{places}` of a phrase. */
export function fill(phrase: Phrase, values: Record<string, string | number>): string {
  const template = typeof phrase === "string" ? phrase : pluralOf(phrase, Number(values.count));
  return template.replace(/\{(\w+)\}/g, (place, name: string) =>
    (values[name] ?? place).toLocaleString(spoken.locale),
  );
}

function pluralOf(phrase: Exclude<Phrase, string>, count: number): string {
  return phrase[new Intl.PluralRules(spoken.locale).select(count)] ?? phrase.other ?? "";
}

let sentenceOf: (code: string) => string | undefined = () => undefined;

/** `said`: what is told of an error of this code; undefined for one that is not known. */
export function teachErrors(said: typeof sentenceOf): void {
  sentenceOf = said;
}

/**
 * What a visitor is told of an error of the server: by its code, or by its own sentence `text`, which says it where
 * neither is known. Empty where the code alone says nothing to a visitor.
 */
export function errorSentence(code: string, text: string): string {
  return sentenceOf(code) ?? spoken.saidOf?.(text) ?? text;
}

/** The first of the wanted languages that there is, else English; English itself needs nothing to be fetched. */
export function languageFor(wanted: readonly string[]): Language | Promise<Language> {
  const first = wanted[0] ?? "en";
  if (ENGLISH.test(first)) return englishAs(first);
  return import("./languages.ts").then(({ fetchLanguage }) => fetchLanguage(wanted));
}
