/** What every view of Canvas is given. */

import { LitElement } from "lit";
import { controlStyles } from "../../element/styles/controls.ts";
import type { CanvasApi, OwnerSession } from "./api.ts";
import type { Connection } from "./connection.ts";
import type { FormDrafts } from "./drafts.ts";
import { Loading } from "./loading.ts";
import type { ActResult } from "./models.ts";
import type { ActOrder } from "./parts/act-dialog.ts";
import type { Secret } from "./parts/secret-dialog.ts";
import type { Router } from "./router.ts";
import { canvasStyles } from "./styles.ts";

export interface App {
  readonly api: CanvasApi;
  readonly router: Router;
  readonly connection: Connection;
  readonly session: OwnerSession;
  readonly drafts: FormDrafts;
  /** Says a sentence at the foot of the page, and to screen readers. */
  say(text: string): void;
  /** Offers to sign in, again or as somebody else, over what is shown; null: nothing has ended. */
  offerSignIn(): void;
  /** Asks the owner, then does it; null where the owner did not want it. */
  act(order: ActOrder): Promise<ActResult | null>;
  /** Shows a secret that is never shown again, until its owner has stored it. */
  showSecret(secret: Secret): Promise<void>;
  /** The workflow that the bubble chats with, from now on. */
  chatWith(workflow: ChatPartner | null): void;
}

export interface ChatPartner {
  id: string;
  name: string;
  /** Why it cannot run now. */
  obstacle: string | null;
}

export class View extends LitElement {
  static override styles = [controlStyles, canvasStyles];
  declare app: App;

  protected loading<T>(): Loading<T> {
    return new Loading<T>(this, () => this.app.connection);
  }

  /** The name of the view, for the tab and for screen readers. */
  protected titled(title: string): void {
    document.title = title === "" ? "Canvas" : `${title} · Canvas`;
  }
}
