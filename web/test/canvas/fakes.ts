/** A stand-in for the server of Canvas: answers by address, and keeps what was asked. */

import { vi } from "vitest";
import type { Catalogue, OwnerSession } from "../../src/pages/canvas/api.ts";
import type { WorkflowView } from "../../src/pages/canvas/models.ts";
import { jsonAnswer, problemAnswer } from "../fakes.ts";

type Given = Record<string, unknown>;
type Answer = (given: Given) => Response | Promise<Response>;

export const SCOPES = [
  "workflows:read",
  "workflows:write",
  "workflows:publish",
  "chatkit:session",
  "transcripts:read",
  "audit:read",
  "tokens:manage",
];

export function ownerSession(change: Partial<OwnerSession> = {}): OwnerSession {
  return {
    owner: "owner:ada",
    scopes: SCOPES,
    expires_at: "2030-01-01T08:00:00Z",
    idle_ends_at: "2030-01-01T00:30:00Z",
    providers: [],
    ...change,
  };
}

export const PROVIDER = { id: "id", label: "Example ID", login_url: "/auth/login?owner=1" };

export const catalogue: Catalogue = {
  operations: [
    {
      name: "workflows.add",
      title: "Register",
      summary: "Register a workflow.",
      destructive: false,
      confirm: null,
      schema: {
        type: "object",
        properties: {
          handle: { type: "string", pattern: "^[a-z]+$", description: "Short name." },
          runner: { type: "string", enum: ["openai", "python"] },
          target: { type: "string", description: "What it calls." },
          name: { type: "string", maxLength: 200 },
          description: { type: "string", maxLength: 4000, default: "" },
          time_limit: { type: "integer", minimum: 1, maximum: 86_400 },
          history: { type: "integer", minimum: 0, maximum: 100 },
        },
        required: ["handle", "runner", "target"],
      },
    },
    {
      name: "workflows.edit",
      title: "Change",
      summary: "Change a workflow.",
      destructive: false,
      confirm: null,
      schema: {
        type: "object",
        properties: {
          ref: { type: "string" },
          handle: { type: "string" },
          name: { type: "string" },
          description: { type: "string", maxLength: 4000 },
          target: { type: "string" },
          time_limit: { type: "integer", minimum: 1, maximum: 86_400 },
          history: { type: "integer", minimum: 0, maximum: 100 },
        },
        required: ["ref"],
      },
    },
    {
      name: "workflows.publish",
      title: "Publish",
      summary: "Open a workflow to visitors.",
      destructive: false,
      confirm: "Publish the workflow?",
      schema: {
        type: "object",
        properties: {
          ref: { type: "string" },
          require_login: { type: "boolean", default: false, description: "Visitors must sign in first." },
        },
        required: ["ref"],
      },
    },
    {
      name: "workflows.remove",
      title: "Remove",
      summary: "Remove a workflow.",
      destructive: true,
      confirm: "Delete the workflow?",
      schema: { type: "object", properties: { ref: { type: "string" } }, required: ["ref"] },
    },
    {
      name: "threads.purge",
      title: "Purge",
      summary: "Delete threads.",
      destructive: true,
      confirm: "Purge threads?",
      schema: {
        type: "object",
        properties: { ref: { type: "string" }, all: { type: "boolean", default: false } },
        required: ["ref"],
      },
    },
  ],
  runners: [
    {
      name: "openai",
      title: "Model endpoint",
      target: "https://models.example/v1",
      executes_code: false,
      schema: {
        type: "object",
        properties: {
          model: { type: "string" },
          temperature: { type: "string" },
          instructions: { type: "string" },
        },
        required: ["model"],
      },
    },
    {
      name: "python",
      title: "Python callable",
      executes_code: true,
      schema: { type: "object", properties: {}, required: [] },
    },
  ],
};

export function workflow(change: Partial<WorkflowView> = {}): WorkflowView {
  return {
    id: "wf_1",
    handle: "greeter",
    name: "Greeter",
    description: "",
    owner: "owner:ada",
    runner: {
      kind: "openai",
      target: "https://models.example",
      settings: { model: "small", temperature: "1" },
    },
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    is_public: false,
    require_login: false,
    published_at: null,
    published_by: null,
    publish_token_hint: null,
    publish_tokens: [],
    share_url: null,
    obstacle: null,
    identity_secret_hint: null,
    identity_secrets: [],
    allowed_origins: [],
    look: null,
    archived_at: null,
    time_limit: 120,
    history: 40,
    turns_by_day: null,
    activity: null,
    ...change,
  };
}

export class FakeCanvasServer {
  readonly asked: { method: string; path: string; given: Given; signal: AbortSignal | null }[] = [];
  readonly #answers = new Map<string, Answer>();
  /** Null: nobody is signed in. */
  session: OwnerSession | null = ownerSession();
  providers: readonly unknown[] = [PROVIDER];
  isReachable = true;
  /** What every ticket gets; null: what it deserves. */
  refusal: Response | null = null;

  constructor() {
    this.on("/api/canvas/catalogue", () => jsonAnswer(catalogue));
    this.operation("workflows.list", () => ({ workflows: [], next_after: null }));
  }

  /** Answers every later request for this address. */
  on(path: string, answer: Answer): this {
    this.#answers.set(path, answer);
    return this;
  }

  operation(name: string, result: (given: Given) => unknown): this {
    return this.on(`/api/operations/${name}`, (given) => jsonAnswer(result(given)));
  }

  question(name: string, text: string | null): this {
    return this.on(`/api/operations/${name}/question`, () => jsonAnswer({ question: text }));
  }

  /** What was asked of this address, oldest first. */
  givenTo(path: string): Given[] {
    return this.asked.filter((each) => each.path === path).map(({ given }) => given);
  }

  /** Answers `fetch` from now on. */
  listen(): this {
    vi.spyOn(globalThis, "fetch").mockImplementation((url, init) => this.fetch(String(url), init ?? {}));
    return this;
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { method = "GET", body, signal = null } = init;
    const given = typeof body === "string" ? JSON.parse(body) : {};
    const path = new URL(url, "http://localhost").pathname;
    this.asked.push({ method, path, given, signal });
    if (!this.isReachable) throw new TypeError("network error");
    if (path === "/api/canvas/session") return this.#sessionAnswer(method, given);
    if (this.session === null) return this.#missing("owner_session_ended");
    const answer = this.#answers.get(path);
    if (answer !== undefined) return answer(given);
    // Nothing happens, as long as somebody listens.
    if (path.endsWith("/live")) return new Response(new ReadableStream());
    return problemAnswer(404, "not_found");
  };

  #sessionAnswer(method: string, given: Given): Response {
    if (method === "DELETE") {
      this.session = null;
      return new Response(null, { status: 204 });
    }
    if (method === "POST") {
      if (this.refusal !== null) return this.refusal;
      if (given.ticket !== "good")
        return problemAnswer(401, "canvas_ticket_invalid", {}, "This one-time address was used already.");
      this.session = ownerSession();
    }
    return this.session === null ? this.#missing("owner_session_missing") : jsonAnswer(this.session);
  }

  #missing(code: string): Response {
    const body = { status: 401, code, detail: "", hint: "", providers: this.providers };
    return new Response(JSON.stringify(body), { status: 401 });
  }
}

/** Everything of the page, through its open shadow roots. */
export function all<T extends HTMLElement = HTMLElement>(selector: string, root: ParentNode = document): T[] {
  const inner = [...root.querySelectorAll<HTMLElement>("*")].flatMap((element) =>
    element.shadowRoot ? all<T>(selector, element.shadowRoot) : [],
  );
  return [...root.querySelectorAll<T>(selector), ...inner];
}

export function find<T extends HTMLElement = HTMLElement>(selector: string): T {
  const found = all<T>(selector)[0];
  if (found === undefined) throw new Error(`There is no ${selector}.`);
  return found;
}

export function button(text: string): HTMLButtonElement {
  const found = all("button").find((each) => each.textContent?.replace(/\s+/g, " ").trim() === text);
  if (found === undefined) throw new Error(`There is no button ${text}.`);
  return found as HTMLButtonElement;
}

export function write(selector: string, text: string): void {
  const field = find<HTMLInputElement>(selector);
  field.value = text;
  field.dispatchEvent(new Event("input"));
}

export function choose(selector: string, isOn = true): void {
  const field = find<HTMLInputElement>(selector);
  field.checked = isOn;
  field.dispatchEvent(new Event("change"));
}

/** What can be read, in all shadow roots. */
export function shownText(): string {
  const read = (root: ShadowRoot) =>
    [...root.children].filter(({ tagName }) => tagName !== "STYLE").map(({ textContent }) => textContent);
  return shadowRoots(document).flatMap(read).join(" ").replace(/\s+/g, " ");
}

function shadowRoots(root: ParentNode): ShadowRoot[] {
  return [...root.querySelectorAll("*")].flatMap(({ shadowRoot }) =>
    shadowRoot ? [shadowRoot, ...shadowRoots(shadowRoot)] : [],
  );
}
