import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type QuestionsItem,
  type ThreadEvent,
  textInput,
  type WireItem,
  type WireThread,
} from "../src/element/protocol/wire.ts";
import { emptyThread, pendingQuestions, shownFailure } from "../src/element/state/thread-view.ts";
import { ThreadController } from "../src/element/thread-controller.ts";
import {
  assistantItem,
  clientFor,
  FakePace,
  FakeServer,
  jsonAnswer,
  problemAnswer,
  streamAnswer,
  turnEvents,
  userItem,
  wireThread,
} from "./fakes.ts";

const EVENTS = turnEvents("thr_1", "Hi", ["Hello", ", you"]);
const ITEMS = [userItem("msg_u", "Hi"), assistantItem("msg_a", "Hello, you")];

/** What the page's tool gives; null for a page without tools. */
let tools: ((name: string) => Promise<unknown>) | null = null;

/** What the tab keeps over a reload, by place. */
const kept = new Map<string | null, string>();
const drafts = {
  recall: (place: string | null) => kept.get(place) ?? "",
  keep: (place: string | null, text: string) =>
    void (text === "" ? kept.delete(place) : kept.set(place, text)),
};

afterEach(() => {
  kept.clear();
  tools = null;
});

function arrange(...answers: ConstructorParameters<typeof FakeServer>) {
  return arrangeWith({}, ...answers);
}

function arrangeWith(
  change: Parameters<typeof clientFor>[1],
  ...answers: ConstructorParameters<typeof FakeServer>
) {
  const server = new FakeServer(...answers);
  const pace = new FakePace();
  const told: string[] = [];
  const taken: string[] = [];
  const client = clientFor(server, change);
  const thread = new ThreadController(client, pace, {
    viewChanged: (view) => {
      if (told.at(-1) !== view.connection) told.push(view.connection);
    },
    turnStarted: () => told.push("start"),
    turnTaken: (threadId) => taken.push(threadId),
    turnEnded: () => told.push("end"),
    failed: () => told.push("failed"),
    effectCaused: (name) => told.push(`effect ${name}`),
    toolCalled: (tool) => tools?.(tool.name) ?? null,
    drafts: () => drafts,
  });
  const requests = () => server.sent.map(({ url, body }) => body?.type ?? url.replace("/api/chatkit/", ""));
  return { server, pace, told, taken, thread, requests };
}

function threadWith(
  status: NonNullable<WireThread["metadata"]["orcheo.turn"]>["status"],
  items = ITEMS,
  threadId = "thr_1",
) {
  return jsonAnswer(
    wireThread(threadId, items, { "orcheo.turn": { id: "trn_1", status, user_item_id: "msg_u" } }),
  );
}

/** The oldest items of a long thread; the newest are asked for. */
function longThread(id: string, status: NonNullable<WireThread["metadata"]["orcheo.turn"]>["status"]) {
  const turn = { id, status, user_item_id: id === "trn_1" ? "msg_u" : "msg_u2" };
  const thread = wireThread("thr_1", [userItem("msg_0", "First")], { "orcheo.turn": turn });
  return jsonAnswer({ ...thread, items: { ...thread.items, has_more: true, after: "msg_0" } });
}

function answerText(thread: ThreadController): string {
  const answer = thread.view.items.findLast((item) => item.kind === "answer");
  return answer?.kind === "answer" ? answer.parts.map((part) => part.text).join("") : "";
}

describe("asking", () => {
  test("creates a thread, then adds to it", async () => {
    const { thread, requests, told } = arrange(
      streamAnswer(EVENTS),
      streamAnswer(turnEvents(null, "More", ["Yes"])),
    );
    await thread.ask(textInput("Hi"), [], "key-1");
    expect(thread.view).toMatchObject({ threadId: "thr_1", turn: "idle", failure: null });
    await thread.ask(textInput("More"), [], "key-2");
    expect(requests()).toEqual(["threads.create", "threads.add_user_message"]);
    expect(told.filter((word) => word === "end")).toHaveLength(2);
  });

  test("is sent again under the same key when it never arrived", async () => {
    const { thread, server, pace } = arrange(
      new TypeError("offline"),
      problemAnswer(503, "busy"),
      streamAnswer(EVENTS),
    );
    await thread.ask(textInput("Hi"), [], "key-1");
    expect(server.sent.map((request) => request.headers["Idempotency-Key"])).toEqual([
      "key-1",
      "key-1",
      "key-1",
    ]);
    expect(pace.waits).toEqual([500, 1000]);
    expect(answerText(thread)).toBe("Hello, you");
  });

  test("gives up after many tries, and asks again when told to", async () => {
    const failures = Array.from({ length: 7 }, () => new TypeError("offline"));
    const { thread, server } = arrange(...failures, streamAnswer(EVENTS));
    await thread.ask(textInput("Hi"), [], "key-1");
    expect(thread.view).toMatchObject({
      turn: "idle",
      failure: { kind: "connection-lost", remedy: "ask-again" },
    });
    await thread.retry("key-2");
    expect(server.sent.at(-1)?.headers["Idempotency-Key"]).toBe("key-1");
    expect(thread.view.items).toHaveLength(2);
  });

  test("too often tells when to try again", async () => {
    const { thread } = arrange(problemAnswer(429, "rate_limited", { "retry-after": "20" }));
    const before = Date.now();
    await thread.ask(textInput("Hi"), [], "key-1");
    expect(thread.view.failure).toMatchObject({ kind: "rate-limited", remedy: "ask-again" });
    expect(thread.view.failure?.notBefore).toBeGreaterThanOrEqual(before + 20_000);
  });

  test("too often while answering again offers to answer again, not to ask again", async () => {
    const failed = () =>
      jsonAnswer(
        wireThread("thr_1", [userItem("msg_u", "Hi")], {
          "orcheo.turn": { id: "trn_1", status: "failed", user_item_id: "msg_u" },
        }),
      );
    const { thread, requests } = arrange(
      streamAnswer(EVENTS.slice(0, 4)),
      failed(),
      problemAnswer(429, "rate_limited", { "retry-after": "20" }),
      failed(),
      streamAnswer(turnEvents(null, "Hi", ["Again"]).slice(2)),
    );
    await thread.ask(textInput("Hi"), [], "key-1");
    await thread.retry("key-2");
    expect(thread.view.failure).toMatchObject({ kind: "rate-limited", remedy: "answer-again" });
    await thread.retry("key-3");
    expect(requests().filter((type) => type === "threads.retry_after_item")).toHaveLength(2);
    expect(thread.view.failure).toBeNull();
  });

  test.each([
    [409, "turn_in_progress", { failure: { kind: "turn-in-progress", remedy: "ask-again" } }],
    [422, "invalid_request", { failure: { kind: "refused", remedy: null } }],
    [500, "internal", { failure: { kind: "error", remedy: "ask-again" } }],
    [401, "chat_session_ended", { closed: "unavailable" }],
    [404, "chat_unavailable", { closed: "unavailable" }],
    [401, "login_required", { closed: "login" }],
  ])("answered by %d %s", async (status, code, view) => {
    const { thread } = arrange(problemAnswer(status, code));
    await thread.ask(textInput("Hi"), [], "key-1");
    expect(thread.view).toMatchObject({ turn: "idle", ...view });
  });
});

describe("a connection that breaks", () => {
  test("is resumed after the last event that came", async () => {
    const { thread, requests, told } = arrange(
      streamAnswer(EVENTS.slice(0, 5), { cut: true }),
      new TypeError("offline"),
      streamAnswer(EVENTS.slice(4), { first: 5 }),
    );
    await thread.ask(textInput("Hi"), [], "key-1");
    const resumption = "threads/thr_1/events?after=5";
    expect(requests()).toEqual(["threads.create", resumption, resumption]);
    expect(answerText(thread)).toBe("Hello, you");
    expect(told).toContain("reconnecting");
    expect(thread.view.connection).toBe("connected");
  });

  test("before the thread was named leads to the same turn by its key", async () => {
    const { thread, server, requests } = arrange(streamAnswer([], { cut: true }), streamAnswer(EVENTS));
    await thread.ask(textInput("Hi"), [], "key-1");
    expect(requests()).toEqual(["threads.create", "threads.create"]);
    expect(server.sent[1]?.headers["Idempotency-Key"]).toBe("key-1");
  });

  test("in good order, with the turn's end untold, has the thread read again", async () => {
    const { thread, requests } = arrange(
      streamAnswer(EVENTS.slice(0, 5)),
      threadWith("running"),
      new Response(null, { status: 204 }),
      threadWith("interrupted"),
    );
    await thread.ask(textInput("Hi"), [], "key-1");
    expect(requests()).toEqual([
      "threads.create",
      "threads.get_by_id",
      "threads/thr_1/events?after=0",
      "threads.get_by_id",
    ]);
    expect(thread.view.failure).toMatchObject({ kind: "interrupted", remedy: "answer-again" });
  });

  test("for good keeps the partial answer, and reads the thread again when told to", async () => {
    const failures = Array.from({ length: 6 }, () => new TypeError("offline"));
    const { thread } = arrange(
      streamAnswer(EVENTS.slice(0, 5), { cut: true }),
      ...failures,
      threadWith("completed"),
    );
    await thread.ask(textInput("Hi"), [], "key-1");
    expect(thread.view.failure).toMatchObject({ kind: "connection-lost", remedy: "reconnect" });
    expect(answerText(thread)).toBe("Hello");
    await thread.retry("key-2");
    expect(thread.view.failure).toBeNull();
    expect(answerText(thread)).toBe("Hello, you");
  });
});

describe("opening a thread", () => {
  test("whose turn runs follows it from its start", async () => {
    const partial = [userItem("msg_u", "Hi"), assistantItem("msg_a", "Hel")];
    const { thread, requests, told } = arrange(threadWith("running", partial), streamAnswer(EVENTS.slice(1)));
    await thread.open("thr_1");
    await expect.poll(() => told.at(-1)).toBe("end");
    expect(requests()).toEqual(["threads.get_by_id", "threads/thr_1/events?after=0"]);
    expect(answerText(thread)).toBe("Hello, you");
    expect(thread.view.items).toHaveLength(2);
  });

  test("that is gone starts a new one", async () => {
    const { thread } = arrange(problemAnswer(404, "thread_not_found"));
    await thread.open("thr_1");
    expect(thread.view).toMatchObject({ threadId: null, failure: null, closed: null });
  });

  test("that cannot be read now says so and can be tried again", async () => {
    const { thread } = arrange(problemAnswer(500, "internal"), threadWith("completed"));
    await thread.open("thr_1");
    expect(thread.view).toMatchObject({ threadId: "thr_1", failure: { kind: "error", remedy: "reconnect" } });
    await thread.retry("key-1");
    expect(answerText(thread)).toBe("Hello, you");
  });

  test("of many items shows the newest, and earlier ones when asked", async () => {
    const first = {
      ...wireThread("thr_1", []),
      items: { data: [userItem("msg_0", "First")], has_more: true, after: "msg_0" },
    };
    const newest = { data: [...ITEMS].reverse(), has_more: true, after: "msg_u" };
    const earlier = { data: [userItem("msg_0", "First")], has_more: false };
    const { thread, server } = arrange(
      jsonAnswer(first),
      jsonAnswer(newest),
      jsonAnswer(first),
      jsonAnswer(earlier),
    );
    await thread.open("thr_1");
    expect(thread.view.items.map((item) => item.id)).toEqual(["msg_u", "msg_a"]);
    await thread.showEarlier();
    expect(server.sent.at(-1)?.body.params).toMatchObject({ order: "desc", after: "msg_u" });
    expect(thread.view).toMatchObject({ earlier: null });
    expect(thread.view.items.map((item) => item.id)).toEqual(["msg_0", "msg_u", "msg_a"]);
  });

  test("of many items follows a turn that began while it was read", async () => {
    const asked = [...ITEMS, userItem("msg_u2", "More")];
    const { thread, told } = arrange(
      longThread("trn_1", "completed"),
      jsonAnswer({ data: asked.toReversed(), has_more: true, after: "msg_u" }),
      longThread("trn_2", "running"),
      jsonAnswer({ data: asked.toReversed(), has_more: true, after: "msg_u" }),
      longThread("trn_2", "running"),
      streamAnswer(turnEvents(null, "More", ["Yes"])),
    );
    await thread.open("thr_1");
    await vi.waitFor(() => expect(told).toContain("end"));
    expect(answerText(thread)).toBe("Yes");
    expect(thread.view).toMatchObject({ turn: "idle", failure: null });
  });

  test("of many items has the answer of a turn that ended while it was read", async () => {
    const asked = [...ITEMS, userItem("msg_u2", "More")];
    const answered = [...asked, assistantItem("msg_a2", "Yes")];
    const { thread } = arrange(
      longThread("trn_2", "running"),
      jsonAnswer({ data: asked.toReversed(), has_more: true, after: "msg_u" }),
      longThread("trn_2", "completed"),
      jsonAnswer({ data: answered.toReversed(), has_more: true, after: "msg_u" }),
      longThread("trn_2", "completed"),
    );
    await thread.open("thr_1");
    expect(answerText(thread)).toBe("Yes");
    expect(thread.view).toMatchObject({ turn: "idle", failure: null });
  });
});

describe("an answer", () => {
  test("that was interrupted is written again on request", async () => {
    const { thread, server } = arrange(
      threadWith("interrupted"),
      streamAnswer(turnEvents(null, "Hi", ["Better"]).slice(1)),
    );
    await thread.open("thr_1");
    await thread.retry("key-9");
    expect(server.sent.at(-1)?.body).toEqual({
      type: "threads.retry_after_item",
      params: { thread_id: "thr_1", item_id: "msg_u" },
    });
    expect(thread.view.failure).toBeNull();
    expect(answerText(thread)).toBe("Better");
  });

  test("that is whole stays when another try fails, and is shown again", async () => {
    const failed = { id: "trn_2", status: "failed", user_item_id: "msg_u" } as const;
    const { thread } = arrange(
      threadWith("completed"),
      streamAnswer([{ type: "error", code: "custom", message: "No luck.", allow_retry: true }]),
      jsonAnswer(wireThread("thr_1", ITEMS, { "orcheo.turn": failed })),
    );
    await thread.open("thr_1");
    await thread.answerAgain("key-2");
    expect(thread.view).toMatchObject({
      turn: "idle",
      failure: { text: "No luck.", remedy: "answer-again" },
    });
    expect(answerText(thread)).toBe("Hello, you");
  });

  test("that cannot be read after a try that failed leaves what is shown", async () => {
    const { thread } = arrange(
      threadWith("completed"),
      streamAnswer([{ type: "error", code: "custom", message: "No luck.", allow_retry: true }]),
      problemAnswer(401, "grant_invalid"),
      problemAnswer(401, "grant_invalid"),
    );
    await thread.open("thr_1");
    await thread.answerAgain("key-2");
    expect(thread.view.failure).toMatchObject({ text: "No luck." });
  });

  test.each([
    ["of another kind does not say that it was stopped", false, { kind: "stopped" }],
    ["of ours says so, unless the end had come before", true, null],
  ])("is stopped at the server, and its stream then tells the end: one %s", async (_, isOurs, failure) => {
    let endTurn = () => {};
    const gate = new Promise<void>((resolve) => {
      endTurn = resolve;
    });
    const frames = (threadEvents: typeof EVENTS) =>
      threadEvents.map((threadEvent) => `data: ${JSON.stringify(threadEvent)}\n\n`).join("");
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode(frames(EVENTS.slice(0, 5))));
        await gate;
        controller.enqueue(
          new TextEncoder().encode(
            frames([{ type: "thread.item.done", item: assistantItem("msg_a", "Hello") }]),
          ),
        );
        controller.close();
      },
    });
    const { thread, requests } = arrangeWith({ isOurs }, new Response(body), jsonAnswer({}));
    const asking = thread.ask(textInput("Hi"), [], "key-1");
    await expect.poll(() => answerText(thread)).toBe("Hello");
    await thread.stop();
    expect(thread.view.turn).toBe("stopping");
    endTurn();
    await asking;
    expect(requests()).toEqual(["threads.create", "threads.cancel"]);
    expect(thread.view).toMatchObject({ turn: "idle", failure });
  });

  test("left behind by a new chat does not write into it", async () => {
    const { thread, told } = arrange(streamAnswer(EVENTS));
    const asking = thread.ask(textInput("Hi"), [], "key-1");
    thread.clear();
    await asking;
    expect(thread.view.items).toEqual([]);
    expect(told.filter((word) => word === "end")).toHaveLength(1);
  });
});

describe("a question of the workflow", () => {
  const questions = (...ids: string[]): QuestionsItem => ({
    type: "structured_input",
    id: "msg_q",
    status: "pending",
    inputs: ids.map((id) => ({ id, question: `${id}?`, options: [{ value: "S" }, { value: "M" }] })),
  });
  const answered = (item: QuestionsItem): QuestionsItem => ({ ...item, status: "answered" });
  const goesOn = (item: QuestionsItem): ThreadEvent[] => [
    { type: "stream_options", stream_options: { allow_cancel: true } },
    { type: "thread.item.replaced", item: answered(item) },
    { type: "thread.item.done", item: assistantItem("msg_b", "Thanks") },
  ];
  const asking = (item: QuestionsItem, threadId = "thr_1") =>
    threadWith("completed", [userItem("msg_u", "Hi"), item] as typeof ITEMS, threadId);

  test("is answered, after a reload too, and the answer continues the run", async () => {
    const item = questions("size");
    const { thread, server, taken } = arrange(asking(item), streamAnswer(goesOn(item)));
    await thread.open("thr_1");
    expect(pendingQuestions(thread.view)?.id).toBe("msg_q");
    await thread.answer({ values: ["M"], skipped: false }, "key-1");
    expect(server.sent.at(-1)?.body).toEqual({
      type: "threads.add_structured_input",
      params: {
        thread_id: "thr_1",
        item_id: "msg_q",
        input: { status: "answered", answers: { size: { values: ["M"], skipped: false } } },
      },
    });
    expect(answerText(thread)).toBe("Thanks");
    expect(pendingQuestions(thread.view)).toBeNull();
    expect(taken).toEqual(["thr_1"]);
  });

  test("is one of several: each gets its answer, then all are sent", async () => {
    const item = questions("size", "colour");
    const { thread, server, requests } = arrange(asking(item), streamAnswer(goesOn(item)));
    await thread.open("thr_1");
    await thread.answer({ values: ["M"], skipped: false }, "key-1");
    expect(requests()).toEqual(["threads.get_by_id"]);
    await thread.answer({ values: [], skipped: true }, "key-2");
    expect(server.sent.at(-1)?.body.params.input).toEqual({
      status: "answered",
      answers: { size: { values: ["M"], skipped: false }, colour: { values: [], skipped: true } },
    });
  });

  const M = { values: ["M"], skipped: false };

  test("answered before a reload is not asked again, and is forgotten once sent", async () => {
    const item = questions("size", "colour");
    const before = arrange(asking(item)).thread;
    await before.open("thr_1");
    await before.answer(M, "key-1");
    const { thread, server } = arrange(asking(item), streamAnswer(goesOn(item)));
    await thread.open("thr_1");
    expect(pendingQuestions(thread.view)?.questions.map(({ answer }) => answer)).toEqual([M, null]);
    await thread.answer({ values: [], skipped: true }, "key-2");
    expect(server.sent.at(-1)?.body.params.input.answers).toEqual({
      size: M,
      colour: { values: [], skipped: true },
    });
    expect(kept.size).toBe(0);
  });

  test("is kept while the last answer has not reached the server", async () => {
    const item = questions("size", "colour");
    const { thread } = arrange(asking(item), problemAnswer(500, "internal"), asking(item));
    await thread.open("thr_1");
    await thread.answer(M, "key-1");
    await thread.answer(M, "key-2");
    await thread.retry("key-3");
    expect(pendingQuestions(thread.view)?.questions.map(({ answer }) => answer)).toEqual([M, null]);
  });

  test.each([
    ["another item", { ...questions("size", "colour"), id: "msg_other" }],
    ["an item that waits no more", answered(questions("size", "colour"))],
    ["an item that has fewer questions now", questions("size")],
  ])("leaves no answer to %s", async (_, next) => {
    kept.set("thr_1?", JSON.stringify(["msg_q", [M, null]]));
    const { thread } = arrange(asking(next));
    await thread.open("thr_1");
    expect(JSON.stringify(thread.view.items)).not.toContain('"values"');
  });

  test("leaves no answer to a question of another thread", async () => {
    const item = questions("size", "colour");
    const { thread } = arrange(asking(item), asking(item, "thr_2"), asking(item));
    await thread.open("thr_1");
    await thread.answer(M, "key-1");
    await thread.open("thr_2");
    expect(pendingQuestions(thread.view)?.questions.map(({ answer }) => answer)).toEqual([null, null]);
    await thread.open("thr_1");
    expect(pendingQuestions(thread.view)?.questions.map(({ answer }) => answer)).toEqual([M, null]);
  });

  test.each(["?", "[]", "{}", '["msg_q"]', "null"])("opens where %s is kept", async (text) => {
    kept.set("thr_1?", text);
    const { thread } = arrange(asking(questions("size")));
    await thread.open("thr_1");
    expect(pendingQuestions(thread.view)?.id).toBe("msg_q");
  });

  test("is answered in words, which name an option in any case", async () => {
    const { thread, server } = arrange(asking(questions("size")), streamAnswer(goesOn(questions("size"))));
    await thread.open("thr_1");
    await thread.answer("m.", "key-1");
    expect(server.sent.at(-1)?.body.params.input.answers).toEqual({ size: M });
  });

  test.each([
    [401, "chat_session_ended", { closed: "unavailable" }],
    [503, "storage_unavailable", { closed: null, failure: { remedy: "reconnect" } }],
    [422, "invalid_input", { closed: null, failure: { kind: "refused" } }],
  ])("waits again where its answer could not be sent (%i %s)", async (status, code, view) => {
    const item = questions("size", "colour");
    const { thread } = arrange(asking(item), problemAnswer(status, code));
    await thread.open("thr_1");
    expect(await thread.answer(M, "key-1")).toBe(true);
    expect(await thread.answer("blue", "key-2")).toBe(false);
    expect(thread.view).toMatchObject({ turn: "idle", ...view });
    expect(thread.view.items.at(-1)).toMatchObject({ questions: [{ answer: M }, { answer: null }] });
    expect(pendingQuestions(thread.view) === null).toBe(thread.view.closed !== null);
  });

  test.each([
    [true, "msg_q", ["question", "asked", "answer"]],
    [false, "msg_u", ["question", "answer"]],
  ])(
    "whose answer failed is answered once more, not asked again (server of ours: %s)",
    async (isOurs, id, kinds) => {
      const item = questions("size");
      const failed: ThreadEvent[] = [
        ...goesOn(item).slice(0, 2),
        { type: "error", code: "custom", message: "No luck.", allow_retry: true },
      ];
      const again: ThreadEvent[] = [{ type: "thread.item.done", item: assistantItem("msg_c", "Now") }];
      const answers = [asking(item), streamAnswer(failed), streamAnswer(again)];
      const { thread, server } = arrangeWith({ isOurs }, ...answers);
      await thread.open("thr_1");
      await thread.answer(M, "key-1");
      expect(thread.view.failure).toMatchObject({ text: "No luck." });
      await thread.retry("key-2");
      const params = { thread_id: "thr_1", item_id: id };
      expect(server.sent.at(-1)?.body).toMatchObject({ type: "threads.retry_after_item", params });
      expect(thread.view.items.map(({ kind }) => kind)).toEqual(kinds);
      expect(thread.view.failure).toBeNull();
      expect(server.unused).toBe(0);
    },
  );

  test("whose answer is whole is asked again when another answer is wanted", async () => {
    const item = answered(questions("size"));
    const items = [userItem("msg_u", "Hi"), item, assistantItem("msg_b", "Thanks")] as typeof ITEMS;
    const { thread, server } = arrange(threadWith("completed", items), streamAnswer([]));
    await thread.open("thr_1");
    void thread.answerAgain("key-1");
    await expect.poll(() => server.sent.at(-1)?.body).toMatchObject({ params: { item_id: "msg_u" } });
  });

  test("can be skipped", async () => {
    const item = questions("size");
    const { thread, server } = arrange(asking(item), streamAnswer(goesOn(item)));
    await thread.open("thr_1");
    await thread.answer({ values: [], skipped: true }, "key-1");
    expect(server.sent.at(-1)?.body.params.input.status).toBe("skipped");
  });

  test.each([
    [409, "nothing_pending"],
    [404, "item_not_found"],
  ])("that another tab has answered (%i %s) shows what came of it", async (status, code) => {
    const item = questions("size");
    const given = { ...answered(item), inputs: item.inputs.map((each) => ({ ...each, answer: M })) };
    const done = [userItem("msg_u", "Hi"), given, assistantItem("msg_b", "Thanks")] as typeof ITEMS;
    const { thread } = arrange(asking(item), problemAnswer(status, code), threadWith("completed", done));
    await thread.open("thr_1");
    await thread.answer({ values: ["M"], skipped: false }, "key-1");
    await expect.poll(() => thread.view.items.at(-1)).toMatchObject({ kind: "notice", title: "Not sent: M" });
    expect(answerText(thread)).toBe("Thanks");
    const now = thread.view.items.find(({ kind }) => kind === "asked");
    expect(now).toMatchObject({ status: "answered", questions: [{ answer: { values: ["M"] } }] });
    expect(thread.view).toMatchObject({ failure: null, turn: "idle" });
  });

  test.each([
    [[["S", "M"], [], ["Grace"]], "Not sent: S, M; Grace"],
    [[[], [], []], "Not sent"],
  ])("that another tab has answered says what was not sent: %j", async (given, title) => {
    const item = questions("size", "colour", "name");
    const done = [userItem("msg_u", "Hi"), answered(item), assistantItem("msg_b", "Thanks")] as typeof ITEMS;
    const { thread } = arrange(
      asking(item),
      problemAnswer(409, "nothing_pending"),
      threadWith("completed", done),
    );
    await thread.open("thr_1");
    for (const values of given) await thread.answer({ values, skipped: values.length === 0 }, "key-1");
    await expect.poll(() => thread.view.items.at(-1)).toMatchObject({ kind: "notice", title });
  });

  test("answered too soon keeps its answers, and sends them again under the same key", async () => {
    const item = questions("size");
    const { thread, server } = arrange(
      asking(item),
      problemAnswer(429, "rate_limited", { "retry-after": "0" }),
      streamAnswer(goesOn(item)),
    );
    await thread.open("thr_1");
    await thread.answer({ values: ["M"], skipped: false }, "key-1");
    expect(thread.view.failure).toMatchObject({ kind: "rate-limited", remedy: "send-again" });
    await thread.retry("key-2");
    expect(server.sent.slice(1).map(({ headers }) => headers["Idempotency-Key"])).toEqual(["key-1", "key-1"]);
    expect(answerText(thread)).toBe("Thanks");
  });

  test("without anything to answer is no dead end", async () => {
    const { thread } = arrange(asking(questions()));
    await thread.open("thr_1");
    expect(pendingQuestions(thread.view)).toBeNull();
  });
});

describe("a message that the server has not been heard of", () => {
  test("can be taken back, and sent again under its key", async () => {
    const { thread, server } = arrange(() => new Promise(() => {}), streamAnswer(EVENTS));
    void thread.ask(textInput("Hi"), [], "key-1");
    await expect.poll(() => server.sent).toHaveLength(1);
    await thread.stop();
    expect(thread.view).toMatchObject({ turn: "idle", failure: { kind: "stopped", remedy: "ask-again" } });
    await thread.retry("key-2");
    expect(server.sent.at(-1)?.headers["Idempotency-Key"]).toBe("key-1");
    expect(answerText(thread)).toBe("Hello, you");
  });
});

describe("a message in a thread, while the connection is lost before the first byte", () => {
  test("can be taken back, and is cancelled where the server had taken it", async () => {
    const unanswered = () => new Promise<Response>(() => {});
    const more = streamAnswer(turnEvents(null, "More", ["Yes"]));
    const answers = [threadWith("completed"), new TypeError("offline"), unanswered, jsonAnswer({}), more];
    const { thread, server, requests } = arrange(...answers);
    await thread.open("thr_1");
    void thread.ask(textInput("More"), [], "key-1");
    await expect.poll(() => thread.view.connection).toBe("reconnecting");
    await thread.stop();
    expect(thread.view).toMatchObject({ turn: "idle", failure: { kind: "stopped", remedy: "ask-again" } });
    expect(requests().at(-1)).toBe("threads.cancel");
    await thread.retry("key-2");
    expect(requests().at(-1)).toBe("threads.add_user_message");
    expect(server.sent.at(-1)?.headers["Idempotency-Key"]).toBe("key-1");
    expect(answerText(thread)).toBe("Yes");
  });
});

describe("looking again", () => {
  const MORE = [...ITEMS, userItem("msg_v", "More"), assistantItem("msg_w", "Of course")];

  test("shows what another tab has said, behind what was loaded before", async () => {
    const first = { ...wireThread("thr_1", []), items: { data: [], has_more: true, after: "x" } };
    const page = (items: typeof MORE, hasMore: boolean) =>
      jsonAnswer({ data: items.toReversed(), has_more: hasMore, after: items[0]?.id });
    const { thread } = arrange(
      jsonAnswer(first),
      page(ITEMS, true),
      jsonAnswer(first),
      page([userItem("msg_0", "First")] as typeof MORE, false),
      jsonAnswer(first),
      page(MORE, true),
      jsonAnswer(first),
    );
    await thread.open("thr_1");
    await thread.showEarlier();
    await thread.refresh();
    expect(thread.view.items.map(({ id }) => id)).toEqual(["msg_0", "msg_u", "msg_a", "msg_v", "msg_w"]);
    expect(thread.view.earlier).toBeNull();
  });

  test("follows the answer that another tab has asked for", async () => {
    const running = [...ITEMS, userItem("msg_u2", "More")] as typeof ITEMS;
    const { thread } = arrange(
      threadWith("completed"),
      threadWith("running", running),
      streamAnswer(turnEvents(null, "More", ["Yes"])),
    );
    await thread.open("thr_1");
    await thread.refresh();
    await expect.poll(() => answerText(thread)).toBe("Yes");
    await expect.poll(() => thread.view.turn).toBe("idle");
  });

  test("shows the title that another tab has given", async () => {
    const titled = { ...wireThread("thr_1", ITEMS), title: "Plums" };
    const { thread } = arrange(threadWith("completed"), jsonAnswer(titled));
    await thread.open("thr_1");
    await thread.refresh();
    expect(thread.view.title).toBe("Plums");
  });

  test("leaves a thread that another tab has deleted, but no chat that is closed", async () => {
    const { thread } = arrange(
      threadWith("completed"),
      problemAnswer(404, "chat_unavailable"),
      problemAnswer(404, "thread_not_found"),
    );
    await thread.open("thr_1");
    await thread.refresh();
    expect(thread.view.items).toHaveLength(2);
    await thread.refresh();
    expect(thread.view).toEqual(emptyThread);
  });

  test("without news changes nothing, a failure that is shown included", async () => {
    const { thread } = arrange(
      threadWith("interrupted"),
      threadWith("interrupted"),
      new TypeError("offline"),
    );
    await thread.open("thr_1");
    const { view } = thread;
    await thread.refresh();
    await thread.refresh();
    expect(thread.view).toBe(view);
  });

  test("looks once more when news come while it looks", async () => {
    let answer = (_: Response) => {};
    const slow = () => new Promise<Response>((resolve) => (answer = resolve));
    const { thread, requests } = arrange(
      threadWith("completed"),
      slow,
      threadWith("completed", MORE as typeof ITEMS),
    );
    await thread.open("thr_1");
    const looking = thread.refresh();
    await expect.poll(requests).toHaveLength(2);
    await thread.refresh();
    answer(threadWith("completed"));
    await looking;
    expect(thread.view.items.map(({ id }) => id)).toEqual(["msg_u", "msg_a", "msg_v", "msg_w"]);
  });

  test("looks when the turn is over if news came before its end", async () => {
    const { thread } = arrange(streamAnswer(EVENTS), threadWith("completed", MORE as typeof ITEMS));
    const asking = thread.ask(textInput("Hi"), [], "key-1");
    await thread.refresh();
    await asking;
    await expect.poll(() => thread.view.items.length).toBe(4);
  });

  test("waits while there is something of one's own under way or unsure", async () => {
    const { thread, requests } = arrange(problemAnswer(500, "internal"));
    await thread.refresh();
    await thread.ask(textInput("Hi"), [], "key-1");
    await thread.refresh();
    expect(requests()).toEqual(["threads.create"]);
  });
});

describe("a message into a thread that is gone", () => {
  test("is refused, stays to be read, and starts a new thread when it is sent again", async () => {
    const { thread, server } = arrange(
      threadWith("completed"),
      problemAnswer(404, "thread_not_found"),
      streamAnswer(turnEvents("thr_2", "More", ["Yes"])),
    );
    await thread.open("thr_1");
    await thread.ask(textInput("More"), [], "key-1");
    expect(thread.view).toMatchObject({ failure: { kind: "refused", remedy: "ask-again" } });
    expect(thread.view.items).toHaveLength(3);
    await thread.retry("key-2");
    expect(server.sent.at(-1)?.body.type).toBe("threads.create");
    expect(thread.view.threadId).toBe("thr_2");
    expect(thread.view.items).toHaveLength(2);
  });
});

describe("what the page and its widgets do in a thread", () => {
  const opened = () => jsonAnswer(wireThread("thr_1", ITEMS));

  const failed: ThreadEvent = { type: "error", code: "custom", message: "No luck.", allow_retry: true };
  const mark = { type: "end_of_turn", id: "itm_e", "orcheo.ending": { kind: "stopped", allow_retry: true } };
  const stopped = { type: "thread.item.done", item: mark } as ThreadEvent;

  test.each([
    ["failed", failed],
    ["was stopped", stopped],
  ])("that %s is taken again, not the last message", async (_, end) => {
    const { thread, server } = arrange(threadWith("completed"), streamAnswer([end]), streamAnswer([end]));
    await thread.open("thr_1");
    await thread.act({ type: "go" }, "itm_1", "key-1");
    await thread.retry("key-2");
    const params = { thread_id: "thr_1", action: { type: "go" }, item_id: "itm_1" };
    const sent = server.sent.slice(1).map(({ body, headers }) => [body, headers["Idempotency-Key"]]);
    const request = { type: "threads.custom_action", params };
    expect(sent).toEqual([
      [request, "key-1"],
      [request, "key-2"],
    ]);
  });

  test.each(["open", "refresh", "reload"] as const)(
    "that was done here is not taken again for what another tab has said: %s",
    async (look) => {
      const said = [...ITEMS, userItem("msg_v", "More"), assistantItem("msg_w", "O")];
      const turn = { id: "trn_2", status: "failed", user_item_id: "msg_v" } as const;
      const { thread, server } = arrange(
        threadWith("completed"),
        streamAnswer(turnEvents(null, "", ["Done"]).slice(2)),
        jsonAnswer(wireThread("thr_1", said, { "orcheo.turn": turn })),
        streamAnswer([stopped]),
      );
      await thread.open("thr_1");
      await thread.act({ type: "go" }, "itm_1", "key-1");
      await thread[look]("thr_1");
      await thread.retry("key-2");
      const params = { thread_id: "thr_1", item_id: "msg_v" };
      expect(server.sent[3]?.body).toEqual({ type: "threads.retry_after_item", params });
    },
  );

  test.each([
    ["failed", failed],
    ["was stopped", stopped],
  ])("that another page took and that %s offers no retry here", async (_, end) => {
    const items = [...ITEMS, { type: "widget", id: "itm_1" } as const];
    const wire = (status: "running" | "failed", ...more: WireItem[]) => {
      const turn = { id: "trn_2", status, user_item_id: "itm_1" };
      return jsonAnswer(wireThread("thr_1", [...items, ...more], { "orcheo.turn": turn }));
    };
    const { thread, server, told } = arrange(
      wire("running"),
      streamAnswer([end]),
      wire("failed", mark as WireItem),
    );
    await thread.open("thr_1");
    await expect.poll(() => told).toContain("end");
    expect(shownFailure(thread.view)).toMatchObject({ kind: "stopped", remedy: null });
    await thread.retry("key-2");
    expect(server.sent).toHaveLength(3);
  });

  test("that failed is taken again after a look that found no news", async () => {
    const { thread, requests } = arrange(
      threadWith("completed"),
      streamAnswer([failed]),
      threadWith("completed"),
      streamAnswer(turnEvents(null, "", ["Done"]).slice(2)),
    );
    await thread.open("thr_1");
    await thread.act({ type: "go" }, "itm_1", "key-1");
    await thread.refresh();
    await thread.retry("key-2");
    expect(requests().at(-1)).toBe("threads.custom_action");
  });

  test("an action of a widget is a turn, and names its widget", async () => {
    const { thread, server } = arrange(opened(), streamAnswer(turnEvents(null, "", ["Done"])));
    await thread.open("thr_1");
    await thread.act({ type: "go", payload: { n: 1 } }, "itm_1", "key-1");
    expect(server.sent.at(-1)?.body).toEqual({
      type: "threads.custom_action",
      params: { thread_id: "thr_1", item_id: "itm_1", action: { type: "go", payload: { n: 1 } } },
    });
    expect(answerText(thread)).toBe("Done");
  });

  test("an action at once changes its item and begins no turn", async () => {
    const updated_item = { type: "widget", id: "msg_a", widget: { type: "Card" } };
    const { thread, told } = arrange(opened(), jsonAnswer({ updated_item }));
    await thread.open("thr_1");
    await thread.actNow({ type: "go" }, "msg_a");
    expect(thread.view.items.at(-1)).toMatchObject({ kind: "widget", widget: { type: "Card" } });
    expect(told).not.toContain("start");
  });

  test("needs a thread", async () => {
    const { thread } = arrange();
    await expect(thread.act({ type: "go" }, null, "key-1")).rejects.toThrow("no thread yet");
  });

  test("what the visitor thinks of an answer is seen at once, and sent", async () => {
    const { thread, server } = arrange(opened(), jsonAnswer({}));
    await thread.open("thr_1");
    await thread.judge(["msg_a"], "negative");
    expect(thread.view.feedback).toEqual({ msg_a: "negative" });
    expect(server.sent.at(-1)?.body.params).toEqual({
      thread_id: "thr_1",
      item_ids: ["msg_a"],
      kind: "negative",
    });
  });

  test("what the visitor thought of answers is there again, of earlier ones too", async () => {
    const judged = (id: string, kind: "positive" | "negative") => ({
      ...assistantItem(id, "Yes"),
      "orcheo.feedback": kind,
    });
    const newest = { data: [judged("msg_c", "negative")], has_more: true, after: "msg_c" };
    const first = wireThread("thr_1", ITEMS);
    const long = { ...first, items: { ...first.items, has_more: true } };
    const { thread } = arrange(
      jsonAnswer(long),
      jsonAnswer(newest),
      jsonAnswer(long),
      jsonAnswer({ data: [judged("msg_a", "positive")], has_more: false }),
    );
    await thread.open("thr_1");
    expect(thread.view.feedback).toEqual({ msg_c: "negative" });
    await thread.showEarlier();
    expect(thread.view.feedback).toEqual({ msg_a: "positive", msg_c: "negative" });
  });

  test("what the page knows to have changed is read again", async () => {
    const changed = wireThread("thr_1", [userItem("msg_u", "Hi"), assistantItem("msg_a", "Changed")]);
    const { thread } = arrange(
      opened(),
      jsonAnswer({ ...changed, title: "New", status: { type: "locked" } }),
    );
    await thread.open("thr_1");
    await thread.reload();
    expect(answerText(thread)).toBe("Changed");
    expect(thread.view).toMatchObject({ title: "New", status: { type: "locked" } });
  });
});

describe("a tool of the page", () => {
  const call = {
    type: "client_tool_call",
    id: "tc_1",
    status: "pending",
    name: "where",
    arguments: {},
  } as const;
  const waiting = () => jsonAnswer(wireThread("thr_1", [userItem("msg_u", "Hi"), call]));
  const done = () =>
    jsonAnswer(
      wireThread("thr_1", [
        userItem("msg_u", "Hi"),
        { ...call, status: "completed" },
        assistantItem("msg_a", "Oslo"),
      ]),
    );

  test("for which the workflow still waits is run when the thread is opened again", async () => {
    tools = async (name) => ({ from: name });
    const { thread, server } = arrange(waiting(), streamAnswer(turnEvents(null, "", ["Oslo"]).slice(2)));
    await thread.open("thr_1");
    await vi.waitFor(() => expect(answerText(thread)).toBe("Oslo"));
    expect(server.sent[1]?.body).toEqual({
      type: "threads.add_client_tool_output",
      params: { thread_id: "thr_1", result: { from: "where" } },
    });
  });

  test("is left to pages that have it", async () => {
    const { thread, requests } = arrange(waiting());
    await thread.open("thr_1");
    expect(requests()).toEqual(["threads.get_by_id"]);
  });

  test("whose result another tab was quicker to give is not run again", async () => {
    let runs = 0;
    tools = async () => {
      runs += 1;
    };
    const { thread, told } = arrange(waiting(), problemAnswer(409, "nothing_pending"), done());
    await thread.open("thr_1");
    await vi.waitFor(() => expect(answerText(thread)).toBe("Oslo"));
    expect(runs).toBe(1);
    expect(told).not.toContain("failed");
  });
});
