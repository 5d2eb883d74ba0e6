// @vitest-environment happy-dom
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { OrcheoCanvas } from "../../src/pages/canvas/orcheo-canvas.ts";
import { snippetFor } from "../../src/pages/canvas/parts/share-panel.ts";
import { browserOf } from "../../src/pages/canvas/views/sessions.ts";
import { jsonAnswer, problemAnswer } from "../fakes.ts";
import {
  all,
  button,
  choose,
  FakeCanvasServer,
  find,
  ownerSession,
  SCOPES,
  shownText,
  workflow,
  write,
} from "./fakes.ts";

let server: FakeCanvasServer;

beforeEach(() => {
  history.replaceState(null, "", "/canvas");
  sessionStorage.clear();
  localStorage.clear();
  server = new FakeCanvasServer().listen();
});

afterEach(() => document.body.replaceChildren());

async function openCanvas(path = "/canvas"): Promise<void> {
  history.replaceState(null, "", path);
  document.body.append(new OrcheoCanvas());
  await vi.waitFor(() => expect(all("h1").length).toBeGreaterThan(0));
}

const shows = (text: string) => vi.waitFor(() => expect(shownText()).toContain(text));
const showsNo = (text: string) => vi.waitFor(() => expect(shownText()).not.toContain(text));

describe("signing in", () => {
  test("offers the server's providers, and the command", async () => {
    server.session = null;
    await openCanvas();
    await shows("Sign in with Example ID");
    expect(find<HTMLAnchorElement>("a.solid").getAttribute("href")).toBe("/auth/login?owner=1");
    await shows("orcheo canvas");
  });

  test("without a provider says that the command is the way", async () => {
    server.session = null;
    server.providers = [];
    await openCanvas();
    await shows("This server has no identity provider for owners");
    expect(all("a.solid")).toEqual([]);
  });

  test("takes the ticket out of the address and trades it for an owner session", async () => {
    server.session = null;
    await openCanvas("/canvas/audit#ticket=good");
    await vi.waitFor(() => expect(find("nav").textContent).toContain("Workflows"));
    expect(location.href).toMatch(/\/canvas\/audit$/);
    expect(server.givenTo("/api/canvas/session")).toEqual([{ ticket: "good" }]);
  });

  test("by a ticket that was used says so, and offers the other ways", async () => {
    server.session = null;
    await openCanvas("/canvas#ticket=used");
    await shows("This one-time address no longer works");
    await shows("This one-time address was used already.");
    expect(location.hash).toBe("");
  });

  test("that the server refuses for another reason says that reason", async () => {
    server.session = null;
    server.refusal = problemAnswer(403, "canvas_needs_tls", {}, "This address has no TLS.");
    await openCanvas("/canvas#ticket=good");
    await shows("Signing in did not work");
    await shows("This address has no TLS.");
  });

  test("by a ticket that was used does nothing to somebody who is signed in", async () => {
    await openCanvas("/canvas#ticket=used");
    await shows("No workflows yet");
  });

  test("leads back to where its owner was", async () => {
    server.session = null;
    history.replaceState(null, "", "/canvas/register");
    document.body.append(new OrcheoCanvas());
    await shows("Sign in with Example ID");
    const link = find("a.solid");
    link.addEventListener("click", (click) => click.preventDefault());
    link.click();
    document.body.replaceChildren();
    server.session = ownerSession();
    await openCanvas("/canvas");
    await shows("Register a workflow");
    expect(location.pathname).toBe("/canvas/register");
  });

  test("says a server that cannot be reached, and opens when it is back", async () => {
    server.isReachable = false;
    document.body.append(new OrcheoCanvas());
    await shows("The server could not be reached");
    await shows("The connection to the server was lost");
    server.isReachable = true;
    button("Try now").click();
    await shows("No workflows yet");
    await showsNo("The connection to the server was lost");
  });

  test("out forgets what was typed", async () => {
    sessionStorage.setItem("orcheo.canvas.draft.owner:ada.register", "{}");
    await openCanvas();
    button("Sign out").click();
    await shows("You are signed out.");
    expect(sessionStorage.length).toBe(0);
    expect(server.asked.at(-1)).toMatchObject({ method: "DELETE", path: "/api/canvas/session" });
  });
});

test("shows nothing of one owner to another who signs in", async () => {
  server.operation("workflows.show", () => workflow({ name: "Of Ada" }));
  await openCanvas("/canvas/workflows/wf_1");
  await shows("Of Ada");
  server.on("/api/operations/workflows.show", () => problemAnswer(404, "workflow_not_found"));
  server.session = ownerSession({ owner: "owner:bea" });
  document.dispatchEvent(new Event("visibilitychange"));
  await shows("This workflow is no longer there");
  await showsNo("Of Ada");
  expect(all("canvas-bubble")).toEqual([]);
});

describe("the frame", () => {
  test("links what the owner's scopes allow", async () => {
    server.session = ownerSession({ scopes: SCOPES.filter((each) => each !== "tokens:manage") });
    await openCanvas();
    const links = all("header nav a").map((each) => each.textContent?.trim());
    expect(links).toEqual(["Workflows", "Audit trail", "Sign-ins"]);
  });

  test("says where nothing is", async () => {
    await openCanvas("/canvas/nowhere");
    await shows("There is nothing at this address");
  });

  test("goes where its links lead, and back", async () => {
    await openCanvas();
    const sessions = all<HTMLAnchorElement>("header nav a").find((each) =>
      each.textContent?.includes("Sign-ins"),
    );
    server.on("/api/canvas/sessions", () => jsonAnswer({ items: [] }));
    sessions?.click();
    await shows("Where you are signed in to Canvas.");
    expect(location.pathname).toBe("/canvas/sessions");
    history.replaceState(null, "", "/canvas");
    dispatchEvent(new PopStateEvent("popstate"));
    await shows("No workflows yet");
  });
});

describe("the list of workflows", () => {
  test("shows names of strangers as text, each in its own direction", async () => {
    const name = "<img src=x onerror=alert(1)>\u202e";
    server.operation("workflows.list", () => ({ workflows: [workflow({ name })], next_after: null }));
    await openCanvas();
    await vi.waitFor(() => expect(find(".list bdi").textContent).toBe(name));
    expect(all(".list img")).toEqual([]);
  });

  test("searches on the server, and keeps the search in the address", async () => {
    server.operation("workflows.list", ({ search }) => ({
      workflows: search === undefined ? [workflow()] : [],
      next_after: null,
    }));
    await openCanvas();
    await vi.waitFor(() => expect(all(".list li")).toHaveLength(1));
    write("#search", "ship");
    await shows("Nothing matches");
    expect(location.search).toBe("?q=ship");
    button("Show all workflows").click();
    await vi.waitFor(() => expect(all(".list li")).toHaveLength(1));
    expect(location.search).toBe("");
  });

  test("asks for the next page behind the last entry", async () => {
    server.operation("workflows.list", ({ after }) =>
      after === undefined
        ? { workflows: [workflow({ id: "wf_2" })], next_after: "wf_2" }
        : { workflows: [workflow({ id: "wf_1" })], next_after: null },
    );
    await openCanvas();
    await vi.waitFor(() => button("Show more"));
    button("Show more").click();
    await vi.waitFor(() => expect(all(".list li")).toHaveLength(2));
    expect(server.givenTo("/api/operations/workflows.list").at(-1)).toMatchObject({ after: "wf_2" });
    await shows("2 workflows");
  });

  test("that a scope does not allow says so, and offers another sign-in", async () => {
    server.on("/api/operations/workflows.list", () =>
      problemAnswer(403, "scope_missing", {}, "This needs workflows:read."),
    );
    await openCanvas();
    await shows("Your sign-in does not allow this");
    button("Sign in").click();
    await shows("Sign in with other rights");
  });
});

describe("registering a workflow", () => {
  async function openForm(): Promise<void> {
    await openCanvas("/canvas/register");
    await vi.waitFor(() => find("#field-handle"));
  }

  test("says what is missing before anything is sent", async () => {
    await openForm();
    button("Register").click();
    await shows("3 fields need another look.");
    expect(server.givenTo("/api/operations/workflows.add")).toEqual([]);
  });

  test("has room for instructions of several lines", async () => {
    await openForm();
    expect(find("[id='field-settings.instructions']").tagName).toBe("TEXTAREA");
    expect(find("[id='field-settings.model']").tagName).toBe("INPUT");
  });

  test("shows the settings of the chosen runner", async () => {
    await openForm();
    expect(all("[id='field-settings.model']")).toHaveLength(1);
    choose("input[type=radio][value=python]");
    await vi.waitFor(() => expect(all("[id='field-settings.model']")).toEqual([]));
  });

  test("shows what a target looks like, and which scope is missing", async () => {
    await openForm();
    expect(find<HTMLInputElement>("#field-target").placeholder).toBe("https://models.example/v1");
    expect(shownText()).not.toContain("needs the scope workflows:code");
    choose("input[type=radio][value=python]");
    await shows("needs the scope workflows:code");
  });

  test("shows what the server finds wrong at its field", async () => {
    server.on("/api/operations/workflows.add", () => {
      const errors = [{ path: "target", message: "there is no such module" }];
      return new Response(JSON.stringify({ code: "invalid_input", detail: "It is wrong.", errors }), {
        status: 422,
      });
    });
    await openForm();
    choose("input[type=radio][value=python]");
    write("#field-handle", "greeter");
    write("#field-target", "a:b");
    button("Register").click();
    await shows("There is no such module.");
    expect(find("#field-target").getAttribute("aria-invalid")).toBe("true");
    expect(server.givenTo("/api/operations/workflows.add")).toEqual([
      { runner: "python", handle: "greeter", target: "a:b", check: true },
    ]);
  });

  test("signed out in the middle keeps what was typed and goes on after the sign-in", async () => {
    server.operation("workflows.add", () => ({ workflow: workflow(), message: "Registered greeter." }));
    server.operation("workflows.show", () => workflow());
    await openForm();
    choose("input[type=radio][value=python]");
    write("#field-handle", "greeter");
    write("#field-target", "a:b");
    server.session = null;
    button("Register").click();
    await shows("Sign in again");
    history.replaceState(null, "", "/canvas/register#ticket=good");
    dispatchEvent(new HashChangeEvent("hashchange"));
    await showsNo("Your sign-in has ended");
    expect(find<HTMLInputElement>("#field-handle").value).toBe("greeter");
    button("Register").click();
    await shows("Registered greeter.");
    expect(location.pathname).toBe("/canvas/workflows/wf_1");
  });

  test("has what was typed again after a reload, until it is discarded", async () => {
    await openForm();
    write("#field-handle", "greeter");
    document.body.replaceChildren();
    await openForm();
    expect(find<HTMLInputElement>("#field-handle").value).toBe("greeter");
    button("Discard it").click();
    await vi.waitFor(() => expect(find<HTMLInputElement>("#field-handle").value).toBe(""));
  });

  test("stops waiting for a check when its owner does not want to", async () => {
    server.on("/api/operations/workflows.add", () => new Promise(() => {}));
    const slow = vi.spyOn(globalThis, "fetch");
    slow.mockImplementation((url, init) => {
      if (!String(url).includes("workflows.add")) return server.fetch(String(url), init ?? {});
      return new Promise((_, reject) =>
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
      );
    });
    await openForm();
    choose("input[type=radio][value=python]");
    write("#field-handle", "greeter");
    write("#field-target", "a:b");
    button("Register").click();
    await shows("The workflow answers a probe turn…");
    button("Stop waiting").click();
    await showsNo("The workflow answers a probe turn…");
    expect(find<HTMLInputElement>("#field-handle").value).toBe("greeter");
  });
});

describe("changing a workflow", () => {
  test("says what somebody else has changed meanwhile, before anything is lost", async () => {
    let shown = workflow();
    server.operation("workflows.show", () => shown);
    server.question("workflows.edit", null);
    server.operation("workflows.edit", ({ name }) => ({
      workflow: workflow({ name: String(name) }),
      message: "Changed greeter.",
    }));
    await openCanvas("/canvas/workflows/wf_1/edit");
    await vi.waitFor(() => find("#field-name"));
    write("#field-name", "Mine");
    shown = workflow({ name: "Theirs", description: "A note", updated_at: "2026-02-02T00:00:00Z" });
    button("Save").click();
    await shows("Somebody else has changed this meanwhile");
    expect(server.givenTo("/api/operations/workflows.edit")).toEqual([]);
    button("Save mine").click();
    await shows("Changed greeter.");
    expect(server.givenTo("/api/operations/workflows.edit")).toEqual([{ ref: "wf_1", name: "Mine" }]);
  });

  test("goes on with a draft without undoing what somebody else changed", async () => {
    server.operation("workflows.show", () => workflow());
    await openCanvas("/canvas/workflows/wf_1/edit");
    await vi.waitFor(() => find("#field-name"));
    write("#field-name", "Mine");
    document.body.replaceChildren();
    server.operation("workflows.show", () => workflow({ description: "Theirs" }));
    await openCanvas("/canvas/workflows/wf_1/edit");
    await shows("What you typed before is here again.");
    expect(find<HTMLInputElement>("#field-name").value).toBe("Mine");
    expect(find<HTMLTextAreaElement>("#field-description").value).toBe("Theirs");
  });

  test("that is gone says so", async () => {
    server.on("/api/operations/workflows.show", () => problemAnswer(404, "workflow_not_found"));
    await openCanvas("/canvas/workflows/wf_1");
    await shows("This workflow is no longer there");
  });
});

describe("an act", () => {
  beforeEach(() => {
    server.operation("workflows.show", () => workflow());
    server.question("workflows.publish", "Publish greeter? Anyone can chat.");
  });

  async function openDialog(): Promise<void> {
    await openCanvas("/canvas/workflows/wf_1");
    await vi.waitFor(() => button("Publish"));
    button("Publish").click();
    await shows("Publish greeter? Anyone can chat.");
  }

  const confirm = () =>
    all<HTMLButtonElement>("dialog .solid").find((each) => each.textContent?.trim() === "Publish");

  test("is asked in the server's words, and again when something is chosen", async () => {
    await openDialog();
    choose("#field-require_login");
    await vi.waitFor(() =>
      expect(server.givenTo("/api/operations/workflows.publish/question")).toHaveLength(2),
    );
    expect(server.givenTo("/api/operations/workflows.publish/question").at(-1)).toEqual({
      ref: "wf_1",
      require_login: true,
    });
  });

  test("that was not wanted does nothing", async () => {
    await openDialog();
    button("Cancel").click();
    await showsNo("Publish greeter? Anyone can chat.");
    expect(server.givenTo("/api/operations/workflows.publish")).toEqual([]);
  });

  test("with a secret shows it once, and asks before it is lost", async () => {
    server.operation("workflows.publish", () => ({
      workflow: workflow({ is_public: true }),
      publish_token: "orc_pt_secret",
      message: "greeter is public.",
    }));
    await openDialog();
    await vi.waitFor(() => expect(confirm()?.disabled).toBe(false));
    confirm()?.click();
    await shows("orc_pt_secret");
    all<HTMLButtonElement>("dialog .solid")
      .find((each) => each.textContent === "Close")
      ?.click();
    await shows("You have not said that you stored it");
    history.replaceState(null, "", "/canvas");
    dispatchEvent(new PopStateEvent("popstate"));
    expect(location.pathname).toBe("/canvas/workflows/wf_1");
    choose("#stored");
    await showsNo("You have not said that you stored it");
    all<HTMLButtonElement>("dialog .solid")
      .find((each) => each.textContent === "Close")
      ?.click();
    await showsNo("orc_pt_secret");
  });

  test("goes on after a sign-in in the middle of it", async () => {
    await openDialog();
    server.session = null;
    choose("#field-require_login");
    await shows("Sign in again");
    server.session = ownerSession();
    document.dispatchEvent(new Event("visibilitychange"));
    await showsNo("Your sign-in has ended");
    await vi.waitFor(() => expect(confirm()?.disabled).toBe(false));
  });

  test("goes on by itself when a lost connection is back", async () => {
    await openDialog();
    server.isReachable = false;
    choose("#field-require_login");
    await shows("The server could not be reached");
    server.isReachable = true;
    await showsNo("The server could not be reached");
    await vi.waitFor(() => expect(confirm()?.disabled).toBe(false));
  });

  test("that the server refuses says why, and what to do", async () => {
    server.on("/api/operations/workflows.publish", () =>
      problemAnswer(409, "already_published", {}, "It is public already."),
    );
    await openDialog();
    await vi.waitFor(() => expect(confirm()?.disabled).toBe(false));
    confirm()?.click();
    await shows("It is public already.");
  });

  test("that removes waits for the handle", async () => {
    server.question("workflows.remove", "Delete greeter? This cannot be undone.");
    server.operation("workflows.remove", () => ({ workflow: workflow(), message: "Removed greeter." }));
    await openCanvas("/canvas/workflows/wf_1");
    await vi.waitFor(() => button("Remove"));
    button("Remove").click();
    await shows("Delete greeter? This cannot be undone.");
    const remove = find<HTMLButtonElement>("dialog .solid");
    expect(remove.disabled).toBe(true);
    write("#retype", "greeter");
    await vi.waitFor(() => expect(remove.disabled).toBe(false));
    remove.click();
    await shows("Removed greeter.");
    expect(location.pathname).toBe("/canvas");
  });

  test("whose choice is still missing is no mistake yet", async () => {
    const wrong = { code: "invalid_input", detail: "Which threads to delete was not given.", errors: [] };
    server.operation("threads.list", () => ({ threads: [], next_after: null }));
    server.on("/api/operations/threads.purge/question", ({ all: whole }) =>
      whole
        ? jsonAnswer({ question: "Purge 3 threads?" })
        : new Response(JSON.stringify(wrong), { status: 422 }),
    );
    await openCanvas("/canvas/workflows/wf_1/threads");
    await vi.waitFor(() => button("Purge…"));
    button("Purge…").click();
    await vi.waitFor(() => find("#field-all"));
    expect(shownText()).not.toContain("Which threads to delete");
    choose("#field-all");
    await shows("Purge 3 threads?");
  });
});

describe("a conversation", () => {
  const thread = {
    ...{ id: "thr_1", workflow_id: "wf_1", subject: "anon:1", title: "Zeppelins" },
    ...{ created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-01T00:00:00Z" },
  };
  const entry = { turn_id: "trn_1", created_at: "2026-01-01T00:00:00Z", details: {}, feedback: null };

  function answer(pages: number): void {
    server.operation("workflows.show", () => workflow());
    server.operation("threads.show", ({ after }) => {
      const page = Number(String(after ?? "msg_0").slice(4)) + 1;
      const items = [{ ...entry, id: `msg_${page}`, kind: "user_message", text: `Part ${page}` }];
      return {
        thread,
        status: "completed",
        turns: [],
        items,
        next_after: page < pages ? `msg_${page}` : null,
      };
    });
  }

  beforeAll(async () => {
    await Promise.all([
      import("../../src/pages/canvas/views/thread.ts"),
      import("../../src/element/orcheo-chat.ts"),
    ]);
  });

  test("is read to its end, page by page", async () => {
    answer(3);
    await openCanvas("/canvas/workflows/wf_1/threads/thr_1");
    await shows("Part 3");
    const after = server.givenTo("/api/operations/threads.show").map((given) => given.after);
    expect(after.slice(0, 3)).toEqual([undefined, "msg_1", "msg_2"]);
    expect(shownText()).not.toContain("Only the first");
  });

  test("that is deleted while it is read is not shown any more", async () => {
    answer(1);
    server.on("/api/canvas/workflows/wf_1/live", () => {
      server.on("/api/operations/threads.show", () => problemAnswer(404, "thread_not_found"));
      return problemAnswer(404, "thread_not_found");
    });
    await openCanvas("/canvas/workflows/wf_1/threads/thr_1");
    await shows("This conversation is no longer there");
    expect(shownText()).not.toContain("Part 1");
  });

  test("that is very long says that it is cut", async () => {
    answer(100);
    await openCanvas("/canvas/workflows/wf_1/threads/thr_1");
    await shows("Only the first 50 entries are shown.");
  });
});

describe("sharing", () => {
  test("names the server of the share link in the snippet for sites", () =>
    expect(snippetFor({ share_url: "https://chat.example.org/chat/greeter", handle: "greeter" })).toBe(
      '<script src="https://chat.example.org/embed.js" data-workflow="greeter" async></script>',
    ));

  test("shows on wish what the snippet puts on a page, which asks the server for nothing", async () => {
    const share_url = "https://chat.example.org/chat/greeter";
    server.operation("workflows.show", () => workflow({ is_public: true, share_url }));
    await openCanvas("/canvas/workflows/wf_1");
    await shows("Preview on a site");
    expect(all("canvas-site-preview")).toEqual([]);
    const asked = server.asked.length;
    const details = all<HTMLDetailsElement>("details");
    const site = details.find(({ textContent }) => textContent?.includes("Preview on")) as HTMLDetailsElement;
    site.open = true;
    site.dispatchEvent(new Event("toggle"));
    const patience = { timeout: 20_000 };
    await vi.waitFor(() => expect(all(".panel orcheo-chat")).toHaveLength(1), patience);
    const bubble = find("canvas-site-preview").shadowRoot?.querySelector<HTMLElement>(".bubble");
    bubble?.click();
    await vi.waitFor(() => expect(bubble?.getAttribute("aria-expanded")).toBe("false"));
    expect(all(".panel orcheo-chat")).toEqual([]);
    bubble?.click();
    await vi.waitFor(() => expect(all(".panel orcheo-chat")).toHaveLength(1));
    expect(server.asked.slice(asked).filter(({ path }) => !path.includes("/live"))).toEqual([]);
  });

  test("shows the link, the token's beginning, and former tokens with their end", async () => {
    server.operation("workflows.show", () =>
      workflow({
        is_public: true,
        share_url: "https://chat.example.org/chat/greeter",
        publish_token_hint: "orc_pt_new…",
        publish_tokens: [
          { hint: "orc_pt_new…", state: "current", expires_at: null },
          { hint: "orc_pt_old…", state: "grace", expires_at: "2030-01-01T00:00:00Z" },
        ],
      }),
    );
    await openCanvas("/canvas/workflows/wf_1");
    await shows("https://chat.example.org/chat/greeter");
    await shows("orc_pt_old… until Jan 1, 2030");
  });

  test.each([
    ["no_identity_provider", "Visitors must sign in, and this server has no identity provider."],
    ["closed_until_restart", "It was closed, but the server could not store that yet."],
  ])("says why no visitor can come in: %s", async (obstacle, why) => {
    server.operation("workflows.show", () => workflow({ is_public: true, obstacle }));
    await openCanvas("/canvas/workflows/wf_1");
    await shows(why);
  });
});

test.each([
  [{ chatkit_canvas_enabled: true }, 1],
  [{ chatkit_canvas_enabled: false }, 0],
  [undefined, 1],
])("with the features %j there are %i chat bubbles", async (features, count) => {
  server.session = ownerSession(features === undefined ? {} : { features });
  server.operation("workflows.show", () => workflow());
  await openCanvas("/canvas/workflows/wf_1");
  await vi.waitFor(() => expect(all("h1").map((each) => each.textContent)).toEqual(["Greeter"]));
  await vi.waitFor(() => expect(all("canvas-bubble")).toHaveLength(count));
});

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "Chrome · Linux"],
  ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130 Safari/537 Edg/130", "Edge · Windows"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1", "Safari · iPhone"],
  ["curl/8.0", "curl/8.0"],
  ["", "Unknown browser"],
])("the browser %j is called %s", (agent, name) => expect(browserOf(agent)).toBe(name));

test("has no fault that axe finds in its first screens", async () => {
  server.operation("workflows.list", () => ({ workflows: [workflow()], next_after: null }));
  await openCanvas();
  await vi.waitFor(() => expect(all(".list li")).toHaveLength(1));
  const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  expect(violations.map(({ id }) => id)).toEqual([]);
});

test("page, bubble, embed and Canvas have one client of the chat protocol", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((each) =>
    each.endsWith(".ts"),
  );
  const sources = files.map((each) => [each, readFileSync(join("src", each), "utf8")] as const);
  const clients = sources.filter(([, text]) => /"Orcheo-Resume"/.test(text));
  expect(clients.map(([file]) => file)).toEqual(["element/protocol/chat-client.ts"]);
});
