/**
 * A thread as the chat element asks for it, for an owner who reads it: the transcript as it is kept, and the running turn
 * as its visitor gets it.
 */

import type { Fetch } from "../../element/protocol/chat-client.ts";
import { readFrames } from "../../element/protocol/frames.ts";
import { ProblemError } from "../../element/protocol/problem.ts";
import type { ThreadStatus, WireItem } from "../../element/protocol/wire.ts";
import type { CanvasApi } from "./api.ts";
import type { Transcript, TranscriptEntry, TurnView } from "./models.ts";
import { threadOf } from "./transcript-wire.ts";

const PAGES_MOST = 50;
/** What a turn changes is here: a retry takes away what the turn before it has said. */
const PAGES_READ_AGAIN = 2;
const EVENTS = /\/events\?after=(\d+)$/;

export interface Whole {
  transcript: Transcript;
  entries: readonly TranscriptEntry[];
  turns: readonly TurnView[];
  /** Whether there is more than is shown. */
  isCut: boolean;
}

interface Kept {
  after: string | null;
  page: Transcript;
}

export class LiveTranscript {
  readonly #api: CanvasApi;
  readonly #id: string;
  readonly #status: ThreadStatus;
  readonly #changed: (whole: Whole) => void;
  #pages: readonly Kept[] = [];
  #items: readonly WireItem[] = [];
  /** What was read before the element has asked for it. */
  #fresh: Whole | null = null;

  /** `reason` says why nothing can be added; `changed` is given what was read again. */
  constructor(api: CanvasApi, id: string, reason: string, changed: (whole: Whole) => void) {
    this.#api = api;
    this.#id = id;
    this.#status = { type: "closed", reason };
    this.#changed = changed;
  }

  async read(signal?: AbortSignal): Promise<Whole> {
    const pages = this.#pages.slice(0, -PAGES_READ_AGAIN);
    let after = this.#pages[pages.length]?.after ?? null;
    do {
      const page = await this.#page(after, signal);
      pages.push({ after, page });
      after = page.next_after;
    } while (after !== null && pages.length < PAGES_MOST);
    this.#pages = pages;
    const last = (pages.at(-1) as Kept).page;
    const turns = new Map(pages.flatMap(({ page }) => page.turns.map((each) => [each.id, each])));
    this.#fresh = {
      transcript: last,
      entries: pages.flatMap(({ page }) => page.items),
      turns: [...turns.values()],
      isCut: after !== null,
    };
    return this.#fresh;
  }

  #page(after: string | null, signal?: AbortSignal): Promise<Transcript> {
    const given = { id: this.#id, ...(after === null ? {} : { after }) };
    return this.#api.perform<Transcript>("threads.show", given, signal);
  }

  /** Answers the element's questions for this one thread; it asks nothing else of a thread that is closed. */
  readonly fetch: Fetch = async (url, init) => {
    const after = EVENTS.exec(url)?.[1];
    if (after !== undefined) return this.#follow(after, init.signal ?? null);
    const { type } = JSON.parse(String(init.body ?? "{}")) as { type?: string };
    if (type === "threads.get_by_id") return answered(() => this.#thread(init.signal ?? undefined));
    if (type === "items.list") return Response.json({ data: this.#items.toReversed(), has_more: false });
    return Response.json({ code: "not_found", detail: "", hint: "" }, { status: 404 });
  };

  async #thread(signal?: AbortSignal): Promise<Response> {
    const isKnown = this.#fresh !== null;
    const whole = this.#fresh ?? (await this.read(signal));
    this.#fresh = null;
    if (!isKnown) this.#changed(whole);
    const thread = threadOf(whole.transcript, whole.entries, whole.turns, this.#status);
    this.#items = thread.items.data;
    return Response.json(thread);
  }

  #follow(after: string, signal: AbortSignal | null): Promise<Response> {
    return answered(async () => {
      const response = await this.#api.follow(this.#id, after, signal);
      return response.body === null ? response : new Response(this.#readOnly(response.body), response);
    });
  }

  /** Its visitor may answer and stop; who reads it may not. */
  #readOnly(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const frames = readFrames(body);
    const encoder = new TextEncoder();
    return new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await frames.next();
        if (done) controller.close();
        else
          controller.enqueue(encoder.encode(`id: ${value.id}\ndata: ${this.#withoutActs(value.data)}\n\n`));
      },
      cancel: async () => {
        await frames.return(undefined);
      },
    });
  }

  #withoutActs(data: string): string {
    if (!/^\{"type":"(thread\.(created|updated)|stream_options)"/.test(data)) return data;
    const told = JSON.parse(data);
    if (told.thread !== undefined) told.thread.status = this.#status;
    if (told.stream_options !== undefined) told.stream_options.allow_cancel = false;
    return JSON.stringify(told);
  }
}

/** What the server refuses is told to the element as its server would. */
async function answered(ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { status, told } = error.problem;
    return Response.json(told, { status });
  }
}
