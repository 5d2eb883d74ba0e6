import { describe, expect, test, vi } from "vitest";
import { ChatAccess, type Later } from "../../src/pages/canvas/bubble/chat-access.ts";

/** Runs nothing by itself. */
class FakeTimer {
  waits: number[] = [];
  run: () => void = () => {};
  readonly later: Later = (run, milliseconds) => {
    this.waits.push(milliseconds);
    this.run = run;
    return () => {
      this.run = () => {};
    };
  };
}

function opened(...answers: (string | Error)[]) {
  const timer = new FakeTimer();
  const signals: AbortSignal[] = [];
  const open = vi.fn(async (signal: AbortSignal) => {
    signals.push(signal);
    const next = answers.shift();
    if (next === undefined || next instanceof Error) throw next ?? new Error("No answer is left.");
    return { client_secret: next, expires_in: 300 };
  });
  return { access: new ChatAccess(open, timer.later), open, timer, signals };
}

describe("the owner's access to a chat", () => {
  test("is renewed silently 30 seconds before its end", async () => {
    const { access, open, timer } = opened("first", "second");
    expect(await access.secret(null)).toBe("first");
    expect(timer.waits).toEqual([270_000]);
    timer.run();
    await vi.waitFor(() => expect(open).toHaveBeenCalledTimes(2));
    expect(await access.secret("first")).toBe("second");
    expect(open).toHaveBeenCalledTimes(2);
    expect(timer.waits).toEqual([270_000, 270_000]);
  });

  test("is one request for all who ask at once", async () => {
    const { access, open } = opened("first");
    expect(await Promise.all([access.secret(null), access.secret(null)])).toEqual(["first", "first"]);
    expect(open).toHaveBeenCalledTimes(1);
  });

  test("gets another grant for one that was refused", async () => {
    const { access } = opened("first", "second");
    await access.secret(null);
    expect(await access.secret("first")).toBe("second");
  });

  test("tries a renewal again that failed", async () => {
    const { access, open, timer } = opened("first", new Error("down"), "third");
    await access.secret(null);
    timer.run();
    await vi.waitFor(() => expect(timer.waits).toEqual([270_000, 5_000]));
    timer.run();
    await vi.waitFor(() => expect(open).toHaveBeenCalledTimes(3));
    expect(await access.secret("first")).toBe("third");
  });

  test("hands nothing over that was under way when it was closed", async () => {
    let answer: (grant: { client_secret: string; expires_in: number }) => void = () => {};
    const timer = new FakeTimer();
    let signal: AbortSignal | null = null;
    const access = new ChatAccess((given) => {
      signal = given;
      return new Promise((resolve) => {
        answer = resolve;
      });
    }, timer.later);
    const secret = access.secret(null);
    access.close();
    answer({ client_secret: "late", expires_in: 300 });
    await expect(secret).rejects.toThrow();
    expect((signal as AbortSignal | null)?.aborted).toBe(true);
    expect(timer.waits).toEqual([]);
    await expect(access.secret(null)).rejects.toThrow();
  });
});
