// @vitest-environment happy-dom
import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { WireItem } from "../src/element/protocol/wire.ts";
import { OrcheoChatPage, refOf } from "../src/pages/chat/orcheo-chat-page.ts";
import {
  assistantItem,
  FakeServer,
  jsonAnswer,
  problemAnswer,
  type SentRequest,
  streamAnswer,
  turnEvents,
  userItem,
  wireThread,
} from "./fakes.ts";

const DESCRIPTION = {
  id: "wf_1",
  name: "Docs assistant",
  require_login: false,
  login_url: "/auth/login?to=1",
  signed_in_as: null,
  dev_login: false,
  login_with: "Example ID",
  message_limit: 8_000,
  telemetry: false,
  look: {},
};
const GRANT = grantFor("anon:~~1??");

beforeEach(() => {
  history.replaceState(null, "", "/chat/docs%20assistant");
  localStorage.clear();
  sessionStorage.clear();
});

afterEach(() => document.body.replaceChildren());

function grantFor(sub: string) {
  const claims = btoa(JSON.stringify({ sub })).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return { client_secret: `header.${claims}.signature`, expires_in: 300 };
}

function openPage(...answers: ConstructorParameters<typeof FakeServer>): FakeServer {
  const server = new FakeServer(...answers);
  vi.spyOn(globalThis, "fetch").mockImplementation((url, init) => server.fetch(String(url), init ?? {}));
  document.body.append(new OrcheoChatPage());
  return server;
}

/** Everything of the page, through its open shadow roots. */
function all(selector: string, root: ParentNode = document): Element[] {
  const inner = [...root.querySelectorAll("*")].flatMap((element) =>
    element.shadowRoot ? all(selector, element.shadowRoot) : [],
  );
  return [...root.querySelectorAll(selector), ...inner];
}

function find<T extends Element>(selector: string): T {
  return all(selector)[0] as T;
}

function shownText(selector: string): string {
  return all(selector)
    .map((element) => element.textContent)
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
}

async function send(text: string): Promise<void> {
  await expect.poll(() => all("textarea:not([disabled])")).toHaveLength(1);
  const field = find<HTMLTextAreaElement>("textarea");
  field.value = text;
  field.dispatchEvent(new InputEvent("input"));
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
}

describe("telemetry", () => {
  test("is sent only where the server asks for it", async () => {
    const { sent } = openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT));
    await expect.poll(() => all("textarea")).toHaveLength(1);
    expect(sent.filter(({ url }) => url === "/api/telemetry")).toEqual([]);
    document.body.replaceChildren();
    const asking = openPage(
      jsonAnswer({ ...DESCRIPTION, telemetry: true }),
      jsonAnswer(GRANT),
      new Response(null, { status: 204 }),
    );
    await expect.poll(() => asking.sent.map(({ url }) => url)).toContain("/api/telemetry");
    const { body } = asking.sent.find(({ url }) => url === "/api/telemetry") as SentRequest;
    expect(body).toEqual({ place: "page", event: "open" });
  });
});

describe("the line above the chat", () => {
  test("is not there for visitors who are not signed in", async () => {
    openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT));
    await expect.poll(() => all("textarea")).toHaveLength(1);
    expect(all(".sign-in")).toHaveLength(0);
  });

  test("says who is signed in and signs out", async () => {
    const server = openPage(
      jsonAnswer({ ...DESCRIPTION, signed_in_as: "<b>Ada</b>" }),
      jsonAnswer(GRANT),
      new Response(null, { status: 204 }),
    );
    const reload = vi.spyOn(location, "reload").mockImplementation(() => {});
    await expect.poll(() => shownText(".sign-in span")).toBe("Signed in as <b>Ada</b>");
    find<HTMLButtonElement>(".sign-in button").click();
    await expect.poll(() => reload.mock.calls).toHaveLength(1);
    expect(server.sent.at(-1)?.url).toBe("/auth/logout");
  });

  test("leads on to where the identity provider can be signed out of as well", async () => {
    openPage(
      jsonAnswer({ ...DESCRIPTION, signed_in_as: "Ada" }),
      jsonAnswer(GRANT),
      jsonAnswer({ next_url: "/auth/signed-out?provider=main" }),
    );
    const assign = vi.spyOn(location, "assign").mockImplementation(() => {});
    await expect.poll(() => shownText(".sign-in span")).toBe("Signed in as Ada");
    find<HTMLButtonElement>(".sign-in button").click();
    const to = encodeURIComponent(location.pathname);
    await expect.poll(() => assign.mock.calls).toEqual([[`/auth/signed-out?provider=main&to=${to}`]]);
  });

  test("warns where anybody can sign in under any name", async () => {
    openPage(jsonAnswer({ ...DESCRIPTION, dev_login: true }), jsonAnswer(GRANT));
    await expect.poll(() => shownText(".sign-in [role=note]")).toContain("Trial sign-in is on");
    expect(all(".sign-in button")).toHaveLength(0);
  });
});

describe("under pressure", () => {
  const parameters = {
    algorithm: "PBKDF2/SHA-256",
    nonce: "00ff",
    salt: "ab",
    cost: 1,
    keyLength: 32,
    keyPrefix: "0",
  };

  test("the page solves the challenge and asks again", async () => {
    const challenge = { parameters, signature: "s" };
    const body = JSON.stringify({ code: "proof_of_work_needed", challenge });
    const server = openPage(jsonAnswer(DESCRIPTION), new Response(body, { status: 428 }), jsonAnswer(GRANT));
    await expect.poll(() => all("textarea:not([disabled])")).toHaveLength(1);
    const proof: string = server.sent.at(-1)?.body.proof;
    const payload = JSON.parse(atob(proof)) as { challenge: object; solution: { derivedKey: string } };
    expect(payload.challenge).toEqual(challenge);
    expect(payload.solution.derivedKey).toMatch(/^0[0-9a-f]{63}$/);
  });
});

describe("the chat page", () => {
  test("opens a chat session by itself, shows the name, and streams the answer to a message", async () => {
    const server = openPage(
      jsonAnswer(DESCRIPTION),
      jsonAnswer(GRANT),
      streamAnswer(turnEvents("thr_1", "Hi", ["Hello **", "you**"])),
    );
    await send("Hi");
    await expect.poll(() => all('[data-role="assistant"][data-status="done"]')).toHaveLength(1);
    expect(shownText('[data-role="user"] p')).toBe("Hi");
    expect(shownText('[data-role="assistant"] strong')).toBe("you");
    expect(document.title).toBe("Docs assistant");
    expect(shownText("h1")).toBe("Docs assistant");
    expect(server.sent.map((request) => request.url)).toEqual([
      "/api/chat/docs%20assistant",
      "/api/chat/docs%20assistant/session",
      "/api/chatkit",
    ]);
    expect(localStorage.getItem("orcheo.thread.wf_1")).toBe("thr_1");
  });

  test("shows the remembered thread again", async () => {
    localStorage.setItem("orcheo.thread.wf_1", "thr_1");
    const thread = wireThread("thr_1", [userItem("msg_u", "Hi"), assistantItem("msg_a", "Hello")]);
    openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT), jsonAnswer(thread));
    await expect.poll(() => shownText('[data-role="assistant"] p')).toBe("Hello");
  });

  test("forgets a thread that is gone", async () => {
    localStorage.setItem("orcheo.thread.wf_1", "thr_1");
    openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT), problemAnswer(404, "thread_not_found"));
    await expect.poll(() => shownText(".empty")).toContain("What would you like to ask?");
    expect(localStorage.getItem("orcheo.thread.wf_1")).toBeNull();
  });

  test("lists the sources of an answer, and links only to safe addresses", async () => {
    localStorage.setItem("orcheo.thread.wf_1", "thr_1");
    const answer = assistantItem("msg_a", "See [this](javascript:alert(1)) <img src=x onerror=alert(1)>");
    answer.content[0]?.annotations.push(
      { type: "annotation", source: { type: "file", title: "Guide", filename: "guide.md" } },
      { type: "annotation", source: { type: "url", title: "RFC", url: "https://rfc.example/1" } },
      { type: "annotation", source: { type: "url", title: "Bad", url: "javascript:alert(1)" } },
    );
    openPage(
      jsonAnswer(DESCRIPTION),
      jsonAnswer(GRANT),
      jsonAnswer(wireThread("thr_1", [userItem("msg_u", "Hi"), answer])),
    );
    await expect.poll(() => shownText(".sources")).toBe("Sources Guide guide.mdRFC rfc.exampleBad");
    expect(all("a").map((link) => [link.getAttribute("href"), link.getAttribute("rel")])).toEqual([
      ["https://rfc.example/1", "noopener noreferrer nofollow"],
    ]);
    expect(all("img")).toEqual([]);
  });

  test("folds more than three sources", async () => {
    localStorage.setItem("orcheo.thread.wf_1", "thr_1");
    const answer = assistantItem("msg_a", "Much");
    for (let number = 1; number <= 4; number += 1) {
      const source = { type: "file", title: `Guide ${number}`, filename: `${number}.md` } as const;
      answer.content[0]?.annotations.push({ type: "annotation", source });
    }
    openPage(
      jsonAnswer(DESCRIPTION),
      jsonAnswer(GRANT),
      jsonAnswer(wireThread("thr_1", [userItem("msg_u", "Hi"), answer])),
    );
    await expect.poll(() => shownText(".sources summary")).toBe("Show 4 sources");
    expect(all(".sources details li")).toHaveLength(4);
    expect(all(".sources details[open]")).toEqual([]);
  });

  test.each([
    ["chat_unavailable", 404, "This chat is not available"],
    ["login_required", 401, "Sign in to chat with Docs assistant"],
    ["rate_limited", 429, "You can try again in 7 s."],
    ["internal", 500, "The chat could not be opened"],
  ])("says %s in plain words", async (code, status, words) => {
    openPage(jsonAnswer(DESCRIPTION), problemAnswer(status, code, { "retry-after": "7" }));
    await expect.poll(() => shownText('[role="alert"]')).toContain(words);
    expect(all('[role="alert"] .icon')).toHaveLength(1);
    const link = code === "login_required" ? "Sign in with Example ID" : "";
    expect(shownText('a[href="/auth/login?to=1"]')).toBe(link);
  });

  test("is tried again from the screen that says what went wrong", async () => {
    openPage(new TypeError("offline"), jsonAnswer(DESCRIPTION), jsonAnswer(GRANT));
    await expect.poll(() => shownText('[role="alert"]')).toContain("could not be reached");
    find<HTMLButtonElement>('[role="alert"] button').click();
    await expect.poll(() => shownText("h1")).toBe("Docs assistant");
  });

  test("counts down when there were too many messages, and then sends the message again", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
    try {
      const server = openPage(
        jsonAnswer(DESCRIPTION),
        jsonAnswer(GRANT),
        problemAnswer(429, "rate_limited", { "retry-after": "3" }),
        streamAnswer(turnEvents("thr_1", "Hi", ["Hello"])),
      );
      await send("Hi");
      await expect.poll(() => shownText(".failure p")).toContain("You can try again in 3 s.");
      const retry = find<HTMLButtonElement>(".failure button");
      expect(retry.disabled).toBe(true);
      await send("Impatient");
      expect(server.sent).toHaveLength(3);
      // A reload now would lose neither.
      expect(sessionStorage.getItem("orcheo.draft.wf_1.anon:~~1??.")).toBe("Hi\n\nImpatient");
      vi.advanceTimersByTime(2_000);
      await expect.poll(() => shownText(".failure p")).toContain("You can try again in 1 s.");
      vi.advanceTimersByTime(1_000);
      await expect.poll(() => retry.disabled).toBe(false);
      expect(shownText(".failure p")).not.toContain("You can try again");
      retry.click();
      await expect.poll(() => shownText('[data-role="assistant"] p')).toBe("Hello");
      const keys = server.sent.slice(2).map((request) => request.headers["Idempotency-Key"]);
      expect(keys[0]).toBe(keys[1]);
      expect(shownText('[data-role="user"] p')).toBe("Hi");
      expect(find<HTMLTextAreaElement>("textarea").value).toBe("Impatient");
    } finally {
      vi.useRealTimers();
    }
  });

  test("keeps what was said in sight when the chat is closed", async () => {
    openPage(
      jsonAnswer(DESCRIPTION),
      jsonAnswer(GRANT),
      streamAnswer(turnEvents("thr_1", "Hi", ["Hello"])),
      problemAnswer(404, "chat_unavailable"),
    );
    await send("Hi");
    await expect.poll(() => all('[data-status="done"]')).toHaveLength(1);
    await send("More");
    await expect.poll(() => shownText('[role="alert"]')).toContain("This chat is no longer available.");
    expect(shownText('[data-role="assistant"] p')).toBe("Hello");
    expect(all("textarea")).toEqual([]);
  });

  test("lets what was being written be copied when the chat is closed", async () => {
    let close = (_answer: Response): void => {};
    const closing = new Promise<Response>((resolve) => {
      close = resolve;
    });
    openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT), () => closing);
    await send("Hi");
    const field = find<HTMLTextAreaElement>("textarea");
    field.value = "And then";
    field.dispatchEvent(new InputEvent("input"));
    close(problemAnswer(404, "chat_unavailable"));
    await expect.poll(() => shownText('[role="alert"]')).toContain("This chat is no longer available.");
    const kept = find<HTMLTextAreaElement>("textarea");
    expect([kept.value, kept.readOnly, kept.disabled]).toEqual(["And then", true, false]);
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    expect(all('[data-role="user"]')).toHaveLength(1);
  });

  test("starts a new thread on request", async () => {
    openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT), streamAnswer(turnEvents("thr_1", "Hi", ["Hello"])));
    await send("Hi");
    await expect.poll(() => all('[data-status="done"]')).toHaveLength(1);
    find<HTMLButtonElement>('button[aria-label="New chat"]').click();
    await expect.poll(() => shownText(".empty")).toContain("What would you like to ask?");
    expect(localStorage.getItem("orcheo.thread.wf_1")).toBeNull();
  });

  test("has no accessibility fault that axe finds", async () => {
    openPage(
      jsonAnswer(DESCRIPTION),
      jsonAnswer(GRANT),
      streamAnswer(turnEvents("thr_1", "Hi", ["# T\n\n- a\n\n`b`"])),
    );
    document.documentElement.lang = "en";
    await send("Hi");
    await expect.poll(() => all('[data-status="done"]')).toHaveLength(1);
    // Contrast needs a layout, which only a browser has: the end-to-end tests look at it.
    const { violations } = await axe.run(document, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map((violation) => violation.id)).toEqual([]);
  });
});

describe("the composer", () => {
  const sentTexts = (server: FakeServer) =>
    server.sent.slice(2).map((request) => request.body.params.input.content[0].text);

  async function compose(text: string, key: KeyboardEventInit): Promise<FakeServer> {
    const server = openPage(
      jsonAnswer(DESCRIPTION),
      jsonAnswer(GRANT),
      streamAnswer(turnEvents("thr_1", text, ["Hello"])),
    );
    await expect.poll(() => all("textarea:not([disabled])")).toHaveLength(1);
    const field = find<HTMLTextAreaElement>("textarea");
    field.value = text;
    field.dispatchEvent(new InputEvent("input"));
    field.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...key }));
    await new Promise((resolve) => setTimeout(resolve));
    return server;
  }

  test("sends with Enter, without the space around the text", async () => {
    expect(sentTexts(await compose("  Hi \n", { key: "Enter" }))).toEqual(["Hi"]);
  });

  test.each([
    ["Shift+Enter", "Hi", { key: "Enter", shiftKey: true }],
    ["the Enter that ends a composition", "にほん", { key: "Enter", isComposing: true }],
    ["another key", "Hi", { key: "a" }],
    ["nothing to send", " \n ", { key: "Enter" }],
    ["a message over the limit", "a".repeat(8_001), { key: "Enter" }],
  ])("does not send with %s", async (_, text, key) => {
    expect(sentTexts(await compose(text, key))).toEqual([]);
  });

  test("tells by how much a message is too long", async () => {
    await compose("a".repeat(8_010), { key: "a" });
    expect(shownText("#limit")).toBe("This message is too long: 10 over the limit of 8,000.");
  });

  test("counts characters as the server does, not halves of them", async () => {
    await compose("😀".repeat(7_990), { key: "a" });
    expect(shownText("#limit")).toBe("Characters left: 10");
  });
});

describe("what is being written", () => {
  const type = async (text: string) => {
    await expect.poll(() => all("textarea:not([disabled])")).toHaveLength(1);
    const field = find<HTMLTextAreaElement>("textarea");
    field.value = text;
    field.dispatchEvent(new InputEvent("input"));
  };
  const shown = () => find<HTMLTextAreaElement>("textarea")?.value;

  test("survives a reload, until it is sent", async () => {
    openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT));
    await type("half a thought");
    document.body.replaceChildren();
    openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT), streamAnswer(turnEvents("thr_1", "Hi", ["Hello"])));
    await expect.poll(shown).toBe("half a thought");
    await send("Hi");
    await expect.poll(() => all('[data-status="done"]')).toHaveLength(1);
    expect(sessionStorage).toHaveLength(0);
  });

  test("belongs to its thread, also while that thread gets its id", async () => {
    openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT), streamAnswer(turnEvents("thr_1", "Hi", ["Hello"])));
    await send("Hi");
    await type("next");
    await expect.poll(() => all('[data-status="done"]')).toHaveLength(1);
    find<HTMLButtonElement>('button[aria-label="New chat"]').click();
    await expect.poll(shown).toBe("");
    expect(sessionStorage.getItem("orcheo.draft.wf_1.anon:~~1??.thr_1")).toBe("next");
  });

  test("is not shown to the next person who signs in, not even if both have one name", async () => {
    openPage(
      jsonAnswer({ ...DESCRIPTION, signed_in_as: "Ada" }),
      jsonAnswer(grantFor("oidc:https://id.example#ada?>?")),
      new Response(null, { status: 204 }),
    );
    vi.spyOn(location, "reload").mockImplementation(() => {});
    await type("my secret");
    document.body.replaceChildren();
    openPage(
      jsonAnswer({ ...DESCRIPTION, signed_in_as: "Ada" }),
      jsonAnswer(grantFor("oidc:https://id.example#another ada")),
      new Response(null, { status: 204 }),
    );
    await expect.poll(shown).toBe("");
    find<HTMLButtonElement>(".sign-in button").click();
    await expect.poll(() => sessionStorage).toHaveLength(0);
  });
});

describe("while an answer is written", () => {
  const endless = () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const frames = turnEvents("thr_1", "Hi", ["Hello"]).slice(0, 5);
        for (const each of frames)
          controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(each)}\n\n`));
      },
    });
    return openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT), new Response(body), jsonAnswer({}));
  };

  test("Enter says why nothing is sent, and the text stays", async () => {
    endless();
    await send("Hi");
    await expect.poll(() => all('[data-status="streaming"]')).toHaveLength(1);
    await send("Impatient");
    await expect.poll(() => shownText("[role=status]")).toContain("An answer is still being written.");
    expect(find<HTMLElement>(".status").dataset.shown).toBe("true");
    expect(find<HTMLTextAreaElement>("textarea").value).toBe("Impatient");
  });

  test.each(["Escape", "the Stop button"])("%s stops it and leaves the focus in the field", async (how) => {
    const server = endless();
    await send("Hi");
    await expect.poll(() => all('[data-status="streaming"]')).toHaveLength(1);
    const stop = find<HTMLButtonElement>('button[aria-label="Stop"]');
    stop.focus();
    if (how === "Escape")
      stop.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, composed: true }));
    else stop.click();
    await expect.poll(() => server.sent.at(-1)?.body.type).toBe("threads.cancel");
    await expect.poll(() => find("orcheo-composer").shadowRoot?.activeElement?.tagName).toBe("TEXTAREA");
  });
});

describe("questions of the workflow", () => {
  const question = (extra: object) => ({ id: "q1", question: "Which **size**?", ...extra });
  const options = [{ value: "S" }, { value: "M" }];
  function openAsking(input: object): FakeServer {
    localStorage.setItem("orcheo.thread.wf_1", "thr_1");
    const item = { type: "structured_input", id: "msg_q", status: "pending", inputs: [question(input)] };
    const thread = wireThread("thr_1", [userItem("msg_u", "Hi"), item as never]);
    const done = assistantItem("msg_b", "Thanks");
    return openPage(
      jsonAnswer(DESCRIPTION),
      jsonAnswer(GRANT),
      jsonAnswer(thread),
      streamAnswer([{ type: "thread.item.done", item: done }]),
    );
  }
  const given = (server: FakeServer) => server.sent.at(-1)?.body.params.input.answers.q1;

  test("offer their options as buttons", async () => {
    const server = openAsking({ options });
    await expect.poll(() => shownText(".options button")).toBe("S M");
    expect(find<HTMLTextAreaElement>("textarea").placeholder).toBe("Write your answer");
    (all(".options button")[1] as HTMLButtonElement).click();
    await expect.poll(() => shownText('[data-role="assistant"] p')).toContain("Thanks");
    expect(given(server)).toEqual({ values: ["M"], skipped: false });
    expect(all(".options")).toEqual([]);
  });

  test("take several options at once", async () => {
    const server = openAsking({ options, multiple: true });
    await expect.poll(() => all("input[type=checkbox]")).toHaveLength(2);
    const form = find<HTMLFormElement>(".choice form");
    for (const box of all("input[type=checkbox]")) (box as HTMLInputElement).checked = true;
    form.dispatchEvent(new SubmitEvent("submit", { cancelable: true }));
    await expect.poll(() => server.sent.at(-1)?.body?.type).toBe("threads.add_structured_input");
    expect(given(server)).toEqual({ values: ["S", "M"], skipped: false });
  });

  test("take what is written into the composer", async () => {
    const server = openAsking({ options });
    await expect.poll(() => all(".options button")).toHaveLength(2);
    await send("m");
    await expect.poll(() => server.sent.at(-1)?.body?.type).toBe("threads.add_structured_input");
    expect(given(server)).toEqual({ values: ["M"], skipped: false });
  });

  test("can be skipped", async () => {
    const server = openAsking({});
    await expect.poll(() => shownText(".choice button")).toBe("Skip");
    find<HTMLButtonElement>(".choice button").click();
    await expect.poll(() => server.sent.at(-1)?.body?.type).toBe("threads.add_structured_input");
    expect(given(server)).toEqual({ values: [], skipped: true });
  });
});

test("a part that cannot be drawn says so, and nothing offers to run the workflow again", async () => {
  localStorage.setItem("orcheo.thread.wf_1", "thr_1");
  const thread = wireThread("thr_1", [
    userItem("msg_u", "Hi"),
    { type: "of_tomorrow", id: "itm_1" } as unknown as WireItem,
  ]);
  openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT), jsonAnswer(thread));
  await expect.poll(() => shownText(".log")).toContain("This part cannot be shown here.");
  expect(shownText(".log")).not.toContain("There was no answer");
  expect(all(".failure")).toEqual([]);
});

test("what a model thought is folded above its answer", async () => {
  localStorage.setItem("orcheo.thread.wf_1", "thr_1");
  const workflow = { type: "reasoning", tasks: [{ type: "thought", content: "Hm, **well**" }] } as const;
  const thoughts = { type: "workflow", id: "itm_1", workflow } as const;
  const thread = wireThread("thr_1", [userItem("msg_u", "Hi"), thoughts, assistantItem("msg_a", "Hello")]);
  openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT), jsonAnswer(thread));
  await expect.poll(() => shownText(".thoughts summary")).toBe("Thoughts before the answer");
  expect(find<HTMLDetailsElement>(".thoughts").open).toBe(false);
  expect(shownText(".thoughts strong")).toBe("well");
});

test("an empty chat has no button for a new one", async () => {
  openPage(jsonAnswer(DESCRIPTION), jsonAnswer(GRANT));
  await expect.poll(() => all("textarea:not([disabled])")).toHaveLength(1);
  expect(all('button[aria-label="New chat"]')).toEqual([]);
  expect(shownText(".disclaimer")).toContain("The owner can read this chat.");
});

test.each([
  ["/chat/docs", "docs"],
  ["/chat/a%2Fb/", "a/b"],
  ["/chat/%E0%A4", "%E0%A4"],
  ["/chat", ""],
])("the address %s names the workflow %j", (path, ref) => {
  expect(refOf(path)).toBe(ref);
});
