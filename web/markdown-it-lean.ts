/**
 * Leaves out of markdown-it and its footnotes what we never ask of them: HTML, typographic quotes, sets of rules that
 * we do not use, its own rules for links, and its own output as HTML.
 */

import type { Plugin } from "vite";

/** What stands in the place of each part of `dist/markdown-it.mjs`. */
const STUBS: Readonly<Record<string, string>> = {
  "src/renderer.ts": "var Renderer = class { rules = {}; };",
  "src/rules_core/smartquotes.ts": "function smartquotes() {}",
  "src/rules_core/replacements.ts": "function replace() {}",
  "src/rules_core/linkify.ts": "function linkify$1() {}",
  "src/rules_block/html_block.ts": "function html_block() { return false; }",
  "src/rules_inline/html_inline.ts": "function html_inline() { return false; }",
  "src/rules_inline/linkify.ts": "function linkify() { return false; }",
  "src/common/html_blocks.ts": "",
  "src/common/html_re.ts": "",
  "helpers/esm/typeof.js": "",
  "helpers/esm/toPrimitive.js": "",
  "helpers/esm/toPropertyKey.js": "",
  "helpers/esm/defineProperty.js": "function _defineProperty(it, name, value) { it[name] = value; }",
};

/** What is taken out of it besides, and what stands there instead. */
const CUTS: readonly (readonly [RegExp, string])[] = [
  [/\n\tzero: \{.*?\n\t\},\n\tcommonmark: \{.*?\n\t\}\n(?=\};)/s, "\n"],
  [/\n\tvalidateLink\(url\) \{.*?\n\t\}/s, ""],
  [/\n\tnormalizeLink\(url\) \{.*?\n\t\}/s, ""],
  [/\n\tnormalizeLinkText\(url\) \{.*?\n\t\}/s, ""],
  [/\n\tat\(name, fn.*?(?=\n\tbefore\()/s, ""],
  [/\n\tenable\(list.*?(?=\n\tgetRules\()/s, ""],
  [/\n\t\tconst components = p\.components;.*?(?=\n\t\treturn this;)/s, ""],
  [/\n\tenable\(list.*?(?=\n\tuse\()/s, ""],
  [/\n\trender\(src, env.*?\n\}(?=;)/s, "\n}"],
  [/\n_defineProperty\(MarkdownIt, .*?(?=\n\/\/#endregion)/s, ""],
  [/\n\tarrayReplaceAt: .*?(?=\n\tisSpace: )/s, ""],
  [/(?<=\n\tisSpace: \(\) => isSpace),.*?(?=\n\}\);)/s, ""],
];

/** The same of `markdown-it-footnote`. */
const FOOTNOTE_CUTS: readonly (readonly [RegExp, string])[] = [
  [/\nfunction render_footnote_anchor_name.*?(?=\nexport default)/s, ""],
  [/(?:\n *md\.renderer\.rules\.\w+ *= render_\w+)+/g, ""],
];

export function leanMarkdownIt(): Plugin {
  return {
    name: "lean-markdown-it",
    enforce: "pre",
    transform(code, id) {
      if (id.includes("/markdown-it-footnote/")) return { code: cut(code, FOOTNOTE_CUTS), map: null };
      if (!id.includes("/markdown-it/dist/markdown-it.mjs")) return null;
      const stubs = Object.entries(STUBS).map(([part, stub]) => {
        const name = part.replaceAll(".", "\\.");
        return [new RegExp(`//#region [^\\n]*${name}\\n.*?//#endregion`, "s"), stub] as const;
      });
      return { code: cut(code, [...stubs, ...CUTS]), map: null };
    },
  };
}

function cut(code: string, cuts: readonly (readonly [RegExp, string])[]): string {
  return cuts.reduce((lean, [part, stub]) => {
    const cutOnce = lean.replace(part, () => stub);
    if (cutOnce === lean) throw new Error(`markdown-it has no part ${part} any more.`);
    return cutOnce;
  }, code);
}
