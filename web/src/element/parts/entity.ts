/** Draws a thing that a message or a source names; the page may show more about it. */

import type { Entity } from "@openai/chatkit";
import { html, nothing, render, type TemplateResult } from "lit";
import { fill } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import type { WidgetHost } from "../widgets/host.ts";
import "./icon.ts";

const DELAY = 250;

export function entityTemplate(entity: Entity, host: WidgetHost): TemplateResult {
  const icon = entity.icon ? html`<orcheo-icon name=${entity.icon}></orcheo-icon>` : nothing;
  const label = html`${icon}<span dir="auto">${entity.title}</span>`;
  const { onClick, onRequestPreview } = host.entities() ?? {};
  const isActive = entity.interactive !== false && (onClick !== undefined || onRequestPreview !== undefined);
  if (!isActive) return html`<span class="tag">${label}</span>`;
  return html`<span class="anchor tag-anchor" @pointerenter=${preview} @focusin=${preview} @pointerleave=${hide} @focusout=${hide}
    ><button type="button" class="tag" @click=${() => host.entities()?.onClick?.(entity)}>${label}</button></span
  >`;

  async function preview({ currentTarget }: Event): Promise<void> {
    const anchor = currentTarget as HTMLElement;
    const { onRequestPreview: ask } = host.entities() ?? {};
    if (ask === undefined || anchor.dataset.preview !== undefined) return;
    anchor.dataset.preview = "asked";
    await new Promise((resolve) => setTimeout(resolve, DELAY));
    if (anchor.dataset.preview === undefined) return;
    const [shown] = await Promise.all([ask(entity).catch(() => null), import("../widgets/orcheo-widget.ts")]);
    if (anchor.dataset.preview === undefined || shown?.preview == null) return;
    const box = document.createElement("div");
    box.className = "entity-preview";
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", fill(laterStrings.entityPreview, { title: entity.title }));
    anchor.append(box);
    const item = { id: "", widget: shown.preview as unknown as Record<string, unknown> };
    render(html`<orcheo-widget .item=${item} .host=${host}></orcheo-widget>`, box);
  }

  function hide({ currentTarget }: Event): void {
    const anchor = currentTarget as HTMLElement;
    delete anchor.dataset.preview;
    anchor.querySelector(".entity-preview")?.remove();
  }
}
