/** Tables of GitHub-flavoured Markdown. */

import type { Align, Block } from "./ast.ts";
import { type BlockReader, inlineAt } from "./blocks.ts";
import { parseInline } from "./inline.ts";

const MAX_COLUMNS = 40;
const RULE_CELL = /^:?-+:?$/;

export function isTableStart(reader: BlockReader): boolean {
  return tableStart(reader) !== null;
}

/** Null, with the reader where it was, when no table starts here. */
export function readTable(reader: BlockReader): Block | null {
  const start = tableStart(reader);
  if (start === null) return null;
  const { head, rule } = start;
  reader.at += 2;
  const rows: string[][] = [];
  for (let row = cells(reader.lines[reader.at]); row !== null; row = cells(reader.lines[reader.at])) {
    rows.push(head.map((_, column) => row?.[column] ?? ""));
    reader.at += 1;
  }
  const inlineRow = (row: readonly string[]) => row.map((cell) => inlineAt(reader, cell));
  const heading = head.map((cell) => parseInline(cell, { streaming: false }));
  return { type: "table", align: rule.map(alignOf), head: heading, rows: rows.map(inlineRow) };
}

function tableStart(reader: BlockReader): { head: string[]; rule: string[] } | null {
  const head = cells(reader.lines[reader.at]);
  const rule = head && cells(reader.lines[reader.at + 1]);
  const isTable = rule?.length === head?.length && rule?.every((cell) => RULE_CELL.test(cell));
  return head && rule && isTable ? { head, rule } : null;
}

/** The cells of a table row; null for a line that is none. */
function cells(line: string | undefined): string[] | null {
  if (line === undefined || !line.includes("|")) return null;
  const row = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  const found = row.split(/(?<!\\)\|/, MAX_COLUMNS);
  return found.map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function alignOf(rule: string): Align {
  if (!rule.endsWith(":")) return "start";
  return rule.startsWith(":") ? "center" : "end";
}
