import { afterEach, expect, test } from "vitest";
import { englishAs, speak } from "../src/element/language.ts";
import { fetchLanguage } from "../src/element/languages.ts";
import { exported, fileName } from "../src/element/parts/thread-export.ts";
import type { WireItem } from "../src/element/protocol/wire.ts";
import { assistantItem, userItem, wireThread } from "./fakes.ts";

afterEach(() => speak(englishAs("en")));

const thread = { ...wireThread("thr_1", []), title: "A talk", created_at: "2026-11-01T00:00:00Z" };
const items: WireItem[] = [
  {
    ...userItem("u", "Look at this"),
    quoted_text: "as\nyou said",
    attachments: [{ id: "a", name: "plan.txt" }],
  },
  assistantItem("a", "It **rains**."),
  { type: "widget", id: "w", copy_text: "A widget" },
  { type: "generated_image", id: "g", image: null },
  {
    type: "structured_input",
    id: "s",
    status: "answered",
    inputs: [{ id: "1", question: "Which?", answer: { values: ["S", "M"], skipped: false } }],
  },
];

test("a saved thread reads as a talk", () => {
  expect(exported(thread, items, "markdown")).toBe(
    "# A talk\n\n## You\n\n> as\n> you said\n\nLook at this\n\n- plan.txt\n\n## Answer\n\nIt **rains**.\n\nA widget\n\n> Which?\n\nS, M\n\n",
  );
});

test("as JSON it has all that the server said", () => {
  const { id, title, created_at } = thread;
  expect(JSON.parse(exported(thread, items, "json"))).toEqual({ id, title, created_at, items });
});

test("an answer that is not whole says so in the file, as on the page", () => {
  const ends: WireItem[] = [
    { type: "end_of_turn", id: "e", "orcheo.ending": { kind: "stopped", allow_retry: true } },
    { type: "end_of_turn", id: "f", "orcheo.ending": { kind: "failed", allow_retry: true } },
    { type: "end_of_turn", id: "h" },
  ];
  expect(exported(thread, [assistantItem("a", "Half"), ...ends], "markdown")).toBe(
    "# A talk\n\n## Answer\n\nHalf\n\n*You stopped this answer.*\n\n*The workflow could not complete this answer.*\n\n",
  );
});

test("its headings are nouns in languages that have another word on the button", async () => {
  speak(await fetchLanguage(["de"]));
  expect(exported(thread, [assistantItem("a", "Ja")], "markdown")).toBe("# A talk\n\n## Antwort\n\nJa\n\n");
});

test("sources, notices and images are in the file, and what Markdown cannot show is said", () => {
  const page = { type: "url", title: "A [page]", url: "https://example.org/a_(b)" } as const;
  const file = { type: "file", title: "Prices", filename: "docs/prices.md" } as const;
  const said = assistantItem("a", "Ten.");
  const annotations = [page, file, page].map((source) => ({ type: "annotation" as const, source }));
  const all: WireItem[] = [
    { ...said, content: said.content.map((part) => ({ ...part, annotations })) },
    { type: "widget", id: "w" },
    { type: "generated_image", id: "g", image: { id: "i", url: "https://example.org/i.png" } },
    {
      type: "end_of_turn",
      id: "n",
      "orcheo.notice": { level: "info", title: "Note", message: "Be careful" },
    },
  ];
  expect(exported(thread, all, "markdown")).toBe(
    "# A talk\n\n## Answer\n\nTen.\n\n### Sources\n\n- [A \\[page\\]](<https://example.org/a_(b)>)\n- Prices (docs/prices.md)\n\n*This part cannot be shown here.*\n\n![Image made for this answer](https://example.org/i.png)\n\n*Note: Be careful*\n\n",
  );
});

test.each([
  ["a/b:c?", "a b c"],
  ["پرسش\u200cها \u{1f469}\u200d\u{1f467}\u202e", "پرسش\u200cها \u{1f469}\u200d\u{1f467}"],
  ["\u{1f600}".repeat(90), "\u{1f600}".repeat(80)],
  ["\n", "chat"],
])("the file of a chat called %j has a name that file systems take", (title, name) => {
  expect(fileName(title)).toBe(name);
});
