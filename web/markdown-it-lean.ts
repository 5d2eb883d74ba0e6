/** Leaves out of markdown-it what we never ask of it: HTML, typographic quotes, and its own output as HTML. */

import type { Plugin } from "vite";

/** What stands in the place of each part of `dist/markdown-it.mjs`. */
const STUBS: Readonly<Record<string, string>> = {
  renderer: "var Renderer = class { rules = {}; };",
  "rules_core/smartquotes": "function smartquotes() {}",
  "rules_core/replacements": "function replace() {}",
  "rules_block/html_block": "function html_block() { return false; }",
  "rules_inline/html_inline": "function html_inline() { return false; }",
  "common/html_blocks": "",
  "common/html_re": "",
};

export function leanMarkdownIt(): Plugin {
  return {
    name: "lean-markdown-it",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("/markdown-it/dist/markdown-it.mjs")) return null;
      let lean = code;
      for (const [part, stub] of Object.entries(STUBS)) {
        const region = new RegExp(`//#region src/${part}\\.ts\\n.*?//#endregion`, "s");
        if (!region.test(lean)) throw new Error(`markdown-it has no part ${part} any more.`);
        lean = lean.replace(region, () => stub);
      }
      return { code: lean, map: null };
    },
  };
}
