/** Draws the workflow's questions: what was asked and answered, and what can be picked now. */

import { html, nothing, type TemplateResult } from "lit";
import { renderMarkdown } from "../markdown/render.ts";
import type { GivenAnswer } from "../protocol/wire.ts";
import { pickedAnswer } from "../state/answering.ts";
import { type AskedQuestion, type AskedView, currentQuestion } from "../state/thread-view.ts";
import { strings } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import { folded } from "./folded.ts";

const skippedAnswer: GivenAnswer = { values: [], skipped: true };

/** `answer` is null where nothing can be answered at the moment. */
export function askedTemplate(
  asked: AskedView,
  answerer: string,
  answer: ((given: GivenAnswer) => void) | null,
): TemplateResult {
  const current = currentQuestion(asked);
  const last = current === null ? asked.questions.length : asked.questions.indexOf(current) + 1;
  const shown = asked.questions.slice(0, last);
  return html`<article class="answer asked" data-role="assistant" data-status=${asked.status} tabindex="-1">
    <h2 class="spoken-only">${answerer}</h2>
    ${folded(shown, (question) => [
      questionTemplate(question),
      question === current && answer !== null ? choiceTemplate(question, answer) : nothing,
    ])}
  </article>`;
}

function questionTemplate({ question, description, answer }: AskedQuestion): TemplateResult {
  const text = [question, description].filter(Boolean).join("\n\n");
  return html`<div class="prose">${renderMarkdown(text, { streaming: false, headingLevel: 3 })}</div>
    ${answer === null ? nothing : givenTemplate(answer)}`;
}

function givenTemplate({ values, skipped }: GivenAnswer): TemplateResult {
  if (skipped) return html`<p class="skipped">${laterStrings.skipped}</p>`;
  return html`<p class="bubble" data-role="given"><span class="spoken-only">${strings.you}: </span>${values.join(", ")}</p>`;
}

function choiceTemplate(question: AskedQuestion, answer: (given: GivenAnswer) => void): TemplateResult {
  const skip = html`<button type="button" class="plain" @click=${() => answer(skippedAnswer)}>${laterStrings.skip}</button>`;
  const pick = question.multiple ? severalTemplate(question, answer) : oneTemplate(question, answer);
  return html`<div class="choice">${question.options.length === 0 ? nothing : pick}${skip}</div>`;
}

function oneTemplate(
  { question, options }: AskedQuestion,
  answer: (given: GivenAnswer) => void,
): TemplateResult {
  const option = (value: string) =>
    html`<button type="button" class="quiet" dir="auto" @click=${() => answer(pickedAnswer([value]))}>${value}</button>`;
  return html`<div class="options" role="group" aria-label=${question}>${folded(options, option)}</div>`;
}

function severalTemplate(
  { question, options }: AskedQuestion,
  answer: (given: GivenAnswer) => void,
): TemplateResult {
  const submitted = (submit: SubmitEvent) => {
    submit.preventDefault();
    const picked = new FormData(submit.target as HTMLFormElement).getAll("option").map(String);
    if (picked.length > 0) answer(pickedAnswer(picked));
  };
  const option = (value: string) =>
    html`<label class="quiet" dir="auto"><input type="checkbox" name="option" value=${value} />${value}</label>`;
  return html`<form @submit=${submitted}>
    <div class="options" role="group" aria-label=${question}>${folded(options, option)}</div>
    <button class="solid">${laterStrings.answer}</button>
  </form>`;
}
