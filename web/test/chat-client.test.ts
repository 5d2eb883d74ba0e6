import { describe, expect, test } from "vitest";
import { GrantKeeper } from "../src/element/protocol/grant-keeper.ts";
import { ConnectionError, isPassing, ProblemError } from "../src/element/protocol/problem.ts";
import { askRequest, textInput } from "../src/element/protocol/wire.ts";
import { clientFor, FakeServer, jsonAnswer, problemAnswer, streamAnswer } from "./fakes.ts";

const never = new AbortController().signal;
const list = { type: "items.list", params: { thread_id: "thr_1", limit: 5, order: "desc" } } as const;

/** Grants "grant-1", "grant-2", …: opaque, or JWTs that live for `lifetime` seconds. */
function countingGrants(lifetime?: number) {
  const asked: (string | null)[] = [];
  const getClientSecret = async (current: string | null) => {
    asked.push(current);
    const claims = btoa(JSON.stringify({ iat: 1000, exp: 1000 + (lifetime ?? 0) }));
    return lifetime === undefined ? `grant-${asked.length}` : `h.${claims}.${asked.length}`;
  };
  return { asked, getClientSecret };
}

function clientOf(server: FakeServer, grants = countingGrants()) {
  return clientFor(server, { grants: new GrantKeeper(grants.getClientSecret) });
}

describe("the address of a file", () => {
  const path = "/api/chatkit/attachments/atc_1?ticket=t";
  const reached = (url: string, server: object) => clientFor(new FakeServer(), server).reached(url);

  test("leads to the server under the name by which the page reaches it", () => {
    const given = `http://127.0.0.1:8700${path}`;
    expect(reached(given, { url: "http://localhost:8700/api/chatkit" })).toBe(`http://localhost:8700${path}`);
    expect(reached(given, { url: "/api/chatkit" })).toBe(path);
  });

  test.each([
    ["of another kind", "https://files.example.org/atc_1", {}],
    ["of a server of others", `https://files.example.org${path}`, { isOurs: false }],
  ])("%s stays as it is", (_kind, given, server) => {
    expect(reached(given, server)).toBe(given);
  });
});

describe("the chat grant", () => {
  test("is asked for once and sent with each request", async () => {
    const server = new FakeServer(jsonAnswer({ n: 1 }), jsonAnswer({ n: 2 }));
    const grants = countingGrants();
    const client = clientOf(server, grants);
    await client.call(list, never);
    await expect(client.call(list, never)).resolves.toEqual({ n: 2 });
    expect(server.sent.map((request) => request.headers.Authorization)).toEqual([
      "Bearer grant-1",
      "Bearer grant-1",
    ]);
    expect(grants.asked).toEqual([null]);
  });

  test.each(["grant_expired", "grant_invalid"])(
    "is renewed once after %s, and the request repeated",
    async (code) => {
      const server = new FakeServer(problemAnswer(401, code), jsonAnswer({ ok: true }));
      const grants = countingGrants();
      await expect(clientOf(server, grants).call(list, never)).resolves.toEqual({ ok: true });
      expect(grants.asked).toEqual([null, "grant-1"]);
      expect(server.sent[1]?.headers.Authorization).toBe("Bearer grant-2");
    },
  );

  test("that the page gives again is of no use: the page is asked as if it had none", async () => {
    const server = new FakeServer(problemAnswer(401, "grant_expired"), jsonAnswer({ ok: true }));
    const asked: (string | null)[] = [];
    const keeper = new GrantKeeper(async (current) => {
      asked.push(current);
      return current ?? `grant-${asked.length}`;
    });
    await expect(clientFor(server, { grants: keeper }).call(list, never)).resolves.toEqual({ ok: true });
    expect(asked).toEqual([null, "grant-1", null]);
    expect(server.sent[1]?.headers.Authorization).toBe("Bearer grant-3");
  });

  test("of a short session is used for half of its time", async () => {
    let now = 0;
    const grants = countingGrants(10);
    const keeper = new GrantKeeper(grants.getClientSecret, () => now);
    const first = await keeper.current();
    now = 4_999;
    await expect(keeper.current()).resolves.toBe(first);
    now = 5_000;
    await expect(keeper.current()).resolves.not.toBe(first);
  });

  test("says what the page's server has switched off", async () => {
    const heard: (readonly string[])[] = [];
    const claims = [{ off: ["history"] }, {}, { off: "history" }, { sub: "ada" }].map(
      (each) => `h.${btoa(JSON.stringify(each))}.s`,
    );
    const keeper = new GrantKeeper(
      async () => claims.shift() ?? "",
      () => 0,
      (off) => heard.push(off),
    );
    for (let round = 0; round < 3; round += 1) await keeper.replace(await keeper.current());
    expect(heard).toEqual([["history"], [], [], []]);
  });

  test.each([undefined, "", { client_secret: "h.c.s" }])(
    "that is %o is named, and not sent",
    async (given) => {
      const server = new FakeServer();
      const grants = new GrantKeeper(async () => given as string);
      await expect(clientFor(server, { grants }).call(list, never)).rejects.toThrow(
        "api.getClientSecret must return",
      );
      expect(server.sent).toEqual([]);
    },
  );

  test("refused twice is given up", async () => {
    const server = new FakeServer(problemAnswer(401, "grant_expired"), problemAnswer(401, "grant_expired"));
    await expect(clientOf(server).call(list, never)).rejects.toMatchObject({
      problem: { code: "grant_expired" },
    });
  });

  test("is not renewed for other refusals", async () => {
    const server = new FakeServer(problemAnswer(401, "chat_session_ended"));
    await expect(clientOf(server).call(list, never)).rejects.toMatchObject({
      problem: { code: "chat_session_ended" },
    });
  });

  test("is renewed once for requests that are refused together", async () => {
    const refusals = [problemAnswer(401, "grant_expired"), problemAnswer(401, "grant_expired")];
    const server = new FakeServer(...refusals, jsonAnswer({}), jsonAnswer({}));
    const grants = countingGrants();
    const client = clientOf(server, grants);
    await Promise.all([client.call(list, never), client.call(list, never)]);
    expect(grants.asked).toEqual([null, "grant-1"]);
  });

  test("is renewed before it runs out, by its own span and not by the clock's reading", async () => {
    let now = 5_000_000;
    const grants = countingGrants(300);
    const keeper = new GrantKeeper(grants.getClientSecret, () => now);
    const first = await keeper.current();
    now += 279_000;
    expect(await keeper.current()).toBe(first);
    now += 2_000;
    expect(await keeper.current()).not.toBe(first);
    expect(grants.asked).toEqual([null, first]);
  });

  test("that cannot be had fails the request, and is asked for again by the next one", async () => {
    const answers = [Promise.reject(new ConnectionError("down")), Promise.resolve("grant-2")];
    const keeper = new GrantKeeper(() => answers.shift() ?? Promise.reject(new Error("no more")));
    await expect(keeper.current()).rejects.toBeInstanceOf(ConnectionError);
    await expect(keeper.current()).resolves.toBe("grant-2");
  });
});

describe("requests", () => {
  test("that open a turn can be resumed and repeated", async () => {
    const server = new FakeServer(streamAnswer([]));
    await clientOf(server).openTurn(askRequest(textInput("Hi"), null), "key-1", never);
    const [sent] = server.sent;
    expect(sent?.headers).toMatchObject({ "Orcheo-Resume": "1", "Idempotency-Key": "key-1" });
    expect(sent?.body).toEqual({
      type: "threads.create",
      params: {
        input: { content: [{ type: "input_text", text: "Hi" }], attachments: [], inference_options: {} },
      },
    });
  });

  test("that resume a turn say after which event", async () => {
    const server = new FakeServer(new Response(null, { status: 204 }));
    await expect(clientOf(server).resumeTurn("thr/1", 7, never)).resolves.toBeNull();
    expect(server.sent[0]?.url).toBe("/api/chatkit/threads/thr%2F1/events?after=7");
  });

  test("that never arrive are told from requests that were given up", async () => {
    const broken = clientOf(new FakeServer(new TypeError("Failed to fetch"))).call(list, never);
    await expect(broken).rejects.toBeInstanceOf(ConnectionError);
    const abandoned = clientOf(new FakeServer(new DOMException("gone", "AbortError"))).call(list, never);
    await expect(abandoned).rejects.toMatchObject({ name: "AbortError" });
  });

  test("answered with a cut body count as never answered", async () => {
    const client = clientOf(new FakeServer(new Response('{"half":')));
    await expect(client.call(list, never)).rejects.toBeInstanceOf(ConnectionError);
  });
});

describe("problems", () => {
  async function problemOf(response: Response): Promise<ProblemError> {
    return clientOf(new FakeServer(response))
      .call(list, never)
      .then(
        () => Promise.reject(new Error("expected a problem")),
        (error) => error,
      );
  }

  test("carry the server's words and the request's id", async () => {
    const body = { code: "too_long", detail: "Too long.", hint: "Shorten it." };
    const answer = JSON.stringify({ ...body, request_id: "req-1" });
    const error = await problemOf(new Response(answer, { status: 422 }));
    expect(error).toBeInstanceOf(ProblemError);
    expect(error.problem).toEqual({
      status: 422,
      ...body,
      requestId: "req-1",
      retryAfter: null,
      told: { ...body, request_id: "req-1" },
    });
  });

  test.each([
    ["12", 12_000],
    ["0", 0],
    ["soon", 10_000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ])("read Retry-After: %s", async (header, wait) => {
    const error = await problemOf(problemAnswer(429, "rate_limited", { "retry-after": header }));
    expect(error.problem.retryAfter).toBe(wait);
  });

  test.each([502, 503, 504])("of status %d are passing, whatever their body", async (status) => {
    const error = await problemOf(new Response("<html>Bad gateway</html>", { status }));
    expect(error.problem.code).toBe(`http_${status}`);
    expect(isPassing(error)).toBe(true);
  });

  test("of other statuses are not", async () => {
    expect(isPassing(await problemOf(problemAnswer(409, "turn_in_progress")))).toBe(false);
    expect(isPassing(await problemOf(new Response("[]", { status: 500 })))).toBe(false);
  });
});

describe("a server of others", () => {
  test("gets no header that it may not know, and the key in the request's metadata", async () => {
    const server = new FakeServer(streamAnswer([]));
    const client = clientFor(server, { isOurs: false, grants: null, locale: () => "de" });
    await client.openTurn(askRequest(textInput("Hi"), null), "key-1", never);
    const [sent] = server.sent;
    expect(sent?.headers).toEqual({
      "Content-Type": "application/json",
      Accept: "text/event-stream",
      "Accept-Language": "de",
    });
    expect(sent?.body.metadata).toEqual({ client_id: "key-1" });
  });
});
