import { describe, expect, test } from "vitest";
import { type SseFrame, SseParser } from "../src/element/protocol/sse.ts";

const encoder = new TextEncoder();

function parseInPieces(pieces: readonly Uint8Array[]): SseFrame[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

const STREAM = [
  ": heartbeat",
  "",
  "id: 1",
  'data: {"text":"grüße 👋🏽"}',
  "",
  "event: ignored",
  "id:2",
  "data: first",
  "data:second",
  "",
  ": heartbeat",
  "",
  "data",
  "",
  "retry: 10",
  "",
  "id: 3",
  "data: cut off",
].join("\n");

const FRAMES: SseFrame[] = [
  { id: "1", data: '{"text":"grüße 👋🏽"}' },
  { id: "2", data: "first\nsecond" },
  { id: "", data: "" },
];

describe.each([
  ["LF", "\n"],
  ["CRLF", "\r\n"],
  ["CR", "\r"],
])("a stream with %s line ends", (_, lineEnd) => {
  const bytes = encoder.encode(STREAM.replaceAll("\n", lineEnd));

  test("gives the same frames wherever it is split in two", () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(parseInPieces([bytes.slice(0, cut), bytes.slice(cut)])).toEqual(FRAMES);
    }
  });

  test("gives the same frames whatever the size of its pieces", () => {
    for (let size = 1; size <= 9; size += 1) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
      expect(parseInPieces(pieces)).toEqual(FRAMES);
    }
  });
});

test("an unfinished frame is not given out", () => {
  expect(parseInPieces([encoder.encode("data: half\n")])).toEqual([]);
});

test("only the first space after the colon is dropped", () => {
  expect(parseInPieces([encoder.encode("data:  two\n\n")])).toEqual([{ id: "", data: " two" }]);
});

test("a byte order mark is no part of the first field", () => {
  expect(parseInPieces([encoder.encode("\ufeffdata: x\n\n")])).toEqual([{ id: "", data: "x" }]);
});

test("an id with a NUL is ignored", () => {
  expect(parseInPieces([encoder.encode("id: 1\u00002\ndata: x\n\n")])).toEqual([{ id: "", data: "x" }]);
});
