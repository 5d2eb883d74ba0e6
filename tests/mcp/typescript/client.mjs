// Calls tools with the official TypeScript client and writes what came back, one JSON document.
// node client.mjs stdio COMMAND | http URL TOKEN, with the calls as JSON on standard input.
import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const [kind, where, token] = process.argv.slice(2);
const { calls, agrees, timeout, patience = 0 } = JSON.parse(readFileSync(0, "utf8"));
const transport =
  kind === "stdio"
    ? new StdioClientTransport({ command: where, args: process.argv.slice(4), env: { ...process.env } })
    : new StreamableHTTPClientTransport(new URL(where), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
      });
const capabilities = agrees === undefined ? {} : { elicitation: {} };
const client = new Client({ name: "orcheo-test", version: "1" }, { capabilities });
const asked = [];
let progress = 0;
let onProgress = () => {};
if (agrees !== undefined)
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
    asked.push(params.message);
    await new Promise((done) => (patience === 0 ? done() : (onProgress = () => progress >= patience && done())));
    return { action: agrees ? "accept" : "decline", content: {} };
  });
await client.connect(transport);
const { tools } = await client.listTools();
const answers = [];
for (const [name, args] of calls)
  answers.push(
    await client
      .callTool({ name, arguments: args }, undefined, {
        timeout: timeout ?? 60_000,
        resetTimeoutOnProgress: true,
        onprogress: () => {
          progress += 1;
          onProgress();
        },
      })
      .catch((error) => ({ thrown: String(error) })),
  );
await client.close();
process.stdout.write(
  JSON.stringify({ tools, answers, asked, progress, capabilities: client.getServerCapabilities() ?? null }),
);
