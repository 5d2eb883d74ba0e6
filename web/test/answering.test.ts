import { describe, expect, test } from "vitest";
import { typedAnswer } from "../src/element/state/answering.ts";
import type { AskedQuestion } from "../src/element/state/thread-view.ts";

const sizes: AskedQuestion = {
  id: "q1",
  question: "Which size?",
  description: "",
  options: ["S", "M", "Extra large"],
  multiple: false,
  answer: null,
};

describe("a typed answer", () => {
  test.each([
    ["s", ["S"]],
    [" extra LARGE. ", ["Extra large"]],
    ["none of them", ["none of them"]],
    ["S, M", ["S, M"]],
  ])("%j to one choice is %j", (text, values) => {
    expect(typedAnswer(sizes, text)).toEqual({ values, skipped: false });
  });

  test.each([
    ["S, m", ["S", "M"]],
    ["s; s", ["S"]],
    ["extra large", ["Extra large"]],
    ["S, and what fits", ["S, and what fits"]],
  ])("%j to several choices is %j", (text, values) => {
    expect(typedAnswer({ ...sizes, multiple: true }, text)).toEqual({ values, skipped: false });
  });

  test("to a question without options is what was written", () => {
    expect(typedAnswer({ ...sizes, options: [] }, "yes, please")).toEqual({
      values: ["yes, please"],
      skipped: false,
    });
  });
});
