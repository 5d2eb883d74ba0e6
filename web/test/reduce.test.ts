import { describe, expect, test } from "vitest";
import { type EndingKind, type ThreadEvent, textInput, type WireItem } from "../src/element/protocol/wire.ts";
import { itemViews, openedThread, withNews } from "../src/element/state/from-wire.ts";
import { reduce } from "../src/element/state/reduce.ts";
import {
  emptyThread,
  isSettled,
  pendingQuestions,
  pendingTool,
  shownFailure,
  type ThreadView,
} from "../src/element/state/thread-view.ts";
import { assistantItem, turnEvents, userItem, wireThread } from "./fakes.ts";

const asked = reduce(emptyThread, { type: "asked", key: "key-1", input: textInput("Hi"), attachments: [] });
const EVENTS = turnEvents("thr_1", "Hi", ["Hello", ", ", "you"]);

function tellAll(view: ThreadView, threadEvents: readonly ThreadEvent[]): ThreadView {
  return threadEvents.reduce((next, threadEvent) => reduce(next, { type: "told", threadEvent }), view);
}

function texts(view: ThreadView): string[] {
  return view.items.map((item) =>
    item.kind === "answer"
      ? item.parts.map((part) => part.text).join("|")
      : "text" in item
        ? item.text
        : item.kind,
  );
}

describe("a turn", () => {
  test("shows the question before the server knows of it, then the server's copy in its place", () => {
    expect(asked.items).toEqual([
      expect.objectContaining({ kind: "question", id: "key-1", key: "key-1", text: "Hi", status: "pending" }),
    ]);
    const told = tellAll(asked, EVENTS.slice(0, 2));
    expect(told.items).toEqual([
      expect.objectContaining({ kind: "question", id: "msg_u", key: "key-1", text: "Hi", status: "kept" }),
    ]);
    expect(told.threadId).toBe("thr_1");
  });

  test("grows the answer and ends settled", () => {
    expect(texts(tellAll(asked, EVENTS.slice(0, 6)))).toEqual(["Hi", "Hello, "]);
    const done = reduce(tellAll(asked, EVENTS), { type: "ended", isTold: true });
    expect(texts(done)).toEqual(["Hi", "Hello, you"]);
    expect(isSettled(done)).toBe(true);
    expect(done.turn).toBe("idle");
  });

  test("shows what the workflow asks, and then the answer to it", () => {
    const input = { id: "q1", question: "Which size?", options: [{ value: "S" }, { value: "M" }] };
    const item = {
      type: "structured_input",
      id: "msg_q",
      status: "pending",
      inputs: [input],
    } satisfies WireItem;
    const questioned = tellAll(asked, [...EVENTS, { type: "thread.item.done", item }]);
    expect(questioned.items.at(-1)).toMatchObject({ kind: "asked", questions: [{ answer: null }] });
    expect(pendingQuestions(questioned)).toBeNull();
    const ended = reduce(questioned, { type: "ended", isTold: true });
    expect(pendingQuestions(ended)?.id).toBe("msg_q");
    expect(isSettled(ended)).toBe(true);
    const answer = { values: ["M"], skipped: false };
    const answered = { ...item, status: "answered", inputs: [{ ...input, answer }] } satisfies WireItem;
    const replaced = tellAll(ended, [{ type: "thread.item.replaced", item: answered }]);
    expect(replaced.items.at(-1)).toMatchObject({ status: "answered", questions: [{ answer }] });
    expect(pendingQuestions(replaced)).toBeNull();
  });

  test.each([
    ["widget", 0],
    ["generated_image", 1],
    ["something_new", 1],
    ["workflow", 0],
    ["end_of_turn", 0],
  ])("a part of the type %s leaves %i placeholder", (type, count) => {
    const item = { type, id: "itm_1" } as unknown as WireItem;
    const told = reduce(tellAll(asked, [...EVENTS, { type: "thread.item.done", item }]), {
      type: "ended",
      isTold: true,
    });
    expect(told.items.filter(({ kind }) => kind === "unshown")).toHaveLength(count);
    const reopened = openedThread(wireThread("thr_1", [userItem("msg_u", "Hi"), item]), [], null);
    expect(reopened.failure).toBeNull();
  });

  test("what a model thought is shown once it is whole, in the place before the answer", () => {
    const thoughts = (type: "custom" | "reasoning", ...tasks: (string | null)[]) =>
      ({
        type: "workflow",
        id: "itm_1",
        workflow: { type, tasks: tasks.map((content) => ({ type: "thought", content }) as const) },
      }) as const;
    expect(itemViews([thoughts("custom", "Hm")])).toMatchObject([{ steps: { type: "custom" } }]);
    const told = tellAll(asked, [
      { type: "thread.item.added", item: thoughts("reasoning") },
      { type: "thread.item.done", item: thoughts("reasoning", "Hm", null, "So") },
      ...EVENTS,
    ]);
    expect(told.items.map(({ kind }) => kind)).toEqual(["question", "steps", "answer"]);
    expect(told.items[1]).toMatchObject({
      steps: { tasks: [{ content: "Hm" }, { content: null }, { content: "So" }] },
    });
  });

  test("an answer that cannot be shown is no missing answer", () => {
    const items = [userItem("msg_u", "Hi"), { type: "widget", id: "itm_1" } as const];
    const opened = openedThread(wireThread("thr_1", items), items, null);
    expect(opened.failure).toBeNull();
    expect(isSettled(opened)).toBe(true);
  });

  test("a tool of the page waits for a page that has it, unless it is given up", () => {
    const call = (status: "pending" | "completed") =>
      ({ type: "client_tool_call", id: "itm_1", status }) as const;
    const waits = (status: "pending" | "completed") =>
      pendingTool({ ...emptyThread, items: itemViews([call(status)]) }) !== null;
    expect([waits("pending"), waits("completed")]).toEqual([true, false]);
  });

  test("told again from any point on ends in the same view", () => {
    const once = tellAll(asked, EVENTS);
    for (let start = 0; start <= EVENTS.length; start += 1) {
      expect(tellAll(tellAll(asked, EVENTS.slice(0, start)), EVENTS)).toEqual(once);
      expect(tellAll(once, EVENTS.slice(start))).toEqual(once);
    }
  });

  test("replayed over a thread that was opened while it ran adds nothing twice", () => {
    const turn = { id: "trn_1", status: "running", user_item_id: "msg_u" } as const;
    const thread = wireThread("thr_1", [userItem("msg_u", "Hi"), assistantItem("msg_a", "Hel")], {
      "orcheo.turn": turn,
    });
    const opened = openedThread(thread, thread.items.data, null);
    expect(opened.turn).toBe("running");
    expect(opened.items[1]).toMatchObject({ status: "streaming" });
    expect(texts(tellAll(opened, EVENTS))).toEqual(["Hi", "Hello, you"]);
  });

  test("ends with its partial answer marked when it failed", () => {
    const failed = tellAll(asked, [
      ...EVENTS.slice(0, 6),
      { type: "error", code: "stream.error", allow_retry: true },
    ]);
    expect(failed.items.at(-1)).toMatchObject({ kind: "answer", status: "interrupted" });
    expect(failed.failure).toMatchObject({ kind: "error", remedy: "answer-again" });
  });

  test("was stopped by the visitor where servers do not tell its end; else their server knows better", () => {
    const stopping = reduce(tellAll(asked, EVENTS), { type: "stopping" });
    expect(reduce(stopping, { type: "ended", isTold: false }).failure).toMatchObject({ kind: "stopped" });
    expect(reduce(stopping, { type: "ended", isTold: true }).failure).toBeNull();
    expect(reduce(stopping, { type: "stop-failed" }).turn).toBe("running");
  });
});

describe("thread events that are not text", () => {
  test("progress is shown until the answer goes on", () => {
    const busy = tellAll(asked, [{ type: "progress_update", text: "Searching" }]);
    expect(busy.progress).toBe("Searching");
    expect(tellAll(busy, EVENTS).progress).toBe("");
  });

  test("a notice that the thread keeps takes the place of the one that was told", () => {
    const notice = { type: "notice", level: "info", message: "Old data", title: "Note" } as const;
    const item = { type: "end_of_turn", id: "itm_n", "orcheo.notice": notice } as const;
    const view = tellAll(asked, [notice, { type: "thread.item.done", item }, notice]);
    const notices = view.items.filter(({ kind }) => kind === "notice");
    expect(notices).toEqual([
      { kind: "notice", id: "itm_n", level: "info", title: "Note", text: "Old data" },
    ]);
  });

  test("a notice told twice is shown once", () => {
    const notice = { type: "notice", level: "info", message: "Old data", title: "Note" } as const;
    const view = tellAll(asked, [notice, notice]);
    expect(view.items.filter((item) => item.kind === "notice")).toHaveLength(1);
  });

  test("an annotation is put in its place", () => {
    const annotation = {
      type: "annotation",
      source: { type: "file", title: "Guide", filename: "guide.md" },
    } as const;
    const update = {
      type: "assistant_message.content_part.annotation_added",
      content_index: 0,
      annotation_index: 0,
      annotation,
    } as const;
    const annotated = { type: "thread.item.updated", item_id: "msg_a", update } as const;
    const view = tellAll(asked, [...EVENTS.slice(0, 6), annotated, annotated]);
    expect(view.items.at(-1)).toMatchObject({ parts: [{ annotations: [annotation] }] });
  });

  test("an item is removed", () => {
    expect(texts(tellAll(asked, [...EVENTS, { type: "thread.item.removed", item_id: "msg_a" }]))).toEqual([
      "Hi",
    ]);
  });

  test("unknown kinds of events and updates change nothing", () => {
    const unknown = [
      { type: "thread.item.updated", item_id: "nobody", update: EVENTS[5] },
      { type: "client_effect", name: "x", data: {} },
    ] as unknown as ThreadEvent[];
    const view = tellAll(asked, EVENTS);
    expect(tellAll(view, unknown)).toEqual(view);
  });
});

describe("an opened thread", () => {
  const items = [userItem("msg_u", "Hi"), assistantItem("msg_a", "Hel")];
  const open = (status: "failed" | "interrupted" | "cancelled" | "completed", shown = items) => {
    const turn = { id: "trn_1", status, user_item_id: "msg_u" };
    return openedThread(wireThread("thr_1", shown, { "orcheo.turn": turn }), shown, null);
  };

  test.each(["failed", "interrupted"] as const)("whose turn %s offers another answer", (status) => {
    expect(open(status)).toMatchObject({
      turn: "idle",
      failure: { kind: status, remedy: "answer-again" },
    });
    expect(open(status).items[1]).toMatchObject({ status: "interrupted" });
  });

  test.each([
    ["failed", "failed"],
    ["interrupted", "interrupted"],
    ["cancelled", "stopped"],
  ] as const)("keeps the mark of a turn that was %s when more is said", (status, ending) => {
    const more = reduce(open(status), {
      type: "asked",
      key: "key-2",
      input: textInput("More"),
      attachments: [],
    });
    expect(more.items.map(({ kind }) => kind)).toEqual(["question", "answer", "ending", "question"]);
    expect(more.items[2]).toMatchObject({ ending });
    const again = reduce(open(status), { type: "answer-retried", itemId: "msg_u" });
    expect(again.items.map(({ kind }) => kind)).toEqual(["question"]);
  });

  test("keeps no mark of a turn that came to its end, and none of a message that was refused", () => {
    const more = reduce(open("completed"), {
      type: "asked",
      key: "key-2",
      input: textInput("More"),
      attachments: [],
    });
    expect(more.items.map(({ kind }) => kind)).toEqual(["question", "answer", "question"]);
    const failure = { kind: "error", text: "", remedy: "ask-again", notBefore: 0 } as const;
    const refused = reduce(more, { type: "failed", failure });
    const next = reduce(refused, { type: "asked", key: "key-3", input: textInput("Else"), attachments: [] });
    expect(next.items.map(({ kind }) => kind)).toEqual(["question", "answer", "question"]);
  });

  test("whose turn was cancelled says so", () => {
    expect(open("cancelled").failure).toMatchObject({ kind: "stopped" });
  });

  test("that ends with a question says that there was no answer", () => {
    expect(open("completed", items.slice(0, 1)).failure).toMatchObject({ kind: "no_answer" });
    expect(open("completed").failure).toBeNull();
  });
});

describe("the end of a turn that the server keeps", () => {
  const end = (kind: EndingKind, more: { message?: string; allow_retry?: boolean } = {}) =>
    ({
      type: "end_of_turn",
      id: "itm_e",
      "orcheo.ending": { kind, allow_retry: true, ...more },
    }) satisfies WireItem;
  const items = [userItem("msg_u", "Hi"), assistantItem("msg_a", "Hel")];
  const open = (...more: WireItem[]) => {
    const turn = { id: "trn_1", status: "failed", user_item_id: "msg_u" } as const;
    const all = [...items, ...more];
    return openedThread(wireThread("thr_1", all, { "orcheo.turn": turn }), all, null);
  };

  test("offers no retry of an action, which only the page that took it knows", () => {
    const shown: WireItem[] = [userItem("msg_u", "Hi"), { type: "widget", id: "wid_1" }];
    const marks = [end("failed", { allow_retry: true })];
    for (const [said, remedy] of [
      ["msg_u", "answer-again"],
      ["wid_1", null],
      ["wid_of_earlier_page", null],
      ["", null],
    ] as const) {
      const turn = { id: "trn_1", status: "failed", user_item_id: said } as const;
      for (const items of [shown, [...shown, ...marks]]) {
        const opened = openedThread(wireThread("thr_1", items, { "orcheo.turn": turn }), items, null);
        expect(shownFailure(opened)).toMatchObject({ remedy });
      }
    }
  });

  test("is what is said of the latest turn, after a reload too", () => {
    expect(shownFailure(open(end("stopped")))).toMatchObject({ kind: "stopped", remedy: "answer-again" });
    const closed = open(end("closed", { message: "The owner has closed this chat.", allow_retry: false }));
    expect(shownFailure(closed)).toMatchObject({ text: "The owner has closed this chat.", remedy: null });
  });

  test.each(["no_answer", "cut_off", "timed_out", "failed", "closed"] as const)(
    "looks alike at once and after a reload: %s",
    (kind) => {
      const kept = end(kind, { message: "What happened." });
      const running: ThreadView = {
        ...openedThread(wireThread("thr_1", items), items, null),
        turn: "running",
      };
      const told: ThreadEvent[] = [
        { type: "thread.item.done", item: kept },
        { type: "error", code: "custom", message: "What happened.", allow_retry: true },
      ];
      const live = told.reduce((view, threadEvent) => reduce(view, { type: "told", threadEvent }), running);
      expect(shownFailure(live)).toEqual(shownFailure(open(kept)));
    },
  );

  test("stays behind its answer when more was said", () => {
    const later = open(end("timed_out"), userItem("msg_v", "More"), assistantItem("msg_b", "Yes"));
    expect(later.items.map(({ kind }) => kind)).toEqual([
      "question",
      "answer",
      "ending",
      "question",
      "answer",
    ]);
    const more = reduce(open(end("interrupted")), {
      type: "asked",
      key: "key-2",
      input: textInput("More"),
      attachments: [],
    });
    expect(more.items.map(({ kind }) => kind)).toEqual(["question", "answer", "ending", "question"]);
  });

  test("comes with the stream, to every tab that follows it, and once", () => {
    const told = tellAll(asked, [
      ...EVENTS,
      { type: "thread.item.done", item: end("failed", { message: "The workflow could not answer." }) },
      { type: "error", code: "custom", message: "The workflow could not answer.", allow_retry: true },
    ]);
    const ended = reduce(told, { type: "ended", isTold: true });
    expect(ended.items.filter(({ kind }) => kind === "ending")).toHaveLength(1);
    expect(shownFailure(ended)).toMatchObject({ text: "The workflow could not answer." });
    const next = reduce(ended, { type: "asked", key: "key-2", input: textInput("More"), attachments: [] });
    expect(next.items.filter(({ kind }) => kind === "ending")).toHaveLength(1);
    const stopping = reduce(tellAll(asked, EVENTS), { type: "stopping" });
    const stopped = reduce(tellAll(stopping, [{ type: "thread.item.done", item: end("stopped") }]), {
      type: "ended",
      isTold: true,
    });
    expect(stopped.failure).toBeNull();
    expect(shownFailure(stopped)).toMatchObject({ kind: "stopped" });
  });

  test("is news for a tab that shows the answer as whole", () => {
    const whole = reduce(tellAll(asked, EVENTS), { type: "ended", isTold: true });
    expect(shownFailure(withNews(whole, open(end("stopped"))))).toMatchObject({ kind: "stopped" });
  });

  test("of a workflow that was silent on purpose is no missing answer", () => {
    const silent = [userItem("msg_u", "Hi"), { type: "end_of_turn", id: "itm_e" } as const];
    expect(shownFailure(openedThread(wireThread("thr_1", silent), silent, null))).toBeNull();
  });
});

describe("a question that was refused", () => {
  const failure = { kind: "rate-limited", text: "", remedy: "ask-again", notBefore: 5 } as const;
  const refused = reduce(asked, { type: "failed", failure });

  test("stays in sight, marked", () => {
    expect(refused.items).toMatchObject([{ id: "key-1", status: "refused" }]);
    expect(refused.failure).toEqual(failure);
  });

  test("is asked again in the same place, or gives way to another one", () => {
    expect(
      reduce(refused, { type: "asked", key: "key-1", input: textInput("Hi"), attachments: [] }).items,
    ).toEqual(asked.items);
    expect(
      texts(reduce(refused, { type: "asked", key: "key-2", input: textInput("Else"), attachments: [] })),
    ).toEqual(["Else"]);
  });
});

test("closing keeps what was said", () => {
  const closed = reduce(tellAll(asked, EVENTS), { type: "closed", reason: "unavailable" });
  expect(closed.closed).toBe("unavailable");
  expect(texts(closed)).toEqual(["Hi", "Hello, you"]);
});
