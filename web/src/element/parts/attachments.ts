/** Draws the files that were sent with a message. */

import { html, type TemplateResult } from "lit";
import type { WireAttachment } from "../protocol/wire.ts";
import { fill } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import type { WidgetHost } from "../widgets/host.ts";
import { imageAddress } from "./images.ts";

export function attachmentsTemplate(
  attachments: readonly WireAttachment[],
  host: WidgetHost,
): TemplateResult {
  return html`<ul class="files">${attachments.map((each) => html`<li>${attachmentTemplate(each, host)}</li>`)}</ul>`;
}

function attachmentTemplate(attachment: WireAttachment, host: WidgetHost): TemplateResult {
  const { name, preview_url: preview } = attachment;
  const address = preview === undefined ? null : imageAddress(host.reached(preview), host);
  if (address === null)
    return html`<orcheo-icon name="document"></orcheo-icon><span dir="auto">${name}</span>`;
  const image = html`<img class="preview" src=${address} alt=${name} loading="lazy" />`;
  // Browsers open no data: address in a tab.
  if (address.startsWith("data:")) return image;
  return html`<a href=${address} target="_blank" rel="noopener noreferrer" title=${fill(laterStrings.openFile, { name })}>${image}</a>`;
}
