/** Moments and people as Canvas writes them. */

import { html, nothing, type TemplateResult } from "lit";
import { spokenLanguage } from "../../element/language.ts";

const DAY_MS = 86_400_000;
const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", DAY_MS],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

/** "2 hours ago" within a week, else the date; the whole moment on hovering. */
export function moment(iso: string | null, now = Date.now()): TemplateResult | typeof nothing {
  if (iso === null) return nothing;
  const at = new Date(iso);
  return html`<time datetime=${iso} title=${wholeMoment(at)}>${nearMoment(at, now)}</time>`;
}

export function nearMoment(at: Date, now: number): string {
  const { locale } = spokenLanguage();
  const away = at.getTime() - now;
  if (Math.abs(away) >= 7 * DAY_MS)
    return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(at);
  const [unit, length] = UNITS.find(([, each]) => Math.abs(away) >= each) ?? ["second", 1_000];
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.round(away / length), unit);
}

function wholeMoment(at: Date): string {
  return new Intl.DateTimeFormat(spokenLanguage().locale, {
    dateStyle: "medium",
    timeStyle: "medium",
  }).format(at);
}
