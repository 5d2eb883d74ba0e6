/** Which images are loaded, and how one that the workflow made is drawn. */

import { html, type TemplateResult } from "lit";
import type { ImageView } from "../state/thread-view.ts";
import { fill, strings } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import type { WidgetHost } from "../widgets/host.ts";

const DATA = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,[\w+/=]+$/i;

/**
 * The address of an image that may be loaded, null for others: an image of elsewhere would tell its host who reads
 * which chat.
 */
export function imageAddress(given: string, host: WidgetHost): string | null {
  if (DATA.test(given)) return given;
  // Whole addresses and paths of the server; other text is none of both.
  const isAddress = given.startsWith("/") ? URL.canParse(given, document.baseURI) : URL.canParse(given);
  const url = isAddress ? new URL(given, document.baseURI) : null;
  if (url === null || !["https:", "http:", "blob:"].includes(url.protocol)) return null;
  const isOwn = url.origin === location.origin || host.ownOrigins().includes(url.origin);
  return isOwn || host.imageDomains().includes(url.hostname) ? url.href : null;
}

/** An image, or where it is not loaded a link to it. */
export function imageOrLink(given: string, alt: string, host: WidgetHost): TemplateResult {
  const address = imageAddress(given, host);
  if (address !== null) return html`<img src=${address} alt=${alt} loading="lazy" />`;
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    return html`<span class="no-image">${alt || strings.cannotBeShown}</span>`;
  const label = alt || fill(laterStrings.imageElsewhere, { host: url.host });
  return html`<a class="no-image" href=${url.href} target="_blank" rel="noopener noreferrer nofollow">${label}</a>`;
}

export function generatedImageTemplate({ url, progress }: ImageView, host: WidgetHost): TemplateResult {
  if (url === null || progress !== null)
    return html`<figure class="made" aria-busy="true" tabindex="-1">
      ${url === null ? html`<span class="bone"></span>` : imageOrLink(url, laterStrings.imageBeingMade, host)}
      <progress max="1" .value=${progress ?? 0} ?indeterminate=${progress === null} aria-label=${laterStrings.imageBeingMade}></progress>
    </figure>`;
  return html`<figure class="made" tabindex="-1">${imageOrLink(url, laterStrings.generatedImage, host)}</figure>`;
}
