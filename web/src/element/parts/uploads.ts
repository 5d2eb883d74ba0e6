/** Files on their way to the server, for the next message. */

import type { ComposerOption, FileUploadStrategy } from "@openai/chatkit";
import { newKey } from "../insecure.ts";
import { errorSentence, spokenLanguage } from "../language.ts";
import { type ChatClient, type Fetch, fetchOrFail, isAbort } from "../protocol/chat-client.ts";
import { ProblemError, readProblem } from "../protocol/problem.ts";
import type { WireAttachment } from "../protocol/wire.ts";
import { fill } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";

export type AttachmentRules = NonNullable<ComposerOption["attachments"]>;

export interface Upload {
  key: string;
  name: string;
  status: "sending" | "sent" | "failed";
  /** From 0 to 1, as far as it is known how much of the file has left. */
  progress: number | null;
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
/** A server takes only some uploads of one visitor at a time. */
const MOST_AT_ONCE = 3;
const MOST_BYTES = 100 * 1024 * 1024;
const UNSHOWN = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const PREVIEWED = /^image\/(?:png|jpeg|gif|webp|avif)$/;

export class Uploads {
  readonly #changed: () => void;
  readonly #refused: (sentence: string) => void;
  #kept: readonly Kept[] = [];
  #running = 0;
  /** Uploads that wait for another to end, oldest first. */
  readonly #waiting: (() => void)[] = [];

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
    for (const given of files) {
      const file = plainlyNamed(given);
      const most = rules.maxCount ?? MOST_FILES;
      const fault =
        this.#kept.length >= most ? fill(laterStrings.tooManyFiles, { count: most }) : faultOf(file, rules);
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
      progress: null,
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

  /** Forgets what went with a message; a file that could not be uploaded waits for its visitor. */
  taken(): void {
    for (const { key, status } of this.#kept) if (status === "sent") this.#drop(key);
  }

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
    const key = newKey();
    const abort = new AbortController();
    const preview = PREVIEWED.test(file.type) ? URL.createObjectURL(file) : null;
    const { name } = file;
    const kept: Kept = {
      key,
      name,
      status: "sending",
      progress: null,
      attachment: null,
      preview,
      file,
      abort,
    };
    this.#kept = [...this.#kept, kept];
    this.#changed();
    const progressed = fetchTelling((progress) => this.#change(key, { progress }));
    const send = () =>
      strategy.type === "direct"
        ? sendDirectly(file, client, abort.signal, strategy.uploadUrl, progressed)
        : sendInTwoPhases(file, client, abort.signal, progressed);
    this.#inTurn(abort.signal, send).then(
      (attachment) => this.#change(key, { status: "sent", attachment }),
      (error) => {
        if (isAbort(error)) return;
        const { sentence, isFinal } = refusalOf(error, file);
        if (isFinal) this.#drop(key);
        else this.#change(key, { status: "failed" });
        this.#refused(sentence);
      },
    );
  }

  async #inTurn<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
    if (this.#running === MOST_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      signal.throwIfAborted();
      return await send();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #change(key: string, change: Partial<Kept>): void {
    this.#kept = this.#kept.map((each) => (each.key === key ? { ...each, ...change } : each));
    this.#changed();
  }
}

/** Without what turns or hides a part of its name, and what no server takes in one. */
function plainlyNamed(file: File): File {
  const name = file.name.replace(UNSHOWN, "");
  return name === file.name ? file : new File([file], name || "file", { type: file.type });
}

/** Why the server did not take a file, for its visitor; `isFinal`: sending it again would not help. */
function refusalOf(error: unknown, { name, size }: File): { sentence: string; isFinal: boolean } {
  const final = (sentence: string) => ({ sentence, isFinal: true });
  const passing = (sentence: string) => ({
    sentence: sentence || fill(laterStrings.uploadFailed, { name }),
    isFinal: false,
  });
  if (!(error instanceof ProblemError)) return passing("");
  const { code, told } = error.problem;
  const wrong = firstWrong(told.errors);
  const path = `${wrong.path}`.replace("params.", "");
  const most = path === "size" ? wrong.limit : told.limit;
  if (path === "mime_type") return final(fill(laterStrings.fileNotAccepted, { name }));
  if (path === "size" && size === 0) return final(fill(laterStrings.fileEmpty, { name }));
  if (typeof most === "number")
    return final(fill(laterStrings.fileTooLarge, { name, most: readableSize(most) }));
  if (!/^(?:unsent|kept)-/.test(`${told.policy}`)) return passing(errorSentence(code, error.message));
  return passing(
    code === "shared_budget_exceeded" ? laterStrings.noRoomForFiles : laterStrings.tooManyUnsentFiles,
  );
}

/** The first wrong field that a problem names; the problems of other servers may have anything there. */
function firstWrong(errors: unknown): { path?: unknown; limit?: unknown } {
  const [first] = Array.isArray(errors) ? errors : [];
  return Object(first);
}

function sendDirectly(file: File, client: ChatClient, signal: AbortSignal, address: string, fetch: Fetch) {
  const form = new FormData();
  form.append("file", file, file.name);
  return client.upload<WireAttachment>(new URL(address, document.baseURI).href, form, signal, fetch);
}

async function sendInTwoPhases(
  file: File,
  client: ChatClient,
  signal: AbortSignal,
  fetch: Fetch,
): Promise<WireAttachment> {
  const params = {
    name: file.name,
    size: file.size,
    mime_type: file.type || "application/octet-stream",
  };
  const announced = await client.call<WireAttachment>({ type: "attachments.create", params }, signal);
  const { upload_descriptor: descriptor, ...attachment } = announced;
  if (descriptor === undefined) throw new Error("The server did not say where to send the file.");
  const { url, method, headers = {} } = descriptor;
  const response = await fetchOrFail(fetch, client.reached(url), { method, headers, body: file, signal });
  if (!response.ok) throw await readProblem(response);
  return attachment;
}

/** A `fetch` that tells how much of the body has left, from 0 to 1, which the browser's own does not say. */
function fetchTelling(progressed: (part: number) => void): Fetch {
  return (url, { method = "POST", headers, body, signal }) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const request = new XMLHttpRequest();
      request.open(method, url);
      for (const [name, value] of Object.entries(headers ?? {})) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded, total }) => progressed(total > 0 ? loaded / total : 0);
      request.onload = () => resolve(responseOf(request));
      request.onerror = () => reject(new TypeError("The file could not be sent."));
      signal?.addEventListener("abort", () => {
        request.abort();
        reject(signal.reason);
      });
      request.send(body as XMLHttpRequestBodyInit);
    });
}

function responseOf(request: XMLHttpRequest): Response {
  const wait = request.getResponseHeader("retry-after");
  const headers: Record<string, string> = wait === null ? {} : { "retry-after": wait };
  return new Response(request.responseText || null, { status: request.status, headers });
}

/** Why a file cannot be sent; null for one that can. */
export function faultOf(file: File, { accept, maxSize }: AttachmentRules): string | null {
  if (accept !== undefined && !isAccepted(file, accept))
    return fill(laterStrings.fileNotAccepted, { name: file.name });
  const most = sizeLimit(file.type, maxSize);
  if (file.size > most) return fill(laterStrings.fileTooLarge, { name: file.name, most: readableSize(most) });
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

const UNITS = ["gigabyte", "megabyte", "kilobyte"] as const;

/** `10 MB`: in the largest unit of which there is a whole one, never more than it is. */
function readableSize(bytes: number): string {
  const at = UNITS.findIndex((_, index) => bytes >= 1024 ** (3 - index));
  const unit = UNITS[at] ?? "byte";
  const size = Math.floor((bytes / 1024 ** (at < 0 ? 0 : 3 - at)) * 10) / 10;
  return size.toLocaleString(spokenLanguage().locale, { style: "unit", unit });
}
