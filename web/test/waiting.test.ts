// @vitest-environment happy-dom
import { render } from "lit";
import { afterEach, describe, expect, test, vi } from "vitest";
import { failureTemplate } from "../src/element/parts/failure-notice.ts";
import { Seconds } from "../src/element/parts/seconds.ts";
import { threadItemsTemplate } from "../src/element/parts/thread-items.ts";
import type { WireItem } from "../src/element/protocol/wire.ts";
import { openedThread } from "../src/element/state/from-wire.ts";
import { reduce } from "../src/element/state/reduce.ts";
import {
  emptyThread,
  type FailureKind,
  shownFailure,
  type ThreadView,
} from "../src/element/state/thread-view.ts";
import type { WidgetHost } from "../src/element/widgets/host.ts";
import { userItem, wireThread } from "./fakes.ts";

const NO_HOST: WidgetHost = {
  act: async () => {},
  redraw() {},
  ownOrigins: () => [],
  reached: (url) => url,
  imageDomains: () => [],
  entities: () => undefined,
};

afterEach(() => vi.useRealTimers());

function drawn(template: unknown): HTMLElement {
  const place = document.createElement("div");
  render(template, place);
  return place;
}

describe("a note of progress", () => {
  const shown = (seconds: number) =>
    drawn(
      threadItemsTemplate({
        view: { ...emptyThread, turn: "running", progress: "Reading" },
        options: { api: { url: "", domainKey: "" } },
        answerer: "Bot",
        host: NO_HOST,
        canEdit: true,
        secondsWaited: seconds,
        acts: { answer() {}, answerAgain() {}, judge() {}, edit() {} },
      }),
    ).querySelector(".waiting");

  test("says how long it has taken, once that is worth saying", () => {
    expect(shown(4)?.textContent).not.toContain("4 s");
    expect(shown(5)?.textContent).toMatch(/Reading\s+5 s/);
    expect(shown(125)?.textContent).toContain("2 min 5 s");
  });

  test("does not read the seconds to a screen reader", () => {
    expect(shown(5)?.querySelector(".elapsed")?.getAttribute("aria-hidden")).toBe("true");
  });
});

describe("seconds", () => {
  const counter = (requestUpdate: () => void) =>
    new Seconds({
      addController() {},
      removeController() {},
      requestUpdate,
      updateComplete: Promise.resolve(true),
    });

  test("since a moment are counted while there is one", () => {
    vi.useFakeTimers();
    const requestUpdate = vi.fn();
    const seconds = counter(requestUpdate);
    const began = Date.now() - 2_000;
    expect(seconds.since(began)).toBe(2);
    vi.advanceTimersByTime(3_500);
    expect(seconds.since(began)).toBe(5);
    expect(requestUpdate).toHaveBeenCalledTimes(3);
    expect(seconds.since(null)).toBe(0);
    vi.advanceTimersByTime(5_000);
    expect(requestUpdate).toHaveBeenCalledTimes(3);
  });

  test("until a moment are counted while it is ahead", () => {
    vi.useFakeTimers();
    const requestUpdate = vi.fn();
    const seconds = counter(requestUpdate);
    const moment = Date.now() + 2_500;
    expect(seconds.until(moment)).toBe(3);
    vi.advanceTimersByTime(3_000);
    expect(seconds.until(moment)).toBe(0);
    vi.advanceTimersByTime(5_000);
    expect(requestUpdate).toHaveBeenCalledTimes(3);
  });
});

describe("a turn that is read again, by a reload or in another tab", () => {
  const AGO = 12.5;
  const read = (status: "running" | "failed", items: WireItem[]) => {
    const turn = { id: "trn_1", status, user_item_id: "msg_u", seconds: AGO };
    return openedThread(wireThread("thr_1", items, { "orcheo.turn": turn }), items, null);
  };

  test("has waited since it began", () => {
    vi.useFakeTimers();
    expect(Date.now() - read("running", [userItem("msg_u", "Hi")]).since).toBe(12_500);
  });

  test.each([
    [20, 7_500],
    [5, -7_500],
    [undefined, null],
  ])("with a pause of %s s may be tried again at the same moment", (pause, left) => {
    vi.useFakeTimers();
    const ending = {
      kind: "failed",
      message: "The workflow is busy.",
      allow_retry: true,
      ...(pause === undefined ? {} : { retry_after: pause }),
    } as const;
    const item = { type: "end_of_turn", id: "itm_e", "orcheo.ending": ending } as const;
    const view = read("failed", [userItem("msg_u", "Hi"), item]);
    expect(shownFailure(view)?.notBefore).toBe(left === null ? 0 : Date.now() + left);
  });

  test("is told of the same moment in the tab that followed it", () => {
    vi.useFakeTimers();
    const ending = { kind: "failed", message: "Busy.", allow_retry: true, retry_after: 20 } as const;
    const told = [
      { type: "thread.item.done", item: { type: "end_of_turn", id: "itm_e", "orcheo.ending": ending } },
      { type: "error", code: "custom", message: "Busy.", allow_retry: true },
    ] as const;
    const running = read("running", [userItem("msg_u", "Hi")]);
    const ended = told.reduce<ThreadView>(
      (view, threadEvent) => reduce(view, { type: "told", threadEvent }),
      running,
    );
    expect((shownFailure(ended)?.notBefore ?? 0) - Date.now()).toBe(20_000);
  });
});

describe("an answer that was cut off", () => {
  const buttons = (kind: FailureKind, prompt = vi.fn()) => {
    const failure = { kind, text: "", remedy: "answer-again", notBefore: 0 } as const;
    const notice = drawn(failureTemplate(failure, 0, { retry: vi.fn(), prompt }));
    return [...notice.querySelectorAll("button")];
  };
  const named = (all: HTMLButtonElement[]) => all.map((button) => button.textContent?.trim());

  test("can be continued by a message", () => {
    const prompt = vi.fn();
    const [first] = buttons("cut_off", prompt);
    first?.click();
    expect(prompt).toHaveBeenCalledExactlyOnceWith("Please continue.");
    expect(named(buttons("cut_off"))).toEqual(["Continue", "Retry"]);
  });

  test("is the only one that can: others begin again", () => {
    for (const kind of ["failed", "stopped", "timed_out", "no_answer", "interrupted"] as const)
      expect(named(buttons(kind))).toEqual(["Retry"]);
  });
});
