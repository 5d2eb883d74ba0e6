/** How large the owner wants the bubble's chat, on this browser. */

const KEY = "orcheo.canvas.bubble";

export interface Size {
  inline: number;
  block: number;
}

const LEAST: Size = { inline: 320, block: 360 };

export function recallSize(): Size | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    const { inline, block } = (kept ?? {}) as Partial<Size>;
    return typeof inline === "number" && typeof block === "number" ? bounded({ inline, block }) : null;
  } catch {
    return null;
  }
}

export function keepSize(size: Size): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(bounded(size)));
  } catch {
    // Nothing to do: the next time it has its first size.
  }
}

function bounded({ inline, block }: Size): Size {
  return {
    inline: Math.max(Math.round(inline), LEAST.inline),
    block: Math.max(Math.round(block), LEAST.block),
  };
}
