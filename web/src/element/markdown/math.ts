/** Formulas between `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, as rules of markdown-it. */

import type { MarkdownIt, StateBlock, StateInline } from "markdown-it";

/** Bounds, so that a text of nothing but opening marks costs time in proportion to its length. */
const LONGEST = 2_000;
const MOST_LINES = 200;
/** A dollar that opens a formula touches it, and the one that closes it is not the sign of a price. */
const DOLLARS = /^\$(?![\s$])((?:\\[\s\S]|[^\\$])*?[^\s\\$]|(?:\\[\s\S]))\$(?!\d)/;
const INLINE_FORMS: readonly { pattern: RegExp; display: boolean }[] = [
  { pattern: /^\$\$((?:\\[\s\S]|[^\\$])+)\$\$/, display: true },
  { pattern: DOLLARS, display: false },
  { pattern: /^\\\(([\s\S]+?)\\\)/, display: false },
  { pattern: /^\\\[([\s\S]+?)\\\]/, display: true },
];
const CLOSED_BY: Record<string, string> = { $$: "$$", "\\[": "\\]" };

export function addMath(parser: MarkdownIt): void {
  parser.inline.ruler.before("escape", "math", inlineMath);
  parser.block.ruler.before("fence", "math", blockMath, { alt: ["paragraph", "blockquote", "list"] });
}

function inlineMath(state: StateInline, silent: boolean): boolean {
  if (!/^(?:\$|\\[([])/.test(state.src.slice(state.pos, state.pos + 2))) return false;
  const rest = state.src.slice(state.pos, Math.min(state.posMax, state.pos + LONGEST));
  for (const { pattern, display } of INLINE_FORMS) {
    const match = pattern.exec(rest);
    if (match === null) continue;
    if (!silent) {
      const token = state.push("math", "", 0);
      token.content = match[1] ?? "";
      token.meta = { display };
    }
    state.pos += match[0].length;
    return true;
  }
  return false;
}

/** Lines from one that begins with the opening mark to one that ends with the closing mark. */
function blockMath(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  const first = lineOf(state, startLine);
  const close = CLOSED_BY[first.slice(0, 2)];
  if (close === undefined || indentOf(state, startLine) >= 4) return false;
  const lines = [first.slice(2), ...linesBelow(state, startLine + 1, endLine)];
  const at = lines.findIndex((line) => line.trimEnd().endsWith(close));
  const isOpen = at < 0 && state.env.growing === true && startLine + lines.length >= state.lineMax;
  if (at < 0 && !isOpen) return false;
  if (silent) return true;
  const inside = isOpen ? lines : lines.slice(0, at + 1);
  const text = inside.join("\n").trimEnd();
  const token = state.push("math_block", "", 0);
  token.content = isOpen ? text : text.slice(0, -close.length);
  state.line = startLine + inside.length;
  token.map = [startLine, state.line];
  return true;
}

/** The lines that belong to the same container, up to a bound. */
function linesBelow(state: StateBlock, from: number, endLine: number): string[] {
  const lines: string[] = [];
  for (let line = from; line < Math.min(endLine, from + MOST_LINES); line += 1) {
    if (indentOf(state, line) < 0) break;
    lines.push(lineOf(state, line));
  }
  return lines;
}

function indentOf(state: StateBlock, line: number): number {
  return (state.sCount[line] ?? 0) - state.blkIndent;
}

function lineOf(state: StateBlock, line: number): string {
  return state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);
}
