/** Lists. Models indent nested items by two, three or four spaces, so two are enough here. */

import type { Block } from "./ast.ts";
import { type BlockReader, dedent, nestedOptions, parseLines, startsBlock } from "./blocks.ts";

const MARKER = /^( {0,3})([-*+•]|(\d{1,9})[.)])(?:( {1,4})(?=\S)|\s*$)/;

interface Marker {
  indent: number;
  width: number;
  /** Items of one list share the kind: its bullet, or what follows its number. */
  kind: string;
  start: number | null;
}

export function isListStart(line: string): boolean {
  return MARKER.test(line);
}

export function readList(reader: BlockReader): Block {
  const first = markerOf(reader.lines[reader.at] ?? "");
  const items: Block[][] = [];
  for (let marker = first; marker !== null && isSameList(marker, first); marker = nextMarker(reader)) {
    const lines = readItem(reader, marker);
    items.push(parseLines(lines, reader.depth + 1, nestedOptions(reader)));
  }
  const start = first?.start ?? null;
  return { type: "list", ordered: start !== null, start: start ?? 1, items };
}

function markerOf(line: string): Marker | null {
  const match = MARKER.exec(line);
  if (match === null) return null;
  const [whole, indent = "", bullet = "", number] = match;
  const start = number === undefined ? null : Number(number);
  return { indent: indent.length, width: Math.max(whole.length, 2), kind: bullet.at(-1) ?? "", start };
}

function isSameList(marker: Marker, first: Marker | null): boolean {
  return first !== null && marker.kind === first.kind && marker.indent < first.indent + 2;
}

/** The marker of the next item, if blank lines are all that stands before it. */
function nextMarker(reader: BlockReader): Marker | null {
  const next = skipBlank(reader, reader.at);
  const marker = markerOf(reader.lines[next] ?? "");
  if (marker !== null) reader.at = next;
  return marker;
}

function readItem(reader: BlockReader, marker: Marker): string[] {
  const lines = [(reader.lines[reader.at] ?? "").slice(marker.width)];
  reader.at += 1;
  for (;;) {
    const next = skipBlank(reader, reader.at);
    const line = reader.lines[next];
    if (line === undefined || !belongs(line, marker, next > reader.at)) break;
    for (; reader.at < next; reader.at += 1) lines.push("");
    lines.push(dedent(line, marker.width));
    reader.at += 1;
  }
  // Blank lines at the end of the text belong to nobody; leaving them would hide that the item is the last thing.
  if (skipBlank(reader, reader.at) === reader.lines.length) reader.at = reader.lines.length;
  return lines;
}

function belongs(line: string, marker: Marker, afterBlank: boolean): boolean {
  const indent = line.length - line.trimStart().length;
  if (indent >= marker.indent + 2) return true;
  return !afterBlank && !startsBlock(line);
}

function skipBlank(reader: BlockReader, from: number): number {
  let at = from;
  while (at < reader.lines.length && (reader.lines[at] ?? "").trim() === "") at += 1;
  return at;
}
