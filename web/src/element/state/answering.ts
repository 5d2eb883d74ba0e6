/** What a visitor writes or picks -> the answer to a workflow's question. */

import type { GivenAnswer } from "../protocol/wire.ts";
import type { AskedQuestion } from "./thread-view.ts";

export function pickedAnswer(values: readonly string[]): GivenAnswer {
  return { values, skipped: false };
}

/** Words that name an option are that option; any other words are an answer of the visitor's own. */
export function typedAnswer(question: AskedQuestion, text: string): GivenAnswer {
  const named = question.multiple ? text.split(/[,;\n]/).map((part) => optionNamed(question, part)) : [];
  if (named.length > 0 && named.every((option) => option !== null)) return pickedAnswer([...new Set(named)]);
  return pickedAnswer([optionNamed(question, text) ?? text]);
}

function optionNamed(question: AskedQuestion, text: string): string | null {
  const wanted = folded(text);
  return question.options.find((option) => folded(option) === wanted) ?? null;
}

function folded(text: string): string {
  return text.trim().replace(/[.!]$/, "").toLocaleLowerCase();
}
