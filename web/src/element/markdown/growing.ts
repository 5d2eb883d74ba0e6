/** Text that is still being written: marks that are open at its end are shown as if they were closed. */

import type { MarkdownIt, StateCore, StateInline, Token } from "markdown-it";

/** More open marks than these at the end of a text are no writing. */
const MOST_OPEN = 8;
/** A line of dashes would turn the line above it into a heading until the next character comes. */
const LONE_MARKER = /(?:^|\n) {0,3}[-=]+[ \t]*$/;
const TRAILING_MARKS = /(?:[*_~`]+|\\)$/;
const UNFINISHED_LINK = /!?\[([^[\]]*)\]\([^()\s]*$/;
const TICKS = /\\[\s\S]|`+/g;

/** Whether the text is still growing is said by `env.growing`. */
export function addGrowing(parser: MarkdownIt): void {
  parser.core.ruler.before("inline", "complete", completeLast);
  parser.inline.ruler2.after("balance_pairs", "close_open", closeOpen);
}

export function withoutLoneMarker(text: string): string {
  return text.replace(LONE_MARKER, "");
}

function completeLast(state: StateCore): void {
  if (!state.env.growing) return;
  const last = state.tokens.findLast(({ nesting, type, content }: Token) => {
    return nesting === 0 && !(type === "inline" && content === "");
  });
  if (last?.type !== "inline") return;
  last.content = completed(last.content);
  state.env.open = last.content;
}

function completed(text: string): string {
  const shown = text.replace(TRAILING_MARKS, "").replace(UNFINISHED_LINK, "$1");
  return shown + openTicks(shown);
}

/** The backticks of a code span that has begun and not ended. */
function openTicks(text: string): string {
  let open = "";
  for (const [found] of text.matchAll(TICKS)) {
    if (open === "" && !found.startsWith("\\")) open = found;
    else if (found === open) open = "";
  }
  return open;
}

/** Gives each opening delimiter without a partner one at the end, the innermost first. */
function closeOpen(state: StateInline): boolean {
  if (state.env.open !== state.src) return false;
  const open = state.delimiters.filter((each) => each.open && each.end < 0).slice(-MOST_OPEN);
  for (const opener of open.reverse()) {
    const token = state.push("text", "", 0);
    token.content = "";
    opener.end = state.delimiters.length;
    state.delimiters.push({ ...opener, token: state.tokens.length - 1, end: -1, open: false, close: true });
  }
  return false;
}
