/** `<orcheo-help>`: the keys that the chat knows. Loaded when somebody asks for it. */

import { css, html, LitElement, type TemplateResult } from "lit";
import { laterStrings } from "../strings-later.ts";
import { controlStyles } from "../styles/controls.ts";
import { partStyles } from "../styles/parts.ts";
import { closeIcon } from "./icons.ts";

/** Keys by their names on the keyboard, and what they do. */
function keys(): [keys: readonly string[], does: string][] {
  const command = /Mac|iP(?:hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl";
  return [
    [["Enter"], laterStrings.keySend],
    [["Shift", "Enter"], laterStrings.keyNewLine],
    [["Esc"], laterStrings.keyStop],
    [["↑"], laterStrings.keyEdit],
    [[command, "Shift", "O"], laterStrings.keyNew],
    [[command, "K"], laterStrings.keyFind],
    [[command, "/"], laterStrings.keyHelp],
  ];
}

class OrcheoHelp extends LitElement {
  static override styles = [
    controlStyles,
    partStyles,
    css`
      dialog {
        box-sizing: border-box;
        inline-size: min(100% - 2rem, 30rem);
        padding: 1.25rem;
        border: 1px solid var(--edge);
        border-radius: var(--radius);
        background: var(--raised);
        color: var(--ink);
      }

      dialog::backdrop {
        background: rgb(0 0 0 / 40%);
      }

      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 1rem;
      }

      h2 {
        margin: 0;
        font-size: calc(1.125 * var(--base-size, 1rem));
      }

      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 0.6rem 1rem;
        margin: 1rem 0 0;
      }

      dt {
        direction: ltr;
        white-space: nowrap;
      }

      dd {
        margin: 0;
      }

      kbd {
        padding: 0.1rem 0.45rem;
        border: 1px solid var(--edge);
        border-radius: 0.4rem;
        font: 0.8125em var(--sans);
      }

      @media (max-width: 24rem) {
        dl {
          grid-template-columns: 1fr;
          gap: 0.25rem;
        }

        dd {
          margin-block-end: 0.5rem;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" @close=${() => this.remove()} @keydown=${(key: KeyboardEvent) => key.stopPropagation()}>
      <header>
        <h2 id="title">${laterStrings.shortcuts}</h2>
        <button type="button" class="bare" aria-label=${laterStrings.close} title=${laterStrings.close} @click=${() => this.#dialog?.close()}>
          ${closeIcon}
        </button>
      </header>
      <dl>${keys().map(([names, does]) => html`<dt>${names.map((name, at) => html`${at === 0 ? "" : " + "}<kbd>${name}</kbd>`)}</dt><dd>${does}</dd>`)}</dl>
    </dialog>`;
  }

  override firstUpdated(): void {
    this.#dialog?.showModal();
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }
}

if (customElements.get("orcheo-help") === undefined) customElements.define("orcheo-help", OrcheoHelp);

/** Over the chat; the focus goes back to where it was. */
export function showHelp(root: ParentNode): void {
  if (root.querySelector("orcheo-help") === null) root.append(new OrcheoHelp());
}
