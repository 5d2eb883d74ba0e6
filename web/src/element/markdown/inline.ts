/**
 * Inline Markdown -> tree, in one pass and in time linear in the text, whatever the text is: matching brackets and
 * backticks are looked up, not searched for, and the number of open constructs is bounded.
 */

import type { Inline } from "./ast.ts";
import { DelimiterStack } from "./delimiters.ts";
import { type Landmarks, landmarksOf } from "./landmarks.ts";
import { bareAddressAt, safeHref } from "./links.ts";

const ESCAPABLE = /[!-/:-@[-`{-~]/;
const PLAIN = /[^\\`*_~[\]!<&h\n]+/y;
const ANGLE_ADDRESS = /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/y;
const LINE_BREAK_TAG = /<br ?\/?>/iy;
const DESTINATION =
  /\(\s{0,3}<?((?:[^\s()<>]|\([^\s()<>]{0,200}\)){1,2000})>?(?:\s{1,3}(?:"[^"\n]{0,300}"|'[^'\n]{0,300}'))?\s{0,3}\)/y;
const UNFINISHED_DESTINATION = /\([^\s()]{0,2000}$/y;
const ENTITY = /&(amp|lt|gt|quot|apos|nbsp|#39);/y;
const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  "#39": "'",
};

export interface InlineOptions {
  /** The text is still growing: what is open at its end is shown as if it were closed. */
  streaming: boolean;
}

export function parseInline(text: string, options: InlineOptions): Inline[] {
  return new InlineParser(text, options, true).parse();
}

class InlineParser {
  readonly #text: string;
  readonly #options: InlineOptions;
  readonly #linksAllowed: boolean;
  readonly #landmarks: Landmarks;
  readonly #out = new DelimiterStack();
  #at = 0;

  constructor(text: string, options: InlineOptions, linksAllowed: boolean) {
    this.#text = text;
    this.#options = options;
    this.#linksAllowed = linksAllowed;
    this.#landmarks = landmarksOf(text);
  }

  parse(): Inline[] {
    while (this.#at < this.#text.length) {
      const plain = this.#match(PLAIN);
      if (plain !== null) this.#out.text(plain[0]);
      else this.#special(this.#text.charAt(this.#at));
    }
    return this.#out.finish(this.#options.streaming);
  }

  #special(char: string): void {
    const handled =
      (char === "\\" && this.#escape()) ||
      (char === "\n" && this.#lineBreak()) ||
      (char === "`" && this.#code()) ||
      ((char === "*" || char === "_" || char === "~") && this.#delimiter(char)) ||
      ((char === "[" || char === "!") && this.#link()) ||
      (char === "h" && this.#bareAddress()) ||
      (char === "<" && this.#angle()) ||
      (char === "&" && this.#entity());
    if (!handled) this.#plain(char);
  }

  #plain(char: string): void {
    this.#out.text(char);
    this.#at += char.length;
  }

  #escape(): boolean {
    const next = this.#text.charAt(this.#at + 1);
    if (next === "\n") return this.#skip(1);
    if (!ESCAPABLE.test(next)) return false;
    this.#out.text(next);
    return this.#skip(2);
  }

  /** A visitor's workflow means the line ends it writes, so each one is kept. */
  #lineBreak(): boolean {
    this.#out.trimEnd();
    this.#out.push({ type: "break" });
    this.#skip(1);
    while (this.#text.charAt(this.#at) === " ") this.#skip(1);
    return true;
  }

  #code(): boolean {
    const { length, end } = this.#landmarks.backticks(this.#at);
    const isUnfinished = end === null && this.#options.streaming;
    if (end === null && !isUnfinished) {
      this.#out.text("`".repeat(length));
      return this.#skip(length);
    }
    const inside = this.#text.slice(this.#at + length, end ?? undefined).replaceAll("\n", " ");
    this.#out.push({ type: "code", text: withoutPadding(inside) });
    this.#at = end === null ? this.#text.length : end + length;
    return true;
  }

  #delimiter(char: "*" | "_" | "~"): boolean {
    let end = this.#at;
    while (this.#text.charAt(end) === char) end += 1;
    const before = this.#text.charAt(this.#at - 1);
    this.#out.delimiter({ char, count: end - this.#at, before, after: this.#text.charAt(end) });
    this.#at = end;
    return true;
  }

  /** `[label](address)` and, as a link too, `![label](address)`. */
  #link(): boolean {
    const open = this.#text.charAt(this.#at) === "!" ? this.#at + 1 : this.#at;
    const close = this.#landmarks.closingBracket(open);
    if (!this.#linksAllowed || this.#text.charAt(open) !== "[" || close === null) return false;
    const destination = this.#matchAt(DESTINATION, close + 1);
    if (destination === null) return this.#unfinishedLink(open, close);
    const href = safeHref(destination[1] ?? "");
    const children = this.#label(open, close);
    if (href === null) this.#out.pushAll(children);
    else this.#out.push({ type: "link", href, children: children.length > 0 ? children : [textOf(href)] });
    this.#at = close + 1 + destination[0].length;
    return true;
  }

  #unfinishedLink(open: number, close: number): boolean {
    if (!this.#options.streaming || this.#matchAt(UNFINISHED_DESTINATION, close + 1) === null) return false;
    this.#out.pushAll(this.#label(open, close));
    this.#at = this.#text.length;
    return true;
  }

  #label(open: number, close: number): Inline[] {
    const label = this.#text.slice(open + 1, close);
    return new InlineParser(label, { streaming: false }, false).parse();
  }

  #bareAddress(): boolean {
    if (!this.#linksAllowed || /\w/.test(this.#text.charAt(this.#at - 1))) return false;
    const address = bareAddressAt(this.#text, this.#at);
    if (address === null) return false;
    if (this.#address(address, 0)) return true;
    this.#out.text(address);
    return this.#skip(address.length);
  }

  #angle(): boolean {
    if (this.#match(LINE_BREAK_TAG) !== null) {
      this.#out.push({ type: "break" });
      return true;
    }
    const match = this.#match(ANGLE_ADDRESS, false);
    return match !== null && this.#linksAllowed && this.#address(match[1] ?? "", 2);
  }

  #address(address: string, extra: number): boolean {
    const href = safeHref(address);
    if (href === null) return false;
    this.#out.push({ type: "link", href, children: [textOf(address)] });
    return this.#skip(address.length + extra);
  }

  #entity(): boolean {
    const match = this.#match(ENTITY);
    if (match !== null) this.#out.text(ENTITIES[match[1] ?? ""] ?? "");
    return match !== null;
  }

  #match(pattern: RegExp, advance = true): RegExpExecArray | null {
    const match = this.#matchAt(pattern, this.#at);
    if (match !== null && advance) this.#at += match[0].length;
    return match;
  }

  #matchAt(pattern: RegExp, index: number): RegExpExecArray | null {
    pattern.lastIndex = index;
    return pattern.exec(this.#text);
  }

  #skip(count: number): true {
    this.#at += count;
    return true;
  }
}

/** One space on both sides lets code start or end with a backtick; it is no part of it. */
function withoutPadding(code: string): string {
  const isPadded = code.startsWith(" ") && code.endsWith(" ") && code.trim() !== "";
  return isPadded ? code.slice(1, -1) : code;
}

function textOf(text: string): Inline {
  return { type: "text", text };
}
