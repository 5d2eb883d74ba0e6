/** Changes to a widget's tree of components; each gives a new tree and leaves the old one as it was. */

import type { WidgetTree } from "../protocol/wire.ts";

/** Trees deeper than this are not looked into: no widget needs it, and a hostile one must not exhaust the stack. */
export const DEEPEST = 40;

/** The tree with another component in the place of the one of this id. */
export function withComponent(tree: WidgetTree, id: string, component: WidgetTree): WidgetTree {
  return changed(tree, id, () => ({ ...component, id }), 0);
}

/** The tree with more text in the component of this id. */
export function withText(tree: WidgetTree, id: string, delta: string, done: boolean): WidgetTree {
  const append = (old: WidgetTree) => ({ ...old, value: `${old.value ?? ""}${delta}`, streaming: !done });
  return changed(tree, id, append, 0);
}

function changed(
  tree: WidgetTree,
  id: string,
  change: (old: WidgetTree) => WidgetTree,
  depth: number,
): WidgetTree {
  if (tree.id === id) return change(tree);
  const { children } = tree;
  if (depth > DEEPEST || children === undefined) return tree;
  const next = Array.isArray(children)
    ? children.map((child) => (isTree(child) ? changed(child, id, change, depth + 1) : child))
    : isTree(children)
      ? changed(children, id, change, depth + 1)
      : children;
  return { ...tree, children: next };
}

export function isTree(value: unknown): value is WidgetTree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
