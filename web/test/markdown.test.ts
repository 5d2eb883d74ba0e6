import { describe, expect, test } from "vitest";
import type { Block, Inline } from "../src/element/markdown/ast.ts";
import { safeHref } from "../src/element/markdown/links.ts";
import { loadFootnotes, parseMarkdown } from "../src/element/markdown/parse.ts";

await loadFootnotes();

/** Milliseconds: far over what the longest needs, far below what it would need if each character looked at all others. */
const QUADRATIC = 30_000;

const parse = (text: string, streaming = false) => parseMarkdown(text, { streaming });

/** A short notation of the tree, so that expectations can be read. */
function inline(nodes: readonly Inline[]): string {
  return nodes.map(inlineNode).join("");
}

function inlineNode(node: Inline): string {
  if (node.type === "text") return node.text;
  if (node.type === "code") return `<c:${node.text}>`;
  if (node.type === "break") return "<br>";
  if (node.type === "link" || node.type === "image") return `<a ${node.href}:${inline(node.children)}>`;
  if (node.type === "math") return `<${node.display ? "M" : "m"}:${node.text}>`;
  if (node.type === "note") return `<n:${node.number}>`;
  return "children" in node ? `<${node.type.slice(0, 2)}:${inline(node.children)}>` : `?${node.type}`;
}

function block(node: Block): string {
  if (node.type === "paragraph") return `p(${inline(node.children)})`;
  if (node.type === "heading") return `h${node.depth}(${inline(node.children)})`;
  if (node.type === "code") return `code[${node.language}](${node.text})`;
  if (node.type === "quote") return `quote(${node.children.map(block).join("")})`;
  if (node.type === "list")
    return `${node.ordered ? `ol${node.start}` : "ul"}(${node.items.map((item) => `[${item.done === null ? "" : item.done ? "x " : "_ "}${item.children.map(block).join("")}]`).join("")})`;
  if (node.type === "table")
    return `table${node.align.map((align) => align[0]).join("")}(${[node.head, ...node.rows].map((row) => row.map(inline).join(",")).join(";")})`;
  if (node.type === "math") return `math(${node.text})`;
  if (node.type === "notes")
    return `notes(${node.items.map((note) => `[${note.map(block).join("")}]`).join("")})`;
  return "hr";
}

const show = (text: string, streaming = false) => parse(text, streaming).map(block).join("");

describe("inline", () => {
  test.each([
    ["plain words", "plain words"],
    ["**bold** and *soft* and __bold__ and _soft_", "<st:bold> and <em:soft> and <st:bold> and <em:soft>"],
    ["***both***", "<em:<st:both>>"],
    ["**bold *and soft***", "<st:bold <em:and soft>>"],
    ["~~gone~~", "<st:gone>"],
    ["snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"],
    ["**“Wort”**字", "<st:“Wort”>字"],
    ["*open", "*open"],
    ["`a` ``b ` c`` `*x*`", "<c:a> <c:b ` c> <c:*x*>"],
    ["`open", "`open"],
    ["one\ntwo  \nthree", "one<br>two<br>three"],
    ["a<br>b", "a<br>b"],
    ["\\*not\\* 1 \\< 2", "*not* 1 < 2"],
    ["&lt;b&gt; &amp; &unknown;", "<b> & &unknown;"],
    ['[a *b*](https://x.org/y "t")', "<a https://x.org/y:a <em:b>>"],
    ["[a](https://x.org/y_(z))", "<a https://x.org/y_(z):a>"],
    ["![alt](https://x.org/i.png)", "<a https://x.org/i.png:alt>"],
    ["see https://x.org/a.", "see <a https://x.org/a:https://x.org/a>."],
    ["(https://x.org/a)", "(<a https://x.org/a:https://x.org/a>)"],
    ["(https://x.org/Foo_(bar)).", "(<a https://x.org/Foo_(bar):https://x.org/Foo_(bar)>)."],
    ["[see https://x.org/a]", "[see <a https://x.org/a:https://x.org/a>]"],
    ["{https://x.org/a[0]}", "{<a https://x.org/a[0]:https://x.org/a[0]>}"],
    ["https://x.org/a)))", "<a https://x.org/a:https://x.org/a>)))"],
    ["https://x.org/a\u060c ثم", "<a https://x.org/a:https://x.org/a>\u060c ثم"],
    ["https://x.org/a\u061f", "<a https://x.org/a:https://x.org/a>\u061f"],
    ["https://x.org/a\u0964", "<a https://x.org/a:https://x.org/a>\u0964"],
    ["见https://x.org。谢谢", "见<a https://x.org/:https://x.org>。谢谢"],
    ["（https://x.org/a）", "（<a https://x.org/a:https://x.org/a>）"],
    ["「https://x.org/a」、", "「<a https://x.org/a:https://x.org/a>」、"],
    [
      "https://x.org/a，https://x.org/b！",
      "<a https://x.org/a:https://x.org/a>，<a https://x.org/b:https://x.org/b>！",
    ],
    ["“https://x.org/a”", "“<a https://x.org/a:https://x.org/a>”"],
    ["«https://x.org/a»…", "«<a https://x.org/a:https://x.org/a>»…"],
    ["https://x.org谢谢", "<a https://x.org/:https://x.org>谢谢"],
    ["http://localhost:80谢谢/a", "<a http://localhost/:http://localhost:80>谢谢/a"],
    ["https://x.org/谢谢", "<a https://x.org/%E8%B0%A2%E8%B0%A2:https://x.org/谢谢>"],
    ["https://例え.jp/a", "<a https://xn--r8jz45g.jp/a:https://例え.jp/a>"],
    ["https://x.org/a\u202eb", "<a https://x.org/a:https://x.org/a>\u202eb"],
    ["https://x.org/?a=1&b=2", "<a https://x.org/?a=1&b=2:https://x.org/?a=1&b=2>"],
    ["<https://x.org>", "<a https://x.org/:https://x.org>"],
    ["[mail](mailto:a@x.org)", "<a mailto:a@x.org:mail>"],
    ["[go](chatkit-link://open?id=3)", "<a chatkit-link://open?id=3:go>"],
    ["[1] and [x]", "[1] and [x]"],
    ["![alt](/i.png) [a](/b)", "alt a"],
    ["$a_1 + b$ and \\(c^2\\)", "<m:a_1 + b> and <m:c^2>"],
    ["x $$\\frac{1}{2}$$ y \\[z\\]", "x <M:\\frac{1}{2}> y <M:z>"],
    ["costs $5 and $10, or $3-$4", "costs $5 and $10, or $3-$4"],
    ["&copy; &rarr; &mdash;", "© → —"],
  ])("%s", (text, expected) => {
    expect(inline((parse(text)[0] as Extract<Block, { type: "paragraph" }>).children)).toBe(expected);
  });
});

describe("blocks", () => {
  test.each([
    ["# One\n## Two ##\ntext", "h1(One)h2(Two)p(text)"],
    ["#hash", "p(#hash)"],
    ["a\n\nb", "p(a)p(b)"],
    ["a\r\nb", "p(a<br>b)"],
    ["```py\nx = 1\n\n# no heading\n```\nafter", "code[py](x = 1\n\n# no heading)p(after)"],
    ["~~~\n```\n~~~", "code[](```)"],
    ["> a\nlazy\n> - b\n\nc", "quote(p(a<br>lazy)ul([p(b)]))p(c)"],
    ["- a\n- b\n  - c\n    - d\n- e", "ul([p(a)][p(b)ul([p(c)ul([p(d)])])][p(e)])"],
    ["1. a\n   - b\n2. c\n\n3. d", "ol1([p(a)ul([p(b)])][p(c)][p(d)])"],
    ["3) a\n4) b", "ol3([p(a)][p(b)])"],
    ["- a\n\n  more\n\n      code\n- b", "ul([p(a)p(more)code[](code)][p(b)])"],
    ["1. a\n```sh\nls\n```", "ol1([p(a)])code[sh](ls)"],
    ["1. a\n   ```sh\n   ls\n   ```\n2. b", "ol1([p(a)code[sh](ls)][p(b)])"],
    ["- a\n\nafter", "ul([p(a)])p(after)"],
    ["a\n\n---\n\n* * *\nb", "p(a)hrhrp(b)"],
    ["text\n| a | b |\n|:--|--:|\n| 1 | **2** |\n| x\\|y |", "p(text)tablese(a,b;1,<st:2>;x|y,)"],
    ["a | b", "p(a | b)"],
    ["Head\n===\nSub\n---", "h1(Head)h2(Sub)"],
    ["- [ ] a\n- [x] **b**\n- [y] c", "ul([_ p(a)][x p(<st:b>)][p([y] c)])"],
    ["$$\na\n- b\n$$\nc", "math(a\n- b)p(c)"],
    ["\\[\n\\sum_i x_i\n\\]", "math(\\sum_i x_i)"],
    ["$$\nnot closed\n\nmore", "p($$<br>not closed)p(more)"],
    ["a[^n] b[^n]\n\n[^n]: The *note*.", "p(a<n:1> b<n:1>)notes([p(The <em:note>.)])"],
    ["see [the site]\n\n[the site]: https://x.org/", "p(see <a https://x.org/:the site>)"],
    ["", ""],
  ])("%j", (text, expected) => {
    expect(show(text)).toBe(expected);
  });
});

describe("text that is still growing", () => {
  test.each([
    ["a **bo", "p(a <st:bo>)"],
    ["a **", "p(a )"],
    ["a `co", "p(a <c:co>)"],
    ["a [label](https://x.o", "p(a label)"],
    ["```py\nx =", "code[py](x =)"],
    ["**done**\n\n- **op", "p(<st:done>)ul([p(<st:op>)])"],
    ["**stray\n\nnext", "p(**stray)p(next)"],
    ["a *b **c", "p(a <em:b <st:c>>)"],
    ["**bold*", "p(<st:bold>)"],
    ["a ``b ` c", "p(a <c:b ` c>)"],
    ["a\\", "p(a)"],
    ["Not a heading\n-", "p(Not a heading)"],
    ["| a | b |\n|---|---|\n| **c", "tabless(a,b;<st:c>,)"],
    ["$$\n\\frac{1}", "math(\\frac{1})"],
  ])("%j", (text, expected) => {
    expect(show(text, true)).toBe(expected);
  });

  test("can be parsed at every length", () => {
    const text =
      "# T\n\n1. **a** `b`\n   - [c](https://x.org)\n\n```js\nlet d\n```\n\n> *e*\n\n| f | g |\n|--|--|\n| h | i |";
    for (let end = 0; end <= text.length; end += 1)
      expect(() => parse(text.slice(0, end), true)).not.toThrow();
  });
});

describe("hostile text", () => {
  test.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://x.org/1",
    "//evil.example/x",
    "/relative",
    "?query",
    "",
    `https://x.org/${"a".repeat(3000)}`,
  ])("the address %j is no link", (address) => {
    expect(safeHref(address)).toBeNull();
    expect(show(`[x](${address})`)).not.toContain("<a ");
  });

  test("HTML stays text", () => {
    expect(show('<script>alert(1)</script> <img src=x onerror="alert(1)">')).toBe(
      'p(<script>alert(1)</script> <img src=x onerror="alert(1)">)',
    );
  });

  test.each([
    ["quotes", ">".repeat(50_000)],
    ["spaced quotes", "> ".repeat(50_000)],
    ["list markers", "- ".repeat(50_000)],
    ["nested lists", Array.from({ length: 2_000 }, (_, depth) => `${" ".repeat(depth * 2)}- x`).join("\n")],
    ["brackets", "[".repeat(100_000)],
    ["bracket pairs", `${"[".repeat(50_000)}${"](x)".repeat(50_000)}`],
    ["link starts", "[a](".repeat(25_000)],
    ["image starts", "![a](<b".repeat(15_000)],
    ["stars", "*a ".repeat(40_000)],
    ["nested emphasis", `${"*a ".repeat(20_000)}b${" a*".repeat(20_000)}`],
    ["closed in one", `${"*a ".repeat(20_000)}b${"*".repeat(20_000)}`],
    ["nested notes", "[^1]: ".repeat(20_000)],
    ["formulas", "$a ".repeat(30_000)],
    ["brackets of formulas", "\\[\n".repeat(30_000)],
    ["dollars in lines", "$$a\n".repeat(30_000)],
    ["star runs", "*".repeat(100_000)],
    ["mixed delimiters", "*a **b __c _d ~~e ".repeat(6_000)],
    ["backticks of all lengths", Array.from({ length: 400 }, (_, n) => "`".repeat(n + 1)).join(" ")],
    ["backticks", "`a".repeat(50_000)],
    ["fences", "```\n".repeat(25_000)],
    ["fences of all lengths", Array.from({ length: 400 }, (_, n) => "`".repeat(n + 3)).join("\n")],
    ["broken addresses", "http://[".repeat(12_000)],
    ["address tails", `https://x${"!".repeat(1_990)} `.repeat(50)],
    ["angle addresses", "<https://".repeat(10_000)],
    ["table rows", "|a|b\n|-|-\n".repeat(10_000)],
    ["pipes", "|".repeat(100_000)],
    ["dashes and spaces", "- - ".repeat(25_000)],
    ["spaces", `a${" ".repeat(100_000)}b`],
    ["hashes", `# ${"# ".repeat(50_000)}x`],
    ["blank lines in a list", `- a${"\n".repeat(100_000)}b`],
    ["entities", "&amp".repeat(25_000)],
    ["escapes", "\\".repeat(100_000)],
  ])(
    "%s in great number are parsed in time",
    (_, text) => {
      for (const streaming of [false, true]) parse(text, streaming);
    },
    QUADRATIC,
  );

  test("more addresses than a call takes values become links", () => {
    const [paragraph] = parse("a@b.c ".repeat(60_000));
    expect(paragraph).toHaveProperty("children.length", 119_999);
  });
});
