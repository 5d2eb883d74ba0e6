/** Where backtick runs and brackets of a text match, found in one pass over it. */

export interface Landmarks {
  /** The run of backticks at `index`: its length, and where the run that closes it starts. */
  backticks(index: number): { length: number; end: number | null };
  closingBracket(index: number): number | null;
}

const MARK = /\\[\s\S]|`+|[[\]]/g;

export function landmarksOf(text: string): Landmarks {
  const runs: Run[] = [];
  const brackets = new Map<number, number>();
  const open: number[] = [];
  for (const match of text.matchAll(MARK)) {
    const mark = match[0];
    if (mark.startsWith("`")) runs.push({ start: match.index, length: mark.length });
    else if (mark === "[") open.push(match.index);
    else if (mark === "]") closeBracket(brackets, open, match.index);
  }
  const ends = matchRuns(runs);
  return {
    backticks: (index) => ends.get(index) ?? { length: 1, end: null },
    closingBracket: (index) => brackets.get(index) ?? null,
  };
}

interface Run {
  start: number;
  length: number;
}

function closeBracket(brackets: Map<number, number>, open: number[], close: number): void {
  const start = open.pop();
  if (start !== undefined) brackets.set(start, close);
}

/** Walks backwards, so that for each length the next run of that length is at hand. */
function matchRuns(runs: readonly Run[]): Map<number, { length: number; end: number | null }> {
  const ends = new Map<number, { length: number; end: number | null }>();
  const nextOfLength = new Map<number, number>();
  for (const run of runs.toReversed()) {
    ends.set(run.start, { length: run.length, end: nextOfLength.get(run.length) ?? null });
    nextOfLength.set(run.length, run.start);
  }
  return ends;
}
