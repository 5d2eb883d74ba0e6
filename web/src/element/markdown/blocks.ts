/** Markdown text -> blocks. Lines are looked at once for each level of nesting, and nesting is bounded. */

import type { Block } from "./ast.ts";
import { type InlineOptions, parseInline } from "./inline.ts";
import { isListStart, readList } from "./lists.ts";
import { isTableStart, readTable } from "./tables.ts";

const MAX_DEPTH = 8;
/** Text beyond this is shown as it is: no answer that a person reads is as long. */
const LONGEST_TEXT = 400_000;

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]{0,40})[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:\s+(.*))?$/;
const RULE = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const BLANK = /^\s*$/;

export interface BlockReader {
  lines: readonly string[];
  at: number;
  depth: number;
  options: InlineOptions;
}

export function parseMarkdown(text: string, options: InlineOptions): Block[] {
  if (text.length > LONGEST_TEXT) return [{ type: "code", language: "", text }];
  const lines = text.replace(/\r\n?/g, "\n").replaceAll("\t", "    ").split("\n");
  return parseLines(lines, 0, options);
}

export function parseLines(lines: readonly string[], depth: number, options: InlineOptions): Block[] {
  const reader: BlockReader = { lines, at: 0, depth, options };
  const blocks: Block[] = [];
  while (reader.at < lines.length) {
    const block = readBlock(reader);
    if (block !== null) blocks.push(block);
  }
  return blocks;
}

/** Inline content that ends at the reader's place: only what ends the whole text can still be growing. */
export function inlineAt(reader: BlockReader, text: string) {
  const isLast = reader.at >= reader.lines.length;
  return parseInline(text, { streaming: reader.options.streaming && isLast });
}

/** Options for lines nested in this reader's, which end where the reader stands. */
export function nestedOptions(reader: BlockReader): InlineOptions {
  return { streaming: reader.options.streaming && reader.at >= reader.lines.length };
}

/** True when a line cannot be the continuation of a paragraph. */
export function startsBlock(line: string): boolean {
  return FENCE.test(line) || HEADING.test(line) || QUOTE.test(line) || isRule(line) || isListStart(line);
}

function readBlock(reader: BlockReader): Block | null {
  const line = reader.lines[reader.at] ?? "";
  if (BLANK.test(line)) {
    reader.at += 1;
    return null;
  }
  return (
    readFence(reader, line) ?? readLeaf(reader, line) ?? readNested(reader, line) ?? readParagraph(reader)
  );
}

function readLeaf(reader: BlockReader, line: string): Block | null {
  const heading = HEADING.exec(line);
  if (heading !== null) {
    reader.at += 1;
    const text = (heading[2] ?? "").replace(/\s#+\s*$/, "").trim();
    return { type: "heading", depth: (heading[1] ?? "#").length, children: inlineAt(reader, text) };
  }
  if (!isRule(line)) return readTable(reader);
  reader.at += 1;
  return { type: "rule" };
}

function isRule(line: string): boolean {
  return line.length < 200 && RULE.test(line);
}

function readNested(reader: BlockReader, line: string): Block | null {
  if (reader.depth >= MAX_DEPTH) return null;
  if (QUOTE.test(line)) return readQuote(reader);
  return isListStart(line) ? readList(reader) : null;
}

function readFence(reader: BlockReader, line: string): Block | null {
  const fence = FENCE.exec(line);
  if (fence === null) return null;
  const marker = fence[1] ?? "```";
  let last = reader.at + 1;
  while (last < reader.lines.length && !closesFence(reader.lines[last] ?? "", marker)) last += 1;
  const indent = line.length - line.trimStart().length;
  const body = reader.lines.slice(reader.at + 1, last).map((text) => dedent(text, indent));
  reader.at = last + 1;
  return { type: "code", language: fence[2] ?? "", text: body.join("\n") };
}

function closesFence(line: string, marker: string): boolean {
  const trimmed = line.trim();
  const isRun = trimmed.length >= marker.length && trimmed === marker.charAt(0).repeat(trimmed.length);
  return isRun && line.length - line.trimStart().length < 4;
}

/** Removes up to `width` leading spaces. */
export function dedent(line: string, width: number): string {
  const indent = line.length - line.trimStart().length;
  return line.slice(Math.min(indent, width));
}

function readQuote(reader: BlockReader): Block {
  const inside: string[] = [];
  let line = reader.lines[reader.at];
  while (line !== undefined && (QUOTE.test(line) || isLazy(line, inside))) {
    inside.push(line.replace(QUOTE, ""));
    reader.at += 1;
    line = reader.lines[reader.at];
  }
  return { type: "quote", children: parseLines(inside, reader.depth + 1, nestedOptions(reader)) };
}

/** A line without its own marker that goes on with the paragraph above it. */
function isLazy(line: string, above: readonly string[]): boolean {
  const previous = above.at(-1) ?? "";
  return !BLANK.test(line) && !BLANK.test(previous) && !startsBlock(line) && !startsBlock(previous);
}

function readParagraph(reader: BlockReader): Block {
  const first = reader.at;
  do reader.at += 1;
  while (continuesParagraph(reader));
  const text = reader.lines.slice(first, reader.at).map((line) => line.trimStart());
  return { type: "paragraph", children: inlineAt(reader, text.join("\n").trimEnd()) };
}

function continuesParagraph(reader: BlockReader): boolean {
  const line = reader.lines[reader.at];
  return line !== undefined && !BLANK.test(line) && !startsBlock(line) && !isTableStart(reader);
}
