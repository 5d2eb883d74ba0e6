import { describe, expect, test, vi } from "vitest";
import { ConnectionError, ProblemError } from "../../src/element/protocol/problem.ts";
import { CanvasApi, isEnded, providersOf } from "../../src/pages/canvas/api.ts";
import { Connection } from "../../src/pages/canvas/connection.ts";
import { jsonAnswer, problemAnswer } from "../fakes.ts";
import { FakeCanvasServer, PROVIDER } from "./fakes.ts";

function connected(server = new FakeCanvasServer()) {
  const ended = vi.fn();
  const lost = vi.fn();
  return { server, ended, lost, api: new CanvasApi(server.fetch, ended, lost) };
}

const problemOf = (told: Record<string, unknown>) => ({
  ...{ status: 401, code: "owner_session_missing", detail: "", hint: "", requestId: "", retryAfter: null },
  told,
});

describe("the server of Canvas", () => {
  test("is sent the ticket in the body, as JSON", async () => {
    const { api, server } = connected();
    expect((await api.signIn("good")).owner).toBe("owner:ada");
    expect(server.asked[0]).toMatchObject({
      method: "POST",
      path: "/api/canvas/session",
      given: { ticket: "good" },
    });
  });

  test("is asked for the catalogue once, and again where that failed", async () => {
    const { api, server } = connected();
    server.isReachable = false;
    await expect(api.catalogue()).rejects.toBeInstanceOf(ConnectionError);
    server.isReachable = true;
    await Promise.all([api.catalogue(), api.operation("workflows.publish")]);
    expect(server.givenTo("/api/canvas/catalogue")).toHaveLength(2);
  });

  test("whose catalogue lacks an operation is not asked for it", async () => {
    await expect(connected().api.operation("workflows.sell")).rejects.toThrow("workflows.sell");
  });

  test("tells that the owner session has ended, with every request", async () => {
    const { api, server, ended } = connected();
    server.session = null;
    const failure = await api.perform("workflows.list", {}).catch((error) => error);
    expect(isEnded(failure)).toBe(true);
    expect(providersOf(ended.mock.calls[0]?.[0])).toEqual([PROVIDER]);
  });

  test("that refuses a scope ends nothing", async () => {
    const { api, server, ended } = connected();
    server.on("/api/operations/workflows.list", () => problemAnswer(403, "scope_missing"));
    await expect(api.perform("workflows.list", {})).rejects.toBeInstanceOf(ProblemError);
    expect(ended).not.toHaveBeenCalled();
  });

  test("that cannot be reached is told as lost, one that refuses is not", async () => {
    const { api, server, lost } = connected();
    await expect(api.perform("workflows.sell", {})).rejects.toBeInstanceOf(ProblemError);
    expect(lost).not.toHaveBeenCalled();
    server.isReachable = false;
    await expect(api.perform("workflows.list", {})).rejects.toBeInstanceOf(ConnectionError);
    expect(lost).toHaveBeenCalledTimes(1);
  });

  test("that does not know another sign-in ends nothing", async () => {
    const { api, server, ended } = connected();
    server.on("/api/canvas/sessions/ses_9", () => problemAnswer(404, "owner_session_not_found"));
    const failure = await api.endSession("ses_9").catch((error) => error);
    expect([isEnded(failure), ended.mock.calls.length]).toEqual([false, 0]);
  });

  test("is asked the question before an act", async () => {
    const { api, server } = connected();
    server.question("workflows.publish", "Publish greeter?");
    const { signal } = new AbortController();
    expect(await api.question("workflows.publish", { ref: "wf_1" }, signal)).toBe("Publish greeter?");
  });

  test("lists and ends sign-ins, and signs out", async () => {
    const { api, server } = connected();
    server.on("/api/canvas/sessions", () => jsonAnswer({ items: [{ id: "ses_1" }] }));
    server.on("/api/canvas/sessions/ses_1", () => new Response(null, { status: 204 }));
    expect(await api.sessions(new AbortController().signal)).toEqual([{ id: "ses_1" }]);
    await api.endSession("ses_1");
    await api.signOut();
    expect(server.asked.slice(-2).map(({ method, path }) => `${method} ${path}`)).toEqual([
      "DELETE /api/canvas/sessions/ses_1",
      "DELETE /api/canvas/session",
    ]);
  });
});

test.each<[unknown, unknown[]]>([
  [undefined, []],
  ["nonsense", []],
  [[PROVIDER], [PROVIDER]],
  [[null, 1, { label: "x" }, { label: 1, login_url: "/auth" }], []],
  [[{ id: "e", label: "Elsewhere", login_url: "https://elsewhere.example/" }], []],
  [[{ id: "e", label: "Elsewhere", login_url: "//elsewhere.example/" }], []],
  [[{ id: "e", label: "Script", login_url: "javascript:alert(1)" }], []],
])("of providers %j only those of our own addresses are offered", (providers, offered) =>
  expect(providersOf(problemOf({ providers }))).toEqual(offered),
);

describe("a lost connection", () => {
  function connection(answers: boolean[]) {
    vi.useFakeTimers();
    const tried = vi.fn(async () => answers.shift() ?? false);
    const changed = vi.fn();
    return { connection: new Connection(tried, changed), tried, changed };
  }

  test("is tried again, less and less often, until it is back", async () => {
    const { connection: lost, tried } = connection([false, false, true]);
    const back = vi.fn();
    lost.watch(back);
    lost.lost();
    lost.lost();
    for (const [wait, times] of [
      [1_000, 1],
      [2_000, 2],
      [3_999, 2],
      [1, 3],
    ] as const) {
      await vi.advanceTimersByTimeAsync(wait);
      expect(tried).toHaveBeenCalledTimes(times);
    }
    expect([lost.isLost, back.mock.calls.length]).toEqual([false, 1]);
    vi.useRealTimers();
  });

  test("is tried at once when the browser is online, and not when nothing was lost", async () => {
    const { connection: lost, tried, changed } = connection([true]);
    await lost.now();
    expect(tried).not.toHaveBeenCalled();
    lost.lost();
    await lost.now();
    expect([lost.isLost, changed.mock.calls.length]).toEqual([false, 2]);
    vi.useRealTimers();
  });

  test("tells nobody who no longer waits", () => {
    const { connection: lost } = connection([]);
    const back = vi.fn();
    lost.watch(back)();
    lost.back();
    expect(back).not.toHaveBeenCalled();
    vi.useRealTimers();
  });
});
