/** Keys that do something wherever the focus is in the chat; the list that visitors see is in `help.ts`. */

import { showHelp } from "./help.ts";

interface Acts {
  showHistory(): void;
  startNew(): void;
}

/** An input method's keys, and those that something has been done with already, are not for us. */
export function listenForKeys(root: HTMLElement | DocumentFragment, acts: Acts): void {
  root.addEventListener("keydown", (event) => {
    const key = event as KeyboardEvent;
    if (key.isComposing || key.defaultPrevented || key.altKey) return;
    const act = actOf(key, root, acts);
    if (act === undefined) return;
    key.preventDefault();
    act();
  });
}

function actOf(key: KeyboardEvent, root: ParentNode, acts: Acts): (() => void) | undefined {
  const name = key.key.toLowerCase();
  if (name === "arrowup") return editing(key, root);
  if (!key.ctrlKey && !key.metaKey) return undefined;
  if (name === "o" && key.shiftKey) return acts.startNew;
  return { "/": () => showHelp(root), k: acts.showHistory }[name];
}

/** In an empty field, the arrow leads to the message above it. */
function editing({ target }: KeyboardEvent, root: ParentNode): (() => void) | undefined {
  const isInComposer = target instanceof Element && target.localName === "orcheo-composer";
  const edit = root.querySelector<HTMLElement & { start(): void }>("orcheo-edit");
  if (!isInComposer || (target as Element & { text: string }).text !== "") return undefined;
  return edit === null ? undefined : () => edit.start();
}
