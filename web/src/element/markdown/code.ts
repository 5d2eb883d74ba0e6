/** Blocks of code: their language, copying, wrapping, and colours that come when they have been loaded. */

import { html, type TemplateResult } from "lit";
import { until } from "lit/directives/until.js";
import { copyText } from "../insecure.ts";
import { copyIcon, wrapIcon } from "../parts/icons.ts";
import { strings } from "../strings.ts";

/** Longer code is shown without colours: each word of it would be an element, and some languages take seconds. */
const MOST_COLOURED = 10_000;
const SHOWN_AS_COPIED = 2_000;

type Colour = typeof import("./code-colours.ts").coloured;

let colour: Colour | undefined;

export function codeTemplate(language: string, text: string): TemplateResult {
  return html`<figure class="code" dir="ltr">
    <figcaption>
      <span>${language}</span>
      <button type="button" class="bare" aria-pressed="false" title=${strings.wrapLines} @click=${toggleWrap}>
        ${wrapIcon}<span class="spoken-only">${strings.wrapLines}</span>
      </button>
      <button type="button" class="bare" title=${strings.copyCode} @click=${(event: Event) => copy(event, text)}>
        ${copyIcon}<span class="spoken-only" role="status">${strings.copyCode}</span>
      </button>
    </figcaption>
    <pre tabindex="0"><code>${colouredText(language, text)}</code></pre>
  </figure>`;
}

function toggleWrap(event: Event): void {
  const button = event.currentTarget as HTMLElement;
  const isWrapped = button.closest("figure")?.toggleAttribute("data-wrapped") ?? false;
  button.setAttribute("aria-pressed", String(isWrapped));
}

async function copy(event: Event, text: string): Promise<void> {
  const button = event.currentTarget as HTMLElement;
  // The text itself: the comments beside it are where the template puts the next one.
  const said = [...(button.querySelector("[role=status]")?.childNodes ?? [])].find(
    (node) => node instanceof Text,
  );
  const done = await copyText(text);
  if (said !== undefined) said.data = done ? strings.copied : strings.notCopied;
  button.toggleAttribute("data-copied", done);
  setTimeout(() => {
    if (said !== undefined) said.data = strings.copyCode;
    button.removeAttribute("data-copied");
  }, SHOWN_AS_COPIED);
}

function colouredText(language: string, text: string): unknown {
  if (language === "" || text.length > MOST_COLOURED) return text;
  if (colour !== undefined) return colour(language, text);
  const later = import("./code-colours.ts").then(
    ({ coloured }) => {
      colour = coloured;
      return coloured(language, text);
    },
    () => text, // offline: code without colours
  );
  return until(later, text);
}
