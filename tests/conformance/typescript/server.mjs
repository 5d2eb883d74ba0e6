// An agent on the official packages of AG-UI: it checks its input by their schemas and encodes events by their encoder.
// It prints its port.

import { createServer } from "node:http";
import { EventType } from "@ag-ui/core";
import { EventSchemas, RunAgentInputSchema } from "@ag-ui/core/schemas";
import { EventEncoder } from "@ag-ui/encoder";

const TURN = [
  { type: EventType.REASONING_MESSAGE_START, messageId: "r1", role: "reasoning" },
  { type: EventType.REASONING_MESSAGE_CONTENT, messageId: "r1", delta: "Thinking" },
  { type: EventType.REASONING_MESSAGE_END, messageId: "r1" },
  { type: EventType.REASONING_ENCRYPTED_VALUE, subtype: "message", entityId: "r1", encryptedValue: "sealed" },
  { type: EventType.TOOL_CALL_START, toolCallId: "c1", toolCallName: "get_weather" },
  { type: EventType.TOOL_CALL_ARGS, toolCallId: "c1", delta: '{"city":"Paris"}' },
  { type: EventType.TOOL_CALL_END, toolCallId: "c1" },
  { type: EventType.TOOL_CALL_RESULT, messageId: "t1", toolCallId: "c1", content: "18" },
  { type: EventType.TEXT_MESSAGE_START, messageId: "m1", role: "assistant" },
];

async function answer(request, response) {
  let body = "";
  for await (const piece of request) body += piece;
  const parsed = RunAgentInputSchema.safeParse(JSON.parse(body));
  if (!parsed.success) {
    response.writeHead(422, { "content-type": "application/json" });
    response.end(JSON.stringify({ detail: parsed.error.issues }));
    return;
  }
  const { threadId, runId, state, messages } = parsed.data;
  const encoder = new EventEncoder();
  const say = (event) => response.write(encoder.encodeSSE(EventSchemas.parse(event)));
  const turns = (state?.turns ?? 0) + 1;
  response.writeHead(200, { "content-type": "text/event-stream" });
  say({ type: EventType.RUN_STARTED, threadId, runId });
  say({ type: EventType.STATE_SNAPSHOT, snapshot: { turns: 0 } });
  say({ type: EventType.STATE_DELTA, delta: [{ op: "replace", path: "/turns", value: turns }] });
  TURN.forEach(say);
  for (const delta of [`Turn ${turns} `, `of ${messages.length} messages: `, messages.at(-1).content, " 👋"]) {
    say({ type: EventType.TEXT_MESSAGE_CONTENT, messageId: "m1", delta });
  }
  say({ type: EventType.TEXT_MESSAGE_END, messageId: "m1" });
  say({ type: EventType.RUN_FINISHED, threadId, runId, usage: [{ model: "x", inputTokens: 3, outputTokens: 4 }] });
  response.end();
}

const server = createServer(answer);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
