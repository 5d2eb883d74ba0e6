import { describe, expect, test } from "vitest";
import type { LookView } from "../../src/pages/canvas/models.ts";
import { lookChanges, lookOf, startForLook } from "../../src/pages/canvas/parts/look-fields.ts";
import {
  changesOf,
  formSchema,
  overwritten,
  registrationOf,
  startFor,
} from "../../src/pages/canvas/parts/workflow-fields.ts";
import {
  argumentsOf,
  choicesOf,
  exampleOf,
  faultsOf,
  kindOf,
  pairsOf,
  type Schema,
  sentOf,
  startOf,
} from "../../src/pages/canvas/schema.ts";
import { catalogue, workflow } from "./fakes.ts";

const WORDS = { needed: "needed", between: (low: number, high: number) => `${low}-${high}` };

describe("a field", () => {
  test.each<[Schema, string]>([
    [{}, ""],
    [{ default: "auto" }, "auto"],
    [{ default: 0 }, "0"],
    [{ default: false }, ""],
    [{ default: {} }, ""],
    [{ default: [] }, ""],
    [{ default: null, examples: ["a:b"] }, "a:b"],
  ])("of %j shows %j while it is empty", (schema, shown) => expect(exampleOf(schema)).toBe(shown));

  test.each<[Schema, string]>([
    [{ type: "string" }, "text"],
    [{}, "text"],
    [{ type: "string", enum: ["a"] }, "choice"],
    [{ type: ["boolean", "null"] }, "flag"],
    [{ type: "integer" }, "number"],
    [{ type: "array", items: { type: "string", enum: ["a"] } }, "choices"],
    [{ type: "array", items: { type: "string" } }, "lines"],
    [{ type: "object", additionalProperties: { type: "string" } }, "pairs"],
  ])("of %j is shown as %s", (schema, kind) => expect(kindOf(schema)).toBe(kind));

  test.each<[Schema, unknown, unknown]>([
    [{ type: "string" }, null, ""],
    [{ type: "integer" }, 5, "5"],
    [{ type: "boolean", default: true }, undefined, true],
    [{ type: "array", items: { enum: ["a"] } }, ["a"], ["a"]],
    [{ type: "array", items: {} }, ["a", "b"], "a\nb"],
    [{ type: "object" }, { a: "1", b: "2" }, "a = 1\nb = 2"],
  ])("of %j starts for %j with %j", (schema, value, start) => expect(startOf(schema, value)).toEqual(start));

  test.each<[Schema, Parameters<typeof sentOf>[1], unknown]>([
    [{ type: "string" }, "", undefined],
    [{ type: "string" }, undefined, undefined],
    [{ type: "integer" }, "12", 12],
    [{ type: "integer" }, "many", "many"],
    [{ type: "boolean" }, false, false],
    [{ type: "array", items: { enum: ["a"] } }, [], undefined],
    [{ type: "array", items: { enum: ["a"] } }, ["a"], ["a"]],
    [{ type: "array", items: {} }, " a \n\n b", ["a", "b"]],
    [{ type: "object" }, "a = 1 = 2\nb", { a: "1 = 2", b: "" }],
  ])("of %j sends %j as %j", (schema, written, sent) => expect(sentOf(schema, written)).toEqual(sent));

  test("has its choices in itself or in its entries", () => {
    expect(choicesOf({ enum: ["a", null] })).toEqual(["a"]);
    expect(choicesOf({ items: { enum: ["b"] } })).toEqual(["b"]);
    expect(choicesOf({})).toEqual([]);
  });

  test("of pairs takes each line apart at its first sign of equality", () =>
    expect(pairsOf("Costs = What = that?")).toEqual({ Costs: "What = that?" }));
});

describe("a form", () => {
  const schema: Schema = {
    properties: { name: { type: "string" }, days: { type: "integer", minimum: 1, maximum: 9 } },
    required: ["name"],
  };

  test("says what is missing and what is out of bounds", () => {
    expect(faultsOf(schema, { days: "10" }, WORDS)).toEqual({ name: "needed", days: "1-9" });
    expect(faultsOf(schema, { name: "x", days: "2.5" }, WORDS)).toEqual({ days: "1-9" });
    expect(faultsOf(schema, { name: "x", days: "many" }, WORDS)).toEqual({ days: "1-9" });
    expect(faultsOf(schema, { name: "x" }, WORDS)).toEqual({});
  });

  test("sends nothing of what was left empty", () =>
    expect(argumentsOf(schema, { name: "x", days: "", other: "y" })).toEqual({ name: "x" }));
});

describe("registering", () => {
  const written = {
    runner: "openai",
    handle: " greeter ",
    name: "",
    target: "https://models.example",
    "settings.model": "small",
    "settings.temperature": "",
    "settings.other": "of another runner",
    time_limit: "30",
    check: true,
  };

  test("sends what was written, and only settings of the chosen runner", () =>
    expect(registrationOf(catalogue, written)).toEqual({
      runner: "openai",
      handle: "greeter",
      target: "https://models.example",
      time_limit: 30,
      settings: { model: "small" },
      check: true,
    }));

  test("needs what the catalogue and the chosen runner need", () => {
    const { required } = formSchema(catalogue, false, written);
    expect(required).toEqual(["handle", "runner", "target", "settings.model"]);
    expect(formSchema(catalogue, false, { runner: "python" }).required).toEqual([
      "handle",
      "runner",
      "target",
    ]);
  });

  test("begins with the first runner, and a check", () =>
    expect(startFor(null, catalogue)).toEqual({ runner: "openai", check: true }));
});

describe("changing a workflow", () => {
  const start = startFor(workflow(), catalogue);

  test("that was not changed sends nothing", () =>
    expect(changesOf(workflow(), catalogue, start)).toEqual({}));

  test("sends what is different: an emptied number is reset, an emptied setting removed", () =>
    expect(
      changesOf(workflow(), catalogue, {
        ...start,
        name: "Greeter 2",
        time_limit: "",
        "settings.temperature": "",
        "settings.model": "large",
      }),
    ).toEqual({ name: "Greeter 2", reset: ["time_limit"], settings: { temperature: "", model: "large" } }));

  test("removes a note that was emptied", () => {
    const noted = workflow({ description: "mine" });
    expect(changesOf(noted, catalogue, { ...startFor(noted, catalogue), description: "" })).toEqual({
      description: "",
    });
  });

  test("to another runner sends its target and its own settings", () =>
    expect(changesOf(workflow(), catalogue, { ...start, runner: "python", target: "a:b" })).toEqual({
      runner: "python",
      target: "a:b",
    }));

  test("tells what somebody else has changed meanwhile of the same fields", () => {
    const now = workflow({ name: "Theirs", description: "Theirs, too", updated_at: "2026-01-02T00:00:00Z" });
    const mine = { ...start, name: "Mine" };
    expect(overwritten(workflow(), now, mine, catalogue)).toEqual([["name", "Theirs"]]);
    expect(overwritten(workflow(), workflow(), mine, catalogue)).toEqual([]);
    expect(overwritten(workflow(), now, { ...start, name: "Theirs" }, catalogue)).toEqual([]);
  });
});

describe("a look", () => {
  const look: LookView = {
    greeting: "Hello",
    prompts: [
      { label: "Costs", prompt: "What does it cost?", icon: "bolt" },
      { label: "Help", prompt: "Help me", icon: null },
    ],
    placeholder: "",
    disclaimer: "",
    accent: "#0a7f5a",
    scheme: "dark",
    contact: "",
    files: "on",
    models: [{ id: "small", label: "Small" }],
    tools: [],
  };

  test("that was not changed sends nothing", () => {
    expect(lookChanges(look, startForLook(look))).toEqual({});
    expect(lookChanges(null, startForLook(null))).toEqual({});
  });

  test("sends what is different, and removes what was taken away", () =>
    expect(
      lookChanges(look, {
        ...startForLook(look),
        greeting: "",
        prompts: "Costs = How much?\nNew = Say more",
      }),
    ).toEqual({ greeting: "", prompts: { Help: "", Costs: "How much?", New: "Say more" } }));

  test("is shown as visitors get it", () => {
    const shown = lookOf(startForLook(look));
    expect(shown).toMatchObject({ greeting: "Hello", placeholder: null, scheme: "dark", files: true });
    expect(shown.prompts).toEqual([
      { label: "Costs", prompt: "What does it cost?", icon: null },
      { label: "Help", prompt: "Help me", icon: null },
    ]);
  });
});
