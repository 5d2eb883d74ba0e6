// @vitest-environment happy-dom
import { describe, expect, test, vi } from "vitest";
import "../src/element/orcheo-chat.ts";
import { iconNames } from "../icon-names.ts";
import { ownServer } from "../src/element/home.ts";
import { type ChatOptions, checkOptions, narrowed, targetOf } from "../src/element/options.ts";
import { iconAddress } from "../src/element/parts/icon.ts";
import { faultOf } from "../src/element/parts/uploads.ts";

const api = { url: "/api/chatkit", domainKey: "key" };

function check(options: unknown) {
  const wrong: string[] = [];
  return { checked: checkOptions(options, (path) => wrong.push(path)), wrong };
}

describe("options", () => {
  test("of the right types stay as they are, unknown ones too", () => {
    const options = {
      api,
      theme: { colorScheme: "dark", typography: { baseSize: 17 } },
      header: { leftAction: { icon: "home", onClick: () => undefined } },
      startScreen: { prompts: [{ label: "Hi", prompt: "Hello", icon: "star" }] },
      composer: { tools: [{ id: "a", label: "A", icon: "globe" }] },
      initialThread: null,
      later: 1,
    };
    const { checked, wrong } = check(options);
    expect(wrong).toEqual([]);
    expect(checked).toEqual(options);
  });

  test.each([
    [{ api, locale: 7 }, ["locale"]],
    [{ api, theme: [] }, ["theme"]],
    [{ api, header: { enabled: "yes" } }, ["header.enabled"]],
    [{ api, composer: { tools: [{ id: "a" }] } }, ["composer.tools[0].label"]],
    [{ api, startScreen: { prompts: [{ label: 1, prompt: "x" }] } }, ["startScreen.prompts[0].label"]],
    [{ api, onClientTool: {} }, ["onClientTool"]],
    [{ api, history: null, disclaimer: "text" }, ["history", "disclaimer"]],
  ])("%o is named as wrong and left out", (options, names) => {
    const { checked, wrong } = check(options);
    expect(wrong).toEqual(names);
    expect(checked?.api).toEqual(api);
    expect(JSON.stringify(checked)).not.toContain("yes");
  });

  test.each([undefined, null, "x", {}, { api: 3 }])("%o is nothing to work with", (options) => {
    const { checked, wrong } = check(options);
    expect(checked).toBeNull();
    expect(wrong).toHaveLength(1);
  });

  test("name the server in both of ChatKit's ways", () => {
    const getClientSecret = async () => "grant";
    expect(targetOf({ getClientSecret }, "https://chat.example")).toMatchObject({
      url: "https://chat.example/api/chatkit",
      getClientSecret,
      uploadStrategy: { type: "two_phase" },
    });
    expect(targetOf(api, "https://chat.example")).toMatchObject({
      url: "/api/chatkit",
      getClientSecret: null,
    });
  });
});

test("an option of the wrong type is told once by its name, however often options are set", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const chat = document.createElement("orcheo-chat") as HTMLElement & { setOptions(options: unknown): void };
  const told: unknown[] = [];
  chat.addEventListener("chatkit.log", (event) => told.push((event as CustomEvent).detail));
  for (const placeholder of [1, 2, 1]) chat.setOptions({ api, composer: { placeholder } });
  chat.setOptions({ api, frameTitle: 1 });
  const [first, second] = ["composer.placeholder", "frameTitle"].map(
    (path) => `[orcheo] The option ${path} must be: string. It is left out.`,
  );
  expect(warn.mock.calls).toEqual([[first], [second]]);
  expect(told).toMatchObject(
    ["composer.placeholder", "frameTitle"].map((option) => ({ name: "option.invalid", data: { option } })),
  );
  warn.mockRestore();
});

describe("what the page's server has switched off", () => {
  const given = {
    api: {},
    history: { enabled: true, showDelete: true },
    composer: { placeholder: "Ask", attachments: { enabled: true } },
  } as unknown as ChatOptions;

  test("is left out of the options, and nothing else", () => {
    expect(narrowed(given, [])).toEqual(given);
    expect(narrowed(given, ["history", "later"])).toEqual({ ...given, history: { enabled: false } });
    expect(narrowed(given, ["file_upload"]).composer).toEqual({
      placeholder: "Ask",
      attachments: { enabled: false },
    });
  });
});

describe("an icon", () => {
  test.each([
    ["lucide:bot", "lucide-0-bot"],
    ["agent", "kit-0-agent"],
    ["sidebar-left", "kit-0-sidebar-left"],
  ])("%s is the file %s", (name, file) => {
    expect(iconAddress(name)).toMatch(new RegExp(`/${file}\\.svg$`));
  });

  test("of each built-in name is a file of the server that the script comes from", () => {
    expect(iconNames.length).toBeGreaterThanOrEqual(60);
    for (const [name, lucide] of iconNames)
      for (const each of [name, `lucide:${lucide}`])
        expect(new URL(iconAddress(each) ?? "", location.href).origin, each).toBe(ownServer());
  });

  test.each(["lucide:../../x", "a/b", "", "javascript:x", "vendor:x", 'x")', "constructor\u0000"])(
    "%j is none",
    (name) => {
      expect(iconAddress(name)).toBeNull();
    },
  );
});

describe("a file", () => {
  const file = (name: string, type: string, size = 10) => ({ name, type, size }) as unknown as File;

  test.each([
    [file("a.png", "image/png"), { accept: { "image/*": [".png"] } }],
    [file("a.PDF", ""), { accept: { "application/pdf": [".pdf"] } }],
    [file("a.txt", "text/plain", 20), { maxSize: { "image/*": 1, "*": 30 } }],
    [file("a.txt", "text/plain", 20), { maxSize: 20 }],
  ])("%o is taken under %o", (given, rules) => {
    expect(faultOf(given, { enabled: true, ...rules })).toBeNull();
  });

  test.each([
    [file("a.exe", "application/x-msdownload"), { accept: { "image/*": [".png"] } }, "cannot be added"],
    [file("a.png", "image/png", 20), { maxSize: { "image/*": 10 } }, "too large"],
    [file("a.png", "image/png", 20), { maxSize: { "image/png": 10, "image/*": 99 } }, "too large"],
  ])("%o is refused under %o", (given, rules, words) => {
    expect(faultOf(given, { enabled: true, ...rules })).toContain(words);
  });
});
