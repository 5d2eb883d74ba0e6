/**
 * Markdown tree -> Lit templates. Text only ever goes in as a template value, so it cannot become markup.
 *
 * Each line of text finds its own direction (`unicode-bidi: plaintext` in the styles). Only what has a side of its own,
 * such as a list with its markers, gets a `dir`.
 */

import { html, noChange, type nothing, type TemplateResult } from "lit";
import { AsyncDirective, directive } from "lit/async-directive.js";
import { guard } from "lit/directives/guard.js";
import { spokenLanguage } from "../language.ts";
import { fill, strings } from "../strings.ts";
import type { Align, Block, Inline } from "./ast.ts";
import { codeTemplate } from "./code.ts";
import { formulaTemplate } from "./formula.ts";
import { GrowingText } from "./growing-text.ts";

export interface MarkdownOptions {
  streaming: boolean;
  /** Level of the topmost heading, so that an answer fits into the outline of its page. */
  headingLevel: number;
}

/** Characters of code that fit on one line of the narrowest screen, so that it need not break after a hyphen. */
const SHORT_CODE = 24;

type Rendered = TemplateResult | string;

/** Draws a text where it is used, and only what is new of it when it has grown. */
class MarkdownDirective extends AsyncDirective {
  readonly #growing = new GrowingText(() => {
    if (this.isConnected && this.#last !== null) this.setValue(this.#draw(...this.#last));
  });
  #spoken = spokenLanguage();
  #last: [string, MarkdownOptions] | null = null;

  render(text: string, options: MarkdownOptions): unknown {
    const [before, was] = this.#last ?? [];
    this.#last = [text, options];
    const isSaid = this.#spoken === spokenLanguage();
    this.#spoken = spokenLanguage();
    if (isSaid && text === before && options.streaming === was?.streaming) return noChange;
    return this.#draw(text, options);
  }

  #draw(text: string, options: MarkdownOptions): unknown {
    const blocks = this.#growing.blocks(text, options.streaming);
    const depths = blocks.filter((block) => block.type === "heading").map((block) => block.depth);
    const shift = options.headingLevel - Math.min(...depths, 6);
    return blocks.map((block) => guard([block, shift, spokenLanguage()], () => renderBlock(block, shift)));
  }
}

export const renderMarkdown = directive(MarkdownDirective);

function renderBlock(block: Block, shift: number): Rendered {
  switch (block.type) {
    case "paragraph":
      return html`<p>${renderInlines(block.children)}</p>`;
    case "heading":
      return renderHeading(block.depth + shift, renderInlines(block.children));
    case "code":
      return codeTemplate(block.language, block.text);
    case "math":
      return formulaTemplate(block.text, true);
    case "quote":
      return html`<blockquote dir="auto">${block.children.map((child) => renderBlock(child, shift))}</blockquote>`;
    case "list":
      return renderList(block, shift);
    case "table":
      return renderTable(block);
    case "notes":
      return renderNotes(block.items, shift);
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
  const items = list.items.map(({ done, children }) => {
    const [first, ...rest] = children.map((block) => renderItemBlock(block, shift));
    if (done === null) return html`<li>${first}${rest}</li>`;
    const box = html`<input type="checkbox" disabled .checked=${done} />`;
    return html`<li class="task"><label>${box}<div>${first}</div></label>${rest}</li>`;
  });
  return list.ordered
    ? html`<ol dir="auto" start=${list.start}>${items}</ol>`
    : html`<ul dir="auto">${items}</ul>`;
}

/** The text of a list without blank lines stands in its item as it is. */
function renderItemBlock(block: Block, shift: number): Rendered | Rendered[] {
  return block.type === "paragraph" && block.tight
    ? renderInlines(block.children)
    : renderBlock(block, shift);
}

function renderNotes(notes: readonly Block[][], shift: number): TemplateResult {
  return html`<ol class="notes" dir="auto">
    ${notes.map((blocks, at) => html`<li tabindex="-1" data-note=${at + 1}>${blocks.map((block) => renderBlock(block, shift))}</li>`)}
  </ol>`;
}

/** Fragments of an address do not reach into a shadow tree, so the number is a button. */
function renderNoteNumber(number: number): TemplateResult {
  const go = (event: Event) =>
    (event.currentTarget as Element)
      .closest(".prose")
      ?.querySelector<HTMLElement>(`.notes > [data-note="${number}"]`)
      ?.focus();
  const label = fill(strings.footnote, { number });
  return html`<sup><button type="button" class="note" aria-label=${label} @click=${go}>${number}</button></sup>`;
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
  return html`<div class="table" tabindex="0" dir="auto">
    <table><thead><tr>${head}</tr></thead><tbody>${table.rows.map(row)}</tbody></table>
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
    case "math":
      return formulaTemplate(node.text, node.display);
    case "note":
      return renderNoteNumber(node.number);
    case "link":
    case "image":
      return renderLink(node.href, renderInlines(node.children));
  }
}

/** `href` must have passed `safeHref`. */
export function renderLink(href: string, content: Rendered[] | typeof nothing | string): TemplateResult {
  return html`<a href=${href} target="_blank" rel="noopener noreferrer nofollow">${content}</a>`;
}
