/** One text through its life: what can no longer change is parsed once, the block that still grows with each piece. */

import type { Block } from "./ast.ts";
import { parseMarkdown, parsePlaced } from "./parse.ts";
import { readWith } from "./rare.ts";

/** What is defined in one place of a text and used in another: `[name]: address`, `[^note]`. */
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m;
/** What goes beyond is shown as it is: no answer that a person reads does, and to draw it would block the page. */
const LONGEST_TEXT = 250_000;
const MOST_PARTS = 50_000;
/** Lines end as the parser ends them: `\n`, `\r\n` or `\r`. */
const LINE_END = /(?<=\n|\r(?!\n))/;

export class GrowingText {
  /** The text of the finished blocks. */
  #settled = "";
  #finished: Block[] = [];
  readonly #onArrival: () => void;

  /** `onArrival` is called when something has been loaded that this text needs. */
  constructor(onArrival: () => void) {
    this.#onArrival = onArrival;
  }

  /** Blocks keep their identity for as long as they stay as they are. */
  blocks(text: string, streaming: boolean): readonly Block[] {
    if (!text.startsWith(this.#settled)) this.#forget();
    if (text.length <= LONGEST_TEXT) {
      const { result, load } = readWith(() => (streaming ? this.#growing(text) : this.#whole(text)));
      load?.().then(
        () => {
          this.#forget();
          this.#onArrival();
        },
        () => {}, // offline: the text stays as it is
      );
      if (partsOf(result) <= MOST_PARTS) return result;
    }
    return [{ type: "code", language: "", text }];
  }

  #growing(text: string): Block[] {
    const tail = text.slice(this.#settled.length);
    const placed = parsePlaced(tail, { streaming: true });
    const blocks = placed.map(({ block }) => block);
    const last = placed.at(-1);
    if (last === undefined || last.line === 0) return [...this.#finished, ...blocks];
    this.#settled += tail.split(LINE_END, last.line).join("");
    this.#finished = [...this.#finished, ...blocks.slice(0, -1)];
    return [...this.#finished, last.block];
  }

  #whole(text: string): Block[] {
    if (DEFINITION.test(text)) this.#forget();
    const rest = parseMarkdown(text.slice(this.#settled.length), { streaming: false });
    return [...this.#finished, ...rest];
  }

  #forget(): void {
    this.#settled = "";
    this.#finished = [];
  }
}

/** About as many elements as these are drawn as: code in colours has one for each word, a formula for each sign. */
function partsOf(node: object): number {
  const { type, text } = node as { type?: string; text?: string };
  const own = type === "text" || text === undefined ? 1 : 5 + text.length / 2;
  return Object.values(node).reduce((sum, each) => sum + (each instanceof Object ? partsOf(each) : 0), own);
}
