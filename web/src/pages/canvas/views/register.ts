/** Registers a workflow. */

import { html, type TemplateResult } from "lit";
import { View } from "../app.ts";
import type { WorkflowView } from "../models.ts";
import "../parts/workflow-form.ts";
import { paths } from "../router.ts";
import { words } from "../strings.ts";

export class RegisterView extends View {
  override render(): TemplateResult {
    this.titled(words.register);
    return html`<div class="head">
        <div>
          <h1 tabindex="-1">${words.register}</h1>
          <p class="soft">${words.registerIntro}</p>
        </div>
      </div>
      <canvas-workflow-form .app=${this.app} @changed=${this.#registered}></canvas-workflow-form>`;
  }

  readonly #registered = (event: CustomEvent<WorkflowView>): void => {
    this.app.router.go(paths.workflow(event.detail.id), { replace: true });
  };
}

customElements.define("canvas-register", RegisterView);
