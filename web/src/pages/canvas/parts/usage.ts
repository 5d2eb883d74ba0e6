/** How a workflow is used: the numbers of the last days, a small chart of each, and why turns and visitors failed. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { View } from "../app.ts";
import { listIcon } from "../icons.ts";
import type { UsageDays, UsageFigures, WorkflowView } from "../models.ts";
import { fill, words } from "../strings.ts";
import { bones } from "./bones.ts";
import { type Chart, chartStyles, chartTemplate, number, seconds } from "./charts.ts";
import { failureNotice } from "./failure.ts";

const PERIODS = [7, 30, 92] as const;
const USUAL = 30;

class UsageTab extends View {
  static override styles = [...View.styles, chartStyles];
  static override properties = { workflow: { attribute: false } };
  declare workflow: WorkflowView;
  readonly #usage = this.loading<UsageDays>();
  #days: number = USUAL;

  override connectedCallback(): void {
    super.connectedCallback();
    const asked = Number(this.app.router.query.get("days"));
    this.#days = PERIODS.find((each) => each === asked) ?? USUAL;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("workflow") as WorkflowView | undefined;
    if (changed.has("workflow") && before?.id !== this.workflow.id) void this.#fetch();
  }

  #fetch(): Promise<void> {
    const given = { ref: this.workflow.id, days: this.#days };
    return this.#usage.run(async (signal) => {
      const shown = await this.app.api.perform<WorkflowView>("workflows.show", given, signal);
      return shown.activity?.usage ?? { in_all: nothingYet, days: [] };
    });
  }

  readonly #chosen = (event: Event): void => {
    this.#days = Number((event.target as HTMLSelectElement).value);
    this.app.router.keep({ days: this.#days === USUAL ? "" : String(this.#days) });
    void this.#fetch();
  };

  override render(): TemplateResult {
    const { value, error } = this.#usage;
    return html`<div class="filters">
        <div class="field">
          <label for="period">${words.period}</label>
          <select id="period" aria-describedby="period-hint" @change=${this.#chosen}>
            ${PERIODS.map((each) => html`<option value=${each} ?selected=${each === this.#days}>${fill(words.lastDays, { count: each })}</option>`)}
          </select>
        </div>
        <p class="hint" id="period-hint">${words.periodHint}</p>
      </div>
      <div class="stack" aria-busy=${this.#usage.isPending}>
        ${error === null ? nothing : failureNotice(error, this.app, () => void this.#usage.reload())}
        ${value === null ? (error === null ? bones() : nothing) : usageTemplate(value)}
      </div>`;
  }
}

const nothingYet: UsageFigures = {
  day: null,
  turns: 0,
  failed: 0,
  visitors: 0,
  input_tokens: 0,
  output_tokens: 0,
  failures: {},
  refusals: {},
  first_event: null,
  whole_turn: null,
};

function usageTemplate({ in_all: all, days }: UsageDays): TemplateResult {
  const refused = sumOf(all.refusals);
  if (all.turns === 0 && refused === 0)
    return html`<div class="empty">${listIcon}<h2>${words.noUsageTitle}</h2><p>${words.noUsageText}</p></div>`;
  const tokens = all.input_tokens + all.output_tokens;
  return html`<section class="card" aria-label=${words.inThisPeriod}>
      <dl class="facts">
        ${fact(words.turns, number(all.turns))} ${fact(words.visitors, number(all.visitors))}
        ${fact(words.failures, number(all.failed))} ${fact(words.refused, number(refused))}
        ${all.first_event === null ? nothing : fact(words.firstEvent, seconds(all.first_event.median))}
        ${all.whole_turn === null ? nothing : fact(words.wholeTurn, seconds(all.whole_turn.median))}
        ${tokens === 0 ? nothing : fact(words.modelTokens, number(tokens))}
      </dl>
      ${all.first_event === null && all.whole_turn === null ? nothing : html`<p class="hint">${words.mediansHint}</p>`}
    </section>
    <div class="columns charts">
      ${chartsOf({ in_all: all, days }).map(chartTemplate)}
      ${reasons(words.whyFailed, all.failures)} ${reasons(words.whyRefused, all.refusals)}
    </div>`;
}

function fact(label: string, value: string): TemplateResult {
  return html`<div><dt>${label}</dt><dd>${value}</dd></div>`;
}

/** One chart for everything that was counted at all. */
function chartsOf({ in_all: all, days }: UsageDays): Chart[] {
  const dates = days.map(({ day }) => day ?? "");
  const of = (value: (each: UsageFigures) => number | null) => days.map(value);
  const charts: (Chart | null)[] = [
    {
      title: words.turns,
      days: dates,
      main: { label: words.notFailed, values: of((each) => each.turns - each.failed) },
      other: { label: words.failures, values: of((each) => each.failed), as: "fault" },
      show: number,
    },
    {
      title: words.visitors,
      days: dates,
      main: { label: words.visitors, values: of((each) => each.visitors) },
      show: number,
    },
    all.first_event &&
      timesChart(words.firstEvent, dates, (name) => of((each) => each.first_event?.[name] ?? null)),
    all.whole_turn &&
      timesChart(words.wholeTurn, dates, (name) => of((each) => each.whole_turn?.[name] ?? null)),
    all.input_tokens + all.output_tokens === 0
      ? null
      : {
          title: words.modelTokens,
          days: dates,
          main: { label: words.tokensIn, values: of((each) => each.input_tokens) },
          other: { label: words.tokensOut, values: of((each) => each.output_tokens), as: "stacked" },
          show: number,
        },
    sumOf(all.refusals) === 0
      ? null
      : {
          title: words.refusedRequests,
          days: dates,
          main: { label: words.refused, values: of((each) => sumOf(each.refusals)) },
          show: number,
        },
  ];
  return charts.filter((each) => each !== null);
}

function timesChart(
  title: string,
  days: readonly string[],
  of: (name: "median" | "p95") => (number | null)[],
): Chart {
  return {
    title,
    days,
    main: { label: words.median, values: of("median") },
    other: { label: words.p95, values: of("p95"), as: "mark" },
    show: seconds,
  };
}

function reasons(title: string, counts: Readonly<Record<string, number>>): TemplateResult | typeof nothing {
  const ordered = Object.entries(counts).sort(([, one], [, other]) => other - one);
  if (ordered.length === 0) return nothing;
  return html`<section class="card">
    <h2>${title}</h2>
    <table>
      <thead><tr><th scope="col">${words.codeOfError}</th><th scope="col">${words.times}</th></tr></thead>
      <tbody>${ordered.map(([code, count]) => html`<tr><th scope="row"><code>${code}</code></th><td>${number(count)}</td></tr>`)}</tbody>
    </table>
  </section>`;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

customElements.define("canvas-usage", UsageTab);
