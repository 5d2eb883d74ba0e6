/** Fields of a widget -> values that are safe to draw. What a workflow sends may be anything. */

import type { Styles } from "../parts/styled.ts";
import type { WidgetTree } from "../protocol/wire.ts";
import { isTree } from "../state/widget-tree.ts";

/** CSS that can do no more than its property: above all it loads nothing. */
const HARMLESS = /^[\w\s.%#,()+*/-]{1,80}$/;
const HARMFUL = /url|image|src|attr|element|paint|var|env|expression|--/i;
const UNIT = 4;

export function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** One of `choices`, the first when it is none of them. */
export function oneOf<T extends string>(value: unknown, choices: readonly T[]): T {
  return choices.find((choice) => choice === value) ?? (choices[0] as T);
}

export function trees(value: unknown): WidgetTree[] {
  return (Array.isArray(value) ? value : [value]).filter(isTree);
}

function harmless(value: unknown): string | undefined {
  if (typeof value !== "string" || !HARMLESS.test(value) || HARMFUL.test(value)) return undefined;
  return /(^|[\s(,])-/.test(value) ? undefined : value;
}

/** A length: a number means pixels. */
export function length(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return `${Math.min(Math.max(0, value), 4_000)}px`;
  return harmless(value);
}

/** A space: a number means steps of 4 pixels. */
export function space(value: unknown): string | undefined {
  return typeof value === "number" ? length(value * UNIT) : harmless(value);
}

/** The four sides of a `padding` or `margin`. */
export function spaces(value: unknown, property: "padding" | "margin"): Styles {
  if (!isTree(value)) return { [property]: space(value) };
  const { top, right, bottom, left, x, y } = value;
  return {
    [`${property}-top`]: space(top ?? y),
    [`${property}-right`]: space(right ?? x),
    [`${property}-bottom`]: space(bottom ?? y),
    [`${property}-left`]: space(left ?? x),
  };
}

const HUES: Readonly<Record<string, number>> = {
  red: 25,
  orange: 55,
  yellow: 95,
  green: 150,
  blue: 255,
  purple: 300,
  pink: 350,
};
const TOKENS: Readonly<Record<string, string>> = {
  default: "var(--ink)",
  accent: "var(--accent)",
  prose: "var(--ink)",
  primary: "var(--ink)",
  emphasis: "var(--ink)",
  secondary: "var(--ink-soft)",
  tertiary: "var(--ink-soft)",
  success: "light-dark(#1d7a3f, #7fd09b)",
  warning: "light-dark(#8a5a00, #e9bd6b)",
  caution: "light-dark(#8a5a00, #e9bd6b)",
  danger: "var(--danger)",
  info: "light-dark(#1c5fb0, #8dbdf5)",
  discovery: "light-dark(#6b3fb5, #c3a6f2)",
  subtle: "var(--line)",
  strong: "var(--edge)",
  surface: "var(--raised)",
  "surface-secondary": "var(--soft)",
  "surface-tertiary": "var(--line)",
  "surface-elevated": "var(--raised)",
  "surface-elevated-secondary": "var(--soft)",
  white: "#fff",
  black: "#000",
};

/** A colour: a token of ChatKit's, a step of its palette such as `red-100`, CSS, or one for each scheme. */
export function color(value: unknown): string | undefined {
  if (isTree(value)) {
    const [light, dark] = [color(value.light), color(value.dark)];
    return light === undefined || dark === undefined ? (light ?? dark) : `light-dark(${light}, ${dark})`;
  }
  if (typeof value !== "string") return undefined;
  const token = Object.hasOwn(TOKENS, value) ? TOKENS[value] : undefined;
  return token ?? paletteColor(value) ?? harmless(value);
}

function paletteColor(name: string): string | undefined {
  const [, hueName = "", given] = /^([a-z]+)(?:-(\d{1,4}))?$/.exec(name) ?? [];
  const isGray = hueName === "gray";
  const hue = Object.hasOwn(HUES, hueName) ? HUES[hueName] : undefined;
  if (hue === undefined && !isGray) return undefined;
  const step = Math.min(1_000, Number(given ?? 500));
  const chroma = isGray ? 0.005 : 0.17 * (1 - Math.abs(step - 500) / 640);
  return `oklch(${Math.round(98 - step * 0.075)}% ${chroma.toFixed(3)} ${hue ?? 0})`;
}

function border(value: unknown): string | undefined {
  if (typeof value === "number") return value > 0 ? `${Math.min(value, 20)}px solid var(--line)` : "0";
  if (!isTree(value)) return undefined;
  const style = oneOf(value.style, [
    "solid",
    "dashed",
    "dotted",
    "double",
    "groove",
    "ridge",
    "inset",
    "outset",
  ]);
  return `${length(value.size) ?? "1px"} ${style} ${borderColor(value.color)}`;
}

function borderColor(value: unknown): string {
  return value === "default" ? "var(--line)" : (color(value) ?? "var(--line)");
}

export function borders(value: unknown): Styles {
  if (!isTree(value) || "size" in value) return { border: border(value) };
  const { top, right, bottom, left, x, y } = value;
  return {
    "border-top": border(top ?? y),
    "border-right": border(right ?? x),
    "border-bottom": border(bottom ?? y),
    "border-left": border(left ?? x),
  };
}

const RADII: Readonly<Record<string, string>> = {
  none: "0",
  "2xs": "2px",
  xs: "4px",
  sm: "6px",
  md: "8px",
  lg: "10px",
  xl: "12px",
  "2xl": "16px",
  "3xl": "20px",
  "4xl": "24px",
  full: "9999px",
  "100%": "100%",
};
const FLEX: Readonly<Record<string, string>> = {
  start: "flex-start",
  end: "flex-end",
  center: "center",
  baseline: "baseline",
  stretch: "stretch",
  between: "space-between",
  around: "space-around",
  evenly: "space-evenly",
};

function radius(value: unknown): string | undefined {
  return typeof value === "string" && Object.hasOwn(RADII, value) ? RADII[value] : undefined;
}

/** How large a block is, and what is around it. */
export function blockStyles(tree: WidgetTree): Styles {
  const { size, minSize, maxSize, flex, aspectRatio } = tree;
  return {
    width: length(tree.width ?? size),
    height: length(tree.height ?? size),
    "min-width": length(tree.minWidth ?? minSize),
    "min-height": length(tree.minHeight ?? minSize),
    "max-width": length(tree.maxWidth ?? maxSize),
    "max-height": length(tree.maxHeight ?? maxSize),
    "aspect-ratio": typeof aspectRatio === "number" ? String(aspectRatio) : harmless(aspectRatio),
    "border-radius": radius(tree.radius),
    flex: typeof flex === "number" ? String(flex) : harmless(flex),
    ...spaces(tree.margin, "margin"),
  };
}

/** How a box lays out its children. */
export function boxStyles(tree: WidgetTree, direction: "row" | "column"): Styles {
  const { wrap } = tree;
  return {
    ...blockStyles(tree),
    ...flexStyles(tree),
    ...spaces(tree.padding, "padding"),
    ...borders(tree.border),
    "flex-direction": direction,
    "flex-wrap": wrap === undefined ? undefined : oneOf(wrap, ["nowrap", "wrap", "wrap-reverse"]),
    background: color(tree.background),
  };
}

export function flexStyles({ align, justify, gap }: WidgetTree): Styles {
  return {
    "align-items": flexWord(align),
    "justify-content": flexWord(justify),
    gap: space(gap),
  };
}

function flexWord(value: unknown): string | undefined {
  return typeof value === "string" && Object.hasOwn(FLEX, value) ? FLEX[value] : undefined;
}

const WEIGHTS: Readonly<Record<string, string>> = {
  normal: "400",
  medium: "500",
  semibold: "600",
  bold: "700",
};

export function textStyles(tree: WidgetTree): Styles {
  const { weight, textAlign, maxLines, minLines } = tree;
  return {
    color: color(tree.color),
    "font-weight": typeof weight === "string" && Object.hasOwn(WEIGHTS, weight) ? WEIGHTS[weight] : undefined,
    "text-align": textAlign === undefined ? undefined : oneOf(textAlign, ["start", "center", "end"]),
    width: length(tree.width),
    "font-style": tree.italic === true ? "italic" : undefined,
    "text-decoration": tree.lineThrough === true ? "line-through" : undefined,
    "-webkit-line-clamp":
      typeof maxLines === "number" ? String(Math.max(1, Math.round(maxLines))) : undefined,
    "min-height": typeof minLines === "number" ? `${Math.min(50, minLines)}lh` : undefined,
  };
}
