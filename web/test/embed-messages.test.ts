import { describe, expect, test } from "vitest";
import { FRAME_SHAPES, HOST_SHAPES, readMessage, sealed } from "../src/embed/messages.ts";

describe("messages between a bubble and its frame", () => {
  test("what one side seals the other side reads, and nothing else of it", () => {
    const hello = {
      type: "hello",
      theme: "dark",
      greeting: "Hi",
      isIdentified: false,
      isShown: true,
    } as const;
    expect(readMessage({ ...sealed(hello), more: 1 }, HOST_SHAPES)).toEqual(hello);
    expect(readMessage(sealed({ type: "identity", identity: null }), HOST_SHAPES)).toEqual({
      type: "identity",
      identity: null,
    });
    expect(readMessage(sealed({ type: "ready" }), FRAME_SHAPES)).toEqual({ type: "ready" });
  });

  test.each([
    undefined,
    null,
    "ready",
    7,
    [],
    { type: "ready" },
    { orcheo: true, type: "ready" },
    { orcheo: 1 },
    { orcheo: 1, type: 1 },
    { orcheo: 1, type: "toString" },
    { orcheo: 1, type: "__proto__" },
    { orcheo: 1, type: "refused" },
    { orcheo: 1, type: "refused", code: null },
    { orcheo: 1, type: "refused", code: "x".repeat(5_000) },
    { orcheo: 1, type: "hello" },
  ])("%o is no message of the frame", (data) => {
    expect(readMessage(data, FRAME_SHAPES)).toBeNull();
  });

  test.each([
    { orcheo: 1, type: "identity" },
    { orcheo: 1, type: "identity", identity: 1 },
    { orcheo: 1, type: "shown", isShown: "yes", hasFocus: true },
    { orcheo: 1, type: "hello", theme: "dark", greeting: null, isIdentified: true, isShown: true },
    { orcheo: 1, type: "ready" },
  ])("%o is no message of the page", (data) => {
    expect(readMessage(data, HOST_SHAPES)).toBeNull();
  });
});
