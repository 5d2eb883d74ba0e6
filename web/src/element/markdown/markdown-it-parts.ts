/**
 * What stands in for the packages that markdown-it imports (see `aliases.ts` at the top of `web/`), so that a page
 * does not load 20 kB of tables for a few lines of work: links by our rules, the browser's own classes of characters,
 * names of characters on use.
 */

export { decodeHTMLStrict } from "./character-names.ts";

/** `uc.micro`: punctuation and symbols. */
export const P = /\p{P}/u;
export const S = /\p{S}/u;

/** `punycode.js` and `mdurl` serve `normalizeLink` alone, which is replaced. */
export default {};
export const parse = undefined;
export const format = undefined;
export const encode = undefined;
export const decode = undefined;

/** `linkify-it`: bare addresses become links when the tokens are read. */
export class LinkifyIt {}
