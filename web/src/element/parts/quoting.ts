/** The button that appears beside a passage that the visitor has selected: quote it in the next message. */

import {
  html,
  nothing,
  type ReactiveController,
  type ReactiveControllerHost,
  type TemplateResult,
} from "lit";
import { laterStrings } from "../strings-later.ts";
import { styled } from "./styled.ts";
import "./icon.ts";

type Host = ReactiveControllerHost & { readonly renderRoot: HTMLElement | DocumentFragment };

export class Quoting implements ReactiveController {
  readonly #host: Host;
  readonly #quote: (text: string) => void;
  #text = "";
  #place = { left: "0px", top: "0px" };

  constructor(host: Host, quote: (text: string) => void) {
    this.#host = host;
    this.#quote = quote;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#text = "";
  }

  /** Looks whether a passage of an answer is selected. */
  look(): void {
    const selection = selectionIn(this.#host.renderRoot);
    const start = selection?.anchorNode?.parentElement?.closest(".prose");
    const text = start == null ? "" : (selection?.toString().trim() ?? "");
    if (text === "" || selection === null) {
      this.hide();
      return;
    }
    const box = selection.getRangeAt(0).getBoundingClientRect();
    this.#place = { left: `${Math.max(8, box.left)}px`, top: `${Math.max(8, box.top - 44)}px` };
    this.#text = text;
    this.#host.requestUpdate();
  }

  hide(): void {
    if (this.#text === "") return;
    this.#text = "";
    this.#host.requestUpdate();
  }

  template(): TemplateResult | typeof nothing {
    if (this.#text === "") return nothing;
    const quote = () => {
      this.#quote(this.#text);
      this.hide();
    };
    return html`<button type="button" class="quiet quote-this" ${styled(this.#place)} @click=${quote}>
      <orcheo-icon name="lucide:quote"></orcheo-icon>${laterStrings.quote}
    </button>`;
  }
}

/** Browsers differ in who knows of a selection inside a shadow tree. */
function selectionIn(root: HTMLElement | DocumentFragment): Selection | null {
  const own = root as { getSelection?: () => Selection | null };
  const selection = own.getSelection ? own.getSelection() : document.getSelection();
  return selection === null || selection.rangeCount === 0 || selection.isCollapsed ? null : selection;
}
