import { readdirSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { englishBooks } from "../english.ts";
import { languageFaults } from "../language-faults.ts";
import { sentenceOfCode } from "../src/element/error-words.ts";
import { englishAs, errorSentence, fill, languageFor, speak } from "../src/element/language.ts";
import { bestMatch, fetchLanguage, languageNames } from "../src/element/languages.ts";
import { failureSentence } from "../src/element/parts/failure-notice.ts";
import { strings } from "../src/element/strings.ts";
import { englishErrors } from "../src/element/strings-errors.ts";
import { laterStrings } from "../src/element/strings-later.ts";

afterEach(() => speak(englishAs("en")));

describe("the best language for what is wanted", () => {
  test.each([
    ["de-AT", "de", "de-AT"],
    ["de_DE", "de", "de-DE"],
    ["PT-br", "pt", "pt-BR"],
    ["zh", "zh-Hans", "zh"],
    ["zh-CN", "zh-Hans", "zh-CN"],
    ["zh-SG", "zh-Hans", "zh-SG"],
    ["zh-TW", "zh-Hant", "zh-TW"],
    ["zh-HK", "zh-Hant", "zh-HK"],
    ["zh-Hant", "zh-Hant", "zh-Hant"],
    ["zh-Hans-TW", "zh-Hans", "zh-Hans-TW"],
    ["zh_Hant_HK", "zh-Hant", "zh-Hant-HK"],
    ["yue", "zh-Hant", "zh-Hant"],
    ["no", "nb", "nb"],
    ["nn-NO", "nb", "nb"],
    ["iw", "he", "he"],
    ["in-ID", "id", "id-ID"],
    ["ar-EG", "ar", "ar-EG"],
    ["en-Latn-GB", "en", "en-Latn-GB"],
    ["sw", "en", "en"],
  ])("%s", (wanted, name, locale) => {
    expect(bestMatch([wanted])).toEqual({ name, locale });
  });

  test("is the first of several that there is", () => {
    expect(bestMatch(["sw", "tlh", "fr-CA", "de"])).toEqual({ name: "fr", locale: "fr-CA" });
    expect(bestMatch([])).toEqual({ name: "en", locale: "en" });
  });

  test.each([
    "../../secrets",
    "de/../../x",
    "de.json",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "<img src=x onerror=alert(1)>",
    "de\u0000",
    "\r\nX-Evil: 1",
    "",
    "-",
    "x".repeat(100_000),
    `de-${"a-".repeat(50_000)}`,
  ])("of a hostile name is English (%#)", async (name) => {
    expect(bestMatch([name])).toEqual({ name: "en", locale: "en" });
    expect(await languageFor([name])).toEqual(englishAs("en"));
  });

  test("is there at once when it is English", () => {
    expect(languageFor(["en-GB", "de"])).toEqual(englishAs("en-GB"));
    expect(languageFor([])).toEqual(englishAs("en"));
  });

  test("is one of the files", () => {
    const files = readdirSync(new URL("../src/element/languages/", import.meta.url));
    expect([...languageNames].sort()).toEqual(
      ["en", ...files.map((file) => file.replace(".json", ""))].sort(),
    );
    expect(languageNames.length).toBeGreaterThanOrEqual(24);
  });
});

describe("what is said", () => {
  test("is in the spoken language, in the first load and in what comes later", async () => {
    speak(await fetchLanguage(["de"]));
    expect([strings.newChat, laterStrings.quote]).toEqual(["Neuer Chat", "Zitieren"]);
    speak(englishAs("en"));
    expect([strings.newChat, laterStrings.quote]).toEqual(["New chat", "Quote"]);
  });

  test("is English where a language has no sentence", () => {
    speak({ locale: "de", dir: "ltr", phrases: { newChat: "Neu" } });
    expect([strings.newChat, strings.history]).toEqual(["Neu", "History"]);
  });

  test.each([
    ["en", [1, 2], ["Show 1 source", "Show 2 sources"]],
    ["pl", [1, 3, 5, 22], ["Pokaż 1 źródło", "Pokaż 3 źródła", "Pokaż 5 źródeł", "Pokaż 22 źródła"]],
    ["ru", [21, 4, 11], ["Показать 21 источник", "Показать 4 источника", "Показать 11 источников"]],
    ["ar-EG", [1, 2, 3, 11], ["عرض مصدر واحد", "عرض مصدرين", "عرض ٣ مصادر", "عرض ١١ مصدرًا"]],
  ])("counts as %s does", async (name, counts, said) => {
    speak(await languageFor([name]));
    expect(counts.map((count) => fill(strings.sourcesFolded, { count }))).toEqual(said);
  });

  test("has a key of its own in each part", () => {
    const keys = englishBooks.flatMap((book) => Object.keys(book));
    expect(keys.length).toBe(new Set(keys).size);
  });

  test("writes numbers as the locale does", async () => {
    speak(await languageFor(["de-DE"]));
    expect(fill(strings.nearLimit, { left: 1234 })).toBe("Verbleibende Zeichen: 1.234");
  });

  test("runs from right to left in four languages", async () => {
    const all = await Promise.all(
      languageNames.map(async (name) => [name, (await fetchLanguage([name])).dir]),
    );
    const names = all.filter(([, dir]) => dir === "rtl").map(([name]) => name);
    expect(names.sort()).toEqual(["ar", "fa", "he", "ur"]);
  });
});

describe("an error of the server", () => {
  const failure = { kind: "error", remedy: null, notBefore: 0 } as const;

  test("is translated by its code", async () => {
    speak(await fetchLanguage(["fr"]));
    for (const key of Object.keys(englishErrors).filter((each) => each.startsWith("error_")))
      expect(errorSentence(key.replace("error_", ""), "As it is.")).not.toBe("As it is.");
    expect(failureSentence({ ...failure, code: "thread_not_found", text: "No thread." })).toBe(
      "Cette conversation n’existe plus.",
    );
  });

  test("of a turn that ended early is translated, as it comes without a code", async () => {
    const text = "The workflow could not answer. You can try again.";
    expect(failureSentence({ ...failure, kind: "failed", text })).toBe(text);
    for (const name of languageNames.filter((each) => each !== "en")) {
      speak(await fetchLanguage([name]));
      expect(failureSentence({ ...failure, kind: "failed", text })).toBe(strings.failureFailed);
      expect(failureSentence({ ...failure, kind: "closed", text: "The owner has closed this chat." })).toBe(
        strings.failureClosed,
      );
      expect(strings.failureFailed).not.toBe(text);
    }
  });

  test.each([
    ["The workflow is busy.", "Сервер зараз не може цього зробити. Спробуйте пізніше."],
    [
      "The workflow is busy. You can try again in a little while.",
      "Сервер зараз не може цього зробити. Спробуйте пізніше.",
    ],
    [
      "This workflow cannot read attachments of this kind: a.{name}, $&.",
      "Цей робочий процес не може читати файли такого виду: a.{name}, $&",
    ],
    [
      "The answer was stopped by the model's content filter and may be incomplete.",
      "Фільтр затримав відповідь. Можна запитати інакше.",
    ],
    ["The workflow is busy. You can try again in <b>.", "The workflow is busy. You can try again in <b>."],
    ["constructor", "constructor"],
  ])("of a turn that says %j is told in Ukrainian", async (text, said) => {
    speak(await fetchLanguage(["uk"]));
    expect(errorSentence("", text)).toBe(said);
  });

  test("of a turn is said as it is where the workflow says it itself", async () => {
    speak(await fetchLanguage(["ar"]));
    const text = "The search is not available at the moment.";
    expect(failureSentence({ ...failure, kind: "failed", text })).toBe(text);
  });

  test.each(["constructor", "__proto__", "no_such_code", ""])(
    "of code %j is said as the server says it",
    async (code) => {
      speak(await fetchLanguage(["fr"]));
      expect(failureSentence({ ...failure, code, text: "Out of order." })).toBe("Out of order.");
    },
  );

  test("is told in English in the same words as in any other language", () => {
    expect(failureSentence({ ...failure, code: "thread_not_found", text: "List your threads." })).toBe(
      "This conversation is no longer there.",
    );
  });

  test("that only a developer understands is told as what became of the message", async () => {
    speak(await fetchLanguage(["uk"]));
    expect(sentenceOfCode("invalid_input")).toBe("");
    expect(
      failureSentence({ ...failure, kind: "refused", code: "invalid_input", text: "text: too long" }),
    ).toBe("Сервер не прийняв це повідомлення.");
  });
});

describe("a file of a language", () => {
  const english = { hello: "Hello {name}", files: { one: "{count} file", other: "{count} files" } };
  const german = { hello: "Hallo {name}", files: { one: "eine Datei", other: "{count} Dateien" } };

  test("with every sentence has no fault", () => {
    expect(languageFaults("de", german, english)).toEqual([]);
  });

  test.each([
    [{ files: german.files }, "de: hello is missing"],
    [{ ...german, bye: "Tschüss" }, "de: bye is not among the English sentences"],
    [{ ...german, hello: "Hallo {naam}" }, "de: hello needs the places {name}, and has {naam}"],
    [{ ...german, hello: "Hallo" }, "de: hello needs the places {name}, and has none"],
    [{ ...german, hello: " Hallo {name}" }, "de: hello begins or ends with a space"],
    [{ ...german, hello: "" }, "de: hello has no text"],
    [{ ...german, hello: german.files }, "de: hello has no text"],
    [{ ...german, files: "Dateien" }, "de: files needs a sentence for each plural form"],
    [{ ...german, files: { other: "{count} Dateien" } }, 'de: files has no form "one"'],
    [
      { ...german, files: { ...german.files, few: "{count} Dateien" } },
      'de: files has a form "few", which this language does not have',
    ],
    [
      { ...german, files: { one: "eine", other: "viele" } },
      "de: files.other needs the places {count}, and has none",
    ],
  ])("is told its fault (%#)", (phrases, fault) => {
    expect(languageFaults("de", phrases, english)).toEqual([fault]);
  });
});
