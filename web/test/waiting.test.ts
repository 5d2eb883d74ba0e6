// @vitest-environment happy-dom
import { render } from "lit";
import { afterEach, describe, expect, test, vi } from "vitest";
import { failureTemplate } from "../src/element/parts/failure-notice.ts";
import { Stopwatch } from "../src/element/parts/stopwatch.ts";
import { threadItemsTemplate } from "../src/element/parts/thread-items.ts";
import { emptyThread, type FailureKind } from "../src/element/state/thread-view.ts";
import type { WidgetHost } from "../src/element/widgets/host.ts";

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

describe("the stopwatch", () => {
  test("counts while the same thing lasts, and begins again with another", () => {
    vi.useFakeTimers();
    const requestUpdate = vi.fn();
    const watch = new Stopwatch({
      addController() {},
      removeController() {},
      requestUpdate,
      updateComplete: Promise.resolve(true),
    });
    expect(watch.secondsOf("one")).toBe(0);
    vi.advanceTimersByTime(3_500);
    expect(watch.secondsOf("one")).toBe(3);
    expect(requestUpdate).toHaveBeenCalledTimes(3);
    expect(watch.secondsOf("two")).toBe(0);
    expect(watch.secondsOf(null)).toBe(0);
    vi.advanceTimersByTime(5_000);
    expect(requestUpdate).toHaveBeenCalledTimes(3);
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
