/** Saves a thread as a file of the visitor's: as Markdown to read, as JSON to keep all of it. */

import type { ChatClient } from "../protocol/chat-client.ts";
import type { AnnotationSource, EndingKind, Page, WireItem, WireThread } from "../protocol/wire.ts";
import { strings } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";

export type ExportFormat = "markdown" | "json";

const PAGE = 100;
const TYPES: Record<ExportFormat, [type: string, ending: string]> = {
  markdown: ["text/markdown", "md"],
  json: ["application/json", "json"],
};
/** As the page says it of earlier turns; here, because what both parts fetch would be in the first load. */
const ENDINGS = {
  interrupted: "failureInterrupted",
  stopped: "failureStopped",
  no_answer: "failureEmpty",
  failed: "endingFailed",
  timed_out: "failureTimedOut",
  cut_off: "failureCutOff",
  closed: "failureClosed",
} as const satisfies Record<EndingKind, keyof typeof strings>;

export async function saveThread(
  client: ChatClient,
  thread: WireThread,
  format: ExportFormat,
  signal: AbortSignal,
): Promise<void> {
  const items = await allItems(client, thread.id, signal);
  const [type, ending] = TYPES[format];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([exported(thread, items, format)], { type }));
  link.download = `${fileName(thread.title || laterStrings.untitled)}.${ending}`;
  link.click();
  // The download has begun by the next task.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function exported(thread: WireThread, items: readonly WireItem[], format: ExportFormat): string {
  const { id, title, created_at } = thread;
  if (format === "json") return `${JSON.stringify({ id, title, created_at, items }, null, 2)}\n`;
  return [`# ${title || laterStrings.untitled}`, ...items.map(written).filter(Boolean), ""].join("\n\n");
}

async function allItems(client: ChatClient, threadId: string, signal: AbortSignal): Promise<WireItem[]> {
  const items: WireItem[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const cursor: { after?: string } = after === "" ? {} : { after };
    const params = { thread_id: threadId, limit: PAGE, order: "asc", ...cursor } as const;
    const page: Page<WireItem> = await client.call({ type: "items.list", params }, signal);
    items.push(...page.data);
    after = page.has_more ? (page.after ?? null) : null;
  }
  return items;
}

function written(item: WireItem): string {
  switch (item.type) {
    case "user_message": {
      const files = (item.attachments ?? []).map(({ name }) => `- ${name}`);
      const quote = item.quoted_text ? quoted(item.quoted_text) : "";
      const text = item.content.map((part) => part.text).join("");
      return [`## ${strings.you}`, quote, text, files.join("\n")].filter(Boolean).join("\n\n");
    }
    case "assistant_message": {
      const sources = item.content.flatMap(({ annotations }) =>
        annotations.map(({ source }) => named(source)),
      );
      const list = [...new Set(sources)].join("\n");
      return [
        `## ${strings.answerHeading}`,
        ...item.content.map(({ text }) => text),
        ...(list ? [`### ${strings.sources}`, list] : []),
      ].join("\n\n");
    }
    case "structured_input":
      return item.inputs
        .map(
          ({ question, answer }) =>
            `${quoted(question)}\n\n${answer?.values.join(", ") || laterStrings.skipped}`,
        )
        .join("\n\n");
    case "widget":
      return item.copy_text || `*${strings.cannotBeShown}*`;
    case "generated_image":
      return item.image ? `![${laterStrings.generatedImage}](${item.image.url})` : "";
    case "end_of_turn": {
      const { "orcheo.ending": ending, "orcheo.notice": notice } = item;
      const ended = ending && (strings[ENDINGS[ending.kind]] ?? ending.message);
      const noticed = [notice?.title, notice?.message].filter(Boolean).join(": ");
      return [noticed, ended]
        .filter(Boolean)
        .map((said) => `*${said}*`)
        .join("\n\n");
    }
    default:
      return "";
  }
}

/** A source as an entry of a list, linked where it has an address. */
function named(source: AnnotationSource): string {
  const title = source.title.replace(/[[\]\\]/g, "\\$&");
  if (source.type === "url") return `- [${title}](<${source.url}>)`;
  return `- ${title}${source.type === "file" && source.filename !== source.title ? ` (${source.filename})` : ""}`;
}

function quoted(text: string): string {
  return text.replace(/^/gm, "> ");
}

/** Without what a file system does not take. */
export function fileName(title: string): string {
  return (
    title
      .replace(/(?:(?![\u200c\u200d])[\p{C}\\/:*?"<>|])+/gu, " ")
      .trim()
      .match(/^.{1,80}/su)?.[0] ?? "chat"
  );
}
