import { tests } from "commonmark-spec";
import { describe, expect, test } from "vitest";
import type { Block, Inline, ListItem } from "../src/element/markdown/ast.ts";
import { loadAllNames } from "../src/element/markdown/character-names.ts";
import { parseMarkdown } from "../src/element/markdown/parse.ts";

/** The official examples, less those of raw HTML, which we show as text. */
const examples = tests.filter(({ section }) => !section.includes("HTML"));

/** Where we differ on purpose, by number. */
const DIFFERENT: Record<number, string> = {
  12: "\\[ … \\] is a formula",
  484: "a link without a text shows its address",
  581: "so does an image without a description",
  602: "a bare address becomes a link, as in GFM",
  606: "a bare address becomes a link, as in GFM",
  608: "a bare address becomes a link, as in GFM",
  611: "a bare address becomes a link, as in GFM",
  612: "a bare address becomes a link, as in GFM",
  ...Object.fromEntries(
    [21, 31, 201, 308, 309, 344, 475, 476, 477, 491, 494, 524, 536, 642, 643].map((number) => [
      number,
      "a tag of HTML is text",
    ]),
  ),
};

await loadAllNames();

describe("the examples of CommonMark", () => {
  test.each(examples.filter(({ number }) => !(number in DIFFERENT)))(
    "$number $section",
    ({ markdown, html }) => {
      expect(shown(markdown)).toBe(comparable(html));
    },
  );

  test.each(examples.filter(({ number }) => number in DIFFERENT))(
    "differs: $number",
    ({ markdown, html }) => {
      expect(shown(markdown)).not.toBe(comparable(html));
    },
  );
});

function shown(markdown: string): string {
  const blocks = parseMarkdown(markdown.replaceAll("→", "\t"), { streaming: false, resolve: encoded });
  return comparable(blocks.map(blockHtml).join(""));
}

/** Links as the examples write them; ours are absolute, and checked elsewhere. */
function encoded(address: string): string {
  return encodeURI(address).replace(/%25([0-9A-Fa-f]{2})/g, "%$1");
}

/** HTML without what we do not show (titles of links, classes) and without blanks that do not matter. */
function comparable(html: string): string {
  const parts = html.replaceAll("→", "\t").split(/(<pre>[\s\S]*?<\/pre>)/);
  return parts.map((part) => (part.startsWith("<pre>") ? plainCode(part) : withoutBlanks(part))).join("");
}

function plainCode(html: string): string {
  return html.replace(/ class="language-[^"]*"/, "");
}

function withoutBlanks(html: string): string {
  return html
    .replace(/ title="[^"]*"/g, "")
    .replace(/<br \/>\n/g, "\n")
    .replace(/[ \t]*\n[ \t]*/g, "\n")
    .replace(/\s*(<\/?(?:p|li|ul|ol|blockquote|h\d|hr)\b[^>]*>)\s*/g, "$1")
    .trim();
}

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

function blockHtml(block: Block): string {
  switch (block.type) {
    case "paragraph":
      return block.tight ? `${inlines(block.children)}\n` : `<p>${inlines(block.children)}</p>`;
    case "heading":
      return `<h${block.depth}>${inlines(block.children)}</h${block.depth}>`;
    case "code":
      return `<pre><code>${escaped(block.text)}${block.text === "" ? "" : "\n"}</code></pre>`;
    case "quote":
      return `<blockquote>${block.children.map(blockHtml).join("")}</blockquote>`;
    case "list":
      return listHtml(block);
    default:
      return "<hr />";
  }
}

function listHtml(list: Extract<Block, { type: "list" }>): string {
  const items = list.items
    .map((item: ListItem) => `<li>${item.children.map(blockHtml).join("")}</li>`)
    .join("");
  const start = list.start === 1 ? "" : ` start="${list.start}"`;
  return list.ordered ? `<ol${start}>${items}</ol>` : `<ul>${items}</ul>`;
}

const inlines = (nodes: readonly Inline[]): string => nodes.map(inlineHtml).join("");

function inlineHtml(node: Inline): string {
  switch (node.type) {
    case "text":
      return escaped(node.text);
    case "code":
      return `<code>${escaped(node.text)}</code>`;
    case "break":
      return "\n";
    case "strong":
      return `<strong>${inlines(node.children)}</strong>`;
    case "emphasis":
      return `<em>${inlines(node.children)}</em>`;
    case "link":
      return `<a href="${escaped(node.href)}">${inlines(node.children)}</a>`;
    case "image":
      return `<img src="${escaped(node.href)}" alt="${plain(node.children)}" />`;
    default:
      return `?${node.type}`;
  }
}

function plain(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => ("text" in node ? escaped(node.text) : "children" in node ? plain(node.children) : ""))
    .join("");
}
