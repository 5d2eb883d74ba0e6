// @vitest-environment happy-dom
import { LitElement, render } from "lit";
import { beforeAll, describe, expect, test } from "vitest";
import { askedTemplate } from "../src/element/parts/asked.ts";
import { foldOf } from "../src/element/parts/folded.ts";
import { withFolds } from "../src/element/parts/folded-items.ts";
import { sourcesTemplate } from "../src/element/parts/sources.ts";
import { stepsTemplate } from "../src/element/parts/steps.ts";
import { richParts, threadItemsTemplate } from "../src/element/parts/thread-items.ts";
import type { Annotation, Task, WireItem } from "../src/element/protocol/wire.ts";
import { itemViews } from "../src/element/state/from-wire.ts";
import { emptyThread, type ItemView } from "../src/element/state/thread-view.ts";
import type { WidgetHost } from "../src/element/widgets/host.ts";
import { assistantItem, userItem } from "./fakes.ts";

const HOST: WidgetHost = {
  act: async () => {},
  redraw() {},
  ownOrigins: () => [],
  reached: (url) => url,
  imageDomains: () => [],
  entities: () => undefined,
};
const MANY = 9_000;
const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));

function drawn(template: unknown, place = document.createElement("div")): HTMLElement {
  render(template, place);
  return place;
}

const more = (place: ParentNode) => place.querySelector<HTMLButtonElement>(".more > button");

describe("a long list", () => {
  test.each([
    [149, 0, null],
    [150, 0, { from: 50, count: 50 }],
    [199, 0, { from: 50, count: 50 }],
    [MANY, 0, { from: 50, count: 8_900 }],
    [MANY, 1, { from: 150, count: 8_800 }],
    [260, 1, { from: 150, count: 50 }],
    [249, 1, null],
  ])("of %i entries, after %i wishes for more, leaves out %j", (length, wishes, fold) => {
    expect(foldOf(length, wishes)).toEqual(fold);
  });

  const tasks = times(MANY, (at): Task => ({ type: "custom", title: `Step ${at}` }));
  const annotations = times(MANY, (at): Annotation => {
    const source = { type: "url", title: `Page ${at}`, url: `https://example.org/${at}` } as const;
    return { type: "annotation", source };
  });
  const question = { id: "q", question: "Which?", description: "", multiple: false, answer: null };
  const asked = (questions: (typeof question & { options: string[] })[]) =>
    askedTemplate({ kind: "asked", id: "i", status: "pending", questions }, "Bot", () => {});
  test.each<[string, unknown, string]>([
    [
      "steps",
      stepsTemplate({ kind: "steps", id: "s", status: "done", steps: { type: "custom", tasks } }, HOST),
      ".steps > li:not(.more)",
    ],
    ["sources", sourcesTemplate(annotations, HOST), "ol > li:not(.more)"],
    ["options", asked([{ ...question, options: times(MANY, (at) => `Option ${at}`) }]), ".options > button"],
    [
      "options of which several are picked",
      asked([{ ...question, multiple: true, options: times(MANY, (at) => `Option ${at}`) }]),
      ".options > label",
    ],
    [
      "questions",
      asked(
        times(MANY, (at) => ({
          ...question,
          id: `${at}`,
          options: [],
          answer: { values: ["a"], skipped: false } as never,
        })),
      ),
      ".prose",
    ],
  ])("of %s draws its two ends, and more when wanted", (_, template, entry) => {
    const place = drawn(template);
    document.body.append(place);
    const entries = () => [...place.querySelectorAll(entry)];
    expect(entries()).toHaveLength(100);
    expect(entries().at(-1)?.textContent).not.toBe("");
    expect(more(place)?.textContent).toBe("Show more (8,900)");
    const first = entries()[50];
    more(place)?.click();
    expect(entries()).toHaveLength(200);
    expect(entries()[150]).toBe(first);
    expect(more(place)?.textContent).toBe("Show more (8,800)");
    place.remove();
  });

  test("gives the focus to what is new", async () => {
    const place = drawn(
      stepsTemplate({ kind: "steps", id: "s", status: "done", steps: { type: "custom", tasks } }, HOST),
    );
    document.body.append(place);
    more(place)?.focus();
    more(place)?.click();
    await Promise.resolve();
    expect(document.activeElement?.textContent).toContain("Step 50");
    place.remove();
  });
});

describe("an answer of very many parts", () => {
  const images = times(
    5_000,
    (at): WireItem => ({
      ...{ type: "generated_image", id: `img_${at}` },
      image: { id: "x", url: "data:image/gif;base64,R0lGODlhAQABAAAAACw=" },
    }),
  );
  const items = itemViews([
    userItem("u1", "First"),
    assistantItem("a1", "Short"),
    userItem("u2", "Many"),
    assistantItem("a2", "Here they are"),
    ...images,
    assistantItem("a3", "These were all"),
  ]);

  class Host extends LitElement {
    override render() {
      return threadItemsTemplate({
        view: { ...emptyThread, items },
        options: { api: { url: "", domainKey: "" } },
        answerer: "Bot",
        host: { ...HOST, redraw: () => this.requestUpdate() },
        canEdit: true,
        secondsWaited: 0,
        acts: { answer() {}, answerAgain() {}, judge() {}, edit() {} },
      });
    }
  }
  customElements.define("test-host", Host);

  beforeAll(() => new Promise<void>((resolve) => void (richParts.get(resolve) && resolve())));

  test("is drawn with its two ends, and all of what was said around it", async () => {
    const host = document.createElement("test-host") as Host;
    document.body.append(host);
    await host.updateComplete;
    const root = host.shadowRoot as ShadowRoot;
    const figures = () => [...root.querySelectorAll("figure")];
    expect(figures().length).toBeLessThan(150);
    expect(root.textContent).toContain("First");
    expect(root.textContent).toContain("Here they are");
    expect(root.textContent).toContain("These were all");
    const [before] = figures();
    const count = figures().length;
    more(root)?.click();
    await host.updateComplete;
    await Promise.resolve();
    expect(figures()).toHaveLength(count + 100);
    expect(figures()[0]).toBe(before);
    expect(root.activeElement?.localName).toBe("figure");
    host.remove();
  });

  test("says how many are left, and all that the visitor said is drawn", () => {
    const shown = withFolds(items, HOST);
    const left = items.length - shown.filter(({ kind }) => kind !== "folded").length;
    const fold = shown.find(({ kind }) => kind === "folded");
    expect(drawn((fold as { template: unknown }).template).textContent).toContain(
      `(${left.toLocaleString("en")})`,
    );
    const said = (list: readonly { kind: string }[]) => list.filter(({ kind }) => kind === "question");
    expect(said(shown)).toEqual(said(items));
    const short: ItemView[] = itemViews([userItem("u", "Hi"), assistantItem("a", "Yes")]);
    expect(withFolds(short, HOST)).toEqual(short);
  });
});
