/** A transcript as the chat element reads threads, so that it is drawn as its visitor saw it. */

import type {
  AnnotationSource,
  AssistantItem,
  ThreadStatus,
  WireItem,
  WireThread,
  WireTurn,
} from "../../element/protocol/wire.ts";
import type { Transcript, TranscriptEntry, TurnView } from "./models.ts";

/** `status` says that nothing can be added to it. */
export function threadOf(
  transcript: Transcript,
  entries: readonly TranscriptEntry[],
  turns: readonly TurnView[],
  status: ThreadStatus,
): WireThread {
  return {
    id: transcript.thread.id,
    title: transcript.thread.title ?? "",
    created_at: transcript.thread.created_at,
    status,
    metadata: transcript.status === "running" ? { "orcheo.turn": runningTurn(turns) } : {},
    items: { data: entries.flatMap(itemsOf), has_more: false },
  };
}

function runningTurn(turns: readonly TurnView[]): WireTurn {
  const turn = turns.find(({ status }) => status === "running");
  const seconds = turn === undefined ? 0 : Math.max(0, (Date.now() - Date.parse(turn.started_at)) / 1_000);
  return { id: turn?.id ?? "", status: "running", user_item_id: "", seconds };
}

interface Details {
  attachments?: readonly { id: string; name: string; mime_type: string }[];
  quoted_text?: string | null;
  sources?: readonly Readonly<Record<string, unknown>>[];
}

function itemsOf(entry: TranscriptEntry): WireItem[] {
  const { id, created_at, text, feedback } = entry;
  const details = entry.details as Details;
  const judged: Pick<WireItem, "orcheo.feedback"> =
    feedback === "positive" || feedback === "negative" ? { "orcheo.feedback": feedback } : {};
  if (entry.kind === "user_message") {
    const attachments = (details.attachments ?? []).map(({ id, name }) => ({
      type: "file" as const,
      id,
      name,
    }));
    const quoted = details.quoted_text ? { quoted_text: details.quoted_text } : {};
    const content = [{ type: "input_text" as const, text }];
    return [{ type: "user_message", id, created_at, content, attachments, ...quoted }];
  }
  if (entry.kind === "assistant_message") {
    const annotations = (details.sources ?? []).map((each) => ({
      type: "annotation" as const,
      source: sourceOf(each),
    }));
    const answer: AssistantItem = {
      type: "assistant_message",
      id,
      content: [{ type: "output_text", text, annotations }],
    };
    return [{ ...answer, ...judged }];
  }
  // What else there was is said in its own words: without its workflow nothing of it can be used.
  if (text === "" || entry.kind === "hidden_context") return [];
  return [{ type: "task", id, task: { type: "custom", status_indicator: "complete", title: text } }];
}

function sourceOf(source: Readonly<Record<string, unknown>>): AnnotationSource {
  const title = String(source.title ?? "");
  if (typeof source.url === "string") return { type: "url", title, url: source.url };
  return { type: "file", title, filename: String(source.filename ?? title) };
}
