/** ChatKit's `theme` option -> custom properties and fonts. Fetched for pages that give one. */

import type { ChatOptions } from "../options.ts";

export type Theme = Exclude<NonNullable<ChatOptions["theme"]>, string>;

const RADII = { pill: "1.125rem", round: "0.875rem", soft: "0.5rem", sharp: "0px" };
const ROUND = { pill: "999px", round: "0.875rem", soft: "0.5rem", sharp: "0px" };
const DENSITIES = { compact: "0.75", normal: "1", spacious: "1.25" };

/** All custom properties that a theme asks for. */
export function* propertiesOf(theme: Theme): Generator<[name: string, value: string]> {
  const { typography, radius, density, color } = theme;
  if (typography?.baseSize !== undefined) yield ["--base-size", `${typography.baseSize}px`];
  if (typography?.fontFamily !== undefined) yield ["--orcheo-font", typography.fontFamily];
  if (typography?.fontFamilyMono !== undefined) yield ["--orcheo-font-mono", typography.fontFamilyMono];
  if (radius !== undefined && radius in RADII) {
    yield ["--orcheo-radius", RADII[radius]];
    yield ["--round", ROUND[radius]];
  }
  if (density !== undefined && density in DENSITIES) yield ["--density", DENSITIES[density]];
  yield* colorsOf(color ?? {});
}

function* colorsOf({ grayscale, accent, surface }: NonNullable<Theme["color"]>): Generator<[string, string]> {
  if (grayscale !== undefined) yield* grays(grayscale.hue, grayscale.tint, grayscale.shade ?? 0);
  if (accent !== undefined) {
    yield ["--orcheo-accent", accent.primary];
    yield ["--orcheo-on-accent", onColor(accent.primary)];
    // The more of the accent, the more of it is in the visitor's bubbles.
    const share = [0, 6, 14, 24][accent.level] ?? 0;
    if (share > 0) yield ["--bubble", `color-mix(in oklab, ${accent.primary} ${share}%, var(--soft))`];
  }
  if (surface !== undefined) {
    yield ["--orcheo-page", surface.background];
    yield ["--orcheo-raised", `color-mix(in oklab, ${surface.background} 94%, ${surface.foreground})`];
    yield ["--orcheo-soft", `color-mix(in oklab, ${surface.background} 92%, ${surface.foreground})`];
    yield ["--orcheo-line", `color-mix(in oklab, ${surface.background} 84%, ${surface.foreground})`];
    yield ["--orcheo-ink", surface.foreground];
    yield ["--orcheo-ink-soft", `color-mix(in oklab, ${surface.foreground} 72%, ${surface.background})`];
  }
}

/** Lightness of each shade in the light and in the dark scheme. */
const SHADES: readonly (readonly [name: string, light: number, dark: number])[] = [
  ["page", 99, 20],
  ["raised", 100, 24],
  ["soft", 95.5, 28],
  ["line", 90.5, 32],
  ["edge", 62, 58],
  ["ink", 25, 94],
  ["ink-soft", 49, 73],
];

function* grays(hue: number, tint: number, shade: number): Generator<[string, string]> {
  const strength = Math.min(9, Math.max(0, tint)) * 0.0028;
  for (const [name, light, dark] of SHADES) {
    // Backgrounds are made darker by the shade, text stays as readable as it is.
    const shift = name.startsWith("ink") || name === "edge" ? 0 : shade;
    // Near black and near white there is little room for a tint.
    const color = (lightness: number) =>
      `oklch(${lightness}% ${(strength * Math.min(1, (104 - lightness) / 50)).toFixed(4)} ${hue})`;
    yield [`--orcheo-${name}`, `light-dark(${color(light - shift)}, ${color(dark - shift)})`];
  }
}

/** Black or white, whichever is easier to read on a colour. */
function onColor(color: string): string {
  return `oklch(from ${color} clamp(0, (0.68 - l) * 1000, 1) 0 0)`;
}

const loaded = new Set<string>();

/** Fonts are of the whole document: a shadow tree cannot have its own. */
export function loadFonts(sources: NonNullable<NonNullable<Theme["typography"]>["fontSources"]>): void {
  for (const source of sources) {
    const key = JSON.stringify(source);
    if (loaded.has(key)) continue;
    loaded.add(key);
    const { family, src, weight, style, display, unicodeRange } = source;
    const face = new FontFace(family, `url(${JSON.stringify(new URL(src, document.baseURI).href)})`, {
      ...(weight === undefined ? {} : { weight: String(weight) }),
      ...(style === undefined ? {} : { style }),
      ...(display === undefined ? {} : { display }),
      ...(unicodeRange === undefined ? {} : { unicodeRange }),
    });
    document.fonts.add(face);
  }
}
