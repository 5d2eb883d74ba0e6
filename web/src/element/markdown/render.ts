/**
 * Markdown tree -> Lit templates. Text only ever goes in as a template value, so it cannot become markup.
 *
 * Each line of text finds its own direction (`unicode-bidi: plaintext` in the styles). Only what has a side of its own,
 * such as a list with its markers, gets a `dir`.
 */

import { html, type nothing, type TemplateResult } from "lit";
import type { Align, Block, Inline } from "./ast.ts";
import { parseMarkdown } from "./blocks.ts";

export interface MarkdownOptions {
  streaming: boolean;
  /** Level of the topmost heading, so that an answer fits into the outline of its page. */
  headingLevel: number;
}

/** Characters of code that fit on one line of the narrowest screen, so that it need not break after a hyphen. */
const SHORT_CODE = 24;

type Rendered = TemplateResult | string;

export function renderMarkdown(text: string, options: MarkdownOptions): Rendered[] {
  const blocks = parseMarkdown(text, { streaming: options.streaming });
  const depths = blocks.filter((block) => block.type === "heading").map((block) => block.depth);
  const shift = options.headingLevel - Math.min(...depths, 6);
  return blocks.map((block) => renderBlock(block, shift));
}

function renderBlock(block: Block, shift: number): Rendered {
  switch (block.type) {
    case "paragraph":
      return html`<p>${renderInlines(block.children)}</p>`;
    case "heading":
      return renderHeading(block.depth + shift, renderInlines(block.children));
    case "code":
      return html`<pre tabindex="0" dir="ltr"><code>${block.text}</code></pre>`;
    case "quote":
      return html`<blockquote dir="auto">${block.children.map((child) => renderBlock(child, shift))}</blockquote>`;
    case "list":
      return renderList(block, shift);
    case "table":
      return renderTable(block);
    case "rule":
      return html`<hr />`;
  }
}

function renderHeading(level: number, content: Rendered[]): TemplateResult {
  if (level <= 3) return html`<h3>${content}</h3>`;
  if (level === 4) return html`<h4>${content}</h4>`;
  return level === 5 ? html`<h5>${content}</h5>` : html`<h6>${content}</h6>`;
}

function renderList(list: Extract<Block, { type: "list" }>, shift: number): TemplateResult {
  const items = list.items.map(
    (blocks) => html`<li>${blocks.map((block) => renderItemBlock(block, blocks, shift))}</li>`,
  );
  return list.ordered
    ? html`<ol dir="auto" start=${list.start}>${items}</ol>`
    : html`<ul dir="auto">${items}</ul>`;
}

/** An item's only paragraph needs no paragraph of its own. */
function renderItemBlock(block: Block, blocks: readonly Block[], shift: number): Rendered | Rendered[] {
  const paragraphs = blocks.filter(({ type }) => type === "paragraph").length;
  if (block.type === "paragraph" && paragraphs === 1) return renderInlines(block.children);
  return renderBlock(block, shift);
}

function renderTable(table: Extract<Block, { type: "table" }>): TemplateResult {
  const align = (column: number): Align => table.align[column] ?? "start";
  // A screen reader announces a header cell with each cell below it, so an empty one is none.
  const head = table.head.map((cell, column) =>
    cell.length === 0
      ? html`<td></td>`
      : html`<th scope="col" data-align=${align(column)}>${renderInlines(cell)}</th>`,
  );
  const row = (cells: Inline[][]) =>
    html`<tr>${cells.map((cell, column) => html`<td data-align=${align(column)}>${renderInlines(cell)}</td>`)}</tr>`;
  return html`<div class="table" tabindex="0">
    <table dir="auto"><thead><tr>${head}</tr></thead><tbody>${table.rows.map(row)}</tbody></table>
  </div>`;
}

function renderInlines(nodes: readonly Inline[]): Rendered[] {
  return nodes.map(renderInline);
}

function renderInline(node: Inline): Rendered {
  switch (node.type) {
    case "text":
      return node.text;
    case "code":
      return html`<code dir="ltr" data-short=${node.text.length <= SHORT_CODE}>${node.text}</code>`;
    case "break":
      return html`<br />`;
    case "strong":
      return html`<strong>${renderInlines(node.children)}</strong>`;
    case "emphasis":
      return html`<em>${renderInlines(node.children)}</em>`;
    case "strike":
      return html`<s>${renderInlines(node.children)}</s>`;
    case "link":
      return renderLink(node.href, renderInlines(node.children));
  }
}

/** `href` must have passed `safeHref`. */
export function renderLink(href: string, content: Rendered[] | typeof nothing | string): TemplateResult {
  return html`<a href=${href} target="_blank" rel="noopener noreferrer nofollow">${content}</a>`;
}
