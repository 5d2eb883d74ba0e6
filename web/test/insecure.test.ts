// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { copyText, newKey } from "../src/element/insecure.ts";

afterEach(() => vi.unstubAllGlobals());

test("keys need no secure context, and no two are alike", () => {
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const keys = Array.from({ length: 100 }, newKey);
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
});

test("without the clipboard's interface a text is copied by way of a selected field", async () => {
  vi.stubGlobal("navigator", {});
  const copied: string[] = [];
  document.execCommand = () => {
    const field = document.querySelector("textarea");
    copied.push(field?.value ?? "");
    return true;
  };
  expect(await copyText("an answer")).toBe(true);
  expect(copied).toEqual(["an answer"]);
  expect(document.querySelector("textarea")).toBeNull();
});

test("it is said when the browser does not allow it", async () => {
  vi.stubGlobal("navigator", { clipboard: { writeText: () => Promise.reject(new Error("no")) } });
  expect(await copyText("an answer")).toBe(false);
});
