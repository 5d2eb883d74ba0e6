/** What went wrong, by its code, and what to do next. */

import { html, nothing, type TemplateResult } from "lit";
import { ConnectionError, ProblemError } from "../../../element/protocol/problem.ts";
import { isEnded } from "../api.ts";
import type { App } from "../app.ts";
import { words } from "../strings.ts";

/** `again`: what the owner can try; null where that makes no sense. */
export function failureNotice(error: unknown, app: App, again: (() => void) | null): TemplateResult {
  const { title, text, hint, code, needsSignIn } = told(error);
  return html`<div class="notice" role="alert" data-level="danger" data-code=${code}>
    <strong dir="auto">${title}</strong>
    ${text === "" ? nothing : html`<p dir="auto">${text}</p>`} ${hint === "" ? nothing : html`<p dir="auto">${hint}</p>`}
    <div class="row">
      ${needsSignIn ? html`<button type="button" class="quiet" @click=${() => app.offerSignIn()}>${words.signIn}</button>` : nothing}
      ${again === null ? nothing : html`<button type="button" class="quiet" @click=${again}>${words.tryAgain}</button>`}
    </div>
  </div>`;
}

/** Whether what was asked for is not there, so that asking again makes no sense. */
export function isGone(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.status === 404;
}

interface Told {
  title: string;
  text: string;
  hint: string;
  code: string;
  needsSignIn: boolean;
}

function told(error: unknown): Told {
  if (error instanceof ConnectionError)
    return { title: words.lostTitle, text: words.lostText, hint: "", code: "connection", needsSignIn: false };
  if (!(error instanceof ProblemError))
    return { title: words.brokenTitle, text: words.brokenText, hint: "", code: "broken", needsSignIn: false };
  const { code, detail, hint, told: whole } = error.problem;
  if (isEnded(error))
    return { title: words.endedTitle, text: words.endedText, hint: "", code, needsSignIn: true };
  if (code === "scope_missing")
    return { title: words.scopeTitle, text: detail, hint: words.scopeHint, code, needsSignIn: true };
  if (code === "workflow_not_found")
    return { title: words.goneTitle, text: words.goneText, hint: "", code, needsSignIn: false };
  if (code === "thread_not_found")
    return { title: words.threadGoneTitle, text: words.threadGoneText, hint: "", code, needsSignIn: false };
  if (code === "concurrent_change")
    return { title: words.changedTitle, text: words.changedText, hint: "", code, needsSignIn: false };
  const title = detail || (typeof whole.title === "string" ? whole.title : "") || words.brokenTitle;
  return { title, text: hint, hint: "", code, needsSignIn: false };
}

/** What the server says of each field, by its name; `settings.model` stays whole. */
export function fieldFaults(error: unknown): Record<string, string> {
  if (!(error instanceof ProblemError) || !Array.isArray(error.problem.told.errors)) return {};
  const named = error.problem.told.errors.filter(isFieldError);
  return Object.fromEntries(
    named.map(({ path, message }) => [path.replace(/\[\d+\]$/, ""), sentence(message)]),
  );
}

function isFieldError(value: unknown): value is { path: string; message: string } {
  const { path, message } = (value ?? {}) as Record<string, unknown>;
  return typeof path === "string" && typeof message === "string";
}

function sentence(message: string): string {
  const ended = /[.!?]$/.test(message) ? message : `${message}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}
