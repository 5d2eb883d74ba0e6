/** Reads the frames of a stream of server-sent events. */

import { isAbort } from "./chat-client.ts";
import { ConnectionError } from "./problem.ts";
import { type SseFrame, SseParser } from "./sse.ts";

/** The server sends a heartbeat each 15 s: three missed ones mean that the connection is dead. */
const SILENCE_LIMIT = 45_000;

/** Yields each frame as it comes; {@link ConnectionError} when the stream breaks or falls silent. */
export async function* readFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<SseFrame> {
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
