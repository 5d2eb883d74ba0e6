/** `<orcheo-canvas>`: the frame of Canvas. Who is signed in, where they are, and what stands above every view. */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { ConnectionError, type Problem, ProblemError } from "../../element/protocol/problem.ts";
import { controlStyles } from "../../element/styles/controls.ts";
import { themeStyles } from "../../element/styles/theme.ts";
import { CanvasApi, isEnded, type OwnerSession, type Provider, providersOf } from "./api.ts";
import type { App, ChatPartner, View } from "./app.ts";
import { Connection } from "./connection.ts";
import { FormDrafts } from "./drafts.ts";
import { flowIcon, keyIcon, listIcon, personIcon } from "./icons.ts";
import type { ActResult } from "./models.ts";
import "./parts/act-dialog.ts";
import type { ActDialog, ActOrder } from "./parts/act-dialog.ts";
import { dialogStyles } from "./parts/dialog-styles.ts";
import { failureNotice } from "./parts/failure.ts";
import "./parts/secret-dialog.ts";
import { frameStyles } from "./frame-styles.ts";
import type { Secret, SecretDialog } from "./parts/secret-dialog.ts";
import { HOME, paths, Router } from "./router.ts";
import { type SignInReason, signInTemplate } from "./sign-in.ts";
import { fill, words } from "./strings.ts";
import { canvasStyles } from "./styles.ts";
import { takeTicket } from "./ticket.ts";
import { viewFor } from "./views.ts";

type SignIn =
  | { state: "opening" }
  | { state: "out"; reason: SignInReason }
  | { state: "in"; session: OwnerSession };

const BUBBLE_FEATURE = "chatkit_canvas_enabled";
const RETURN_KEY = "orcheo.canvas.return";
const NEWS_MS = 6_000;

export class OrcheoCanvas extends LitElement {
  static override styles = [themeStyles, controlStyles, canvasStyles, dialogStyles, frameStyles];

  readonly #over = new AbortController();
  /** Tells the other tabs of this browser that the owner session has begun or ended. */
  readonly #tabs = new BroadcastChannel("orcheo.canvas");
  readonly #api = new CanvasApi(
    (url, init) => fetch(url, init),
    (problem) => this.#sessionEnded(problem),
    () => this.#connection.lost(),
  );
  readonly #connection = new Connection(
    () => this.#answers(),
    () => this.requestUpdate(),
  );
  readonly #router = new Router(() => this.#moved());
  #signIn: SignIn = { state: "opening" };
  #isReporting = false;
  #openError: unknown = null;
  /** Offered over what is shown, which stays. */
  #offered: SignInReason | null = null;
  #signInNote = "";
  #providers: readonly Provider[] = [];
  #drafts = new FormDrafts("");
  #news = "";
  #newsTimer: ReturnType<typeof setTimeout> | null = null;
  #view: View | null = null;
  #viewError: unknown = null;
  #generation = 0;
  #partner: ChatPartner | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    const { signal } = this.#over;
    this.#router.mayLeave = () => {
      const isHolding = this.#secretDialog?.isHolding ?? false;
      if (isHolding) this.#secretDialog?.warn();
      return !isHolding;
    };
    this.#router.listen(signal);
    this.#tabs.onmessage = () => void this.#lookAgain(false);
    addEventListener("online", () => void this.#connection.now(), { signal });
    addEventListener("hashchange", () => void this.#openWithTicket(), { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && void this.#lookAgain(false), {
      signal,
    });
    this.#connection.watch(() => this.#signIn.state === "opening" && void this.#open());
    void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#over.abort();
    this.#tabs.close();
  }

  async #open(): Promise<void> {
    if (await this.#openWithTicket()) return;
    this.#openError = null;
    try {
      this.#begin(await this.#api.session());
    } catch (error) {
      if (!isEnded(error)) this.#openError = error;
    }
    this.requestUpdate();
  }

  /** Whether the address had a ticket, which it then has no more. */
  async #openWithTicket(): Promise<boolean> {
    const ticket = takeTicket();
    if (ticket === null) return false;
    try {
      this.#begin(await this.#api.signIn(ticket));
      this.#tabs.postMessage("signed in");
    } catch (error) {
      const problem = error instanceof ProblemError ? error.problem : null;
      if (problem === null) this.#openError = error;
      // Whoever is signed in already has no need of the ticket.
      else if (this.#signIn.state !== "in") await this.#openWithout(problem);
    }
    this.requestUpdate();
    return true;
  }

  async #openWithout(problem: Problem): Promise<void> {
    try {
      this.#begin(await this.#api.session());
    } catch {
      const providers = [...providersOf(problem), ...this.#providers];
      const { code, detail, hint } = problem;
      this.#signIn = {
        state: "out",
        reason: { kind: code === "canvas_ticket_invalid" ? "ticket" : "failed", detail, hint, providers },
      };
    }
  }

  #begin(session: OwnerSession): void {
    if (session.telemetry === true) this.#report();
    const isOther = this.#signIn.state === "in" && this.#signIn.session.owner !== session.owner;
    this.#providers = session.providers ?? [];
    this.#signIn = { state: "in", session };
    this.#drafts = new FormDrafts(session.owner);
    this.#offered = null;
    this.#openError = null;
    this.#signInNote = "";
    this.#returnToPlace();
    // Nothing that somebody else was shown stays.
    if (isOther) {
      this.#view = null;
      this.#partner = null;
    }
    if (this.#view === null) void this.#show();
    else this.#view.requestUpdate();
    this.#connection.back();
    this.requestUpdate();
  }

  /** The operator wants to know how the chat is used. Without the module nothing is counted. */
  #report(): void {
    if (this.#isReporting) return;
    this.#isReporting = true;
    import("../telemetry.ts").then(({ watchCanvas }) => watchCanvas(this)).catch(() => {});
  }

  #sessionEnded(problem: Problem): void {
    const told = providersOf(problem);
    if (told.length > 0) this.#providers = told;
    const reason = { detail: problem.detail, hint: "", providers: this.#providers };
    if (this.#signIn.state === "in") this.#offered = { kind: "again", ...reason };
    else if (this.#signIn.state === "opening")
      this.#signIn = { state: "out", reason: { kind: "first", ...reason } };
    this.requestUpdate();
  }

  /** Asks whether somebody is signed in by now; `isAsked`: the owner wants to know. */
  async #lookAgain(isAsked: boolean): Promise<void> {
    if (
      this.#signIn.state === "opening" ||
      (this.#signIn.state === "in" && this.#offered === null && isAsked)
    )
      return;
    try {
      this.#begin(await this.#api.session());
    } catch (error) {
      if (isAsked && isEnded(error)) this.#signInNote = words.stillSignedOut;
    }
    this.requestUpdate();
  }

  /** A provider leads back to the first page; its owner was elsewhere. */
  readonly #leave = (): void => {
    try {
      sessionStorage.setItem(RETURN_KEY, location.pathname + location.search);
    } catch {
      // Without storage Canvas opens at its first page.
    }
  };

  #returnToPlace(): void {
    try {
      const place = sessionStorage.getItem(RETURN_KEY);
      sessionStorage.removeItem(RETURN_KEY);
      if (place?.startsWith(HOME) && location.pathname === HOME) this.#router.go(place, { replace: true });
    } catch {
      // Nothing is kept where storage is forbidden.
    }
  }

  async #answers(): Promise<boolean> {
    try {
      await this.#api.session();
      return true;
    } catch (error) {
      return error instanceof ProblemError;
    }
  }

  readonly #signOut = async (): Promise<void> => {
    try {
      await this.#api.signOut();
    } catch (error) {
      if (!isEnded(error)) {
        this.#say(words.lostTitle);
        return;
      }
    }
    FormDrafts.forgetAll();
    this.#view = null;
    this.#partner = null;
    this.#offered = null;
    const reason = { kind: "first", detail: "", hint: "", providers: this.#providers } as const;
    this.#signIn = { state: "out", reason };
    this.#signInNote = words.signedOut;
    this.#tabs.postMessage("signed out");
    if (location.pathname !== HOME) this.#router.go(HOME);
    this.requestUpdate();
  };

  #moved(): void {
    this.#actDialog?.leave();
    if (this.#signIn.state === "in") void this.#show();
  }

  /** Fetches the view of the address; the one before stays until it is there. */
  async #show(): Promise<void> {
    const generation = ++this.#generation;
    const route = this.#router.route;
    this.#viewError = null;
    try {
      const view = await viewFor(route, this.#view);
      if (generation !== this.#generation || this.#signIn.state !== "in") return;
      view.app = this.#app;
      const isOther = view !== this.#view;
      this.#view = view;
      this.requestUpdate();
      await this.updateComplete;
      if (isOther) await this.#focusView(view);
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#viewError = new ConnectionError("A part of Canvas could not be loaded.", { cause: error });
      this.requestUpdate();
    }
  }

  async #focusView(view: View): Promise<void> {
    await view.updateComplete;
    if (this.#hasShown) view.renderRoot.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    this.#hasShown = true;
  }

  #hasShown = false;

  get #app(): App {
    const canvas = this;
    return {
      api: this.#api,
      router: this.#router,
      connection: this.#connection,
      get session() {
        return canvas.#session as OwnerSession;
      },
      get drafts() {
        return canvas.#drafts;
      },
      say: (text) => this.#say(text),
      offerSignIn: () => this.#offer(),
      act: (order) => this.#act(order),
      showSecret: (secret) => this.#showSecret(secret),
      chatWith: (partner) => {
        const { id, name, obstacle } = this.#partner ?? {};
        if (partner?.id === id && partner?.name === name && partner?.obstacle === obstacle) return;
        this.#partner = partner;
        this.requestUpdate();
      },
    };
  }

  get #session(): OwnerSession | null {
    return this.#signIn.state === "in" ? this.#signIn.session : null;
  }

  #offer(): void {
    const kind = this.#offered?.kind ?? "other";
    this.#offered = { kind, detail: "", hint: "", providers: this.#providers };
    this.requestUpdate();
  }

  get #actDialog(): ActDialog | null {
    return this.renderRoot.querySelector<ActDialog>("canvas-act-dialog");
  }

  async #act(order: ActOrder): Promise<ActResult | null> {
    const dialog = this.#actDialog;
    if (dialog === null) return null;
    dialog.app = this.#app;
    const result = await dialog.ask(order);
    if (result !== null && !hasSecret(result)) this.#say(result.message);
    return result;
  }

  async #showSecret(secret: Secret): Promise<void> {
    await this.#secretDialog?.show(secret);
  }

  get #secretDialog(): SecretDialog | null {
    return this.renderRoot.querySelector<SecretDialog>("canvas-secret-dialog");
  }

  #say(text: string): void {
    if (this.#newsTimer !== null) clearTimeout(this.#newsTimer);
    this.#news = text;
    this.#newsTimer = setTimeout(() => {
      this.#news = "";
      this.requestUpdate();
    }, NEWS_MS);
    this.requestUpdate();
  }

  protected override updated(_changed: PropertyValues): void {
    const dialog = this.renderRoot.querySelector<HTMLDialogElement>("#sign-in");
    if (dialog !== null && !dialog.open) dialog.showModal();
  }

  override render(): TemplateResult {
    const bar = this.#connection.isLost ? this.#lostBar() : nothing;
    if (this.#signIn.state === "opening") return html`${bar}${this.#openingTemplate()}`;
    if (this.#signIn.state === "out")
      return html`${bar}<main class="gate">${signInTemplate(this.#signIn.reason, this.#signInNote, this.#signInActs)}</main>`;
    return html`${bar}${this.#headerTemplate(this.#signIn.session)}
      <main id="content" tabindex="-1">
        ${this.#viewError === null ? (this.#view ?? nothing) : failureNotice(this.#viewError, this.#app, () => void this.#show())}
      </main>
      <p class="news" role="status" data-shown=${this.#news !== ""} dir="auto">${this.#news}</p>
      ${this.#partner === null ? nothing : this.#bubbleTemplate(this.#partner)}
      <canvas-act-dialog></canvas-act-dialog><canvas-secret-dialog></canvas-secret-dialog>
      ${this.#offered === null ? nothing : this.#offerTemplate(this.#offered)}`;
  }

  readonly #signInActs = {
    look: () => void this.#lookAgain(true),
    leave: () => this.#leave(),
  };

  #openingTemplate(): TemplateResult {
    if (this.#openError === null)
      return html`<main class="gate" aria-busy="true"><span class="spinner"></span><p class="spoken-only">${words.opening}</p></main>`;
    return html`<main class="gate">${failureNotice(this.#openError, this.#app, () => void this.#open())}</main>`;
  }

  #offerTemplate(reason: SignInReason): TemplateResult {
    const closed = () => {
      this.#offered = null;
      this.requestUpdate();
    };
    return html`<dialog id="sign-in" aria-labelledby="sign-in-title" @close=${closed}>
      ${signInTemplate(reason, this.#signInNote, this.#signInActs)}
      <div class="foot">
        <button type="button" class="quiet" @click=${closed}>${words.close}</button>
      </div>
    </dialog>`;
  }

  /** Fetched when there is somebody to chat with. */
  #bubbleTemplate(partner: ChatPartner): TemplateResult | typeof nothing {
    if (this.#session?.features?.[BUBBLE_FEATURE] === false) return nothing;
    this.#bubble ??= import("./bubble/bubble.ts").catch(() => {
      this.#bubble = null;
    });
    const mayChat = this.#session?.scopes.includes("chatkit:session") ?? false;
    const shown = mayChat ? partner : { ...partner, obstacle: words.chatScope };
    return html`<canvas-bubble .app=${this.#app} .partner=${shown}></canvas-bubble>`;
  }

  #bubble: Promise<unknown> | null = null;

  #lostBar(): TemplateResult {
    return html`<div class="lost" role="status">
      <span>${words.lostBar}</span>
      <button type="button" class="quiet" @click=${() => void this.#connection.now()}>${words.tryNow}</button>
    </div>`;
  }

  #headerTemplate(session: OwnerSession): TemplateResult {
    const { view } = this.#router.route;
    const isWorkflows = ["workflows", "register", "workflow", "thread"].includes(view);
    const link = (href: string, isHere: boolean, icon: TemplateResult | unknown, text: string) =>
      html`<a href=${href} aria-current=${isHere ? "page" : nothing}>${icon}<span>${text}</span></a>`;
    const owner = session.owner.replace(/^owner:/, "");
    return html`<header>
      <button type="button" class="skip" @click=${this.#skip}>${words.skip}</button>
      <a class="brand" href=${HOME}>Orcheo <span>${words.appName}</span></a>
      <nav aria-label=${words.navigation}>
        ${link(paths.workflows, isWorkflows, flowIcon, words.workflows)}
        ${session.scopes.includes("audit:read") ? link(paths.audit, view === "audit", listIcon, words.audit) : nothing}
        ${session.scopes.includes("tokens:manage") ? link(paths.tokens, view === "tokens", keyIcon, words.tokens) : nothing}
        ${link(paths.sessions, view === "sessions", personIcon, words.sessions)}
      </nav>
      <div class="who">
        <bdi class="owner" title=${fill(words.signedInAs, { owner })}>${owner}</bdi>
        <button type="button" class="quiet" @click=${this.#signOut}>${words.signOut}</button>
      </div>
    </header>`;
  }

  readonly #skip = (): void => {
    this.renderRoot.querySelector<HTMLElement>("#content")?.focus();
  };
}

/** Then the dialog that shows the secret says what was done. */
function hasSecret({ publish_token, identity_secret, service_token }: ActResult): boolean {
  return [publish_token, identity_secret, service_token].some((each) => typeof each === "string");
}

customElements.define("orcheo-canvas", OrcheoCanvas);
