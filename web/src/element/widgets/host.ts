/** What widgets need of the chat around them. */

import type { ChatKitOptions } from "@openai/chatkit";

export interface ActionConfig {
  type: string;
  payload?: unknown;
  handler?: "server" | "client";
  loadingBehavior?: "auto" | "none" | "self" | "container";
  streaming?: boolean;
}

export interface WidgetHost {
  /** Runs an action; resolves when what it causes has come to its end. */
  act(config: ActionConfig, item: { id: string; widget: Record<string, unknown> }): Promise<void>;
  /** Draws the chat again: what was missing has arrived. */
  readonly redraw: () => void;
  /** Origins from which images are loaded besides the page's own. */
  ownOrigins(): readonly string[];
  imageDomains(): readonly string[];
  /** The address of a visitor's file, as the page reaches the server. */
  reached(url: string): string;
  entities(): ChatKitOptions["entities"];
}
