/** A style sheet of the element's own, changed through the object model, which no content security policy forbids. */

import type { ChatOptions } from "../options.ts";
import type { Theme } from "./theme-option.ts";

export class ThemeSheet {
  readonly sheet = new CSSStyleSheet();
  #theme: Theme = {};

  apply(option: ChatOptions["theme"]): void {
    const theme: Theme = typeof option === "string" ? { colorScheme: option } : (option ?? {});
    this.#theme = theme;
    const { colorScheme = "light", ...rest } = theme;
    const scheme = ["color-scheme", colorScheme === "auto" ? "light dark" : colorScheme] as const;
    if (Object.keys(rest).length === 0) this.#write([scheme]);
    else void this.#applyAll(theme, scheme);
  }

  async #applyAll(theme: Theme, scheme: readonly [string, string]): Promise<void> {
    const { propertiesOf, loadFonts } = await import("./theme-option.ts");
    if (theme !== this.#theme) return;
    this.#write([scheme, ...propertiesOf(theme)]);
    loadFonts(theme.typography?.fontSources ?? []);
  }

  #write(properties: Iterable<readonly [name: string, value: string]>): void {
    for (let last = this.sheet.cssRules.length - 1; last >= 0; last -= 1) this.sheet.deleteRule(last);
    this.sheet.insertRule(":host {}");
    const { style } = this.sheet.cssRules[0] as CSSStyleRule;
    for (const [name, value] of properties) style.setProperty(name, value);
  }
}
