/** What the form of a look holds, what of it is sent, and what it would look like. */

import type { Look } from "../../chat/look.ts";
import type { LookView } from "../models.ts";
import { pairsOf, type WrittenForm } from "../schema.ts";

export const LOOK_FIELDS = [
  "greeting",
  "prompts",
  "placeholder",
  "disclaimer",
  "accent",
  "scheme",
  "contact",
  "files",
  "models",
  "tools",
] as const;
const PAIRS: readonly string[] = ["prompts", "models", "tools"];

export function startForLook(look: LookView | null): WrittenForm {
  const lines = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map((each) => each.join(" = ")).join("\n");
  return {
    greeting: look?.greeting ?? "",
    prompts: lines((look?.prompts ?? []).map(({ label, prompt }) => [label, prompt])),
    placeholder: look?.placeholder ?? "",
    disclaimer: look?.disclaimer ?? "",
    accent: look?.accent ?? "",
    scheme: look?.scheme ?? "auto",
    contact: look?.contact ?? "",
    files: look?.files ?? "off",
    models: lines((look?.models ?? []).map(({ id, label }) => [id, label])),
    tools: lines((look?.tools ?? []).map(({ id, label }) => [id, label])),
  };
}

/** Only what is different; an empty text removes. */
export function lookChanges(look: LookView | null, written: WrittenForm): Record<string, unknown> {
  const start = startForLook(look);
  return Object.fromEntries(
    LOOK_FIELDS.flatMap((name) => {
      const [before, after] = [String(start[name] ?? ""), String(written[name] ?? "").trim()];
      if (before === after) return [];
      return [[name, PAIRS.includes(name) ? pairChanges(pairsOf(before), pairsOf(after)) : after] as const];
    }),
  );
}

function pairChanges(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, string> {
  const removed = Object.keys(before).filter((name) => after[name] === undefined);
  const changed = Object.entries(after).filter(([name, value]) => before[name] !== value);
  return { ...Object.fromEntries(removed.map((name) => [name, ""])), ...Object.fromEntries(changed) };
}

/** As the chat page gets it; the server makes both accents readable, which a preview does not. */
export function lookOf(written: WrittenForm): Partial<Look> {
  const text = (name: string) => String(written[name] ?? "").trim() || null;
  const pairs = (name: string) => Object.entries(pairsOf(String(written[name] ?? "")));
  return {
    greeting: text("greeting"),
    prompts: pairs("prompts").map(([label, prompt]) => ({ label, prompt, icon: null })),
    placeholder: text("placeholder"),
    disclaimer: text("disclaimer"),
    scheme: (text("scheme") ?? "auto") as Look["scheme"],
    files: text("files") === "on",
    models: pairs("models").map(([id, label]) => ({ id, label })),
    tools: pairs("tools").map(([id, label]) => ({ id, label, icon: null })),
  };
}
