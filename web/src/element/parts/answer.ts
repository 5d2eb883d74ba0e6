/** Draws one answer: its text, and the sources that it names. */

import { html, nothing, type TemplateResult } from "lit";
import { safeHref } from "../markdown/links.ts";
import { renderLink, renderMarkdown } from "../markdown/render.ts";
import type { Annotation, AnnotationSource } from "../protocol/wire.ts";
import type { AnswerView } from "../state/thread-view.ts";
import { fill, strings } from "../strings.ts";
import type { WidgetHost } from "../widgets/host.ts";
import { documentIcon, linkIcon } from "./icons.ts";
import { richParts } from "./thread-items.ts";

const HEADING_LEVEL = 3;
/** More sources than these are folded, so that the next question stays near its answer. */
const SOURCES_SHOWN = 3;

export function answerTemplate(answer: AnswerView, answerer: string, host: WidgetHost): TemplateResult {
  const streaming = answer.status === "streaming";
  const options = { streaming, headingLevel: HEADING_LEVEL };
  return html`<article class="answer" data-role="assistant" data-status=${answer.status} tabindex="-1">
    <h2 class="spoken-only">${answerer}</h2>
    <div class="prose">${answer.parts.map((part) => renderMarkdown(part.text, options))}</div>
    ${
      streaming
        ? nothing
        : sourcesTemplate(
            answer.parts.flatMap((part) => part.annotations),
            host,
          )
    }
  </article>`;
}

function sourcesTemplate(
  annotations: readonly Annotation[],
  host: WidgetHost,
): TemplateResult | typeof nothing {
  const sources = distinct(annotations.map((annotation) => annotation.source));
  if (sources.length === 0) return nothing;
  const list = html`<ol>
    ${sources.map((source) => html`<li>${sourceTemplate(source, host)}</li>`)}
  </ol>`;
  const count = fill(strings.sourcesFolded, { count: sources.length });
  return html`<section class="sources">
    <h3>${strings.sources}</h3>
    ${sources.length > SOURCES_SHOWN ? html`<details><summary>${count}</summary>${list}</details>` : list}
  </section>`;
}

function sourceTemplate(source: AnnotationSource, host: WidgetHost): TemplateResult {
  if (source.type === "entity")
    return richParts.get(host.redraw)?.entityTemplate(source, host) ?? html`${source.title}`;
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
