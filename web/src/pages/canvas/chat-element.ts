/** The chat element, the same that visitors have, fetched when a chat is first shown. */

import type { ChatOptions } from "../../element/options.ts";
import type { OrcheoChat } from "../../element/orcheo-chat.ts";
import { ConnectionError } from "../../element/protocol/problem.ts";

export type LoadChat = (options: ChatOptions) => Promise<OrcheoChat>;

/** A chat with these options, not on the page yet; {@link ConnectionError} when its script does not come. */
export const loadChat: LoadChat = async (options) => {
  try {
    const { OrcheoChat } = await import("../../element/orcheo-chat.ts");
    const chat = new OrcheoChat();
    chat.setOptions(options);
    return chat;
  } catch (error) {
    throw new ConnectionError("The chat could not be loaded.", { cause: error });
  }
};
