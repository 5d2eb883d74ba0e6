/** `<orcheo-icon>`: an icon by its name, fetched from our own server when it is first shown. */

import { html, type TemplateResult } from "lit";
import { assetAddress } from "../home.ts";
import { closeIcon, historyIcon, retryIcon } from "./icons.ts";

declare const __ICON_VERSION__: string;

const LUCIDE = "lucide:";
const SHAPE = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Address of an icon; null for what cannot be a name of one. */
export function iconAddress(name: string): string | null {
  const isLucide = name.startsWith(LUCIDE);
  const plain = isLucide ? name.slice(LUCIDE.length) : name;
  if (!SHAPE.test(plain)) return null;
  const version = typeof __ICON_VERSION__ === "undefined" ? "0" : __ICON_VERSION__;
  return assetAddress(`${isLucide ? "lucide" : "kit"}-${version}-${plain}.svg`);
}

/** Shown by every chat at first, or needed where the network is lost: these are not fetched. */
const DRAWN = new Map<string, TemplateResult>([
  ["close", closeIcon],
  ["history", historyIcon],
  ["reload", retryIcon],
]);

export function iconTemplate(name: string): TemplateResult {
  return DRAWN.get(name) ?? html`<orcheo-icon name=${name}></orcheo-icon>`;
}

/** Decoration only. It takes the colour of the text around it; an icon that does not exist leaves its place empty. */
class OrcheoIcon extends HTMLElement {
  static observedAttributes = ["name"];

  connectedCallback(): void {
    this.setAttribute("aria-hidden", "true");
  }

  attributeChangedCallback(_attribute: string, _before: string | null, name: string | null): void {
    const address = iconAddress(name ?? "");
    this.style.setProperty(
      "mask",
      address === null ? "none" : `url("${address}") center / contain no-repeat`,
    );
    this.toggleAttribute("hidden", address === null);
  }
}

if (customElements.get("orcheo-icon") === undefined) customElements.define("orcheo-icon", OrcheoIcon);
