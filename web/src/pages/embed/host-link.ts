/** The page around the frame, as far as it is one of the workflow's allowed origins. */

import {
  type FrameMessage,
  HOST_SHAPES,
  type HostMessage,
  readMessage,
  sealed,
} from "../../embed/messages.ts";

export class HostLink {
  readonly #origins: ReadonlySet<string>;
  /** The origin that has said hello; nothing is told to any other. */
  #origin: string | null = null;

  constructor(origins: readonly string[], heard: (message: HostMessage) => void) {
    this.#origins = new Set(origins);
    addEventListener("message", (event) => {
      if (event.source !== parent || parent === window || !this.#origins.has(event.origin)) return;
      const message = readMessage<HostMessage>(event.data, HOST_SHAPES);
      if (message === null) return;
      this.#origin = event.origin;
      heard(message);
    });
  }

  tell(message: FrameMessage): void {
    if (this.#origin !== null) parent.postMessage(sealed(message), this.#origin);
  }
}
