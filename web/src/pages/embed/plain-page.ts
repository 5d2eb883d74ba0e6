/** What a page under `/embed/{ref}` shows where it has no chat: a sentence, and a link to what helps. */

import { bookOf, englishAs, languageFor, speak } from "../../element/language.ts";
import { LABELS } from "../../embed/bubble.ts";
import { chatPath } from "./frame-api.ts";

const words = bookOf({ bubbleFailed: LABELS.failed, bubbleTab: LABELS.tab });

/** In a frame that someone wrote without the script of the bubble: such a page never says hello. */
export async function showWayOut(ref: string): Promise<void> {
  await speakAsBrowser();
  show(words.bubbleFailed, chatPath(ref), words.bubbleTab).target = "_blank";
}

export async function speakAsBrowser(): Promise<void> {
  const language = await Promise.resolve(languageFor(navigator.languages)).catch(() => englishAs("en"));
  speak(language);
  Object.assign(document.documentElement, { lang: language.locale, dir: language.dir });
}

/** Shows this in the place of all else; the link, to be changed. */
export function show(text: string, href: string, label: string): HTMLAnchorElement {
  const sentence = document.createElement("p");
  const link = document.createElement("a");
  link.href = href;
  link.textContent = label;
  sentence.append(`${text} `, link);
  document.body.replaceChildren(sentence);
  return link;
}
