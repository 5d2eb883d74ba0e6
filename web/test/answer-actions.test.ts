// @vitest-environment happy-dom
import { render } from "lit";
import { expect, test, vi } from "vitest";
import { actionsTemplate, answersByEnd } from "../src/element/parts/answer-actions.ts";
import { itemViews } from "../src/element/state/from-wire.ts";
import { emptyThread } from "../src/element/state/thread-view.ts";

const acts = { answerAgain: () => {}, judge: vi.fn() };
const options = { threadItemActions: { feedback: true, retry: true } } as never;
const image = { type: "generated_image", id: "img", image: { id: "i", url: "https://example.org/i.png" } };
const text = {
  type: "assistant_message",
  id: "msg",
  content: [{ type: "output_text", text: "Here it is." }],
};

function buttonsBelow(...items: object[]): (string | null)[] {
  const thread = { thread_id: "thr_1", created_at: "2026-11-28T12:00:00+00:00" };
  const view = { ...emptyThread, items: itemViews(items.map((item) => ({ ...thread, ...item })) as never) };
  const answer = answersByEnd(view).get(view.items.at(-1)) ?? [];
  render(actionsTemplate(answer, { view, options, acts }), document.body);
  return [...document.querySelectorAll("button")].map((button) => button.getAttribute("aria-label"));
}

test("an answer that is an image can be judged and asked for once more", () => {
  expect(buttonsBelow(image)).toEqual(["Good answer", "Bad answer", "Try again"]);
});

test("of words with an image the words can be copied, too", () => {
  expect(buttonsBelow(text, image)).toEqual(["Copy the answer", "Good answer", "Bad answer", "Try again"]);
});

test("of very many parts the server is told no more than it takes", () => {
  buttonsBelow(...Array.from({ length: 120 }, (_, at) => ({ ...image, id: `img_${at}` })));
  document.querySelector<HTMLElement>("[aria-label='Good answer']")?.click();
  expect(acts.judge.mock.calls[0]?.[0]).toHaveLength(100);
});
