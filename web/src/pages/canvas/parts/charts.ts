/** Small charts: bars by day as SVG, and the same as a table. What they say is never said by colour alone. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import { spokenLanguage } from "../../../element/language.ts";
import { fill, words } from "../strings.ts";

/** One row of numbers, a number for each day; null where nothing was measured. */
interface Series {
  label: string;
  values: readonly (number | null)[];
}

export interface Chart {
  title: string;
  /** Days as `2026-11-27`, in UTC. */
  days: readonly string[];
  /** Drawn on the base line. */
  main: Series;
  /** On top of the main one, as a `fault` where it is what went wrong; or as a `mark` at its own height. */
  other?: Series & { as: "stacked" | "fault" | "mark" };
  /** Writes a value. */
  show: (value: number) => string;
}

const HEIGHT = 100;
const BAR = 0.72;
const STEPS = [1, 2, 5, 10];

/** The least round number that no bar is higher than. */
export function roundAbove(highest: number): number {
  if (highest <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(highest));
  return (STEPS.find((step) => step * unit >= highest) ?? 10) * unit;
}

export function number(value: number): string {
  return value.toLocaleString(spokenLanguage().locale);
}

export function seconds(value: number): string {
  return fill(words.seconds, { seconds: Number(value.toPrecision(value < 10 ? 2 : 3)) });
}

/** A day of UTC, the same day wherever it is read. */
export function dayText(
  day: string,
  style: Intl.DateTimeFormatOptions = { month: "short", day: "numeric" },
): string {
  const { locale } = spokenLanguage();
  return new Intl.DateTimeFormat(locale, { ...style, timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

export function chartTemplate(chart: Chart): TemplateResult {
  const { title, days, main, other, show } = chart;
  const heights = days.map((_, at) => heightAt(chart, at));
  const top = roundAbove(Math.max(...heights));
  const scaled = (value: number) => (value / top) * HEIGHT;
  const id = `chart-${title.replaceAll(/\W+/g, "-").toLowerCase()}`;
  return html`<figure class="card chart" aria-labelledby=${id}>
    <figcaption id=${id}>${title}</figcaption>
    ${other === undefined ? nothing : legend(main, other)}
    <div class="plot">
      <span class="top" aria-hidden="true">${show(top)}</span>
      <svg role="img" aria-label=${summaryOf(chart, heights)} viewBox=${`0 0 ${days.length} ${HEIGHT}`} preserveAspectRatio="none">
        ${days.map((day, at) => bar(chart, day, at, scaled))}
        <line class="base" x1="0" x2=${days.length} y1=${HEIGHT} y2=${HEIGHT} />
      </svg>
    </div>
    <div class="ends" aria-hidden="true">
      <span>${dayText(days[0] ?? "")}</span><span>${dayText(days.at(-1) ?? "")}</span>
    </div>
    <details>
      <summary>${words.asTable}</summary>
      ${table(chart)}
    </details>
  </figure>`;
}

function heightAt({ main, other }: Chart, at: number): number {
  const [low, high] = [main.values[at] ?? 0, other?.values[at] ?? 0];
  return other?.as === "mark" ? Math.max(low, high) : low + high;
}

function bar(chart: Chart, day: string, at: number, scaled: (value: number) => number): TemplateResult {
  const { main, other, show } = chart;
  const x = at + (1 - BAR) / 2;
  const [low, high] = [scaled(main.values[at] ?? 0), scaled(other?.values[at] ?? 0)];
  const said = [main, ...(other ? [other] : [])].map(({ label, values }) => {
    const value = values[at];
    return `${label} ${value == null ? words.notMeasured : show(value)}`;
  });
  return svg`<g>
    <title>${dayText(day)}: ${said.join(", ")}</title>
    <rect class="reach" x=${at} y="0" width="1" height=${HEIGHT} />
    <rect class="bar" x=${x} y=${HEIGHT - low} width=${BAR} height=${low} />
    ${other === undefined || high === 0 ? nothing : otherShape(other.as, x, HEIGHT - low, high)}
  </g>`;
}

/** On the main bar, or at its own height. */
function otherShape(
  as: "stacked" | "fault" | "mark",
  x: number,
  floor: number,
  high: number,
): TemplateResult {
  return as === "mark"
    ? svg`<line class="mark" x1=${x} x2=${x + BAR} y1=${HEIGHT - high} y2=${HEIGHT - high} />`
    : svg`<rect class=${as} x=${x} y=${floor - high} width=${BAR} height=${high} />`;
}

function legend(main: Series, other: NonNullable<Chart["other"]>): TemplateResult {
  return html`<ul class="legend" aria-hidden="true">
    <li><i class="bar"></i>${main.label}</li>
    <li><i class=${other.as}></i>${other.label}</li>
  </ul>`;
}

/** What the picture says in one sentence; the table has the rest. */
function summaryOf({ title, days, show }: Chart, heights: readonly number[]): string {
  const highest = Math.max(...heights);
  const day = days[heights.indexOf(highest)] ?? "";
  return highest <= 0
    ? fill(words.chartEmpty, { title })
    : fill(words.chartSummary, { title, value: show(highest), day: dayText(day), days: days.length });
}

function table({ title, days, main, other, show }: Chart): TemplateResult {
  const series = [main, ...(other ? [other] : [])];
  const cell = (value: number | null | undefined) => (value == null ? words.notMeasured : show(value));
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${title}>
    <table>
      <thead>
        <tr><th scope="col">${words.dayUtc}</th>${series.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr>
      </thead>
      <tbody>
        ${days
          .map(
            (day, at) => html`<tr>
              <th scope="row">${dayText(day, { dateStyle: "medium" })}</th>
              ${series.map(({ values }) => html`<td>${cell(values[at])}</td>`)}
            </tr>`,
          )
          .reverse()}
      </tbody>
    </table>
  </div>`;
}

export const chartStyles = css`
  .chart {
    align-content: start;
    gap: 0.6rem;
  }

  .charts {
    align-items: stretch;
  }

  .chart figcaption {
    font-size: 1.0625rem;
    font-weight: 600;
    letter-spacing: -0.01em;
  }

  .plot {
    position: relative;
    block-size: 7.5rem;
    padding-block-start: 1.25rem;
    background: linear-gradient(var(--line), var(--line)) 0 1.25rem / 100% 1px no-repeat;
  }

  .plot svg {
    display: block;
    inline-size: 100%;
    block-size: 100%;
    overflow: visible;
  }

  /* Time runs as the text does. */
  .plot svg:dir(rtl) {
    scale: -1 1;
  }

  .plot .top {
    position: absolute;
    inset-block-start: 0;
    inset-inline-start: 0;
    color: var(--ink-soft);
    font-size: 0.75rem;
    line-height: 1.25rem;
    font-variant-numeric: tabular-nums;
  }

  .plot .bar {
    fill: var(--accent);
  }

  .plot :is(.stacked, .fault) {
    fill: var(--raised);
    stroke: var(--accent);
    stroke-width: 1.5px;
    vector-effect: non-scaling-stroke;
  }

  .plot .fault {
    stroke: var(--danger);
  }

  .plot .mark {
    stroke: var(--ink);
    stroke-width: 2px;
    vector-effect: non-scaling-stroke;
  }

  .plot .base {
    stroke: var(--edge);
    vector-effect: non-scaling-stroke;
  }

  .plot .reach {
    fill: transparent;
  }

  .plot g:hover .reach {
    fill: var(--soft);
  }

  .ends {
    display: flex;
    justify-content: space-between;
    margin-block-start: -0.35rem;
    color: var(--ink-soft);
    font-size: 0.75rem;
  }

  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 0.2rem 1rem;
    color: var(--ink-soft);
    font-size: 0.8125rem;
  }

  .legend li {
    display: flex;
    align-items: center;
    gap: 0.4rem;
  }

  .legend i {
    inline-size: 0.75rem;
    block-size: 0.75rem;
    border-radius: 0.15rem;
  }

  .legend .bar {
    background: var(--accent);
  }

  .legend .stacked {
    border: 1.5px solid var(--accent);
  }

  .legend .fault {
    border: 1.5px solid var(--danger);
  }

  .legend .mark {
    block-size: 2px;
    border-radius: 0;
    background: var(--ink);
  }

  .chart details > summary {
    padding: 0;
    font-size: 0.8125rem;
  }

  .chart details[open] > summary {
    margin-block-end: 0.5rem;
  }

  .scroll {
    max-block-size: 16rem;
    overflow: auto;
  }

  table {
    inline-size: 100%;
    border-collapse: collapse;
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
  }

  th,
  td {
    padding: 0.25rem 0.5rem;
    border-block-end: 1px solid var(--line);
    font-weight: 400;
    text-align: end;
    white-space: nowrap;
  }

  thead th {
    position: sticky;
    inset-block-start: 0;
    background: var(--raised);
    font-weight: 550;
    white-space: normal;
  }

  :is(th, td):first-child {
    text-align: start;
    padding-inline-start: 0;
  }
`;
