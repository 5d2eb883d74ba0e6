// @vitest-environment happy-dom
import type { ReactiveController } from "lit";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConnectionError, ProblemError } from "../../src/element/protocol/problem.ts";
import { CanvasApi } from "../../src/pages/canvas/api.ts";
import { Connection } from "../../src/pages/canvas/connection.ts";
import { LiveNews, type News } from "../../src/pages/canvas/live-news.ts";
import { LiveTranscript } from "../../src/pages/canvas/live-transcript.ts";
import type { Transcript } from "../../src/pages/canvas/models.ts";
import { problemAnswer } from "../fakes.ts";
import { FakeCanvasServer } from "./fakes.ts";

const QUIET: News = { running: [], changed: [], is_cut: false };
const BUSY: News = { running: ["thr_1"], changed: ["thr_1"], is_cut: false };

/** A stream of events that stays open until it is ended. */
function eventStream() {
  let out: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      out = controller;
    },
  });
  const tell = (data: unknown, id = "") =>
    out.enqueue(new TextEncoder().encode(`${id && `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`));
  return { response: new Response(body), tell, end: () => out.close() };
}

function isHidden(hidden: boolean): void {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}

afterEach(() => isHidden(false));

describe("news of a place", () => {
  function listener() {
    const streams: ReturnType<typeof eventStream>[] = [];
    const signals: AbortSignal[] = [];
    const heard: [News, boolean][] = [];
    const refusals: Error[] = [];
    const refused: unknown[] = [];
    const connection = new Connection(
      async () => true,
      () => {},
    );
    const host = { addController: (_: ReactiveController) => {}, requestUpdate: () => {} };
    const waits: number[] = [];
    const pace = { wait: async (ms: number) => void waits.push(ms), random: () => 1 };
    const news = new LiveNews(
      host as never,
      () => connection,
      (...told) => heard.push(told),
      (error) => refused.push(error),
      pace,
    );
    const open = async (signal: AbortSignal) => {
      signals.push(signal);
      const refusal = refusals.shift();
      if (refusal !== undefined) throw refusal;
      const stream = eventStream();
      streams.push(stream);
      return stream.response;
    };
    return { news, open, streams, signals, heard, refusals, refused, waits, connection };
  }

  const refusal = (status: number) =>
    new ProblemError({ status, code: "x", detail: "", hint: "", requestId: "", retryAfter: null, told: {} });

  test("are told, the first ones as such", async () => {
    const { news, open, streams, heard } = listener();
    news.listen(open);
    await vi.waitFor(() => expect(streams).toHaveLength(1));
    streams[0]?.tell(QUIET);
    streams[0]?.tell(BUSY);
    await vi.waitFor(() =>
      expect(heard).toEqual([
        [QUIET, true],
        [BUSY, false],
      ]),
    );
  });

  test("come again after the stream has ended, or could not be opened", async () => {
    const { news, open, streams, heard, refusals, waits } = listener();
    refusals.push(new ConnectionError("lost"), refusal(503), refusal(429));
    news.listen(open);
    await vi.waitFor(() => expect(streams).toHaveLength(1));
    expect(waits).toEqual([500, 1000, 2000]);
    streams[0]?.tell(QUIET);
    streams[0]?.end();
    await vi.waitFor(() => expect(streams).toHaveLength(2));
    expect(waits).toEqual([500, 1000, 2000, 500]);
    streams[1]?.tell(BUSY);
    await vi.waitFor(() => expect(heard.at(-1)).toEqual([BUSY, true]));
  });

  test("end where listening makes no sense, until the owner is back", async () => {
    const { news, open, streams, refusals, refused, connection } = listener();
    refusals.push(refusal(401));
    news.listen(open);
    await vi.waitFor(() => expect(refused).toHaveLength(1));
    expect(streams).toHaveLength(0);
    connection.back();
    await vi.waitFor(() => expect(streams).toHaveLength(1));
  });

  test("cost no connection while the page is not seen, is paused or is gone", async () => {
    const { news, open, signals } = listener();
    news.listen(open);
    isHidden(true);
    expect(signals[0]?.aborted).toBe(true);
    isHidden(false);
    expect(signals).toHaveLength(2);
    news.pause();
    isHidden(false);
    expect([signals[1]?.aborted, signals.length]).toEqual([true, 2]);
    news.resume();
    expect(signals).toHaveLength(3);
    news.hostDisconnected();
    isHidden(false);
    news.resume();
    expect([signals[2]?.aborted, signals.length]).toEqual([true, 3]);
  });
});

describe("a thread that its owner reads", () => {
  const page = (from: number, next: string | null, status = "completed"): Transcript => ({
    thread: {
      id: "thr_1",
      workflow_id: "wf_1",
      subject: "anon:1",
      title: "T",
      created_at: "2026-01-01T00:00:00Z",
      updated_at: "2026-01-01T00:00:00Z",
    },
    status,
    turns: [
      {
        id: `trn_${from}`,
        status,
        started_at: "2026-01-01T00:00:00Z",
        ended_at: null,
        ...{ code: null, reason: null, input_tokens: null, output_tokens: null },
      },
    ],
    items: [
      {
        id: `msg_${from}`,
        turn_id: `trn_${from}`,
        created_at: "2026-01-01T00:00:00Z",
        kind: "user_message",
        text: `said ${from}`,
        details: {},
        feedback: null,
      },
    ],
    next_after: next,
  });

  function reading(server: FakeCanvasServer) {
    const api = new CanvasApi(
      server.fetch,
      () => {},
      () => {},
    );
    const changes: number[] = [];
    const live = new LiveTranscript(api, "thr_1", "Read only.", ({ entries }) =>
      changes.push(entries.length),
    );
    const ask = async (type: string) =>
      live.fetch("/api/chatkit", { method: "POST", body: JSON.stringify({ type }) });
    return { live, ask, changes };
  }

  test("is asked for once more when something has changed, and then from its last pages on", async () => {
    const server = new FakeCanvasServer();
    server.operation("threads.show", ({ after }) => {
      const from = Number(String(after ?? "msg_0").slice(4)) + 1;
      return page(from, from < 4 ? `msg_${from}` : null, "running");
    });
    const { live, ask, changes } = reading(server);
    expect((await live.read()).entries.map(({ id }) => id)).toEqual(["msg_1", "msg_2", "msg_3", "msg_4"]);
    const first = await (await ask("threads.get_by_id")).json();
    expect(first.status).toEqual({ type: "closed", reason: "Read only." });
    expect(first.metadata["orcheo.turn"].status).toBe("running");
    expect(changes).toEqual([]);
    await ask("threads.get_by_id");
    expect(changes).toEqual([4]);
    const given = server.givenTo("/api/operations/threads.show").map(({ after }) => after);
    expect(given).toEqual([undefined, "msg_1", "msg_2", "msg_3", "msg_2", "msg_3"]);
    const items = await (await ask("items.list")).json();
    expect(items.data.map(({ id }: { id: string }) => id)).toEqual(["msg_4", "msg_3", "msg_2", "msg_1"]);
  });

  test("takes no part in the turn that it shows", async () => {
    const server = new FakeCanvasServer();
    const stream = eventStream();
    server.on("/api/canvas/threads/thr_1/events", () => stream.response);
    const { live } = reading(server);
    const answer = await live.fetch("/api/chatkit/threads/thr_1/events?after=3", {});
    stream.tell({ type: "thread.updated", thread: { id: "thr_1", status: { type: "active" } } }, "4");
    stream.tell({ type: "stream_options", stream_options: { allow_cancel: true } }, "5");
    stream.tell({ type: "thread.item.updated", item_id: "msg_1" }, "6");
    stream.end();
    expect(await answer.text()).toBe(
      [
        'id: 4\ndata: {"type":"thread.updated","thread":{"id":"thr_1","status":{"type":"closed","reason":"Read only."}}}\n\n',
        'id: 5\ndata: {"type":"stream_options","stream_options":{"allow_cancel":false}}\n\n',
        'id: 6\ndata: {"type":"thread.item.updated","item_id":"msg_1"}\n\n',
      ].join(""),
    );
    expect((await live.fetch("/api/chatkit", { body: '{"type":"threads.custom_action"}' })).status).toBe(404);
  });

  test("says what the server refuses, and that there is nothing to follow", async () => {
    const server = new FakeCanvasServer();
    server.on("/api/operations/threads.show", () => problemAnswer(404, "thread_not_found"));
    server.on("/api/canvas/threads/thr_1/events", () => new Response(null, { status: 204 }));
    const { live, ask } = reading(server);
    const refused = await ask("threads.get_by_id");
    expect([refused.status, (await refused.json()).code]).toEqual([404, "thread_not_found"]);
    expect((await live.fetch("/api/chatkit/threads/thr_1/events?after=0", {})).status).toBe(204);
    server.isReachable = false;
    await expect(ask("threads.get_by_id")).rejects.toThrow(ConnectionError);
  });
});
