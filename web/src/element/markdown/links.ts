/** Which addresses model text may link to, and where an address in running text ends. */

/** `chatkit-link:` is a word to the page around the chat; no browser follows it. */
const SAFE_PROTOCOLS = new Set(["https:", "http:", "mailto:", "chatkit-link:"]);
const LONGEST_ADDRESS = 2_000;

/**
 * Ends at blanks, quotes, punctuation of East Asian scripts, full-width forms, and characters without a shape of their
 * own. A browser would take U+3002 for a dot of the host's name, and the link would lead to another site.
 */
const BARE_ADDRESS =
  /https?:\/\/[^\s<>"'`|\\\u00ab\u00bb\u200b-\u200f\u2018-\u201f\u2026\u2028-\u202e\u2039\u203a\u2060-\u206f\u3000-\u303f\ufe10-\ufe1f\ufe30-\ufe6f\ufeff\uff00-\uffef]{1,2000}/y;
/** A host whose last label turns from ASCII to another script: the sentence continues there without a blank. */
const MIXED_HOST = /^(https?:\/\/(?:[^/?#]*\.)?[\x21-\x2e\x30-\x7e]+)[^\x21-\x7e]/;
/** With the commas, question marks and full stops of Arabic, Urdu, Hebrew, Armenian, Devanagari, Ethiopic and Khmer. */
const TAIL = ".,;:!?*_~&\u060c\u061b\u061f\u06d4\u05c3\u0589\u0964\u0965\u1362\u17d4";
const OPENING: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

/** The address in its canonical form, or null when it is not absolute or not of a safe kind. */
export function safeHref(address: string): string | null {
  if (address.length > LONGEST_ADDRESS || !URL.canParse(address)) return null;
  const url = new URL(address);
  return SAFE_PROTOCOLS.has(url.protocol) ? url.href : null;
}

/** The address that is written at `index` of a running text, without what belongs to the sentence around it. */
export function bareAddressAt(text: string, index: number): string | null {
  BARE_ADDRESS.lastIndex = index;
  const match = BARE_ADDRESS.exec(text);
  return match === null ? null : withoutTail(MIXED_HOST.exec(match[0])?.[1] ?? match[0]);
}

/** Punctuation at the end belongs to the sentence; so does a closing bracket that the address did not open. */
function withoutTail(address: string): string {
  const surplus = surplusOfClosing(address);
  let end = address.length;
  for (;;) {
    const last = address.charAt(end - 1);
    const isSurplus = (surplus.get(last) ?? 0) > 0;
    if (last === "" || !(isSurplus || TAIL.includes(last))) return address.slice(0, end);
    if (isSurplus) surplus.set(last, (surplus.get(last) ?? 0) - 1);
    end -= 1;
  }
}

function surplusOfClosing(address: string): Map<string, number> {
  const count = (char: string) => address.split(char).length - 1;
  return new Map(Object.entries(OPENING).map(([close, open]) => [close, count(close) - count(open)]));
}
