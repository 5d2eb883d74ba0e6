/** Draws the sources that an answer names. */

import { html, nothing, type TemplateResult } from "lit";
import { safeHref } from "../markdown/links.ts";
import { renderLink } from "../markdown/render.ts";
import type { Annotation, AnnotationSource } from "../protocol/wire.ts";
import { fill, strings } from "../strings.ts";
import type { WidgetHost } from "../widgets/host.ts";
import { entityTemplate } from "./entity.ts";
import { folded, inItem } from "./folded.ts";
import { documentIcon, linkIcon } from "./icons.ts";

/** More sources than these are folded, so that the next question stays near its answer. */
const SOURCES_SHOWN = 3;

export function sourcesTemplate(
  annotations: readonly Annotation[],
  host: WidgetHost,
): TemplateResult | typeof nothing {
  const sources = distinct(annotations.map((annotation) => annotation.source));
  if (sources.length === 0) return nothing;
  const list = html`<ol>
    ${folded(sources, (source) => html`<li>${sourceTemplate(source, host)}</li>`, inItem)}
  </ol>`;
  const count = fill(strings.sourcesFolded, { count: sources.length });
  return html`<section class="sources">
    <h3>${strings.sources}</h3>
    ${sources.length > SOURCES_SHOWN ? html`<details><summary>${count}</summary>${list}</details>` : list}
  </section>`;
}

function sourceTemplate(source: AnnotationSource, host: WidgetHost): TemplateResult {
  if (source.type === "entity") return entityTemplate(source, host);
  const href = source.type === "url" ? safeHref(source.url) : null;
  const icon = href === null ? documentIcon : linkIcon;
  const title = source.title || placeOf(source);
  const place = placeOf(source);
  return html`${icon}<span
      ><span class="named" dir="auto">${href === null ? title : renderLink(href, title)}</span>
      ${place === "" || place === title ? nothing : html`<span class="place" dir="auto">${place}</span>`}</span
    >`;
}

/** Where a source is found, in a few words: a file's name, an address's host. */
function placeOf(source: AnnotationSource): string {
  if (source.type === "file") return source.filename;
  if (source.type === "url") return source.attribution ?? hostOf(source.url);
  return "";
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : "";
}

function distinct(sources: readonly AnnotationSource[]): AnnotationSource[] {
  return [...new Map(sources.map((source) => [`${source.title}\n${placeOf(source)}`, source])).values()];
}
