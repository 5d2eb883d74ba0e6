/** `/embed.js`: a bubble for each script element that names a workflow, and `window.Orcheo` for pages that call. */

import { type Bubble, type BubbleOptions, bubble, bubbles, takeWordsFrom, type Words } from "./bubble.ts";

/** The file of the words, as the build named it. */
declare const __WORDS__: string;

const script = document.currentScript as HTMLScriptElement | null;
const home = script === null ? "" : new URL(script.src).origin;

interface Orcheo {
  bubble(options: Omit<BubbleOptions, "server"> & { server?: string }): Bubble;
  bubbles(): readonly Bubble[];
}

declare global {
  interface Window {
    Orcheo?: Orcheo;
  }
}

/** By a script element, which a content security policy that allows this script allows as well. */
function fetchWords(): Promise<Words | null> {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.addEventListener("words", (words) => resolve((words as CustomEvent<Words | null>).detail));
    element.addEventListener("error", reject);
    element.nonce = script?.nonce ?? "";
    const address = `${home}/assets/${__WORDS__}`;
    const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
    const rules = { createScriptURL: (url: string) => url };
    element.src = trustedTypes?.createPolicy("orcheo-embed", rules).createScriptURL(address) ?? address;
    document.head.append(element);
    element.remove();
  });
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

takeWordsFrom(fetchWords);

// A page may name the script twice; the first one keeps all bubbles.
window.Orcheo ??= { bubble: (options) => bubble({ server: home, ...options }), bubbles };

const { workflow, server, position, theme, color, greeting, label } = script?.dataset ?? {};
if (workflow) {
  window.Orcheo.bubble({
    workflow,
    ...(server ? { server } : { server: home }),
    ...(position === "start" ? { position } : {}),
    ...(theme === "light" || theme === "dark" ? { theme } : {}),
    ...(color ? { color } : {}),
    ...(greeting ? { greeting } : {}),
    ...(label ? { labels: { chat: label } } : {}),
  });
}
