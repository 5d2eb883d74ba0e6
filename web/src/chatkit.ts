/** What `/chatkit.js` loads: the chat element under the name that pages written for ChatKit use. */

import { OrcheoChat } from "./element/orcheo-chat.ts";

/** The same element; a class can have one name only. */
class OpenAIChatKitElement extends OrcheoChat {}

if (customElements.get("openai-chatkit") === undefined)
  customElements.define("openai-chatkit", OpenAIChatKitElement);
