/** `/assets/embed-words-….js`: what `/embed.js` fetches for visitors whose language is not English. */

import { wordsIn } from "./words.ts";

document.currentScript?.dispatchEvent(new CustomEvent("words", { detail: wordsIn(navigator.languages) }));
