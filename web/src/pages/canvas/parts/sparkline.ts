/** The turns of the last days of a workflow, a bar for each, in the list of workflows. */

import { css, html, svg, type TemplateResult } from "lit";
import { fill, words } from "../strings.ts";

const HEIGHT = 20;

export function sparkline(turns: readonly number[]): TemplateResult {
  const highest = Math.max(1, ...turns);
  const count = turns.reduce((sum, each) => sum + each, 0);
  const label = fill(words.turnsInDays, { count, days: turns.length });
  return html`<svg class="spark" role="img" aria-label=${label} viewBox=${`0 0 ${turns.length} ${HEIGHT}`} preserveAspectRatio="none">
    <title>${label}</title>
    ${turns.map((each, at) => {
      const height = each === 0 ? 1 : Math.max(3, (each / highest) * HEIGHT);
      return svg`<rect class=${each === 0 ? "none" : "some"} x=${at + 0.15} y=${HEIGHT - height} width="0.7" height=${height} />`;
    })}
  </svg>`;
}

/** How long ago a turn began last, by days of UTC. */
export function lastUse(turns: readonly number[]): string {
  const ago = turns.length - 1 - turns.findLastIndex((each) => each > 0);
  if (ago >= turns.length) return fill(words.unusedFor, { count: turns.length });
  if (ago === 0) return words.usedToday;
  return fill(words.usedAgo, { count: ago });
}

export const sparkStyles = css`
  .spark {
    display: block;
    inline-size: 7.5rem;
    block-size: 1.25rem;
  }

  .spark:dir(rtl) {
    scale: -1 1;
  }

  .spark .some {
    fill: var(--accent);
  }

  .spark .none {
    fill: var(--edge);
  }

  .use {
    display: grid;
    justify-items: end;
    gap: 0.15rem;
    min-block-size: 2.75rem;
    inline-size: 10rem;
  }

  @media (max-width: 40rem) {
    .use {
      grid-auto-flow: column;
      align-items: center;
      justify-content: space-between;
      gap: 1rem;
      min-block-size: 1.5rem;
      inline-size: 100%;
    }
  }
`;
