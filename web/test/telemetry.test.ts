// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

type Problems = typeof import("../src/element/protocol/problem.ts");
const LIMITED = {
  status: 429,
  code: "rate_limited",
  detail: "Wait, wf_1.",
  hint: "",
  requestId: "req_1",
  retryAfter: null,
  told: {},
};

type Telemetry = typeof import("../src/pages/telemetry.ts");
let telemetry: Telemetry;
let problems: Problems;
let over: AbortController;
let sent: { url: string; init: RequestInit }[];

beforeEach(async () => {
  vi.resetModules();
  telemetry = await import("../src/pages/telemetry.ts");
  problems = await import("../src/element/protocol/problem.ts");
  over = new AbortController();
  const { signal } = over;
  const add = addEventListener.bind(globalThis) as (...all: unknown[]) => void;
  vi.spyOn(globalThis, "addEventListener").mockImplementation((...all: unknown[]) => add(...all, { signal }));
  sent = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    sent.push({ url: String(url), init: init ?? {} });
    return new Response(null, { status: 204 });
  });
});

afterEach(() => {
  over.abort();
  vi.restoreAllMocks();
});

const told = () => sent.map(({ init }) => JSON.parse(String(init.body)));
const say = (chat: EventTarget, name: string, detail?: unknown) =>
  chat.dispatchEvent(new CustomEvent(name, { detail }));

describe("what a chat page reports", () => {
  test("is where, what, how long and which code, without a cookie", async () => {
    const chat = new EventTarget();
    await telemetry.watchChat(Promise.resolve(chat));
    for (const _ of [1, 2]) {
      say(chat, "chatkit.response.start");
      say(chat, "chatkit.response.end");
    }
    say(chat, "chatkit.error", { error: new problems.ProblemError(LIMITED) });
    say(chat, "chatkit.error", { error: new problems.ConnectionError("gone") });
    say(chat, "chatkit.error", { error: new Error("a secret of anon:1") });
    dispatchEvent(new Event("pagehide"));
    const milliseconds = expect.any(Number);
    expect(told()).toEqual([
      { place: "page", event: "open" },
      { place: "page", event: "answer", milliseconds },
      { place: "page", event: "failure", code: "rate_limited" },
      { place: "page", event: "failure", code: "connection" },
      { place: "page", event: "failure", code: "other" },
      { place: "page", event: "close" },
    ]);
    for (const { url, init } of sent) {
      expect(url).toBe("/api/telemetry");
      expect(init).toMatchObject({ credentials: "omit", keepalive: true, referrerPolicy: "no-referrer" });
    }
  });

  test("is one failure where the chat cannot be opened", async () => {
    await telemetry.watchChat(Promise.reject(new problems.ProblemError(LIMITED)));
    expect(told()).toEqual([{ place: "page", event: "failure", code: "rate_limited" }]);
  });

  test("of a bubble follows what its visitor opens and closes, also after the chat began again", async () => {
    let isShown = false;
    const show = (shown: boolean) => {
      isShown = shown;
      dispatchEvent(new Event("orcheo.shown"));
    };
    await telemetry.watchChat(Promise.resolve(new EventTarget()), () => isShown);
    expect(told()).toEqual([]);
    show(true);
    const again = new EventTarget();
    await telemetry.watchChat(Promise.resolve(again), () => isShown);
    say(again, "chatkit.response.start");
    say(again, "chatkit.response.end");
    show(false);
    show(false);
    expect(told().map(({ place, event }) => `${place} ${event}`)).toEqual([
      "bubble open",
      "bubble answer",
      "bubble close",
    ]);
  });

  test("is lost where the server is gone, and nothing else happens", async () => {
    vi.mocked(fetch).mockRejectedValue(new TypeError("Failed to fetch"));
    await telemetry.watchChat(Promise.resolve(new EventTarget()));
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});

test("the bubble of Canvas reports what its events say", () => {
  const frame = new EventTarget();
  telemetry.watchCanvas(frame);
  say(frame, "canvas.chat.open", {});
  say(frame, "canvas.chat.failure", { code: "x".repeat(200) });
  say(frame, "canvas.chat.answer", { milliseconds: 12 });
  say(frame, "canvas.chat.close", {});
  expect(told()).toEqual([
    { place: "canvas", event: "open" },
    { place: "canvas", event: "failure", code: "x".repeat(100) },
    { place: "canvas", event: "answer", milliseconds: 12 },
    { place: "canvas", event: "close" },
  ]);
});
