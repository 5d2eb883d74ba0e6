/** Which of some languages is the best for what is wanted. */

/** Languages that are read with ease by those who asked for another. */
const NEAR: Readonly<Record<string, string>> = { no: "nb", nn: "nb", yue: "zh" };

/**
 * The name of the first wanted language that there is, and the locale to format by. What is wanted is untrusted: it is
 * only compared with the names. Chinese is told apart by script, which `zh-TW` and `zh-HK` imply.
 */
export function bestOf(
  names: readonly string[],
  wanted: readonly string[],
): { name: string; locale: string } {
  for (const tag of wanted) {
    const locale = localeOf(tag);
    if (locale === null) continue;
    const { language, script } = locale.maximize();
    const base = NEAR[language] ?? language;
    const name = [`${base}-${script}`, base].find((each) => names.includes(each));
    if (name !== undefined) return { name, locale: base === language ? locale.toString() : name };
  }
  return { name: "en", locale: "en" };
}

function localeOf(tag: string): Intl.Locale | null {
  try {
    return new Intl.Locale(tag.replaceAll("_", "-"));
  } catch {
    return null;
  }
}
