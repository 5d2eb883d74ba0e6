/**
 * What the embed snippet puts on a page, drawn beside it: a page of another site, the bubble's button, the chat.
 *
 * It is drawn by the chat element, not by the bubble's own script in a frame: a sandboxed frame has the origin `null`,
 * which no workflow allows, and one of Canvas's own origin would put strangers' markup next to the owner's session.
 */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { View } from "../app.ts";
import { chatIcon, closeIcon } from "../icons.ts";
import type { WorkflowView } from "../models.ts";
import { words } from "../strings.ts";
import { ChatPreview } from "./chat-preview.ts";
import { lookOf, startForLook } from "./look-fields.ts";

const siteStyles = css`
  .site {
    position: relative;
    display: grid;
    align-content: start;
    gap: 0.75rem;
    block-size: 40rem;
    padding: 1.25rem;
    overflow: hidden;
    border: 1px solid var(--line);
    border-radius: 0.9rem;
    background: var(--page);
  }

  .line {
    block-size: 0.7rem;
    border-radius: 0.35rem;
    background: var(--line);
    opacity: 0.6;
  }

  .line:first-child {
    block-size: 1.4rem;
    inline-size: 40%;
  }

  .line:nth-child(3) {
    inline-size: 70%;
  }

  .panel {
    position: absolute;
    inset-block: 1rem 5rem;
    inset-inline-end: 1rem;
    inline-size: min(21rem, 100% - 2rem);
    overflow: hidden;
    border: 1px solid var(--line);
    border-radius: 1rem;
    background: var(--page);
    box-shadow: 0 8px 40px #0004;
  }

  .bubble {
    position: absolute;
    inset-block-end: 1rem;
    inset-inline-end: 1rem;
    display: grid;
    place-content: center;
    inline-size: 3.25rem;
    block-size: 3.25rem;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: var(--orcheo-accent, var(--accent));
    color: var(--on-accent);
    box-shadow: 0 4px 16px #0004;
  }
`;

class SitePreview extends View {
  static override styles = [...View.styles, siteStyles];
  static override properties = { workflow: { attribute: false } };
  declare workflow: WorkflowView;
  readonly #preview = new ChatPreview();
  #isOpen = true;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#preview.load().then(() => {
      this.#paint();
      this.requestUpdate();
    });
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("workflow")) this.#paint();
  }

  override render(): TemplateResult {
    return html`<div class="field">
      <p class="hint">${words.previewHint}</p>
      <div class="site">
        <span class="line"></span><span class="line"></span><span class="line"></span>
        ${this.#isOpen ? html`<div class="panel" inert>${this.#preview.chat ?? nothing}</div>` : nothing}
        <button
          type="button"
          class="bubble"
          aria-label=${words.previewBubble}
          aria-expanded=${this.#isOpen}
          @click=${this.#toggle}
        >
          ${this.#isOpen ? closeIcon : chatIcon}
        </button>
      </div>
    </div>`;
  }

  #paint(): void {
    const { name, look } = this.workflow;
    this.#preview.paint(name, lookOf(startForLook(look)), look?.accent ?? "");
  }

  readonly #toggle = (): void => {
    this.#isOpen = !this.#isOpen;
    this.requestUpdate();
  };
}

customElements.define("canvas-site-preview", SitePreview);
