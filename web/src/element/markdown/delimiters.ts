/** Nests strong, emphasis and strike-through while a text is read from left to right. */

import type { Inline } from "./ast.ts";

export interface DelimiterRun {
  char: "*" | "_" | "~";
  count: number;
  before: string;
  after: string;
}

interface Frame {
  marker: string;
  children: Inline[];
}

type Span = "strong" | "emphasis" | "strike";

const MAX_OPEN = 24;
const SPANS: Record<string, Span> = {
  "**": "strong",
  __: "strong",
  "*": "emphasis",
  _: "emphasis",
  "~~": "strike",
};
const WORD = /[\p{L}\p{N}]/u;

export class DelimiterStack {
  readonly #frames: Frame[] = [{ marker: "", children: [] }];

  text(text: string): void {
    const children = this.#top().children;
    const last = children.at(-1);
    if (last?.type === "text") last.text += text;
    else children.push({ type: "text", text });
  }

  push(node: Inline): void {
    this.#top().children.push(node);
  }

  pushAll(nodes: readonly Inline[]): void {
    for (const node of nodes) this.push(node);
  }

  trimEnd(): void {
    const last = this.#top().children.at(-1);
    if (last?.type === "text") last.text = last.text.trimEnd();
  }

  delimiter(run: DelimiterRun): void {
    let count = run.count;
    if (count > 3 || (run.char === "~" && count !== 2)) {
      this.text(run.char.repeat(count));
      return;
    }
    if (canClose(run)) count = this.#close(run.char, count);
    if (canOpen(run)) count = this.#open(run.char, count);
    if (count > 0) this.text(run.char.repeat(count));
  }

  /** Ends the text: what is still open becomes plain text, or is closed here when more text is to come. */
  finish(closeOpen: boolean): Inline[] {
    while (this.#frames.length > 1) this.#endFrame(closeOpen);
    return this.#top().children;
  }

  #close(char: string, count: number): number {
    let left = count;
    for (let place = this.#nearest(char, left); place > 0; place = this.#nearest(char, left)) {
      while (this.#frames.length - 1 > place) this.#endFrame(false);
      left -= this.#top().marker.length;
      this.#endFrame(true);
    }
    return left;
  }

  /** The innermost open frame that `count` characters can close; 0 when there is none. */
  #nearest(char: string, count: number): number {
    return this.#frames.findLastIndex(
      ({ marker }) => marker.startsWith(char) && marker.length <= count && marker !== "",
    );
  }

  #open(char: string, count: number): number {
    let left = count;
    for (const marker of [char.repeat(2), char]) {
      if (left < marker.length || SPANS[marker] === undefined || this.#frames.length > MAX_OPEN) continue;
      this.#frames.push({ marker, children: [] });
      left -= marker.length;
    }
    return left;
  }

  #endFrame(asSpan: boolean): void {
    const frame = this.#frames.pop();
    if (frame === undefined) return;
    const type = SPANS[frame.marker];
    const isSpan = asSpan && type !== undefined && frame.children.length > 0;
    if (isSpan) {
      this.push({ type, children: frame.children });
      return;
    }
    // A lone marker at the end of growing text is about to open something: it is not shown yet.
    if (!asSpan) this.text(frame.marker);
    this.pushAll(frame.children);
  }

  #top(): Frame {
    return this.#frames.at(-1) ?? { marker: "", children: [] };
  }
}

function canOpen({ char, before, after }: DelimiterRun): boolean {
  if (after === "" || /\s/.test(after)) return after === "" && !WORD.test(before);
  return char !== "_" || !WORD.test(before);
}

function canClose({ char, before, after }: DelimiterRun): boolean {
  if (before === "" || /\s/.test(before)) return false;
  return char !== "_" || !WORD.test(after);
}
