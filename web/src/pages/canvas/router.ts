/** Where in Canvas its owner is, as the address says it. */

export type Tab = "overview" | "edit" | "look" | "threads" | "usage";

export type Route =
  | { view: "workflows" }
  | { view: "register" }
  | { view: "workflow"; ref: string; tab: Tab }
  | { view: "thread"; ref: string; thread: string }
  | { view: "audit" }
  | { view: "tokens" }
  | { view: "sessions" }
  | { view: "unknown" };

export const HOME = "/canvas";

export const paths = {
  workflows: HOME,
  register: `${HOME}/register`,
  audit: `${HOME}/audit`,
  tokens: `${HOME}/tokens`,
  sessions: `${HOME}/sessions`,
  workflow: (ref: string, tab: Tab = "overview") =>
    `${HOME}/workflows/${encodeURIComponent(ref)}${tab === "overview" ? "" : `/${tab}`}`,
  thread: (ref: string, thread: string) =>
    `${HOME}/workflows/${encodeURIComponent(ref)}/threads/${encodeURIComponent(thread)}`,
};

const PLAIN = ["register", "audit", "tokens", "sessions"] as const;
const TABS: readonly string[] = ["edit", "look", "threads", "usage"];

export function routeOf(pathname: string): Route {
  const [, first, second, third, fourth, ...rest] = pathname.split("/").filter(Boolean).map(decoded);
  if (rest.length > 0) return { view: "unknown" };
  if (first === undefined) return { view: "workflows" };
  const plain = PLAIN.find((each) => each === first);
  if (plain !== undefined && second === undefined) return { view: plain };
  if (first !== "workflows" || second === undefined) return { view: "unknown" };
  return ofWorkflow(second, third, fourth);
}

function ofWorkflow(ref: string, tab: string | undefined, thread: string | undefined): Route {
  if (tab === undefined) return { view: "workflow", ref, tab: "overview" };
  if (thread !== undefined) return tab === "threads" ? { view: "thread", ref, thread } : { view: "unknown" };
  return TABS.includes(tab) ? { view: "workflow", ref, tab: tab as Tab } : { view: "unknown" };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export class Router {
  readonly #changed: () => void;
  #shown = "";
  /** Asked before its owner leaves what is shown; false stays there. */
  mayLeave: () => boolean = () => true;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#shown = here();
  }

  listen(signal: AbortSignal): void {
    addEventListener("popstate", () => this.#popped(), { signal });
    document.addEventListener("click", (click) => this.#clicked(click), { signal });
    addEventListener("beforeunload", (leaving) => !this.mayLeave() && leaving.preventDefault(), { signal });
  }

  get route(): Route {
    return routeOf(location.pathname);
  }

  get query(): URLSearchParams {
    return new URLSearchParams(location.search);
  }

  /** Shows another address; `replace` where the one so far is of no use to the back button. */
  go(address: string, { replace = false } = {}): void {
    if (!this.mayLeave()) return;
    if (address === here()) return;
    if (replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    this.#shown = address;
    if (!replace) scrollTo(0, 0);
    this.#changed();
  }

  /** Says in the address what is filtered, so that a reload and the back button keep it. */
  keep(query: Record<string, string>): void {
    const said = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
    history.replaceState(null, "", location.pathname + (said && `?${said}`));
    this.#shown = here();
  }

  #popped(): void {
    if (here() === this.#shown) return;
    if (!this.mayLeave()) {
      history.pushState(null, "", this.#shown);
      return;
    }
    this.#shown = here();
    this.#changed();
  }

  #clicked(click: MouseEvent): void {
    if (click.defaultPrevented || click.button !== 0) return;
    if (click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return;
    const link = click.composedPath().find((each) => each instanceof HTMLAnchorElement);
    if (link === undefined || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || !isOurs(link.pathname) || link.hash) return;
    click.preventDefault();
    this.go(link.pathname + link.search);
  }
}

function isOurs(pathname: string): boolean {
  return pathname === HOME || pathname.startsWith(`${HOME}/`);
}

function here(): string {
  return location.pathname + location.search;
}
