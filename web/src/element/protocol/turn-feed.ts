/** Follows one turn to its end over as many connections as that takes. */

import type { ChatClient } from "./chat-client.ts";
import { readFrames } from "./frames.ts";
import { type Pace, retryDelay } from "./pace.ts";
import { isPassing } from "./problem.ts";
import { parseThreadEvent, type ThreadEvent } from "./wire.ts";

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
