/** `@orcheo/embed`: chat bubbles for pages that bundle them; `server` names the Orcheo server. */

import { takeWordsFrom } from "../../embed/bubble.ts";

takeWordsFrom(async () => (await import("../../embed/words.ts")).wordsIn(navigator.languages));

export {
  type Bubble,
  type BubbleEvents,
  type BubbleOptions,
  bubble,
  bubbles,
  type Identity,
} from "../../embed/bubble.ts";
