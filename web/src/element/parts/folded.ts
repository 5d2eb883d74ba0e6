/** Long lists: their two ends are drawn at once, what lies between when the reader wants it, piece by piece. */

import { html, nothing, type TemplateResult } from "lit";
import { AsyncDirective } from "lit/async-directive.js";
import { directive } from "lit/directive.js";
import { spokenLanguage } from "../language.ts";
import { laterStrings } from "../strings-later.ts";

/** As many entries are drawn at each end, and twice as many more with each wish. */
const DRAWN_AT_AN_END = 50;

export interface Fold {
  /** Where the first entry is that is not drawn. */
  from: number;
  count: number;
}

/** What is not drawn of a list after so many wishes for more; null where all of it is. It changes seldom while the list grows. */
export function foldOf(length: number, wishes: number): Fold | null {
  const from = DRAWN_AT_AN_END * (1 + 2 * wishes);
  const steps = Math.floor((length - from - DRAWN_AT_AN_END) / DRAWN_AT_AN_END);
  return steps > 0 ? { from, count: steps * DRAWN_AT_AN_END } : null;
}

export function moreButton(count: number, more: (button: HTMLElement) => void): TemplateResult {
  const press = ({ currentTarget }: Event) => more(currentTarget as HTMLElement);
  return html`<button type="button" class="quiet" @click=${press}>${moreWords(count)}</button>`;
}

export function moreWords(count: number): string {
  return `${laterStrings.showMore} (${count.toLocaleString(spokenLanguage().locale)})`;
}

/** The button may go, and with it the focus: what is new begins behind the entry before it. */
export async function focusFirstAfter(button: HTMLElement, draw: () => unknown): Promise<void> {
  const last = button.closest(".more")?.previousElementSibling;
  await draw();
  const first = last?.nextElementSibling;
  if (!(first instanceof HTMLElement)) return;
  if (!first.matches("button")) first.tabIndex = -1;
  first.focus({ preventScroll: true });
}

type Draw<T> = (entry: T, index: number) => unknown;
type Around = (button: TemplateResult) => TemplateResult;

const inBox: Around = (button) => html`<div class="more">${button}</div>`;
/** For lists. */
export const inItem: Around = (button) => html`<li class="more">${button}</li>`;

/** For tables. */
export const inRow: Around = (button) => html`<tr class="more"><td colspan="50">${button}</td></tr>`;

class FoldedDirective extends AsyncDirective {
  #wishes = 0;
  #draw: () => unknown = () => nothing;

  override render(entries: readonly unknown[], draw: Draw<unknown>, around: Around): unknown {
    this.#draw = () => this.#drawn(entries, draw, around);
    return this.#draw();
  }

  #drawn(entries: readonly unknown[], draw: Draw<unknown>, around: Around): unknown {
    const fold = foldOf(entries.length, this.#wishes);
    if (fold === null) return [entries.map(draw)];
    const end = fold.from + fold.count;
    const more = (button: HTMLElement) =>
      focusFirstAfter(button, () => {
        this.#wishes += 1;
        this.setValue(this.#draw());
      });
    return [
      entries.slice(0, fold.from).map(draw),
      around(moreButton(fold.count, more)),
      entries.slice(end).map((entry, at) => draw(entry, end + at)),
    ];
  }
}

const foldedList = directive(FoldedDirective);

/** `around`: what the button for more stands in, of the class `more`. */
export function folded<T>(entries: readonly T[], draw: Draw<T>, around: Around = inBox): unknown {
  return foldedList(entries, draw as Draw<unknown>, around);
}
