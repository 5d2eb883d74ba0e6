/** A chat that only shows how it looks: the chat element itself, with nothing behind it that could be asked. */

import type { OrcheoChat } from "../../../element/orcheo-chat.ts";
import { type Look, optionsOf } from "../../chat/look.ts";
import { loadChat } from "../chat-element.ts";

const COLOUR = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;

export class ChatPreview {
  #chat: OrcheoChat | null = null;

  /** Null until it has loaded; without it the page around it is whole. */
  get chat(): OrcheoChat | null {
    return this.#chat;
  }

  async load(): Promise<void> {
    this.#chat ??= await loadChat(optionsFor("", {})).catch(() => null);
  }

  paint(title: string, look: Partial<Look>, accent: string): void {
    if (this.#chat === null) return;
    this.#chat.setOptions(optionsFor(title, look));
    const { style } = this.#chat;
    if (COLOUR.test(accent)) style.setProperty("--orcheo-accent", accent);
    else style.removeProperty("--orcheo-accent");
  }
}

function optionsFor(title: string, look: Partial<Look>): Parameters<typeof loadChat>[0] {
  return {
    ...optionsOf(look),
    api: {
      url: `${location.origin}/api/chatkit`,
      domainKey: "",
      fetch: async () => new Response(null, { status: 204 }),
    },
    header: { title: { text: title } },
    history: { enabled: false },
  };
}
