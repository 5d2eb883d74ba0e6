import { describe, expect, test, vi } from "vitest";
import { GrowingText } from "../src/element/markdown/growing-text.ts";
import { loadFootnotes, parseMarkdown } from "../src/element/markdown/parse.ts";

await loadFootnotes();

const SAMPLE = [
  "# Title\n\nSome **bold** text with `code` and a [link](https://x.org).\n",
  "- one\n\n  more of one\n- two\n  1. three\n\n",
  "```js\nconst a = 1;\n\nconst b = 2;\n```\n\n> quote\n> more\n\n",
  "| a | b |\n|---|---|\n| 1 | 2 |\n\nSet\n---\n\n    indented\n\n    code\n\nEnd $x$.",
].join("\r\n");

describe("a text that grows", () => {
  test("is what it would be in one piece, at every length and at the end", () => {
    const growing = new GrowingText(() => {});
    for (let end = 1; end <= SAMPLE.length; end += 1) {
      const text = SAMPLE.slice(0, end);
      expect(growing.blocks(text, true)).toEqual(parseMarkdown(text, { streaming: true }));
    }
    expect(growing.blocks(SAMPLE, false)).toEqual(parseMarkdown(SAMPLE, { streaming: false }));
  });

  test("keeps the blocks that are finished", () => {
    const growing = new GrowingText(() => {});
    const before = growing.blocks("one\n\ntwo\n\nthr", true);
    const after = growing.blocks("one\n\ntwo\n\nthree", true);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expect(after[2]).not.toBe(before[2]);
  });

  test("may become another text", () => {
    const growing = new GrowingText(() => {});
    growing.blocks("one\n\ntwo", true);
    expect(growing.blocks("other\n\ntext", true)).toEqual(
      parseMarkdown("other\n\ntext", { streaming: true }),
    );
    growing.blocks("ended", false);
    expect(growing.blocks("ended and more", false)).toEqual(
      parseMarkdown("ended and more", { streaming: false }),
    );
  });

  test("finds what is defined behind its use, once it has ended", () => {
    const text = "see [it] and[^1]\n\nmore\n\n[it]: https://x.org/\n[^1]: A note.";
    const growing = new GrowingText(() => {});
    growing.blocks(text, true);
    expect(growing.blocks(text, false)).toEqual(parseMarkdown(text, { streaming: false }));
  });

  test("asks for the names of characters that it misses", async () => {
    const onNames = vi.fn();
    const growing = new GrowingText(onNames);
    growing.blocks("&HilbertSpace;", false);
    await vi.waitFor(() => expect(onNames).toHaveBeenCalledOnce());
    expect(growing.blocks("&HilbertSpace;", false)).toMatchObject([{ children: [{ text: "ℋ" }] }]);
  });

  test("is parsed by its last block alone", () => {
    const growing = new GrowingText(() => {});
    const long = "A paragraph of *some* words.\n\n".repeat(7_000);
    growing.blocks(long, true);
    const before = growing.blocks(`${long}More`, true);
    const after = growing.blocks(`${long}More words`, true);
    expect(after.length).toBe(7_001);
    expect(after.slice(0, -1).every((block, at) => block === before[at])).toBe(true);
  });

  test.each([
    ["long beyond all measure", "x ".repeat(150_000)],
    ["of headings", "#\n".repeat(60_000)],
    ["of addresses", "a@b.c ".repeat(26_000)],
    ["of rows", `|a|b|\n|-|-|\n${"|a|b|\n".repeat(11_000)}`],
    ["of formulas", "$a$ ".repeat(10_000)],
    ["of one formula", `$$\n${"a+".repeat(60_000)}\n$$`],
    ["of code", "```js\na\n```\n".repeat(10_000)],
    ["of points", "- a\n".repeat(20_000)],
  ])("is shown as it is when it is %s, while it grows and at its end", (_, text) => {
    const asItIs = [{ type: "code", language: "", text }];
    const growing = new GrowingText(() => {});
    for (let end = 40_000; end < text.length; end += 40_000) growing.blocks(text.slice(0, end), true);
    expect(growing.blocks(text, true)).toEqual(asItIs);
    expect(growing.blocks(text, false)).toEqual(asItIs);
    expect(growing.blocks("another *one*", false)).toMatchObject([{ type: "paragraph" }]);
  });
});
