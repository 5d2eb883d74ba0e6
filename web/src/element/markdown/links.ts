/** Which addresses model text may link to, and where an address in running text ends. */

/** `chatkit-link:` is a word to the page around the chat; no browser follows it. */
const SAFE_PROTOCOLS = new Set(["https:", "http:", "mailto:", "chatkit-link:"]);
const LONGEST_ADDRESS = 2_000;

/** Where an address may begin: not in the middle of a word, of a host's name or of a path. */
const BEGINNING = /(?<![\w\p{LC}\p{sc=Zinh}])https?:\/\/|(?<![\w\p{LC}\p{sc=Zinh}]-?|[./@+])www\.|@/giu;
/**
 * Ends at blanks, quotes, punctuation of East Asian scripts, full-width forms, and characters without a shape of their
 * own. A browser would take U+3002 for a dot of the host's name, and the link would lead to another site.
 */
const BARE_ADDRESS =
  /(?:https?:\/\/|www\.)[^\s<>"'`|\\\u00ab\u00bb\u200b-\u200f\u2018-\u201f\u2026\u2028-\u202e\u2039\u203a\u2060-\u206f\u3000-\u303f\ufe10-\ufe1f\ufe30-\ufe6f\ufeff\uff00-\uffef]{1,2000}/iy;
/** A label of the host turns from ASCII to a script without capitals: the sentence continues there without a blank. */
const MIXED_HOST = /^((?:https?:\/\/)?(?:[^/?#]*\.)?[\x21-\x2d\x30-\x7e]+)[^\x21-\x7e\p{LC}\p{sc=Zinh}]/iu;
/** As in GFM no underscore in the last two labels; and no name of a user, behind which a browser would see the host. */
const WWW =
  /^(?:[^!-,./:-@[-^`{-~]+\.)+[^!-/:-@[-`{-~][^!-,./:-@[-`{-~]*(?<!_[^.]*\.[^.]*)(?::\d+)?(?![^!-,/:-?[-^`{-~]|:[^/?#]*@)(?:[/?#].*)?/;
/** Not in the middle of a word, nor behind the name of another service. */
const MAILBOX =
  /(?:mailto:|(?<![\w\p{LC}\p{sc=Zinh}][.+-]*|[@/]|\/\/\S*|\b(?:xmpp|sips?):))[a-z\d][\w.+-]{0,63}$/iu;
/** What ends in a number is a version: `name@1.2.3`. */
const MAIL_HOST = /(?!v?[\d.]+x\b)(?:[a-z\d][\w-]*\.)+[a-z][\w-]*/iy;
/** The longest mailbox, `mailto:` and what stands before it. */
const BEFORE_AT = 100;
const ENTITY = /&[a-z\d]+;$/i;
/** With the commas, question marks and full stops of Arabic, Urdu, Hebrew, Armenian, Devanagari, Ethiopic and Khmer. */
const TAIL = ".,;:!?*_~&\u060c\u061b\u061f\u06d4\u05c3\u0589\u0964\u0965\u1362\u17d4";
const OPENING: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

/** The address in its canonical form, or null when it is not absolute or not of a safe kind. */
export function safeHref(address: string): string | null {
  if (address.length > LONGEST_ADDRESS || !URL.canParse(address)) return null;
  const url = new URL(address);
  return SAFE_PROTOCOLS.has(url.protocol) ? url.href : null;
}

/** An address that is written in a running text, without what belongs to the sentence around it. */
export interface BareAddress {
  index: number;
  text: string;
  url: string;
}

/** Whether an address that `before` begins continues with `after`. */
export function isWithinAddress(before: string, after: string): boolean {
  const end = before.length;
  return bareAddresses(before + after).some(({ index, text }) => index < end && index + text.length > end);
}

/** By the rules of GFM. */
export function bareAddresses(text: string): BareAddress[] {
  const found: BareAddress[] = [];
  let end = 0;
  for (const { index, 0: beginning } of text.matchAll(BEGINNING)) {
    const address = index < end ? null : beginning === "@" ? mailAt(text, index, end) : webAt(text, index);
    if (address === null) continue;
    found.push(address);
    end = address.index + address.text.length;
  }
  return found;
}

function webAt(text: string, index: number): BareAddress | null {
  BARE_ADDRESS.lastIndex = index;
  const [found = ""] = BARE_ADDRESS.exec(text) ?? [];
  const address = withoutTail(MIXED_HOST.exec(found)?.[1] ?? found);
  if (/^http/i.test(address)) return { index, text: address, url: address };
  const [site] = WWW.exec(address) ?? [];
  return site === undefined ? null : { index, text: site, url: `http://${site}` };
}

function mailAt(text: string, at: number, from: number): BareAddress | null {
  MAIL_HOST.lastIndex = at + 1;
  const [host = ""] = MAIL_HOST.exec(text) ?? [];
  const next = text.slice(at + 1 + host.length, at + 3 + host.length);
  if (!/[a-z]$/i.test(host) || /^[@\p{LC}\p{sc=Zinh}]/u.test(next)) return null;
  const [mailbox] = MAILBOX.exec(text.slice(Math.max(from, at - BEFORE_AT), at)) ?? [];
  if (mailbox === undefined) return null;
  const address = `${mailbox}@${host}`;
  return {
    index: at - mailbox.length,
    text: address,
    url: `mailto:${address.replace(/^mailto:/i, "")}`,
  };
}

/**
 * Punctuation at the end belongs to the sentence, and so do the name of a character and a closing bracket that the
 * address did not open.
 */
function withoutTail(written: string): string {
  const address = written.replace(ENTITY, "");
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
