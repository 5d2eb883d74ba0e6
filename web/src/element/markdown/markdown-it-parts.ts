/**
 * What stands in for the packages that markdown-it imports (see `aliases.ts` at the top of `web/`), so that a page
 * does not load 20 kB of tables for a few lines of work: links by our rules, the browser's own classes of characters,
 * names of characters on use.
 */

import { bareAddressAt } from "./links.ts";

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

interface FoundAddress {
  index: number;
  lastIndex: number;
  schema: string;
  text: string;
  url: string;
}

const SCHEME = /https?:\/\//g;

/** `linkify-it`: which bare addresses of a running text become links. */
export class LinkifyIt {
  test(text: string): boolean {
    return text.includes("://");
  }

  match(text: string): FoundAddress[] {
    const found: FoundAddress[] = [];
    for (const { index } of text.matchAll(SCHEME)) {
      const isInside = index < (found.at(-1)?.lastIndex ?? 0) || /\w/.test(text.charAt(index - 1));
      const address = isInside ? null : bareAddressAt(text, index);
      if (address === null) continue;
      const schema = address.slice(0, address.indexOf(":") + 1);
      found.push({ index, lastIndex: index + address.length, schema, text: address, url: address });
    }
    return found;
  }

  /** None: addresses are found in the text of a paragraph when all else has been. */
  matchAtStart(): null {
    return null;
  }
}
