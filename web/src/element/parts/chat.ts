/** Draws the whole chat: header, log, composer, and what is said about the turn. */

import { html, nothing, type TemplateResult } from "lit";
import type { GivenAnswer } from "../protocol/wire.ts";
import { pendingQuestions, shownFailure, type ThreadView } from "../state/thread-view.ts";
import { strings } from "../strings.ts";
import type { ComposerMode } from "./composer.ts";
import { failureSentence, failureTemplate } from "./failure-notice.ts";
import { closedIcon, downIcon, newChatIcon } from "./icons.ts";
import { threadItemsTemplate } from "./thread-items.ts";

interface ChatActs {
  send(text: string): void;
  answer(given: GivenAnswer): void;
  write(text: string): void;
  hold(): void;
  keyPressed(key: KeyboardEvent): void;
  stop(): void;
  retry(): void;
  startNew(): void;
  showEarlier(): void;
  toEnd(): void;
  scrolled(): void;
}

export interface ChatDrawing {
  view: ThreadView;
  title: string;
  loginUrl: string | null;
  secondsLeft: number;
  /** How long the visitor has seen nothing but progress. */
  secondsWaited: number;
  messageLimit: number;
  /** True after the visitor tried to send what cannot be sent yet. */
  isHeld: boolean;
  isAtEnd: boolean;
  acts: ChatActs;
}

export function chatTemplate(drawing: ChatDrawing): TemplateResult {
  return html`<div class="chat" data-empty=${isEmpty(drawing.view)} @keydown=${drawing.acts.keyPressed}>
    ${headerTemplate(drawing)} ${logTemplate(drawing)}
    <footer class="foot">
      <div class="column">
        ${drawing.isAtEnd ? nothing : jumpTemplate(drawing.acts)}
        <p class="status" role="status" data-shown=${isStatusShown(drawing)}>${statusText(drawing)}</p>
        ${drawing.view.closed === null ? composerTemplate(drawing) : closedTemplate(drawing)}
      </div>
    </footer>
  </div>`;
}

function isEmpty(view: ThreadView): boolean {
  return view.items.length === 0 && view.turn === "idle" && shownFailure(view) === null;
}

function headerTemplate({ view, title, acts }: ChatDrawing): TemplateResult {
  const isNew = view.items.length === 0 || view.closed !== null;
  const button = html`<button type="button" class="quiet" @click=${acts.startNew} aria-label=${strings.newChat}>
      ${newChatIcon}<span class="wide-only">${strings.newChat}</span>
    </button>`;
  return html`<header class="bar">
    <h1 dir="auto" title=${title}>${title}</h1>
    ${isNew ? nothing : button}
  </header>`;
}

function logTemplate({ view, title, secondsLeft, secondsWaited, acts }: ChatDrawing): TemplateResult {
  const isBusy = view.turn !== "idle";
  const failure = shownFailure(view);
  const label = strings.conversation;
  // Busy while an answer grows, so that a screen reader reads it once, whole.
  return html`<div class="scroller" tabindex="0" role="log" aria-label=${label} aria-busy=${isBusy} @scroll=${acts.scrolled}>
    <div class="column log">
      ${view.earlier === null ? nothing : earlierTemplate(acts)}
      ${isEmpty(view) ? emptyTemplate() : threadItemsTemplate(view, title, acts.answer, secondsWaited)}
      ${failure === null ? nothing : failureTemplate(failure, secondsLeft, acts)}
      <p class="disclaimer">${strings.disclaimer}</p>
    </div>
  </div>`;
}

function earlierTemplate(acts: ChatActs): TemplateResult {
  return html`<button type="button" class="quiet earlier" @click=${acts.showEarlier}>${strings.showEarlier}</button>`;
}

function emptyTemplate(): TemplateResult {
  return html`<div class="empty">
    <p class="greeting">${strings.greeting}</p>
    <p>${strings.greetingHint}</p>
  </div>`;
}

function jumpTemplate(acts: ChatActs): TemplateResult {
  const label = strings.jumpToLatest;
  return html`<button type="button" class="jump" aria-label=${label} title=${label} @click=${acts.toEnd}>${downIcon}</button>`;
}

function composerTemplate({ view, secondsLeft, messageLimit, acts }: ChatDrawing): TemplateResult {
  return html`<orcheo-composer
      .mode=${composerMode(view, secondsLeft)}
      .limit=${messageLimit}
      .placeholder=${pendingQuestions(view) === null ? strings.messagePlaceholder : strings.answerPlaceholder}
      @composer-send=${(sent: CustomEvent<{ text: string }>) => acts.send(sent.detail.text)}
      @composer-change=${(changed: CustomEvent<{ text: string }>) => acts.write(changed.detail.text)}
      @composer-held=${acts.hold}
      @composer-stop=${acts.stop}
    ></orcheo-composer>
    <p class="disclaimer">${strings.disclaimer}</p>`;
}

function composerMode(view: ThreadView, secondsLeft: number): ComposerMode {
  const isLimited = view.failure?.kind === "rate-limited" && secondsLeft > 0;
  if (view.turn === "idle") return isLimited ? "waiting" : "ready";
  return view.turn === "running" && view.canStop ? "answering" : "unstoppable";
}

function closedTemplate({ view, loginUrl }: ChatDrawing): TemplateResult {
  const isLogin = view.closed === "login";
  const link =
    isLogin && loginUrl !== null ? html`<a class="solid" href=${loginUrl}>${strings.signIn}</a>` : nothing;
  return html`<div class="closed" role="alert">
    ${closedIcon}
    <div>
      <strong>${isLogin ? strings.loginEndedTitle : strings.closedTitle}</strong>
      <p>${isLogin ? strings.loginEndedText : strings.closedText}</p>
    </div>
    ${link}
  </div>`;
}

function isStatusShown({ view, isHeld }: ChatDrawing): boolean {
  return view.connection === "reconnecting" || isHeld;
}

/** The one sentence a screen reader hears about the turn; seen on screen only while it matters to everybody. */
function statusText({ view, isHeld }: ChatDrawing): string {
  if (isHeld) return view.turn === "idle" ? strings.heldWaiting : strings.heldAnswering;
  if (view.connection === "reconnecting") return strings.statusReconnecting;
  if (view.turn === "stopping") return strings.statusStopping;
  if (view.turn === "running") return view.progress || strings.statusAnswering;
  const failure = shownFailure(view);
  if (failure !== null) return failureSentence(failure);
  if (pendingQuestions(view) !== null) return strings.statusAsked;
  const last = view.items.at(-1);
  return last === undefined || last.kind === "question" ? "" : strings.statusDone;
}
