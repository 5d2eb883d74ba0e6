/** Draws the whole chat: header, log, composer, and what is said about the turn. */

import type { UserMessageContent } from "@openai/chatkit";
import { html, nothing, type TemplateResult } from "lit";
import { spokenLanguage } from "../language.ts";
import { renderMarkdown } from "../markdown/render.ts";
import type { ChatOptions, Target } from "../options.ts";
import type { ChatClient } from "../protocol/chat-client.ts";
import type { GivenAnswer } from "../protocol/wire.ts";
import { isShutOut } from "../state/failure.ts";
import { pendingQuestions, shownFailure, type ThreadView } from "../state/thread-view.ts";
import { strings } from "../strings.ts";
import type { WidgetHost } from "../widgets/host.ts";
import type { ComposerMode, ComposerSetup, Written } from "./composer.ts";
import { failureSentence, failureTemplate } from "./failure-notice.ts";
import { iconTemplate } from "./icon.ts";
import { closedIcon, downIcon, newChatIcon } from "./icons.ts";
import { threadItemsTemplate } from "./thread-items.ts";

interface ChatActs {
  send(written: Written): void;
  prompt(content: string | UserMessageContent[]): void;
  answer(given: GivenAnswer): void;
  write(text: string): void;
  toolChosen(toolId: string | null): void;
  hold(): void;
  keyPressed(key: KeyboardEvent): void;
  clicked(click: Event): void;
  selected(): void;
  stop(): void;
  retry(): void;
  answerAgain(): void;
  edit(text: string): void;
  judge(itemIds: readonly string[], kind: "positive" | "negative"): void;
  startNew(): void;
  openThread(threadId: string): void;
  threadRetitled(threadId: string, title: string): void;
  threadDeleted(threadId: string): void;
  /** The server has another title for it now, or has it no longer. */
  threadChanged(threadId: string): void;
  showHistory(): void;
  hideHistory(): void;
  showEarlier(): void;
  toEnd(): void;
  scrolled(): void;
}

export interface ChatDrawing {
  view: ThreadView;
  options: ChatOptions;
  client: ChatClient | null;
  target: Target | null;
  secondsLeft: number;
  /** How long the visitor has seen nothing but progress. */
  secondsWaited: number;
  /** True after the visitor tried to send what cannot be sent yet. */
  isHeld: boolean;
  isAtEnd: boolean;
  /** Whether something has come since the end was in sight. */
  hasNews: boolean;
  isHistoryOpen: boolean;
  /** The server has other scripts by now than those that this page would load. */
  isOutdated: boolean;
  /** Whether the server lets visitors change their last message. */
  canEdit: boolean;
  /** What is written and not sent. */
  draft: string;
  quoteButton: TemplateResult | typeof nothing | undefined;
  host: WidgetHost;
  acts: ChatActs;
}

export function chatTemplate(drawing: ChatDrawing): TemplateResult {
  const { view, options, acts, isHistoryOpen } = drawing;
  const title = options.frameTitle;
  const { locale, dir } = spokenLanguage();
  return html`<div
    class="chat"
    lang=${locale}
    dir=${dir}
    role=${title === undefined ? nothing : "region"}
    aria-label=${title ?? nothing}
    data-empty=${isEmpty(view) && !isHistoryOpen}
    @keydown=${acts.keyPressed}
    @click=${acts.clicked}
  >
    ${options.header?.enabled === false ? nothing : headerTemplate(drawing)}
    ${isHistoryOpen ? historyTemplate(drawing) : nothing} ${logTemplate(drawing)}
    <footer class="foot" ?inert=${isHistoryOpen}>
      <div class="column">
        ${drawing.isAtEnd ? nothing : jumpTemplate(drawing)}
        <p class="status" role="status" data-shown=${isStatusShown(drawing)}>${statusText(drawing)}</p>
        ${footTemplate(drawing)}
      </div>
    </footer>
    ${drawing.quoteButton}
  </div>`;
}

function isEmpty(view: ThreadView): boolean {
  return view.items.length === 0 && view.turn === "idle" && shownFailure(view) === null;
}

function headerTemplate(drawing: ChatDrawing): TemplateResult {
  const { view, options, acts, isHistoryOpen } = drawing;
  const { title: own } = options.header ?? {};
  const title = own?.enabled === false ? "" : (own?.text ?? view.title);
  const isNew = view.items.length === 0 || view.closed !== null;
  const newChat = html`<button type="button" class="quiet" @click=${acts.startNew} aria-label=${strings.newChat}>
      ${newChatIcon}<span class="wide-only">${strings.newChat}</span>
    </button>`;
  return html`<header class="bar">
    ${ownButton(options.header?.leftAction)}
    ${title === "" && !isHistoryOpen ? html`<i></i>` : html`<h1 dir="auto" title=${title}>${isHistoryOpen ? html`<span>${strings.history}</span>` : title}</h1>`}
    ${isNew || isHistoryOpen ? nothing : newChat} ${historyButton(drawing)}
    ${ownButton(options.header?.rightAction)}
  </header>`;
}

function historyButton({ view, options, acts, isHistoryOpen }: ChatDrawing): TemplateResult | typeof nothing {
  if (options.history?.enabled === false || view.closed !== null) return nothing;
  if (isHistoryOpen) return headerButton("close", strings.closeHistory, acts.hideHistory);
  return headerButton("history", strings.history, acts.showHistory);
}

/** A button of the page's; its icon is all that says what it is for. */
function ownButton(
  action: { icon: string; onClick: () => void; label?: () => string } | undefined,
): TemplateResult | typeof nothing {
  if (action === undefined) return nothing;
  const label = action.label?.() ?? action.icon.replaceAll("-", " ");
  return headerButton(action.icon, label, () => action.onClick());
}

function headerButton(icon: string, label: string, act: () => void): TemplateResult {
  return html`<button type="button" class="bare" aria-label=${label} title=${label} @click=${act}>
    ${iconTemplate(icon)}
  </button>`;
}

function historyTemplate({ options, client, view, isOutdated, acts }: ChatDrawing): TemplateResult {
  if (customElements.get("orcheo-history") === undefined)
    return html`<div class="history"><div class="failure" role="alert">
      <p>${isOutdated ? strings.outdated : strings.failureConnectionLost}</p>
      ${isOutdated ? nothing : html`<button type="button" class="quiet" @click=${acts.showHistory}>${strings.tryAgain}</button>`}
    </div></div>`;
  const { showDelete = true, showRename = true } = options.history ?? {};
  return html`<orcheo-history
    .client=${client}
    .current=${view.threadId}
    .canDelete=${showDelete}
    .canRename=${showRename}
    .notifications=${options.notifications}
    .language=${spokenLanguage()}
    @history-open=${(open: CustomEvent<{ threadId: string }>) => acts.openThread(open.detail.threadId)}
    @history-renamed=${({ detail }: CustomEvent<{ threadId: string; title: string }>) => acts.threadRetitled(detail.threadId, detail.title)}
    @history-deleted=${({ detail }: CustomEvent<{ threadId: string }>) => acts.threadDeleted(detail.threadId)}
    @history-changed=${({ detail }: CustomEvent<{ threadId: string }>) => acts.threadChanged(detail.threadId)}
    @history-close=${acts.hideHistory}
  ></orcheo-history>`;
}

function logTemplate(drawing: ChatDrawing): TemplateResult {
  const { view, options, secondsLeft, acts, isHistoryOpen } = drawing;
  const isBusy = view.turn !== "idle";
  const failure = shownFailure(view);
  const answerer = options.header?.title?.text || strings.answerHeading;
  // Busy while an answer grows, so that a screen reader reads it once, whole.
  return html`<div
    class="scroller"
    tabindex="0"
    role="log"
    aria-label=${strings.conversation}
    aria-busy=${isBusy}
    ?inert=${isHistoryOpen}
    @scroll=${acts.scrolled}
    @mouseup=${acts.selected}
    @keyup=${acts.selected}
  >
    <div class="column log">
      ${view.earlier === null ? nothing : earlierTemplate(acts)}
      ${isEmpty(view) ? startTemplate(drawing) : threadItemsTemplate({ ...drawing, answerer })}
      ${failure === null ? nothing : failureTemplate(failure, secondsLeft, acts)}
      ${disclaimerTemplate(drawing)}
    </div>
  </div>`;
}

function earlierTemplate(acts: ChatActs): TemplateResult {
  return html`<button type="button" class="quiet earlier" @click=${acts.showEarlier}>${strings.showEarlier}</button>`;
}

function startTemplate({ options, acts }: ChatDrawing): TemplateResult {
  const { greeting, prompts = [] } = options.startScreen ?? {};
  const hint = greeting === undefined ? html`<p>${strings.greetingHint}</p>` : nothing;
  return html`<div class="empty">
    <p class="greeting" dir="auto">${greeting ?? strings.greeting}</p>
    ${hint}
    ${
      prompts.length === 0
        ? nothing
        : html`<div class="prompts">${prompts.map(
            ({ label, prompt, icon }) =>
              html`<button type="button" class="quiet" @click=${() => acts.prompt(prompt)}>
          ${icon === undefined ? nothing : iconTemplate(icon)}<span dir="auto">${label}</span>
        </button>`,
          )}</div>`
    }
  </div>`;
}

function jumpTemplate({ acts, hasNews }: ChatDrawing): TemplateResult {
  const label = strings.jumpToLatest;
  return html`<button type="button" class="jump" data-news=${hasNews} aria-label=${label} title=${label} @click=${acts.toEnd}>${downIcon}</button>`;
}

/** What was being written when the chat closed can still be read and copied. */
function footTemplate(drawing: ChatDrawing): TemplateResult {
  const shut = shutTemplate(drawing);
  return html`${shut}${!shut || drawing.draft ? composerTemplate(drawing, shut) : nothing}${shut ? nothing : disclaimerTemplate(drawing)}`;
}

/** Why nothing can be written: the chat was closed to its visitor, or this thread is locked or closed. */
function shutTemplate({ view, target, options: { contact } }: ChatDrawing): TemplateResult | null {
  const { closed, status } = view;
  if (!closed && status.type === "active") return null;
  const isLogin = closed === "login";
  const loginUrl = isLogin && target?.loginUrl;
  const title = isLogin ? strings.loginEndedTitle : strings.closedTitle;
  const text = isLogin ? strings.loginEndedText : strings.closedText;
  return html`<div class="closed" role=${closed ? "alert" : "status"}>
    ${closedIcon}
    <div><strong>${closed && title}</strong><p dir="auto">${closed ? text : reasonOf(status)}</p></div>
    ${contact ? contactTemplate(contact) : nothing}
    ${loginUrl ? html`<a class="solid" href=${loginUrl}>${strings.signIn}</a>` : nothing}
  </div>`;
}

function reasonOf({ type, reason }: { type: string; reason?: string | null }): string {
  return reason || (type === "locked" ? strings.lockedText : strings.threadClosedText);
}

function composerTemplate(
  { view, options, client, target, secondsLeft, acts }: ChatDrawing,
  shut: TemplateResult | null,
): TemplateResult {
  const placeholder = options.composer?.placeholder ?? strings.messagePlaceholder;
  return html`<orcheo-composer
      .language=${spokenLanguage()}
      .mode=${shut ? "closed" : composerMode(view, secondsLeft)}
      .limit=${options.messageLimit ?? Number.POSITIVE_INFINITY}
      .placeholder=${pendingQuestions(view) === null ? placeholder : strings.answerPlaceholder}
      .setup=${setupOf(options, client, target)}
      @composer-send=${(sent: CustomEvent<Written>) => acts.send(sent.detail)}
      @composer-change=${(changed: CustomEvent<{ text: string }>) => acts.write(changed.detail.text)}
      @composer-tool=${(chosen: CustomEvent<{ toolId: string | null }>) => acts.toolChosen(chosen.detail.toolId)}
      @composer-held=${acts.hold}
      @composer-stop=${acts.stop}
    ></orcheo-composer>`;
}

const setups = new WeakMap<ChatOptions, ComposerSetup>();

/** The same object for the same options, so that the composer is only drawn again when there is something new. */
function setupOf(options: ChatOptions, client: ChatClient | null, target: Target | null): ComposerSetup {
  const known = setups.get(options);
  if (known !== undefined && known.client === client) return known;
  const setup = {
    option: options.composer ?? {},
    entities: options.entities,
    commands: options.commands,
    client,
    uploadStrategy: target?.uploadStrategy ?? ({ type: "two_phase" } as const),
  };
  setups.set(options, setup);
  return setup;
}

function disclaimerTemplate({ options }: ChatDrawing): TemplateResult {
  const { text, highContrast = false } = options.disclaimer ?? {};
  if (text === undefined) return html`<p class="disclaimer">${strings.disclaimer}</p>`;
  const body = renderMarkdown(text, { streaming: false, headingLevel: 3 });
  return html`<div class="disclaimer" dir="auto" data-contrast=${highContrast ? "high" : nothing}>${body}</div>`;
}

function composerMode(view: ThreadView, secondsLeft: number): ComposerMode {
  if (isShutOut(view.failure?.code)) return "closed";
  const isLimited = view.failure?.kind === "rate-limited" && secondsLeft > 0;
  if (view.turn === "idle") return isLimited ? "waiting" : "ready";
  return view.turn === "running" && view.canStop ? "answering" : "unstoppable";
}

/** A page opens in a tab of its own: what was said here stays. */
export function contactTemplate({ url, label }: NonNullable<ChatOptions["contact"]>): TemplateResult {
  const target = url.startsWith("https:") ? "_blank" : nothing;
  return html`<a class="contact" href=${url} target=${target} rel="noopener noreferrer">${label}</a>`;
}

function isStatusShown({ view, isHeld }: ChatDrawing): boolean {
  return view.connection === "reconnecting" || isHeld;
}

/** The one sentence a screen reader hears about the turn; seen on screen only while it matters to everybody. */
function statusText({ view, isHeld }: ChatDrawing): string {
  if (view.closed !== null) return ""; // what is in the place of the field says so
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
