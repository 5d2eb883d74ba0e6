/** What markdown-it imports, and the module of ours that does that work in a page. */
const PARTS = new URL("src/element/markdown/markdown-it-parts.ts", import.meta.url).pathname;

export const aliases = ["linkify-it", "mdurl", "punycode.js", "uc.micro", "entities"].map((name) => ({
  find: new RegExp(`^${name.replaceAll(".", "\\.")}$`),
  replacement: PARTS,
}));
