import { describe, expect, test } from "vitest";
import type { Transcript, TranscriptEntry } from "../../src/pages/canvas/models.ts";
import { threadOf } from "../../src/pages/canvas/transcript-wire.ts";
import { nearMoment } from "../../src/pages/canvas/words.ts";

const thread = {
  id: "thr_1",
  workflow_id: "wf_1",
  subject: "anon:1",
  title: null,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
};
const transcript: Transcript = { thread, status: "completed", turns: [], items: [], next_after: null };

const CLOSED = { type: "closed", reason: "Read only." } as const;

function entry(kind: string, text: string, change: Partial<TranscriptEntry> = {}): TranscriptEntry {
  return {
    ...{ id: `id_${kind}`, turn_id: "trn_1", created_at: "2026-01-01T00:00:00Z", kind, text },
    ...{ details: {}, feedback: null },
    ...change,
  };
}

const itemsOf = (...entries: TranscriptEntry[]) => threadOf(transcript, entries, [], CLOSED).items.data;

describe("a transcript for the chat element", () => {
  test("is a thread to which nothing can be added", () =>
    expect(threadOf(transcript, [], [], CLOSED)).toMatchObject({
      id: "thr_1",
      title: "",
      status: { type: "closed", reason: "Read only." },
      items: { data: [], has_more: false },
    }));

  test("that a turn runs in says since when, by the turn's beginning", () => {
    const turn = { ...{ id: "trn_1", status: "running", ended_at: null, code: null, reason: null } };
    const started_at = new Date(Date.now() - 90_000).toISOString();
    const turns = [{ ...turn, started_at, input_tokens: null, output_tokens: null }];
    const { metadata } = threadOf({ ...transcript, status: "running" }, [], turns, CLOSED);
    expect(metadata["orcheo.turn"]).toMatchObject({ id: "trn_1", status: "running" });
    expect(metadata["orcheo.turn"]?.seconds).toBeGreaterThanOrEqual(90);
    const later = [{ ...turns[0], started_at: new Date(Date.now() + 90_000).toISOString() }] as typeof turns;
    const other = threadOf({ ...transcript, status: "running" }, [], later, CLOSED).metadata["orcheo.turn"];
    expect(other?.seconds).toBe(0);
  });

  test("has what visitors said, with quotes and names of files", () => {
    const details = {
      attachments: [{ id: "att_1", name: "a.pdf", mime_type: "application/pdf" }],
      quoted_text: "before",
    };
    expect(itemsOf(entry("user_message", "<b>Hi</b>", { details }))).toEqual([
      expect.objectContaining({
        type: "user_message",
        content: [{ type: "input_text", text: "<b>Hi</b>" }],
        attachments: [{ type: "file", id: "att_1", name: "a.pdf" }],
        quoted_text: "before",
      }),
    ]);
  });

  test("has answers with their sources and what was thought of them", () => {
    const sources = [
      { title: "Page", url: "https://a.example/", filename: null },
      { title: "File", url: null, filename: "b.md" },
    ];
    const [item] = itemsOf(
      entry("assistant_message", "Answer", { details: { sources }, feedback: "positive" }),
    );
    expect(item).toMatchObject({
      "orcheo.feedback": "positive",
      content: [
        {
          text: "Answer",
          annotations: [
            { source: { type: "url", title: "Page", url: "https://a.example/" } },
            { source: { type: "file", title: "File", filename: "b.md" } },
          ],
        },
      ],
    });
  });

  test("says the rest in its words, and nothing of what visitors did not see", () => {
    expect(itemsOf(entry("widget", "Three offers"))).toEqual([
      expect.objectContaining({ type: "task", task: expect.objectContaining({ title: "Three offers" }) }),
    ]);
    expect(itemsOf(entry("hidden_context", "secret"), entry("end_of_turn", ""))).toEqual([]);
  });
});

describe("a moment", () => {
  const now = Date.parse("2026-01-10T12:00:00Z");
  test.each([
    ["2026-01-10T11:59:58Z", "2 seconds ago"],
    ["2026-01-10T11:30:00Z", "30 minutes ago"],
    ["2026-01-10T14:00:00Z", "in 2 hours"],
    ["2026-01-09T12:00:00Z", "yesterday"],
    ["2025-12-24T12:00:00Z", "Dec 24, 2025"],
  ])("%s is %s", (iso, said) => expect(nearMoment(new Date(iso), now)).toBe(said));
});
