/** Takes files that are dropped anywhere in the chat; beside the composer the browser would leave the page for them. */

import type { ReactiveController } from "lit";

export class FileDrop implements ReactiveController {
  readonly #place: () => Node;
  readonly #isWanted: () => boolean;
  readonly #add: (files: readonly File[]) => void;
  #leaving = new AbortController();

  constructor(place: () => Node, isWanted: () => boolean, add: (files: readonly File[]) => void) {
    this.#place = place;
    this.#isWanted = isWanted;
    this.#add = add;
  }

  hostConnected(): void {
    this.#leaving = new AbortController();
    for (const name of ["dragover", "drop"])
      this.#place().addEventListener(name, this.#handed, { signal: this.#leaving.signal });
  }

  hostDisconnected(): void {
    this.#leaving.abort();
  }

  readonly #handed = (event: Event): void => {
    const { dataTransfer } = event as DragEvent;
    // A text that is dragged goes where the browser puts it.
    if (!dataTransfer?.types.includes("Files") || !this.#isWanted()) return;
    event.preventDefault();
    if (event.type === "drop") this.#add([...dataTransfer.files]);
  };
}
