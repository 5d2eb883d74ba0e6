/** What a workflow's form holds, and what of it is sent. Settings of the runner stand under `settings.` and their name. */

import type { Catalogue } from "../api.ts";
import type { WorkflowView } from "../models.ts";
import { type Schema, sentOf, startOf, type WrittenForm } from "../schema.ts";

export const SETTING = "settings.";

const PLAIN = ["handle", "name", "description", "time_limit", "history"] as const;
const RESETTABLE: readonly string[] = ["time_limit", "history"];

export function startFor(workflow: WorkflowView | null, catalogue: Catalogue): WrittenForm {
  if (workflow === null) return { runner: catalogue.runners[0]?.name ?? "", check: true };
  const { handle, name, description, runner } = workflow;
  const settings = settingsSchema(catalogue, runner.kind);
  const shown = Object.entries(runner.settings).map(([key, value]) => [
    SETTING + key,
    startOf(settings[key] ?? {}, settings[key]?.type === "boolean" ? value === "true" : value),
  ]);
  return {
    ...{ handle, name, description, runner: runner.kind, target: runner.target },
    time_limit: String(workflow.time_limit),
    history: String(workflow.history),
    ...Object.fromEntries(shown),
  };
}

/** All fields of the form at once, with what is needed of them. */
export function formSchema(catalogue: Catalogue, isEdit: boolean, written: WrittenForm): Schema {
  const { schema } = catalogue.operations.find(({ name }) => name === operationFor(isEdit)) ?? {};
  const runner = catalogue.runners.find(({ name }) => name === written.runner)?.schema;
  const settings = Object.entries(runner?.properties ?? {}).map(([name, each]) => [SETTING + name, each]);
  const needed = isEdit ? ["handle", "name", "target"] : (schema?.required ?? []);
  return {
    properties: { ...schema?.properties, ...Object.fromEntries(settings) },
    required: [...needed, ...(runner?.required ?? []).map((name) => SETTING + name)],
  };
}

function operationFor(isEdit: boolean): string {
  return isEdit ? "workflows.edit" : "workflows.add";
}

function settingsSchema(catalogue: Catalogue, kind: string): Readonly<Record<string, Schema>> {
  return catalogue.runners.find((each) => each.name === kind)?.schema.properties ?? {};
}

/** Settings of the chosen runner, as the texts that the operation takes. */
function settingsOf(catalogue: Catalogue, written: WrittenForm): Record<string, string> {
  const known = settingsSchema(catalogue, String(written.runner));
  const given = Object.entries(known).flatMap(([name, schema]) => {
    const value = sentOf(schema, written[SETTING + name]);
    const isLeftOut = value === undefined || (value === false && schema.default !== true);
    return isLeftOut ? [] : [[name, Array.isArray(value) ? value.join(",") : String(value)] as const];
  });
  return Object.fromEntries(given);
}

export function registrationOf(catalogue: Catalogue, written: WrittenForm): Record<string, unknown> {
  const schema = operationSchema(catalogue, "workflows.add");
  const plain = ["runner", "target", ...PLAIN].map(
    (name) => [name, trimmed(schema[name] ?? {}, written[name])] as const,
  );
  const settings = settingsOf(catalogue, written);
  return {
    ...Object.fromEntries(plain.filter(([, value]) => value !== undefined)),
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
    ...(written.check === true ? { check: true } : {}),
  };
}

/** Only what is different from `base`; a number that was emptied is reset, a setting that was emptied removed. */
export function changesOf(
  base: WorkflowView,
  catalogue: Catalogue,
  written: WrittenForm,
): Record<string, unknown> {
  const start = startFor(base, catalogue);
  const schema = operationSchema(catalogue, "workflows.edit");
  const changes: Record<string, unknown> = {};
  const reset: string[] = [];
  for (const name of PLAIN) {
    if (String(written[name] ?? "").trim() === String(start[name] ?? "").trim()) continue;
    const value = trimmed(schema[name] ?? {}, written[name]);
    if (value !== undefined) changes[name] = value;
    else if (RESETTABLE.includes(name)) reset.push(name);
    else changes[name] = "";
  }
  return {
    ...changes,
    ...(reset.length > 0 ? { reset } : {}),
    ...runnerChanges(base, catalogue, written),
  };
}

function runnerChanges(
  base: WorkflowView,
  catalogue: Catalogue,
  written: WrittenForm,
): Record<string, unknown> {
  const { kind, target, settings: before } = base.runner;
  const after = settingsOf(catalogue, written);
  const isOther = written.runner !== kind;
  const settings = isOther ? after : differences(before, after);
  const now = String(written.target ?? "").trim();
  return {
    ...(isOther ? { runner: written.runner } : {}),
    ...(isOther || now !== target ? { target: now } : {}),
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
  };
}

function differences(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, string> {
  const removed = Object.keys(before).filter((name) => after[name] === undefined);
  const changed = Object.entries(after).filter(([name, value]) => before[name] !== value);
  return { ...Object.fromEntries(removed.map((name) => [name, ""])), ...Object.fromEntries(changed) };
}

/** What somebody else has changed since `base`, of what is about to be changed: field, and what is there now. */
export function overwritten(
  base: WorkflowView,
  now: WorkflowView,
  written: WrittenForm,
  catalogue: Catalogue | null,
): [name: string, value: string][] {
  if (catalogue === null || base.updated_at === now.updated_at) return [];
  const [before, there] = [startFor(base, catalogue), startFor(now, catalogue)];
  return Object.keys(there).flatMap((name) => {
    const [was, is, mine] = [before, there, written].map((each) => String(each[name] ?? ""));
    return was !== is && mine !== was && mine !== is ? [[name, is ?? ""] as [string, string]] : [];
  });
}

function operationSchema(catalogue: Catalogue, name: string): Readonly<Record<string, Schema>> {
  return catalogue.operations.find((each) => each.name === name)?.schema.properties ?? {};
}

function trimmed(schema: Schema, written: WrittenForm[string] | undefined): unknown {
  return sentOf(schema, typeof written === "string" ? written.trim() : written);
}
