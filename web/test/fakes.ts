/** Stand-ins for the server and for time. */

import { ChatClient, type ChatServer, type Fetch } from "../src/element/protocol/chat-client.ts";
import { GrantKeeper } from "../src/element/protocol/grant-keeper.ts";
import type { Pace } from "../src/element/protocol/pace.ts";
import type {
  AssistantItem,
  ThreadEvent,
  UserItem,
  WireItem,
  WireThread,
} from "../src/element/protocol/wire.ts";

/** Waits for nothing, and remembers how long it was asked to. */
export class FakePace implements Pace {
  readonly waits: number[] = [];

  async wait(milliseconds: number): Promise<void> {
    this.waits.push(milliseconds);
  }

  random(): number {
    return 1;
  }
}

export interface SentRequest {
  url: string;
  headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever was sent
  body: any;
}

type Answer = Response | Error | ((request: SentRequest) => Response | Promise<Response>);

/** Answers requests with what it was given, in that order, and fails when it runs out. */
export class FakeServer {
  readonly sent: SentRequest[] = [];
  readonly #answers: Answer[];

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  readonly fetch: Fetch = async (url, init) => {
    const body = typeof init.body === "string" ? JSON.parse(init.body) : null;
    const request = { url, headers: (init.headers ?? {}) as Record<string, string>, body };
    this.sent.push(request);
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Error(`No answer is left for ${url} ${init.body}`);
    if (answer instanceof Error) throw answer;
    return typeof answer === "function" ? answer(request) : answer;
  };

  get unused(): number {
    return this.#answers.length;
  }
}

/** A client of a server that is ours, with grants that never run out. */
export function clientFor(server: FakeServer, change: Partial<ChatServer> = {}): ChatClient {
  return new ChatClient({
    url: "/api/chatkit",
    grants: new GrantKeeper(async () => "grant"),
    fetch: server.fetch,
    isSentByPage: () => false,
    isOurs: true,
    locale: () => "",
    ...change,
  });
}

export function jsonAnswer(body: unknown): Response {
  return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
}

export function problemAnswer(
  status: number,
  code: string,
  headers: Record<string, string> = {},
  detail = "",
): Response {
  const body = JSON.stringify({ type: "about:blank", title: code, status, code, detail, hint: "" });
  return new Response(body, { status, headers: { "content-type": "application/problem+json", ...headers } });
}

/** A stream of thread events numbered from `first`; `cut` breaks it off instead of ending it. */
export function streamAnswer(
  threadEvents: readonly ThreadEvent[],
  { first = 1, cut = false } = {},
): Response {
  const frames = threadEvents.map(
    (threadEvent, index) => `id: ${first + index}\ndata: ${JSON.stringify(threadEvent)}\n\n`,
  );
  let next = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const frame = frames[next++];
      if (frame !== undefined) controller.enqueue(new TextEncoder().encode(frame));
      else if (cut) controller.error(new TypeError("network error"));
      else controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

export function userItem(id: string, text: string): UserItem {
  return { type: "user_message", id, content: [{ type: "input_text", text }] };
}

export function assistantItem(id: string, text: string): AssistantItem {
  return { type: "assistant_message", id, content: [{ type: "output_text", text, annotations: [] }] };
}

export function wireThread(id: string, items: WireItem[], metadata: WireThread["metadata"] = {}): WireThread {
  return { id, metadata, items: { data: items, has_more: false } };
}

/** The thread events of one whole turn, as the server sends them; a thread that is named is a new one. */
export function turnEvents(
  threadId: string | null,
  question: string,
  words: readonly string[],
): ThreadEvent[] {
  const text = words.join("");
  const suffix = threadId === null ? "2" : "";
  const update = (delta: string): ThreadEvent => ({
    type: "thread.item.updated",
    item_id: `msg_a${suffix}`,
    update: { type: "assistant_message.content_part.text_delta", content_index: 0, delta },
  });
  return [
    ...(threadId === null ? [] : [{ type: "thread.created", thread: wireThread(threadId, []) } as const]),
    { type: "thread.item.done", item: userItem(`msg_u${suffix}`, question) },
    { type: "stream_options", stream_options: { allow_cancel: true } },
    { type: "thread.item.added", item: { type: "assistant_message", id: `msg_a${suffix}`, content: [] } },
    ...words.map(update),
    { type: "thread.item.done", item: assistantItem(`msg_a${suffix}`, text) },
  ];
}
