/** Files on their way to the server, for the next message. */

import type { ComposerOption, FileUploadStrategy } from "@openai/chatkit";
import { type ChatClient, isAbort } from "../protocol/chat-client.ts";
import type { WireAttachment } from "../protocol/wire.ts";
import { fill } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";

export type AttachmentRules = NonNullable<ComposerOption["attachments"]>;

export interface Upload {
  key: string;
  name: string;
  status: "sending" | "sent" | "failed";
  /** Known once the server has announced it. */
  attachment: WireAttachment | null;
  /** An address of the file in this browser, for an image. */
  preview: string | null;
}

interface Kept extends Upload {
  file: File | null;
  abort: AbortController;
}

const MOST_FILES = 10;
const MOST_BYTES = 100 * 1024 * 1024;
const PREVIEWED = /^image\/(?:png|jpeg|gif|webp|avif)$/;

export class Uploads {
  readonly #changed: () => void;
  readonly #refused: (sentence: string) => void;
  #kept: readonly Kept[] = [];

  constructor(changed: () => void, refused: (sentence: string) => void) {
    this.#changed = changed;
    this.#refused = refused;
  }

  get all(): readonly Upload[] {
    return this.#kept;
  }

  get isSending(): boolean {
    return this.#kept.some(({ status }) => status === "sending");
  }

  /** What can be sent along with a message. */
  get sent(): WireAttachment[] {
    return this.#kept.flatMap(({ status, attachment }) =>
      status === "sent" && attachment !== null ? [attachment] : [],
    );
  }

  /** Takes files as far as the rules allow; what they refuse is said once for each file. */
  add(files: Iterable<File>, rules: AttachmentRules, client: ChatClient, strategy: FileUploadStrategy): void {
    for (const file of files) {
      const most = rules.maxCount ?? MOST_FILES;
      const fault =
        this.#kept.length >= most ? fill(laterStrings.tooManyFiles, { most }) : faultOf(file, rules);
      if (fault === null) this.#begin(file, client, strategy);
      else this.#refused(fault);
    }
  }

  /** Puts files there that the server has already. */
  set(attachments: readonly WireAttachment[]): void {
    this.clear();
    this.#kept = attachments.map((attachment) => ({
      key: attachment.id,
      name: attachment.name,
      status: "sent",
      attachment,
      preview: attachment.preview_url ?? null,
      file: null,
      abort: new AbortController(),
    }));
    this.#changed();
  }

  retry(key: string, client: ChatClient, strategy: FileUploadStrategy): void {
    const file = this.#kept.find((each) => each.key === key)?.file;
    if (!file) return;
    this.#drop(key);
    this.#begin(file, client, strategy);
  }

  remove(key: string, client: ChatClient): void {
    const attachment = this.#kept.find((each) => each.key === key)?.attachment;
    this.#drop(key);
    if (attachment == null) return;
    const params = { attachment_id: attachment.id };
    // A file that stays at the server is removed there in time.
    client.call({ type: "attachments.delete", params }, AbortSignal.timeout(10_000)).catch(() => undefined);
  }

  /** Forgets all: they went with a message. */
  clear(): void {
    for (const { key } of this.#kept) this.#drop(key);
  }

  #drop(key: string): void {
    const gone = this.#kept.find((each) => each.key === key);
    gone?.abort.abort();
    if (gone?.preview?.startsWith("blob:")) URL.revokeObjectURL(gone.preview);
    this.#kept = this.#kept.filter((each) => each.key !== key);
    this.#changed();
  }

  #begin(file: File, client: ChatClient, strategy: FileUploadStrategy): void {
    const key = crypto.randomUUID();
    const abort = new AbortController();
    const preview = PREVIEWED.test(file.type) ? URL.createObjectURL(file) : null;
    const kept: Kept = { key, name: file.name, status: "sending", attachment: null, preview, file, abort };
    this.#kept = [...this.#kept, kept];
    this.#changed();
    const send = strategy.type === "direct" ? sendDirectly : sendInTwoPhases;
    const address = strategy.type === "direct" ? strategy.uploadUrl : "";
    send(file, client, abort.signal, address).then(
      (attachment) => this.#change(key, { status: "sent", attachment }),
      (error) => {
        if (!isAbort(error)) this.#change(key, { status: "failed" });
      },
    );
  }

  #change(key: string, change: Partial<Kept>): void {
    this.#kept = this.#kept.map((each) => (each.key === key ? { ...each, ...change } : each));
    this.#changed();
  }
}

function sendDirectly(file: File, client: ChatClient, signal: AbortSignal, address: string) {
  const form = new FormData();
  form.append("file", file, file.name);
  return client.upload<WireAttachment>(new URL(address, document.baseURI).href, form, signal);
}

async function sendInTwoPhases(file: File, client: ChatClient, signal: AbortSignal): Promise<WireAttachment> {
  const params = {
    name: file.name,
    size: file.size,
    mime_type: file.type || "application/octet-stream",
  };
  const announced = await client.call<WireAttachment>({ type: "attachments.create", params }, signal);
  const { upload_descriptor: descriptor, ...attachment } = announced;
  if (descriptor === undefined) throw new Error("The server did not say where to send the file.");
  const { url, method, headers = {} } = descriptor;
  const response = await fetch(url, { method, headers, body: file, signal });
  if (!response.ok) throw new Error(`The server did not take the file (${response.status}).`);
  return attachment;
}

/** Why a file cannot be sent; null for one that can. */
export function faultOf(file: File, { accept, maxSize }: AttachmentRules): string | null {
  if (accept !== undefined && !isAccepted(file, accept))
    return fill(laterStrings.fileNotAccepted, { name: file.name });
  const most = sizeLimit(file.type, maxSize);
  if (file.size > most) return fill(laterStrings.fileTooLarge, { name: file.name, most: megabytes(most) });
  return null;
}

function isAccepted(file: File, accept: Record<string, readonly string[]>): boolean {
  const name = file.name.toLowerCase();
  return Object.entries(accept).some(
    ([pattern, endings]) =>
      matches(file.type, pattern) || endings.some((ending) => name.endsWith(ending.toLowerCase())),
  );
}

/** The limit of the most exact pattern that fits: the type itself, then its kind, then any. */
function sizeLimit(type: string, maxSize: AttachmentRules["maxSize"]): number {
  if (typeof maxSize === "number") return maxSize;
  const given = maxSize ?? {};
  const kind = `${type.split("/")[0]}/*`;
  const limit = given[type] ?? given[kind] ?? given["*"] ?? given["*/*"] ?? given[""];
  return typeof limit === "number" ? limit : MOST_BYTES;
}

function matches(type: string, pattern: string): boolean {
  if (pattern === "*" || pattern === "*/*") return true;
  return pattern.endsWith("/*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

function megabytes(bytes: number): string {
  return (bytes / (1024 * 1024)).toLocaleString(undefined, { maximumFractionDigits: 1 });
}
