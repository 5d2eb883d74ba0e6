import { afterEach, expect, test, vi } from "vitest";
import { coloured } from "../src/element/markdown/code-colours.ts";

afterEach(() => vi.restoreAllMocks());

/** What is drawn once the language has been loaded. */
async function drawn(language: string, text: string): Promise<unknown> {
  const found = coloured(language, text);
  return Array.isArray(found) ? found : await (found as { values: [Promise<unknown>] }).values[0];
}

test("code has colours", async () => {
  expect(await drawn("js", "let a = 1;")).toContainEqual(
    expect.objectContaining({ values: ["keyword", ["let"]] }),
  );
});

test.each([
  ["of a line", "A".repeat(500)],
  ["of a gap", `let a\n${"\n".repeat(500)}`],
])("code %s that no person wrote has none: to find them would take seconds", async (_, text) => {
  expect(await drawn("js", text)).toEqual([text]);
});

test("a language that took too long once has no colours any more", async () => {
  let moment = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (moment += 501));
  expect(await drawn("py", "def f(): pass")).not.toEqual(["def f(): pass"]);
  vi.restoreAllMocks();
  expect(await drawn("py", "def f(): pass")).toEqual(["def f(): pass"]);
  expect(await drawn("js", "let a = 1;")).not.toEqual(["let a = 1;"]);
});
