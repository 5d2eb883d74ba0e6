/** The view of each address; all but the words that nothing is there are fetched when they are first shown. */

import { html, type TemplateResult } from "lit";
import { View } from "./app.ts";
import { flowIcon } from "./icons.ts";
import { paths, type Route } from "./router.ts";
import { words } from "./strings.ts";

class NotFound extends View {
  override render(): TemplateResult {
    this.titled(words.notFoundTitle);
    return html`<div class="empty">
      ${flowIcon}
      <h1 tabindex="-1">${words.notFoundTitle}</h1>
      <p>${words.notFoundText}</p>
      <a class="quiet" href=${paths.workflows}>${words.toWorkflows}</a>
    </div>`;
  }
}

customElements.define("canvas-not-found", NotFound);

/** The element for a route; one that can show this route, too, is kept. */
export async function viewFor(route: Route, before: View | null): Promise<View> {
  const [Class, properties] = await classFor(route);
  return Object.assign(before instanceof Class ? before : new Class(), properties);
}

type Found = readonly [new () => View, Record<string, unknown>];

async function classFor(route: Route): Promise<Found> {
  switch (route.view) {
    case "workflows": {
      const { WorkflowsView } = await import("./views/workflows.ts");
      return [WorkflowsView, {}];
    }
    case "register": {
      const { RegisterView } = await import("./views/register.ts");
      return [RegisterView, {}];
    }
    case "workflow": {
      const { WorkflowPage } = await import("./views/workflow.ts");
      return [WorkflowPage, { ref: route.ref, tab: route.tab }];
    }
    case "thread": {
      const { ThreadPage } = await import("./views/thread.ts");
      return [ThreadPage, { ref: route.ref, thread: route.thread }];
    }
    case "audit": {
      const { AuditView } = await import("./views/audit.ts");
      return [AuditView, {}];
    }
    case "tokens": {
      const { TokensView } = await import("./views/tokens.ts");
      return [TokensView, {}];
    }
    case "sessions": {
      const { SessionsView } = await import("./views/sessions.ts");
      return [SessionsView, {}];
    }
    default:
      return [NotFound, {}];
  }
}
