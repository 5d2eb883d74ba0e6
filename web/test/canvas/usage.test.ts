// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { UsageFigures, WorkflowView } from "../../src/pages/canvas/models.ts";
import { OrcheoCanvas } from "../../src/pages/canvas/orcheo-canvas.ts";
import { dayText, roundAbove, seconds } from "../../src/pages/canvas/parts/charts.ts";
import { lastUse } from "../../src/pages/canvas/parts/sparkline.ts";
import { problemAnswer } from "../fakes.ts";
import { all, FakeCanvasServer, find, shownText, workflow } from "./fakes.ts";

const LIST = "/api/operations/workflows.list";
const SHOW = "/api/operations/workflows.show";
let server: FakeCanvasServer;

beforeEach(() => {
  sessionStorage.clear();
  server = new FakeCanvasServer().listen();
});

afterEach(() => document.body.replaceChildren());

async function openCanvas(path: string): Promise<void> {
  history.replaceState(null, "", path);
  document.body.append(new OrcheoCanvas());
  await vi.waitFor(() => expect(all("h1").length).toBeGreaterThan(0));
}

const shows = (text: string) => vi.waitFor(() => expect(shownText()).toContain(text));

function figures(day: string | null, change: Partial<UsageFigures> = {}): UsageFigures {
  return {
    day,
    turns: 0,
    failed: 0,
    visitors: 0,
    input_tokens: 0,
    output_tokens: 0,
    failures: {},
    refusals: {},
    first_event: null,
    whole_turn: null,
    ...change,
  };
}

const BUSY = {
  turns: 5,
  failed: 1,
  visitors: 2,
  failures: { timed_out: 1 },
  refusals: { rate_limited: 3 },
  first_event: { median: 0.4, p95: 1.25 },
};

function used(inAll: Partial<UsageFigures> = BUSY): WorkflowView {
  const counts = { turns: 0, failed: 0, visitors: 0, input_tokens: 0, output_tokens: 0 };
  const usage = { in_all: figures(null, inAll), days: [figures("2026-11-26"), figures("2026-11-27", inAll)] };
  const activity = { last_day: counts, in_all: counts, last_used_at: null, last_failure: null, usage };
  return workflow({ activity });
}

describe("a chart", () => {
  test.each([
    [0, 1],
    [0.03, 0.05],
    [1, 1],
    [3, 5],
    [10, 10],
    [11, 20],
    [501, 1000],
  ])("of %d has its top at %d", (highest, top) => expect(roundAbove(highest)).toBeCloseTo(top));

  test("writes seconds with two digits that count", () => {
    expect([0.0123, 0.5, 1.25, 12.34, 125].map(seconds)).toEqual([
      "0.012 s",
      "0.5 s",
      "1.3 s",
      "12.3 s",
      "125 s",
    ]);
  });

  test("has the days of UTC, wherever it is read", () => expect(dayText("2026-11-27")).toBe("Nov 27"));
});

describe("the list of workflows", () => {
  test("has a sparkline and the last use of each, by one more request for a page", async () => {
    server.operation("workflows.list", ({ days }) => ({
      workflows: [
        workflow({ turns_by_day: days ? [0, 2, 0, 1] : null }),
        workflow({ id: "wf_2", turns_by_day: days ? [0, 0, 0, 0] : null }),
      ],
      next_after: null,
    }));
    await openCanvas("/canvas");
    await shows("Used today");
    await shows("Not used for 4 days");
    expect(all(".spark").map((each) => each.getAttribute("aria-label"))).toEqual([
      "3 turns in 4 days",
      "0 turns in 4 days",
    ]);
    expect(server.givenTo(LIST)).toEqual([{ limit: 50 }, { limit: 50, days: 30 }]);
  });

  test("is whole where the turns cannot be counted", async () => {
    server.on(LIST, ({ days }) =>
      days
        ? problemAnswer(503, "storage_unavailable")
        : new Response(JSON.stringify({ workflows: [workflow()], next_after: null })),
    );
    await openCanvas("/canvas");
    await shows("Greeter");
    await vi.waitFor(() => expect(server.givenTo(LIST).length).toBe(2));
    expect(all("[role=alert]")).toEqual([]);
  });

  test.each([
    [[1], "Used today"],
    [[1, 0], "Used yesterday"],
    [[1, 0, 0], "Used 2 days ago"],
    [[0], "Not used today"],
  ])("%j: %s", (turns, text) => expect(lastUse(turns)).toBe(text));
});

describe("the usage of a workflow", () => {
  test("shows the numbers, a chart of what was counted with its table, and the reasons", async () => {
    server.operation("workflows.show", ({ days }) => (days ? used() : workflow()));
    await openCanvas("/canvas/workflows/wf_1/usage");
    await shows("Why turns failed");
    expect(all("figcaption").map((each) => each.textContent)).toEqual([
      "Turns",
      "Visitors",
      "First event",
      "Refused requests",
    ]);
    expect(find(".plot svg").getAttribute("aria-label")).toBe("Turns by day, 2 days. Most on Nov 27: 5.");
    const row = find("figure tbody tr");
    expect([...row.children].map((each) => each.textContent)).toEqual(["Nov 27, 2026", "4", "1"]);
    expect(shownText()).toContain("rate_limited");
  });

  test("of another period is asked for, and stands in the address", async () => {
    server.operation("workflows.show", ({ days }) => (days ? used() : workflow()));
    await openCanvas("/canvas/workflows/wf_1/usage?days=7");
    await shows("Why turns failed");
    const period = find<HTMLSelectElement>("#period");
    period.value = "92";
    period.dispatchEvent(new Event("change"));
    await vi.waitFor(() => expect(server.givenTo(SHOW).at(-1)).toEqual({ ref: "wf_1", days: 92 }));
    expect(location.search).toBe("?days=92");
    expect(server.givenTo(SHOW)).toContainEqual({ ref: "wf_1", days: 7 });
  });

  test("that is none says so", async () => {
    server.operation("workflows.show", ({ days }) => (days ? used({}) : workflow()));
    await openCanvas("/canvas/workflows/wf_1/usage");
    await shows("Not used in these days");
    expect(all("figure")).toEqual([]);
  });

  test("that cannot be read can be asked for again", async () => {
    let isBroken = true;
    server.on(SHOW, ({ days }) =>
      days && isBroken
        ? problemAnswer(503, "storage_unavailable", {}, "The disk is full.")
        : new Response(JSON.stringify(days ? used() : workflow())),
    );
    await openCanvas("/canvas/workflows/wf_1/usage");
    await shows("The disk is full.");
    isBroken = false;
    all("button")
      .find((each) => each.textContent?.trim() === "Try again")
      ?.click();
    await shows("Why turns failed");
  });
});
