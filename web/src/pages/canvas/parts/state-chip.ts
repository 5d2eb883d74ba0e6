/** A workflow's state in a word. */

import { html, nothing, type TemplateResult } from "lit";
import type { WorkflowView } from "../models.ts";
import { words } from "../strings.ts";

export function stateChip(workflow: WorkflowView): TemplateResult {
  const [state, text] = stateOf(workflow);
  return html`<span class="chip" data-state=${state}>${text}</span>${
    workflow.is_public && workflow.require_login
      ? html`<span class="tag">${words.loginNeeded}</span>`
      : nothing
  }`;
}

function stateOf({ archived_at, is_public, obstacle }: WorkflowView): [state: string, text: string] {
  if (archived_at !== null) return ["archived", words.stateArchived];
  if (!is_public) return ["private", words.statePrivate];
  return obstacle === null ? ["public", words.statePublic] : ["obstacle", words.stateObstacle];
}
