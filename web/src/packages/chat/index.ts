/** `@orcheo/chat`: the chat element for pages that bundle it, as `<orcheo-chat>` and as `<openai-chatkit>`. */

import "../../chatkit.ts";

export { setServer } from "../../element/home.ts";
export type { ChatOptions } from "../../element/options.ts";
export { OrcheoChat } from "../../element/orcheo-chat.ts";
