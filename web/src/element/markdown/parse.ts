/** Markdown text -> tree: markdown-it reads it, by CommonMark and GFM, and its tokens become our blocks. */

import MarkdownItParser, { type MarkdownIt, type StateInline, type Token } from "markdown-it";
import type { Align, Block, Inline, ListItem } from "./ast.ts";
import { addGrowing, withoutLoneMarker } from "./growing.ts";
import { bareAddresses, isWithinAddress, safeHref } from "./links.ts";
import { addMath } from "./math.ts";
import { lack } from "./rare.ts";

export interface ParseOptions {
  /** The text is still growing: what is open at its end is shown as if it were closed. */
  streaming: boolean;
  /** Where a link leads, null for one that stays text. */
  resolve?: (address: string) => string | null;
}

/** A block of the top level, and the line where it begins. */
export interface PlacedBlock {
  block: Block;
  line: number;
}

const DEEPEST = 24;
/** How far around a mark is looked for what it may belong to. */
const FAR = 200;
const NEAR = 20;
const BREAK_TAG = /^<br ?\/?>/i;
const TASK = /^\[([ xX])\](?=\s)/;
/** In these scripts no blank separates a mark from the word beside it. */
const CJK =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\u3000-\u303f\uff00-\uffef]/u;
const ALIGNS: Record<string, Align> = { left: "start", center: "center", right: "end" };
const SPANS = { strong_open: "strong", em_open: "emphasis", s_open: "strike" } as const;

const parser = createParser();
let hasFootnotes = false;

export function parseMarkdown(text: string, options: ParseOptions): Block[] {
  return parsePlaced(text, options).map(({ block }) => block);
}

export function parsePlaced(text: string, options: ParseOptions): PlacedBlock[] {
  if (!hasFootnotes && text.includes("[^")) lack(loadFootnotes);
  const source = options.streaming ? withoutLoneMarker(text) : text;
  const env: Growing = { growing: options.streaming };
  const tokens = parser.parse(source, env);
  return new TokenReader(tokens, options.resolve ?? safeHref, env.open).placed();
}

export async function loadFootnotes(): Promise<void> {
  const { default: footnotes } = await import("markdown-it-footnote");
  if (!hasFootnotes) parser.use(footnotes);
  hasFootnotes = true;
}

function createParser(): MarkdownIt {
  const made = new MarkdownItParser({ breaks: true, maxNesting: DEEPEST });
  made.use(addMath).use(addGrowing);
  made.inline.ruler.before("autolink", "break_tag", breakTag);
  made.inline.ruler.after("text", "address", addressMark);
  made.normalizeLink = (address) => address;
  made.normalizeLinkText = (address) => address;
  made.validateLink = () => true;
  made.inline.State = cjkFriendly(made.inline.State);
  return made;
}

/** `<br>` is what models write where a line of a table must end. */
function breakTag(state: StateInline, silent: boolean): boolean {
  const [tag] = BREAK_TAG.exec(state.src.slice(state.pos, state.pos + 6)) ?? [];
  if (tag === undefined) return false;
  if (!silent) state.push("hardbreak", "br", 0);
  state.pos += tag.length;
  return true;
}

/** A mark in a bare address is a part of it, unless it may close what was opened before. */
function addressMark(state: StateInline, silent: boolean): boolean {
  const { src, pos, pending, delimiters } = state;
  const mark = src.charAt(pos);
  if (silent || !"*_~$".includes(mark)) return false;
  const [before = ""] = /\S*$/.exec(src.slice(pos - Math.min(FAR, pending.length), pos)) ?? []; // of `pending` a copy would be made
  if (!/:\/\/|www\./i.test(before)) return false;
  const near = delimiters.slice(-NEAR).filter(({ marker }) => marker === mark.charCodeAt(0));
  if (near.reduce((depth, { open, close }) => depth + Number(open) - Number(close), 0) > 0) return false;
  if (!isWithinAddress(before, src.slice(pos, Math.min(state.posMax, pos + NEAR)))) return false;
  state.pending += mark;
  state.pos += 1;
  return true;
}

/** Marks between a letter of these scripts and punctuation open and close as they do between words. */
function cjkFriendly(State: typeof StateInline): typeof StateInline {
  return class extends State {
    override scanDelims(start: number, canSplitWord: boolean) {
      const found = super.scanDelims(start, canSplitWord);
      if (this.src.startsWith("~~~", start)) return { ...found, can_open: false, can_close: false };
      const before = this.src.charAt(start - 1);
      const after = this.src.charAt(start + found.length);
      const isBetween = before !== "" && after !== "" && !/\s/.test(before + after);
      if (!canSplitWord || !isBetween || !(CJK.test(before) || CJK.test(after))) return found;
      return { ...found, can_open: true, can_close: true };
    }
  };
}

class TokenReader {
  readonly #tokens: readonly Token[];
  readonly #resolve: Resolve;
  readonly #open: string | undefined;
  #at = 0;

  /** `open` is the content that still grows. */
  constructor(tokens: readonly Token[], resolve: Resolve, open?: string) {
    this.#tokens = tokens;
    this.#resolve = resolve;
    this.#open = open;
  }

  placed(): PlacedBlock[] {
    const blocks: PlacedBlock[] = [];
    while (this.#at < this.#tokens.length) {
      const line = this.#tokens[this.#at]?.map?.[0] ?? blocks.at(-1)?.line ?? 0;
      const block = this.#block();
      if (block !== null) blocks.push({ block, line });
    }
    return blocks;
  }

  #next(): Token | undefined {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token;
  }

  /** Reads with `read` until a token of this type, which is passed. */
  #until<T>(close: string, read: () => T | null): T[] {
    const found: T[] = [];
    while (this.#at < this.#tokens.length && this.#tokens[this.#at]?.type !== close) {
      const one = read();
      if (one !== null) found.push(one);
    }
    this.#at += 1;
    return found;
  }

  #blocksUntil(close: string): Block[] {
    return this.#until(close, () => this.#block());
  }

  #block(): Block | null {
    const token = this.#next();
    switch (token?.type) {
      case "paragraph_open":
        return { type: "paragraph", children: this.#content(), tight: token.hidden };
      case "heading_open":
        return { type: "heading", depth: Number(token.tag.slice(1)), children: this.#content() };
      case "fence":
      case "code_block":
        return codeOf(token);
      case "math_block":
        return { type: "math", text: token.content.trim() };
      case "hr":
        return { type: "rule" };
      default:
        return token === undefined ? null : this.#container(token);
    }
  }

  #container(token: Token): Block | null {
    switch (token.type) {
      case "blockquote_open":
        return { type: "quote", children: this.#blocksUntil("blockquote_close") };
      case "bullet_list_open":
        return { type: "list", ordered: false, start: 1, items: this.#items("bullet_list_close") };
      case "ordered_list_open": {
        const start = Number(token.attrGet("start") ?? 1);
        return { type: "list", ordered: true, start, items: this.#items("ordered_list_close") };
      }
      case "table_open":
        return this.#table();
      case "footnote_block_open":
        return { type: "notes", items: this.#notes() };
      default:
        return null;
    }
  }

  /** The inline content of a paragraph, a heading or a cell, up to its end. */
  #content(): Inline[] {
    const inline = this.#next();
    this.#at += 1;
    return inlinesOf(inline?.children ?? [], this.#resolve, inline?.content === this.#open);
  }

  #items(close: string): ListItem[] {
    return this.#until(close, () => {
      this.#next();
      return asTask(this.#blocksUntil("list_item_close"));
    });
  }

  #notes(): Block[][] {
    return this.#until("footnote_block_close", () => {
      this.#next();
      return this.#blocksUntil("footnote_close");
    });
  }

  #table(): Block {
    const align: Align[] = [];
    const rows = this.#until("table_close", () => {
      if (this.#next()?.type !== "tr_open") return null;
      return this.#until("tr_close", () => {
        const cell = this.#next();
        if (cell?.type === "th_open") align.push(alignOf(cell));
        return this.#content();
      });
    });
    return { type: "table", align, head: rows[0] ?? [], rows: rows.slice(1) };
  }
}

function codeOf(token: Token): Block {
  const language = /^[^\s`{]{0,40}/.exec(token.info.trim())?.[0] ?? "";
  return { type: "code", language, text: token.content.replace(/\n$/, "") };
}

function alignOf(cell: Token): Align {
  return ALIGNS[/text-align:(\w+)/.exec(textAttribute(cell, "style"))?.[1] ?? ""] ?? "start";
}

/** `[ ]` and `[x]` at the beginning of an item make it a task. */
function asTask(children: Block[]): ListItem {
  const first = children[0];
  const text = first?.type === "paragraph" ? first.children[0] : undefined;
  const mark = text?.type === "text" ? TASK.exec(text.text) : null;
  if (first?.type !== "paragraph" || text?.type !== "text" || mark === null) return { done: null, children };
  const rest: Inline = { type: "text", text: text.text.slice(mark[0].length).trimStart() };
  const paragraph: Block = { ...first, children: [rest, ...first.children.slice(1)] };
  return { done: mark[1] !== " ", children: [paragraph, ...children.slice(1)] };
}

type Growing = { growing: boolean; open?: string };
type Resolve = (address: string) => string | null;
type Wrap = ((children: Inline[]) => Inline) | null;

interface Span {
  children: Inline[];
  /** Null for a span that stays plain: its children are its parent's. */
  wrap: Wrap;
}

/** Not by recursion: a model may nest thousands of spans, of which the deepest stay plain. */
class InlineReader {
  readonly all: Inline[] = [];
  readonly #open: Span[] = [];
  readonly #resolve: Resolve;
  /** Links that are open: there is no link within a link. */
  #links = 0;

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  /** A text that `grows` is the last. */
  read(token: Token, grows: boolean): void {
    if (token.tag === "a") this.#links += token.nesting;
    if (token.nesting > 0) this.#begin(token);
    else if (token.nesting < 0) this.#end();
    else this.#add(token, grows);
  }

  /** One by one: a text may have more addresses than a call takes values. */
  #add(token: Token, grows: boolean): void {
    const isRunning = token.type === "text" && this.#links === 0;
    const found = isRunning ? linked(token.content, this.#resolve, grows) : leafOf(token, this.#resolve);
    for (const one of found) this.#children().push(one);
  }

  #children(): Inline[] {
    return this.#open.at(-1)?.children ?? this.all;
  }

  #begin(token: Token): void {
    const wrap = this.#open.length < DEEPEST ? wrapOf(token, this.#resolve) : null;
    this.#open.push({ children: wrap === null ? this.#children() : [], wrap });
  }

  #end(): void {
    const span = this.#open.pop();
    if (span?.wrap) this.#children().push(span.wrap(span.children));
  }
}

function inlinesOf(tokens: readonly Token[], resolve: Resolve, grow = false): Inline[] {
  const reader = new InlineReader(resolve);
  const last = grow ? tokens.findLast(({ content }) => content !== "" && content !== ".") : null;
  for (const token of tokens) reader.read(token, token === last);
  return reader.all;
}

/** Whether `name@site.x` is an address is only known once it has ended: before, a link would come and go. */
function linked(text: string, resolve: Resolve, grows: boolean): Inline[] {
  const inlines: Inline[] = [];
  let end = 0;
  const pushUpTo = (index: number) => {
    if (index > end) inlines.push(textOf(text.slice(end, index)));
  };
  for (const { index, text: written, url } of bareAddresses(text)) {
    const after = index + written.length;
    const mayGoOn = grows && url.startsWith("mailto:") && /^\.?$/.test(text.slice(after));
    const href = mayGoOn ? null : resolve(url);
    if (href === null) continue;
    pushUpTo(index);
    inlines.push({ type: "link", href, children: [textOf(written)] });
    end = after;
  }
  pushUpTo(text.length);
  return inlines;
}

function wrapOf(token: Token, resolve: Resolve): Wrap {
  if (token.type in SPANS) {
    const type = SPANS[token.type as keyof typeof SPANS];
    return (children) => ({ type, children });
  }
  const href = token.type === "link_open" ? resolve(textAttribute(token, "href")) : null;
  if (href === null) return null;
  return (children) => ({ type: "link", href, children: children.length > 0 ? children : [textOf(href)] });
}

function leafOf(token: Token, resolve: Resolve): Inline[] {
  switch (token.type) {
    case "text":
      return token.content === "" ? [] : [textOf(token.content)];
    case "code_inline":
      return [{ type: "code", text: token.content }];
    case "softbreak":
    case "hardbreak":
      return [{ type: "break" }];
    case "math":
      return [{ type: "math", text: token.content, display: token.meta?.display === true }];
    case "image":
      return imageOf(token, resolve);
    case "footnote_ref":
      return [{ type: "note", number: Number(token.meta?.id) + 1 }];
    default:
      return [];
  }
}

/** An image is a link to it: nothing is fetched that a model names. */
function imageOf(token: Token, resolve: Resolve): Inline[] {
  const href = resolve(textAttribute(token, "src"));
  const children = inlinesOf(token.children ?? [], () => null);
  if (href === null) return children;
  return [{ type: "image", href, children: children.length > 0 ? children : [textOf(href)] }];
}

function textAttribute(token: Token, name: string): string {
  return String(token.attrGet(name) ?? "");
}

function textOf(text: string): Inline {
  return { type: "text", text };
}
