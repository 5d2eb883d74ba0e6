/** Follows one turn to its end over as many connections as that takes. */

import type { ChatClient } from "./chat-client.ts";
import { isAbort } from "./chat-client.ts";
import { ConnectionError, isPassing } from "./problem.ts";
import { type SseFrame, SseParser } from "./sse.ts";
import { parseThreadEvent, type ThreadEvent } from "./wire.ts";

/** Waiting and chance, given from outside so that tests need neither. */
export interface Pace {
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  random(): number;
}

export interface TurnOpening {
  client: ChatClient;
  /** Starts the turn; called again after a failure, so it must be idempotent. Null: the turn is already running. */
  open: (() => Promise<Response>) | null;
  threadId: string | null;
  signal: AbortSignal;
  pace: Pace;
}

export type FeedStep =
  | { kind: "told"; threadEvent: ThreadEvent }
  | { kind: "connection"; state: "reconnecting" | "connected" };

const MAX_ATTEMPTS = 7;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 8_000;
/** The server sends a heartbeat each 15 s: three missed ones mean that the connection is dead. */
const SILENCE_LIMIT = 45_000;

/** Yields each thread event once; throws what stopped it when the turn could not be followed to its end. */
export async function* followTurn(opening: TurnOpening): AsyncGenerator<FeedStep> {
  const place: Place = { threadId: opening.threadId, opened: opening.open === null, lastId: 0 };
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await connect(opening, place);
      if (attempt > 0) yield { kind: "connection", state: "connected" };
      for await (const threadEvent of newEvents(response, place)) {
        attempt = 0;
        yield { kind: "told", threadEvent };
      }
      return;
    } catch (error) {
      if (!isPassing(error) || attempt + 1 >= MAX_ATTEMPTS) throw error;
    }
    yield { kind: "connection", state: "reconnecting" };
    await opening.pace.wait(retryDelay(attempt, opening.pace.random()), opening.signal);
  }
}

/** Exponential, capped, and jittered so that the visitors of a restarted server do not come back at once. */
export function retryDelay(attempt: number, chance: number): number {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.5 + chance / 2);
}

interface Place {
  threadId: string | null;
  opened: boolean;
  lastId: number;
}

async function connect({ client, open, signal }: TurnOpening, place: Place): Promise<Response | null> {
  if (place.opened && place.threadId !== null) return client.resumeTurn(place.threadId, place.lastId, signal);
  if (open === null) return null;
  const response = await open();
  place.opened = true;
  return response;
}

async function* newEvents(response: Response | null, place: Place): AsyncGenerator<ThreadEvent> {
  if (response === null || response.body === null) return;
  for await (const frame of readFrames(response.body)) {
    const id = Number(frame.id);
    if (frame.id !== "" && id <= place.lastId) continue;
    if (id > 0) place.lastId = id;
    const threadEvent = parseThreadEvent(frame.data);
    if (threadEvent?.type === "thread.created") place.threadId = threadEvent.thread.id;
    if (threadEvent !== null) yield threadEvent;
  }
}

async function* readFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<SseFrame> {
  const reader = body.getReader();
  const parser = new SseParser();
  try {
    for (;;) {
      const chunk = await readChunk(reader);
      if (chunk.done) return;
      yield* parser.push(chunk.value);
    }
  } finally {
    // Also reached when the caller stops listening: the connection must not stay open behind its back.
    reader.cancel().catch(() => undefined);
  }
}

async function readChunk(reader: ReadableStreamDefaultReader<Uint8Array>) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConnectionError("The server fell silent.")), SILENCE_LIMIT);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } catch (error) {
    if (isAbort(error) || error instanceof ConnectionError) throw error;
    throw new ConnectionError("The connection broke.", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
