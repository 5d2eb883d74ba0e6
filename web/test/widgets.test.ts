// @vitest-environment happy-dom
import axe from "axe-core";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { WidgetTree } from "../src/element/protocol/wire.ts";
import { withComponent, withText } from "../src/element/state/widget-tree.ts";
import { formValues, payloadWith } from "../src/element/widgets/form-values.ts";
import type { WidgetHost } from "../src/element/widgets/host.ts";
import "../src/element/widgets/orcheo-widget.ts";
import widgets from "./widgets.json" with { type: "json" };

/** Made by OpenAI's own Python classes. */
const FIXTURES: Record<string, WidgetTree> = widgets;
const PAYLOADS: readonly unknown[] = [
  "<img src=x onerror=alert(1)>",
  '"><script>alert(1)</script>',
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "data:image/svg+xml,<svg onload=alert(1)>",
  "https://evil.example/pixel.png",
  "//evil.example/pixel.png",
  "red;background:url(https://evil.example/x)",
  "url(https://evil.example/x)",
  "image-set('https://evil.example/x' 1x)",
  "var(--x,url(//evil.example))",
  "calc(1px + expression(alert(1)))",
  "-9999px",
  "__proto__",
  "constructor",
  "../../../api/chatkit",
  "x\u0000y",
  "\u202Egnp.exe",
  -1e9,
  Number.MAX_SAFE_INTEGER,
  true,
  null,
  [],
  {},
  [[[[{}]]]],
  { type: "Text" },
  { light: "url(//evil.example)", dark: "<b>" },
  { type: "constructor", payload: { __proto__: 1 } },
];

type Widget = HTMLElement & {
  item: { id: string; widget: WidgetTree };
  host: WidgetHost;
  updateComplete: Promise<boolean>;
};

afterEach(() => document.body.replaceChildren());

async function draw(widget: WidgetTree, act: WidgetHost["act"] = async () => {}): Promise<ShadowRoot> {
  const element = document.createElement("orcheo-widget") as Widget;
  element.item = { id: "itm_1", widget };
  element.host = {
    act,
    redraw() {},
    ownOrigins: () => [],
    reached: (url) => url,
    imageDomains: () => [],
    entities: () => undefined,
  };
  document.body.append(element);
  await element.updateComplete;
  return element.shadowRoot as ShadowRoot;
}

/** What no widget may bring into the page. */
function assertHarmless(root: ShadowRoot): void {
  for (const element of root.querySelectorAll("*")) {
    expect(["SCRIPT", "IFRAME", "OBJECT", "EMBED", "STYLE", "LINK"]).not.toContain(element.tagName);
    for (const { name, value } of element.attributes) {
      expect(name.startsWith("on")).toBe(false);
      if (["href", "src"].includes(name))
        expect(value).toMatch(/^(?:https?:|mailto:|data:image\/(?:png|jpeg|gif|webp|avif);|blob:)/);
      if (name === "style")
        expect(value.replace(/url\("[^"]*\/(?:lucide|kit)-[^"]*"\)/g, "")).not.toMatch(
          /url\(|image-set|expression/i,
        );
    }
    if (element.tagName === "IMG") expect(element.getAttribute("src")).not.toContain("evil.example");
  }
}

/** The tree once for each of its fields, with something else in that field. */
function changed(tree: WidgetTree, value: unknown): WidgetTree[] {
  const { type: _type, children, ...fields } = tree;
  const own = Object.keys(fields).map((name) => ({ ...tree, [name]: value }));
  const all = (Array.isArray(children) ? children : [children].filter(Boolean)) as WidgetTree[];
  const below = all.flatMap((child, at) =>
    changed(child, value).map((next) => ({ ...tree, children: all.with(at, next) })),
  );
  return [...own, ...below];
}

describe("widgets of OpenAI's classes", () => {
  test.each(Object.entries(FIXTURES))("%s is drawn whole and is accessible", async (_name, widget) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const root = await draw(widget);
    expect(root.querySelectorAll(".unknown")).toHaveLength(0);
    expect(warn.mock.calls).toEqual([]);
    assertHarmless(root);
    const { violations } = await axe.run(root.host as HTMLElement, {
      rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
    });
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  });

  test.each(PAYLOADS.map((payload) => [payload]))(
    "%j in any field does no harm",
    { timeout: 60_000 },
    async (payload) => {
      vi.spyOn(console, "warn").mockImplementation(() => {});
      for (const widget of Object.values(FIXTURES))
        for (const next of changed(widget, payload)) {
          assertHarmless(await draw(next));
          document.body.replaceChildren();
        }
    },
  );
});

describe("a component", () => {
  test("of an unknown type leaves a placeholder and one line on the console", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const child = { type: "Hologram", value: "x" };
    const root = await draw({ type: "Card", children: [child, child, { type: "Text", value: "after" }] });
    expect(root.querySelectorAll(".unknown")).toHaveLength(2);
    expect(root.textContent).toContain("after");
    expect(warn.mock.calls).toHaveLength(1);
  });

  test("with an unknown field is drawn, with one line on the console", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const root = await draw({ type: "Card", children: [{ type: "Text", value: "x", sparkle: 1 }] });
    expect(root.querySelector(".text")?.textContent).toBe("x");
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining("sparkle")]);
  });

  test("too deep to be meant is not drawn", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    let tree: WidgetTree = { type: "Text", value: "bottom" };
    for (let depth = 0; depth < 5_000; depth += 1) tree = { type: "Box", children: [tree] };
    const root = await draw({ type: "Card", children: [tree] });
    expect(root.textContent).not.toContain("bottom");
  });

  test("named as a member of every object is unknown", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    for (const type of ["constructor", "__proto__", "toString"]) {
      const root = await draw({ type: "Card", children: [{ type }] });
      expect(root.querySelectorAll(".unknown")).toHaveLength(1);
    }
  });
});

describe("a table", () => {
  test("has heads and cells with components in them", async () => {
    const cell = (value: string) => ({ type: "Table.Cell", children: [{ type: "Text", value }] });
    const rows = [
      { type: "Table.Row", header: true, children: [cell("City"), cell("Rain")] },
      { type: "Table.Row", children: [cell("Oslo"), cell("3")] },
    ];
    const root = await draw({ type: "Card", children: [{ type: "Table", children: rows }] });
    expect([...root.querySelectorAll("th")].map((each) => each.textContent?.trim())).toEqual([
      "City",
      "Rain",
    ]);
    expect([...root.querySelectorAll("td")].map((each) => each.textContent?.trim())).toEqual(["Oslo", "3"]);
  });
});

describe("a collapsed card", () => {
  const card = { type: "Card", collapsed: true, children: [{ type: "Text", value: "Within" }] };

  test.each([
    [{}, "Show more"],
    [{ status: { text: "Order 7 is on its way", icon: "truck" } }, "Order 7 is on its way"],
  ])("with %j is closed, says what it is, and opens and closes by its summary", async (more, said) => {
    const root = await draw({ ...card, ...more });
    const details = root.querySelector("details");
    const summary = details?.querySelector("summary");
    expect(summary?.textContent?.trim()).toBe(said);
    expect(details?.open).toBe(false);
    expect(summary?.contains(root.querySelector(".box"))).toBe(false);
    expect(details?.querySelector(".box")?.textContent?.trim()).toBe("Within");
    summary?.click();
    expect(details?.open).toBe(true);
    summary?.click();
    expect(details?.open).toBe(false);
  });

  test("is one only where it says so", async () => {
    for (const collapsed of [undefined, false, "yes", 1, null])
      expect((await draw({ ...card, collapsed })).querySelector("details"), `${collapsed}`).toBeNull();
  });

  test("keeps its buttons within", async () => {
    const confirm = { label: "Send", action: { type: "send" } };
    const root = await draw({ ...card, asForm: true, confirm });
    expect(root.querySelector("form > details button")?.textContent?.trim()).toBe("Send");
  });
});

describe("an action", () => {
  const card = (config: object) => ({
    type: "Card",
    children: [{ type: "Button", label: "Go", onClickAction: { type: "go", ...config } }],
  });

  test("keeps its own button busy until it has come to its end", async () => {
    let end = () => {};
    const running = new Promise<void>((resolve) => {
      end = resolve;
    });
    const root = await draw(card({}), () => running);
    const button = () => root.querySelector("button") as HTMLButtonElement;
    button().click();
    await expect.poll(() => button().disabled).toBe(true);
    end();
    await expect.poll(() => button().disabled).toBe(false);
  });

  test.each([
    ["container", true],
    ["none", false],
  ])("with the loading behaviour %s: the widget is inert, %s", async (loadingBehavior, isInert) => {
    const root = await draw(card({ loadingBehavior }), () => new Promise(() => {}));
    (root.querySelector("button") as HTMLButtonElement).click();
    await (root.host as Widget).updateComplete;
    expect(root.querySelector(".widget")?.hasAttribute("inert")).toBe(isInert);
  });

  test("that fails says so, and can be tried again", async () => {
    const root = await draw(card({}), () => Promise.reject(new Error("no")));
    (root.querySelector("button") as HTMLButtonElement).click();
    await expect.poll(() => root.querySelector("[role=alert]")?.textContent).toContain("did not work");
    expect((root.querySelector("button") as HTMLButtonElement).disabled).toBe(false);
  });
});

describe("the values of a form", () => {
  test("lead into objects by their names, never into prototypes", () => {
    const form = document.createElement("form");
    for (const name of ["a", "b.c", "b.d", "__proto__.polluted", "constructor.x"]) {
      const input = document.createElement("input");
      input.name = name;
      input.value = name;
      form.append(input);
    }
    expect(formValues(form)).toEqual({ a: "a", b: { c: "b.c", d: "b.d" } });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("come on top of the payload", () => {
    expect(payloadWith({ id: 1, a: 0 }, { a: "x" })).toEqual({ id: 1, a: "x" });
    expect(payloadWith("text", { a: "x" })).toEqual({ a: "x" });
    expect(payloadWith("text", {})).toBe("text");
  });
});

describe("a tree", () => {
  const tree: WidgetTree = {
    type: "Card",
    children: [{ type: "Box", children: { type: "Text", id: "t", value: "a" } }],
  };

  test("takes more text where it streams", () => {
    expect(JSON.stringify(withText(tree, "t", "b", false))).toContain('"value":"ab","streaming":true');
    expect(JSON.stringify(withText(tree, "t", "b", true))).toContain('"streaming":false');
    expect(withText(tree, "nowhere", "b", true)).toEqual(tree);
  });

  test("takes another component by its id", () => {
    const next = withComponent(tree, "t", { type: "Title", value: "b" });
    expect(JSON.stringify(next)).toContain('{"type":"Title","value":"b","id":"t"}');
    expect(JSON.stringify(tree)).toContain('"value":"a"');
  });
});

describe("a widget of very much", () => {
  const counted = (root: ShadowRoot) => root.querySelectorAll("*").length;
  const chart = (rows: number, type: string) => {
    const series = Array.from({ length: 5 }, (_, at) => ({ type, dataKey: `k${at}` }));
    const values = Object.fromEntries(series.map(({ dataKey }, at) => [dataKey, at]));
    const data = Array.from({ length: rows }, (_, at) => ({ day: `Day ${at}`, ...values }));
    return { type: "Card", children: [{ type: "Chart", data, series, xAxis: "day" }] };
  };

  test.each(["bar", "line", "area"])(
    "a chart of 1,200 × 5 values (%s) has a shape for each series, and a table",
    async (type) => {
      const root = await draw(chart(1_200, type));
      expect(root.querySelectorAll("svg path").length).toBe(type === "area" ? 10 : 5);
      expect(root.querySelectorAll("rect, circle, title")).toHaveLength(0);
      expect(counted(root)).toBeLessThan(900);
      expect(root.querySelector("details > summary")?.textContent).toBe("Show more (1,200)");
      const rows = [...root.querySelectorAll("tbody th")].map(({ textContent }) => textContent);
      expect([rows[0], rows.at(-1)]).toEqual(["Day 0", "Day 1199"]);
    },
  );

  test("a chart of few values has a mark for each, and its table is for screen readers", async () => {
    const root = await draw(chart(60, "bar"));
    expect(root.querySelectorAll("rect > title")).toHaveLength(300);
    expect(root.querySelectorAll("table.spoken-only tbody tr")).toHaveLength(60);
  });

  test("a chart of more rows than are drawn says so, and draws the others when they are wanted", async () => {
    const data = Array.from({ length: 5_000 }, (_, at) => ({ a: at }));
    const root = await draw({
      ...{
        type: "Card",
        children: [{ type: "Chart", data, series: [{ type: "line", dataKey: "a" }], xAxis: "a" }],
      },
    });
    const points = () => root.querySelector("path.line")?.getAttribute("d")?.split("L").length;
    expect(points()).toBe(2_000);
    const more = root.querySelector<HTMLButtonElement>("figure > .more button");
    expect(more?.textContent).toBe("Show more (3,000)");
    more?.click();
    await new Promise((resolve) => setTimeout(resolve));
    expect(points()).toBe(5_000);
    expect(root.querySelector("figure > .more")).toBeNull();
  });

  test.each([
    ["Table", "Table.Row", "tr"],
    ["ListView", "ListViewItem", "li"],
  ])("a %s draws its two ends, and more when wanted", async (type, entry, name) => {
    const text = (at: number) => ({ type: "Text", value: `Entry ${at}` });
    const children = Array.from({ length: 2_000 }, (_, at) => ({
      type: entry,
      children: [type === "Table" ? { type: "Table.Cell", children: [text(at)] } : text(at)],
    }));
    const root = await draw(
      type === "Table" ? { type: "Card", children: [{ type, children }] } : { type, children },
    );
    expect(root.querySelectorAll(`${name}:not(.more)`)).toHaveLength(100);
    expect(root.textContent).toContain("Entry 1999");
    root.querySelector<HTMLButtonElement>(".more button")?.click();
    expect(root.querySelectorAll(`${name}:not(.more)`)).toHaveLength(200);
  });
});
