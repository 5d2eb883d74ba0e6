// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keepWishes, notify, wishesOf } from "../src/element/parts/notify.ts";
import { emptyThread, type ThreadView } from "../src/element/state/thread-view.ts";

const answered: ThreadView = {
  ...emptyThread,
  items: [{ kind: "notice", id: "n", level: "info", title: "", text: "" }],
};
let isHidden = true;
let tones = 0;

function see(): void {
  isHidden = false;
  document.dispatchEvent(new Event("visibilitychange"));
  isHidden = true;
}

beforeEach(() => {
  tones = 0;
  document.title = "Shop";
  vi.spyOn(document, "hidden", "get").mockImplementation(() => isHidden);
  const parameter = { setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} };
  const node = { connect: () => node, stop: () => {}, gain: parameter };
  vi.stubGlobal(
    "AudioContext",
    class {
      currentTime = 0;
      resume = async () => {};
    },
  );
  vi.stubGlobal(
    "GainNode",
    class {
      gain = parameter;
      connect = () => node;
    },
  );
  vi.stubGlobal(
    "OscillatorNode",
    class {
      connect = () => node;
      start = () => {
        tones += 1;
      };
      stop = () => {};
    },
  );
});

afterEach(() => {
  see();
  localStorage.clear();
  vi.restoreAllMocks();
});

describe("an answer that comes while the tab is hidden", () => {
  test("is told in no way unless the page wants it", async () => {
    notify(answered, undefined);
    notify(answered, {});
    notify(answered, "visitor");
    await Promise.resolve();
    expect([document.title, tones]).toEqual(["Shop", 0]);
  });

  test("is counted in the title until the tab is seen", () => {
    notify(answered, { titleBadge: true });
    expect(document.title).toBe("(1) Shop");
    notify(answered, { titleBadge: true });
    expect(document.title).toBe("(2) Shop");
    see();
    expect(document.title).toBe("Shop");
    notify(answered, { titleBadge: true });
    expect(document.title).toBe("(1) Shop");
  });

  test("does not undo a title that the page has set itself", () => {
    notify(answered, { titleBadge: true });
    document.title = "Basket";
    notify(answered, { titleBadge: true });
    expect(document.title).toBe("(2) Basket");
    document.title = "Checkout";
    see();
    expect(document.title).toBe("Checkout");
  });

  test("is heard as two tones", async () => {
    notify(answered, { sound: true });
    await vi.waitFor(() => expect(tones).toBe(2));
    expect(document.title).toBe("Shop");
  });

  test("is told as the visitor has chosen in this browser", () => {
    keepWishes({ titleBadge: true });
    expect(wishesOf("visitor")).toEqual({ titleBadge: true });
    notify(answered, "visitor");
    expect(document.title).toBe("(1) Shop");
  });

  test.each(["null", "{", "3", "[]"])("is told in no way where %s is kept", (kept) => {
    localStorage.setItem("orcheo.notifications", kept);
    notify(answered, "visitor");
    expect(document.title).toBe("Shop");
  });
});

test.each<[string, ThreadView]>([
  ["is being written", { ...answered, turn: "running" }],
  ["failed", { ...answered, failure: { kind: "failed", text: "", remedy: null, notBefore: 0 } }],
])("a turn that %s is no news", (_what, view) => {
  notify(view, { titleBadge: true });
  expect(document.title).toBe("Shop");
});

test("nor is an answer that the visitor sees come", () => {
  isHidden = false;
  notify(answered, { titleBadge: true });
  isHidden = true;
  expect(document.title).toBe("Shop");
});
