/** Draws a chart: bars, lines and areas over categories, as SVG. */

import { html, nothing, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import { spokenLanguage } from "../language.ts";
import { folded, inRow, moreButton, moreWords } from "../parts/folded.ts";
import { styled } from "../parts/styled.ts";
import type { WidgetTree } from "../protocol/wire.ts";
import { isTree } from "../state/widget-tree.ts";
import { laterStrings } from "../strings-later.ts";
import { blockStyles, color, text, trees } from "./values.ts";

const WIDTH = 480;
const HEIGHT = 220;
const BELOW = 24;
const BESIDE = 44;
const TICKS = 4;
/** Rows that are drawn before the reader wants all of them. */
const MOST_ROWS = 2_000;
const MOST_SERIES = 20;
/** Values that are drawn as a mark each, with its words; of more than these a series is one line or one shape. */
const MOST_MARKS = 800;
const COLORS = ["blue-500", "orange-500", "green-500", "purple-500", "red-500", "yellow-500", "pink-500"];

/** Whether all of a long list is shown. */
export interface Unfolding {
  isUnfolded(tree: WidgetTree): boolean;
  unfold(tree: WidgetTree): void;
}

interface Series {
  kind: "bar" | "line" | "area";
  label: string;
  key: string;
  stack: string | null;
  color: string;
  isCurved: boolean;
}

interface Point {
  x: number;
  from: number;
  to: number;
}

interface Plot {
  rows: readonly WidgetTree[];
  /** Whether each value has a mark of its own. */
  hasMarks: boolean;
  categories: readonly string[];
  series: readonly Series[];
  /** From value to vertical place. */
  y(value: number): number;
  left: number;
  /** Width of a category. */
  step: number;
  ticks: readonly number[];
}

export function chartTemplate(tree: WidgetTree, drawing: Unfolding): TemplateResult {
  const data = trees(tree.data);
  const rows = drawing.isUnfolded(tree) ? data : data.slice(0, MOST_ROWS);
  const left = data.length - rows.length;
  const plot = plotOf(tree, rows);
  const { series, categories } = plot;
  const axis = isTree(tree.xAxis) ? tree.xAxis : {};
  return html`<figure class="chart" ${styled(blockStyles(tree))}>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${laterStrings.chart}>
      ${gridTemplate(plot, tree.showYAxis === true)} ${series.map((each, index) => seriesTemplate(each, index, plot, tree))}
      ${axis.hide === true ? nothing : categories.map((name, index) => categoryTemplate(name, index, plot))}
    </svg>
    ${tree.showLegend === false ? nothing : legendTemplate(series)}
    ${left === 0 ? nothing : html`<div class="more">${moreButton(left, () => drawing.unfold(tree))}</div>`}
    ${plot.hasMarks ? valuesTemplate(plot, "spoken-only") : html`<details><summary>${moreWords(rows.length)}</summary><div class="table" tabindex="0" role="group">${valuesTemplate(plot, "")}</div></details>`}
  </figure>`;
}

/** All values, for who cannot see them, or cannot point at one. */
function valuesTemplate({ rows, series, categories }: Plot, name: string): TemplateResult {
  const row = (each: WidgetTree, at: number) =>
    html`<tr><th scope="row">${categories[at]}</th>${series.map(({ key }) => html`<td>${text(each[key])}</td>`)}</tr>`;
  return html`<table class=${name}>
    <thead><tr><td></td>${series.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
    <tbody>${folded(rows, row, inRow)}</tbody>
  </table>`;
}

function plotOf(tree: WidgetTree, rows: readonly WidgetTree[]): Plot {
  const axis = isTree(tree.xAxis) ? tree.xAxis : { dataKey: tree.xAxis };
  const key = text(axis.dataKey);
  const labels = isTree(axis.labels) ? axis.labels : {};
  const series = trees(tree.series).slice(0, MOST_SERIES).map(seriesOf);
  const categories = rows.map((row) => {
    const name = text(row[key]);
    return text(labels[name]) || name;
  });
  let [least, most] = [0, 0];
  for (const [index, each] of series.entries()) {
    for (const row of rows) {
      const [from, to] = extentOf(row, series, index, each);
      least = Math.min(least, from, to);
      most = Math.max(most, from, to);
    }
  }
  const ticks = ticksBetween(least, most);
  const [bottom, top] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const left = tree.showYAxis === true ? BESIDE : 4;
  return {
    rows,
    hasMarks: rows.length * series.length <= MOST_MARKS,
    categories,
    series,
    y: (value) => 8 + ((top - value) / (top - bottom || 1)) * (HEIGHT - BELOW - 8),
    left,
    step: (WIDTH - left - 4) / Math.max(1, rows.length),
    ticks,
  };
}

function seriesOf(tree: WidgetTree, index: number): Series {
  const { type } = tree;
  const key = text(tree.dataKey);
  return {
    kind: type === "line" || type === "area" ? type : "bar",
    label: text(tree.label) || key,
    key,
    stack: typeof tree.stack === "string" ? tree.stack : null,
    color: color(tree.color) ?? color(COLORS[index % COLORS.length]) ?? "currentcolor",
    isCurved: typeof tree.curveType === "string" && !tree.curveType.startsWith("linear"),
  };
}

function fieldOf(row: WidgetTree, key: string): number {
  const value = Number(row[key]);
  return Number.isFinite(value) ? value : 0;
}

/** From where to where a value reaches: on top of those of its stack. */
function extentOf(row: WidgetTree, series: readonly Series[], index: number, own: Series): [number, number] {
  const below =
    own.stack === null
      ? []
      : series.slice(0, index).filter(({ kind, stack }) => kind === own.kind && stack === own.stack);
  const from = below.reduce((sum, { key }) => sum + fieldOf(row, key), 0);
  return [from, from + fieldOf(row, own.key)];
}

function ticksBetween(least: number, most: number): number[] {
  const rough = (most - least || 1) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const first = Math.floor(least / step);
  const last = Math.max(first + 1, Math.ceil(most / step));
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

function gridTemplate({ ticks, y, left }: Plot, hasNumbers: boolean): SVGTemplateResult[] {
  return ticks.map(
    (tick) => svg`<line class="grid" x1=${left} x2=${WIDTH} y1=${y(tick)} y2=${y(tick)} />
      ${hasNumbers ? svg`<text class="tick" x=${left - 6} y=${y(tick) + 4} text-anchor="end">${tick.toLocaleString(spokenLanguage().locale)}</text>` : nothing}`,
  );
}

function categoryTemplate(name: string, index: number, plot: Plot): SVGTemplateResult | typeof nothing {
  const every = Math.ceil(plot.categories.length / 8);
  if (index % every !== 0) return nothing;
  const x = plot.left + (index + 0.5) * plot.step;
  return svg`<text class="tick" x=${x} y=${HEIGHT - 6} text-anchor="middle">${name}</text>`;
}

function seriesTemplate(series: Series, index: number, plot: Plot, tree: WidgetTree): SVGTemplateResult {
  const points = plot.rows.map((row, at): Point => {
    const [from, to] = extentOf(row, plot.series, index, series);
    return { x: plot.left + (at + 0.5) * plot.step, from: plot.y(from), to: plot.y(to) };
  });
  const tip = (at: number) =>
    tree.showTooltip === false
      ? nothing
      : svg`<title>${`${plot.categories[at]}: ${series.label} ${text(plot.rows[at]?.[series.key])}`}</title>`;
  if (series.kind === "bar") return barsTemplate(series, points, plot, tree, tip);
  const line = pathThrough(
    points.map(({ x, to }) => [x, to]),
    series.isCurved,
  );
  const back = points.toReversed().map(({ x, from }) => `L${x} ${from}`);
  return svg`${series.kind === "area" ? svg`<path class="area" d=${`${line}${back.join("")}Z`} ${styled({ fill: series.color })} />` : nothing}
    <path class="line" d=${line} ${styled({ stroke: series.color })} />
    ${plot.hasMarks ? points.map(({ x, to }, at) => svg`<circle r="3" cx=${x} cy=${to} ${styled({ fill: series.color })}>${tip(at)}</circle>`) : nothing}`;
}

function barsTemplate(
  series: Series,
  points: readonly Point[],
  plot: Plot,
  tree: WidgetTree,
  tip: (at: number) => SVGTemplateResult | typeof nothing,
): SVGTemplateResult {
  const places = [...new Set(plot.series.filter(({ kind }) => kind === "bar").map(placeOf))];
  const between =
    plot.hasMarks && typeof tree.barCategoryGap === "number" ? tree.barCategoryGap : plot.step * 0.25;
  const gap = !plot.hasMarks ? 0 : typeof tree.barGap === "number" ? tree.barGap : 2;
  const least = plot.hasMarks ? 1 : 0;
  const room = Math.max(least, plot.step - between);
  const width = Math.max(least, (room - gap * (places.length - 1)) / places.length);
  const shift = places.indexOf(placeOf(series)) * (width + gap) - room / 2;
  if (!plot.hasMarks) {
    const bars = points.map(({ x, from, to }) => `M${x + shift} ${from}V${to}h${width}V${from}z`);
    return svg`<path d=${bars.join("")} ${styled({ fill: series.color })} />`;
  }
  return svg`${points.map(
    ({ x, from, to }, at) =>
      svg`<rect rx="2" x=${x + shift} y=${Math.min(from, to)} width=${width} height=${Math.abs(from - to)} ${styled({ fill: series.color })}>${tip(at)}</rect>`,
  )}`;
}

/** Bars of one stack stand in one place. */
function placeOf({ stack, key }: Series): string {
  return stack === null ? `key ${key}` : `stack ${stack}`;
}

function pathThrough(points: readonly (readonly [number, number])[], isCurved: boolean): string {
  return points
    .map(([x, y], index) => {
      const before = points[index - 1];
      if (before === undefined) return `M${x} ${y}`;
      const middle = (before[0] + x) / 2;
      return isCurved ? `C${middle} ${before[1]} ${middle} ${y} ${x} ${y}` : `L${x} ${y}`;
    })
    .join("");
}

function legendTemplate(series: readonly Series[]): TemplateResult {
  return html`<ul class="legend" aria-hidden="true">
    ${series.map(({ label, color: shown }) => html`<li><i ${styled({ background: shown })}></i><span dir="auto">${label}</span></li>`)}
  </ul>`;
}
