/** One text through its life: what can no longer change is parsed once, the block that still grows with each piece. */

import type { Block } from "./ast.ts";
import { parseMarkdown, parsePlaced } from "./parse.ts";
import { readWith } from "./rare.ts";

/** What is defined in one place of a text and used in another: `[name]: address`, `[^note]`. */
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m;

export class GrowingText {
  /** The text of the finished blocks. */
  #settled = "";
  #finished: Block[] = [];
  #isWhole = false;
  readonly #onArrival: () => void;

  /** `onArrival` is called when something has been loaded that this text needs. */
  constructor(onArrival: () => void) {
    this.#onArrival = onArrival;
  }

  /** Blocks keep their identity for as long as they stay as they are. */
  blocks(text: string, streaming: boolean): readonly Block[] {
    if (this.#isWhole && text === this.#settled) return this.#finished;
    if (this.#isWhole || !text.startsWith(this.#settled)) this.#forget();
    const { result, load } = readWith(() => (streaming ? this.#growing(text) : this.#whole(text)));
    load?.().then(
      () => this.#again(),
      () => {}, // offline: the text stays as it is
    );
    return result;
  }

  #growing(text: string): Block[] {
    const tail = text.slice(this.#settled.length);
    const placed = parsePlaced(tail, { streaming: true });
    const blocks = placed.map(({ block }) => block);
    const last = placed.at(-1);
    if (last === undefined || last.line === 0) return [...this.#finished, ...blocks];
    this.#settled += tail.slice(0, startOfLine(tail, last.line));
    this.#finished = [...this.#finished, ...blocks.slice(0, -1)];
    return [...this.#finished, last.block];
  }

  #whole(text: string): Block[] {
    const hasDefinitions = DEFINITION.test(text);
    const tail = hasDefinitions ? text : text.slice(this.#settled.length);
    const rest = parseMarkdown(tail, { streaming: false });
    this.#finished = hasDefinitions ? rest : [...this.#finished, ...rest];
    this.#settled = text;
    this.#isWhole = true;
    return this.#finished;
  }

  #again(): void {
    this.#forget();
    this.#onArrival();
  }

  #forget(): void {
    this.#settled = "";
    this.#finished = [];
    this.#isWhole = false;
  }
}

function startOfLine(text: string, line: number): number {
  let at = 0;
  for (let count = 0; count < line; count += 1) at = nextLine(text, at);
  return at;
}

/** Lines end as the parser ends them: `\n`, `\r\n` or `\r`. */
function nextLine(text: string, from: number): number {
  const ends = /\r\n?|\n/g;
  ends.lastIndex = from;
  return ends.exec(text) === null ? text.length : ends.lastIndex;
}
