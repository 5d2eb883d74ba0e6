/** The extensions of GFM, in examples of our own: of each kind of example that its specification has, at least one. */
import { describe, expect, test } from "vitest";
import type { Block, Inline } from "../src/element/markdown/ast.ts";
import { parseMarkdown } from "../src/element/markdown/parse.ts";

/** A short notation of the tree, so that expectations can be read: `{address|text}` is a link. */
function inlines(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      if (node.type === "text") return node.text;
      if (node.type === "code") return `<code ${node.text}>`;
      if (node.type === "break") return "↵";
      if (node.type === "link") return `{${node.href}|${inlines(node.children)}}`;
      return "children" in node ? `<${node.type} ${inlines(node.children)}>` : `?${node.type}`;
    })
    .join("");
}

function shown(block: Block): string {
  switch (block.type) {
    case "paragraph":
      return inlines(block.children);
    case "heading":
      return `h${block.depth} ${inlines(block.children)}`;
    case "quote":
      return `quote(${block.children.map(shown).join(" ¶ ")})`;
    case "code":
      return `code(${block.text})`;
    case "list": {
      const marks = { true: "[x] ", false: "[ ] ", null: "" };
      const items = block.items.map(
        ({ done, children }) => marks[`${done}`] + children.map(shown).join(" ¶ "),
      );
      return `${block.ordered ? "ol" : "ul"}(${items.join("; ")})`;
    }
    case "table": {
      const rows = [block.head, ...block.rows].map((row) => row.map(inlines).join(" | "));
      return `table ${block.align.join(" ")}(${rows.join(" / ")})`;
    }
    default:
      return block.type;
  }
}

const show = (text: string, streaming = false) => parseMarkdown(text, { streaming }).map(shown).join(" ¶ ");

describe("bare addresses, by each kind of GFM's examples", () => {
  test.each([
    ["www", "www.orchard.example", "{http://www.orchard.example/|www.orchard.example}"],
    [
      "in a sentence",
      "See www.orchard.example/pears today.",
      "See {http://www.orchard.example/pears|www.orchard.example/pears} today.",
    ],
    ["full stop", "Read www.orchard.example.", "Read {http://www.orchard.example/|www.orchard.example}."],
    [
      "full stop within",
      "www.orchard.example/a.html!?",
      "{http://www.orchard.example/a.html|www.orchard.example/a.html}!?",
    ],
    ["brackets around", "(www.orchard.example/a)", "({http://www.orchard.example/a|www.orchard.example/a})"],
    [
      "brackets at the end",
      "www.orchard.example/a_(pear)",
      "{http://www.orchard.example/a_(pear)|www.orchard.example/a_(pear)}",
    ],
    [
      "brackets at both",
      "(www.orchard.example/a_(pear)))",
      "({http://www.orchard.example/a_(pear)|www.orchard.example/a_(pear)}))",
    ],
    [
      "brackets within",
      "www.orchard.example/?q=(pear))+tart",
      "{http://www.orchard.example/?q=(pear))+tart|www.orchard.example/?q=(pear))+tart}",
    ],
    [
      "what looks like the name of a character",
      "www.orchard.example/?q=pear&lang=fr;",
      "{http://www.orchard.example/?q=pear&lang=fr|www.orchard.example/?q=pear&lang=fr};",
    ],
    [
      "… is not of the address",
      "www.orchard.example/?q=pear&lang;",
      "{http://www.orchard.example/?q=pear|www.orchard.example/?q=pear}&lang;",
    ],
    ["<", "www.orchard.example/pe<ar", "{http://www.orchard.example/pe|www.orchard.example/pe}<ar"],
    ["http", "http://orchard.example", "{http://orchard.example/|http://orchard.example}"],
    [
      "https",
      "(see https://orchard.example/?q=a+(b))",
      "(see {https://orchard.example/?q=a+(b)|https://orchard.example/?q=a+(b)})",
    ],
    ["e-mail", "anna@orchard.example", "{mailto:anna@orchard.example|anna@orchard.example}"],
    [
      "+ before the @ alone",
      "a@b+c.example, a+b@c.example",
      "a@b+c.example, {mailto:a+b@c.example|a+b@c.example}",
    ],
    [
      ".-_ before the @",
      "a.b-c_d@orchard.example",
      "{mailto:a.b-c_d@orchard.example|a.b-c_d@orchard.example}",
    ],
    [
      "full stop after e-mail",
      "a.b-c_d@orchard.example.",
      "{mailto:a.b-c_d@orchard.example|a.b-c_d@orchard.example}.",
    ],
    ["- at the end", "a.b-c_d@orchard.example-", "a.b-c_d@orchard.example-"],
    ["_ at the end", "a.b-c_d@orchard.example_", "a.b-c_d@orchard.example_"],
    ["mailto:", "mailto:anna@orchard.example", "{mailto:anna@orchard.example|mailto:anna@orchard.example}"],
    ["another service", "xmpp:anna@orchard.example/x", "xmpp:anna@orchard.example/x"],
  ])("%s", (_kind, text, expected) => {
    expect(show(text)).toBe(expected);
  });
});

describe("bare addresses, by their neighbours", () => {
  const www = (name: string) => `{http://${name}/|${name}}`;
  const mail = (name: string) => `{mailto:${name}|${name}}`;

  test.each([
    [
      "**www.pear.example**, *a@pear.example*",
      `<strong ${www("www.pear.example")}>, <emphasis ${mail("a@pear.example")}>`,
    ],
    ["~~a@pear.example~~", `<strike ${mail("a@pear.example")}>`],
    ["`www.pear.example` `a@pear.example`", "<code www.pear.example> <code a@pear.example>"],
    ["[www.pear.example](https://fig.example)", "{https://fig.example/|www.pear.example}"],
    ["[a@pear.example](https://fig.example)", "{https://fig.example/|a@pear.example}"],
    ["<a@pear.example>", mail("a@pear.example")],
    ["https://www.pear.example", "{https://www.pear.example/|https://www.pear.example}"],
    [
      "https://fig.example/?to=a@pear.example",
      "{https://fig.example/?to=a@pear.example|https://fig.example/?to=a@pear.example}",
    ],
    [
      "WWW.Pear.example HTTPS://Fig.example",
      "{http://www.pear.example/|WWW.Pear.example} {https://fig.example/|HTTPS://Fig.example}",
    ],
    ["请看www.pear.example。谢谢", `请看${www("www.pear.example")}。谢谢`],
    [
      "（www.pear.example）、www.fig.example，",
      `（${www("www.pear.example")}）、${www("www.fig.example")}，`,
    ],
    ["www.pear.example谢谢", `${www("www.pear.example")}谢谢`],
    ["请写a@pear.example。", `请写${mail("a@pear.example")}。`],
    ["请写a@pear.example谢谢", `请写${mail("a@pear.example")}谢谢`],
    [
      "E-Mail:a@pear.example, b@fig.example; c@date.example",
      `E-Mail:${mail("a@pear.example")}, ${mail("b@fig.example")}; ${mail("c@date.example")}`,
    ],
    ["www.pear.example,www.fig.example", `${www("www.pear.example")},${www("www.fig.example")}`],
    ["-www.pear.example", `-${www("www.pear.example")}`],
    ["...a@pear.example", `...${mail("a@pear.example")}`],
    ["a@163.example a@pear.example.9", `${mail("a@163.example")} ${mail("a@pear.example")}.9`],
    ["www.pear.example:8080/x", "{http://www.pear.example:8080/x|www.pear.example:8080/x}"],
    ["https://müller.example", "{https://xn--mller-kva.example/|https://müller.example}"],
    [
      "https://www.müller.example/ä",
      "{https://www.xn--mller-kva.example/%C3%A4|https://www.müller.example/ä}",
    ],
    ["https://www.例え.example", "{https://www.xn--r8jz45g.example/|https://www.例え.example}"],
    ["www.müller.example", "{http://www.xn--mller-kva.example/|www.müller.example}"],
    [
      "https://pear.example/?a=1&amp;b=2\\_3",
      "{https://pear.example/?a=1&b=2_3|https://pear.example/?a=1&b=2_3}",
    ],
    ["[www.pear.example a@pear.example](/fig)", "www.pear.example a@pear.example"],
    ["![www.pear.example](/fig)", "www.pear.example"],
    ["git@pear.example:fig/date.git", `${mail("git@pear.example")}:fig/date.git`],
  ])("%s", (text, expected) => {
    expect(show(text)).toBe(expected);
  });

  test.each([
    "www.",
    "www.-",
    "www..",
    "www",
    "awww.pear.example",
    "fig.www.pear.example",
    "fig-www.pear.example",
    "ftp://www.pear.example",
    "a/www.pear.example",
    "éwww.pear.example",
    "www.pear_fig.example",
    "www.fig.pear_example",
    "www.{name}.example",
    "www.*",
    "a@b",
    "@pear.example",
    "a@",
    "a@@pear.example",
    "a@b@pear.example",
    "a@pear.example@fig.example",
    "müller@pear.example",
    "a@müller.example",
    "a@pear.müller",
    "fig@1.2.3",
    "fig@1.2.x",
    "fig@v4.x",
    "fig@15.0.0-canary.1",
    "@fig/pear@1.2.3",
    "fig/pear@v1.beta",
    "ssh://git@pear.example/x",
    "ftp://anna:secret@pear.example",
    "sip:a@pear.example",
    `${"a".repeat(65)}@pear.example`,
    "javascript:alert(1)//a@pear.example",
    "a@pear.example\u0301",
  ])("%j stays text", (text) => {
    expect(show(text)).toBe(text);
  });

  test.each([
    ["www.pear.example@fig.example", "mailto:www.pear.example@fig.example"],
    ["www.pear.example:80@fig.example", "mailto:80@fig.example"],
    ["www.pear.example&x@fig.example", "http://www.pear.example/"],
    ["www.pear.example\u202emoc.gif", "http://www.pear.example/"],
    ["www.pear.example\\@fig.example", "mailto:www.pear.example@fig.example"],
    ["www.pear.example。fig.example", "http://www.pear.example/"],
  ])("%j leads nowhere but where it says", (text, href) => {
    const [block] = parseMarkdown(text, { streaming: false });
    const link = block?.type === "paragraph" ? block.children.find(({ type }) => type === "link") : undefined;
    expect(link?.type === "link" ? link.href : null).toBe(href);
  });

  test.each([
    "Write to anna.b@pear-fig.example, or see www.pear.example/a_(b).",
    "**a@pear.example**",
    "a@pear.c-d.example",
    "fig@15.0.0-canary.1 is a version",
    "a@b.c@pear.example",
    "a@pear.example1",
  ])("%s: a link that was seen while the text grew stays one", (text) => {
    let seen = 0;
    for (let end = 1; end <= text.length; end += 1) {
      const links = show(text.slice(0, end), true).split("{").length - 1;
      expect(links, text.slice(0, end)).toBeGreaterThanOrEqual(seen);
      seen = links;
    }
    expect(show(text).split("{").length - 1).toBeGreaterThanOrEqual(seen);
  });

  test.each([
    ["at signs", "@".repeat(100_000)],
    ["short addresses", "a@b.c".repeat(40_000)],
    ["mailboxes", "a.".repeat(100_000)],
    ["hosts", `a@${"b.".repeat(100_000)}`],
    ["versions", `a@${"1.".repeat(100_000)}`],
    ["slashes", `//${"a@b.cc ".repeat(20_000)}`],
    ["www", "www.".repeat(50_000)],
    ["www and more", `www.${"a.".repeat(900)} `.repeat(50)],
    ["names of characters", `https://x.example/${"&a".repeat(900)}; `.repeat(50)],
  ])(
    "%s in great number are parsed in time",
    (_kind, text) => {
      for (const streaming of [false, true]) parseMarkdown(text, { streaming });
    },
    30_000,
  );
});

describe("marks in a bare address", () => {
  const link = (address: string) => `{${address}|${address}}`;

  test.each([
    "https://pear.example/_static/style_",
    "https://pear.example/a/*/b/*/c",
    "https://pear.example/wiki/*pear*s",
    "https://pear.example/~ada~/~~old~~/x",
    "https://pear.example/__init__.py",
    "https://pear.example/?price=$1&to=$2",
    "http://www.pear.example/_a_",
  ])("%s is one link", (address) => {
    const whole = address.replace(/_$/, "");
    expect(show(address)).toBe(link(whole) + address.slice(whole.length));
    expect(show(`See ${address}, *please*.`)).toBe(
      `See ${link(whole)}${address.slice(whole.length)}, <emphasis please>.`,
    );
  });

  test.each([
    ["**https://pear.example/a**", `<strong ${link("https://pear.example/a")}>`],
    ["**https://pear.example/a**\u548c", `<strong ${link("https://pear.example/a")}>\u548c`],
    ["_https://pear.example/a_", `<emphasis ${link("https://pear.example/a")}>`],
    ["~~https://pear.example/a~~, b", `<strike ${link("https://pear.example/a")}>, b`],
    ["*a* https://pear.example/_b_c", `<emphasis a> ${link("https://pear.example/_b_c")}`],
    ["**https://pear.example/_b_c**", `<strong ${link("https://pear.example/_b_c")}>`],
    ["see www.pear.example/_b_c", "see {http://www.pear.example/_b_c|www.pear.example/_b_c}"],
    ["[https://pear.example/_b_](https://fig.example/)", "{https://fig.example/|https://pear.example/_b_}"],
    ["https://pear.example/a *b* $x$", `${link("https://pear.example/a")} <emphasis b> ?math`],
  ])("%s", (text, shown) => {
    expect(show(text)).toBe(shown);
  });

  test.each([
    ["marks in an address", `https://x.example/${"*a_".repeat(30_000)}`],
    ["addresses with marks", "https://x/_a ".repeat(8_000)],
    ["open marks and addresses", "*a https://x/*b ".repeat(6_000)],
    ["addresses at marks", "http://a*".repeat(11_000)],
    ["dollars", "www.a$".repeat(16_000)],
  ])(
    "%s in great number are parsed in time",
    (_kind, text) => {
      for (const streaming of [false, true]) parseMarkdown(text, { streaming });
    },
    30_000,
  );
});

describe("tables", () => {
  test.each([
    [
      "header and rows",
      "| fruit | price |\n| --- | --- |\n| pear | 2 |",
      "table start start(fruit | price / pear | 2)",
    ],
    [
      "sides of columns",
      "a | b | c\n:-: | -: | :-\n1 | 2 | 3",
      "table center end start(a | b | c / 1 | 2 | 3)",
    ],
    [
      "a pipe within a cell",
      "| p\\|q |\n| -- |\n| `x\\|y` and **u\\|v** |",
      "table start(p|q / <code x|y> and <strong u|v>)",
    ],
    ["ended by another block", "| a |\n| - |\n| 1 |\n> said", "table start(a / 1) ¶ quote(said)"],
    ["ended by a blank line", "| a |\n| - |\n| 1 |\nmore\n\nafter", "table start(a / 1 / more) ¶ after"],
    ["as many columns as lines say", "| a | b |\n| - |\n| 1 |", "| a | b |↵| - |↵| 1 |"],
    [
      "rows with less or more",
      "| a | b |\n| - | - |\n| 1 |\n| 1 | 2 | 3 |",
      "table start start(a | b / 1 |  / 1 | 2)",
    ],
    ["no rows", "| a | b |\n| - | - |", "table start start(a | b)"],
    [
      "addresses within",
      "| a |\n| - |\n| www.pear.example |",
      "table start(a / {http://www.pear.example/|www.pear.example})",
    ],
  ])("%s", (_kind, text, expected) => {
    expect(show(text)).toBe(expected);
  });
});

describe("task lists", () => {
  test.each([
    ["open and done", "- [ ] peel\n- [x] wash\n- [X] dry", "ul([ ] peel; [x] wash; [x] dry)"],
    [
      "nested",
      "- [x] fruit\n  - [ ] pears\n  - [x] figs\n- [ ] nuts",
      "ul([x] fruit ¶ ul([ ] pears; [x] figs); [ ] nuts)",
    ],
    ["numbered", "1. [ ] first\n2. [x] second", "ol([ ] first; [x] second)"],
    ["no task", "- [] a\n- [y] b\n- [x]c\n- a [x] b", "ul([] a; [y] b; [x]c; a [x] b)"],
  ])("%s", (_kind, text, expected) => {
    expect(show(text)).toBe(expected);
  });
});

describe("strikethrough", () => {
  test.each([
    ["two tildes", "~~Ripe~~ Rotten", "<strike Ripe> Rotten"],
    ["with emphasis", "~~very *old* pears~~", "<strike very <emphasis old> pears>"],
    ["not across paragraphs", "This ~~has a\n\nnew paragraph~~.", "This ~~has a ¶ new paragraph~~."],
    ["not three", "This is ~~~not~~~ struck", "This is ~~~not~~~ struck"],
    ["not beside blanks", "a ~~ b ~~ c", "a ~~ b ~~ c"],
    ["not one, by which GFM strikes too: it is “about”", "~5 or ~6, 5~6~7", "~5 or ~6, 5~6~7"],
  ])("%s", (_kind, text, expected) => {
    expect(show(text)).toBe(expected);
  });
});

describe("HTML", () => {
  test.each(["title", "textarea", "style", "xmp", "iframe", "noembed", "noframes", "script", "plaintext"])(
    "%s, which GFM disallows, is text as all tags are",
    (name) => {
      for (const tag of [`<${name}>`, `</${name}>`, `<${name.toUpperCase()} a="b">`]) {
        expect(show(`say ${tag} here`)).toBe(`say ${tag} here`);
        expect(show(`${tag}\nhere`)).toBe(`${tag}↵here`);
      }
    },
  );
});
