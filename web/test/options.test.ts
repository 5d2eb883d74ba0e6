// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { checkOptions, targetOf } from "../src/element/options.ts";
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

describe("an icon", () => {
  test.each([
    ["lucide:bot", "lucide-0-bot"],
    ["agent", "kit-0-agent"],
    ["sidebar-left", "kit-0-sidebar-left"],
  ])("%s is the file %s", (name, file) => {
    expect(iconAddress(name)).toMatch(new RegExp(`/${file}\\.svg$`));
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
