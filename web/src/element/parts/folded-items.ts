/** Of an answer of very many parts the two ends are drawn; what lies between waits until the reader wants it. */

import { html, type LitElement, type TemplateResult } from "lit";
import type { ItemView } from "../state/thread-view.ts";
import type { WidgetHost } from "../widgets/host.ts";
import { focusFirstAfter, foldOf, moreButton } from "./folded.ts";

export interface FoldedItems {
  kind: "folded";
  id: string;
  template: TemplateResult;
}

/** How often the reader wanted more of an answer, by its first item. */
const wishes = new Map<string, number>();

export function withFolds(
  items: readonly ItemView[],
  { redraw }: WidgetHost,
): readonly (ItemView | FoldedItems)[] {
  const shown: (ItemView | FoldedItems)[] = [];
  let from = 0;
  items.forEach((item, at) => {
    if (item.kind !== "question") return;
    shown.push(...answerWithFold(items.slice(from, at), redraw), item);
    from = at + 1;
  });
  return [...shown, ...answerWithFold(items.slice(from), redraw)];
}

function answerWithFold(parts: readonly ItemView[], redraw: () => void): readonly (ItemView | FoldedItems)[] {
  const { id } = parts[0] ?? { id: "" };
  const wished = wishes.get(id) ?? 0;
  const fold = foldOf(parts.length, wished);
  if (fold === null) return parts;
  const more = (button: HTMLElement) =>
    focusFirstAfter(button, () => {
      wishes.set(id, wished + 1);
      redraw();
      return ((button.getRootNode() as ShadowRoot).host as LitElement).updateComplete;
    });
  const template = html`<div class="more">${moreButton(fold.count, more)}</div>`;
  return [
    ...parts.slice(0, fold.from),
    { kind: "folded", id: `more:${id}`, template },
    ...parts.slice(fold.from + fold.count),
  ];
}
