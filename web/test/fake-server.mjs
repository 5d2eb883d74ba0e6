/**
 * A stand-in for the Orcheo server, to look at the built page in every state: `npm run look`, then open
 * http://127.0.0.1:8799/chat/demo. What a message or the address says chooses the behaviour (see ANSWERS and REFS).
 */
import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const PORT = Number(process.env.PORT ?? 8799);
const STATIC = new URL("../../orcheo_adapters/http/static/", import.meta.url).pathname;
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const threads = new Map();
const turnsByKey = new Map();
const state = { closed: false };

const LONG = Array.from(
  { length: 40 },
  (_, n) =>
    `Paragraph ${n + 1}. A rotated token opens no new chat session, and a running answer goes on to its end.`,
).join("\n\n");
const RICH = `Publishing opens a workflow to visitors. **Rotating** replaces its *publish token*; the old one stops opening chat sessions at once, unless you gave a \`--grace\` period.

## How to rotate

1. Find the workflow:
   - by handle, such as \`docs-assistant\`
   - or by its id, \`wf_01hv…\`
2. Run the command:

\`\`\`bash
orcheo workflow rotate-token docs-assistant --grace 600 --json | tee /dev/null # a long line that must scroll on its own
\`\`\`

3. Hand out the new token.

> The value is shown once. It is stored only as a keyed digest.

| from | operation | to |
|:--|:-:|--:|
| private | publish | public |
| public | rotate | public |

See [the design page](https://example.org/design) or https://example.org/a_(b). <img src=x onerror=alert(1)> [bad](javascript:alert(1))`;

const SOURCES = [
  {
    type: "annotation",
    source: { type: "file", title: "Publishing a workflow", filename: "docs/how-to/publish.md" },
    index: 0,
  },
  {
    type: "annotation",
    source: {
      type: "url",
      title: "RFC 9457: Problem details",
      url: "https://www.rfc-editor.org/rfc/rfc9457",
    },
    index: 1,
  },
];

const ANSWERS = {
  rich: [RICH, SOURCES],
  long: [LONG, []],
  rtl: ["مرحبا! هذا **جواب** قصير مع `code` داخل السطر.", []],
};
const REFS = {
  gone: { descriptionProblem: [404, "chat_unavailable"] },
  login: { sessionProblem: [401, "login_required"] },
  limited: { sessionProblem: [429, "rate_limited"] },
  slow: { delay: 60_000 },
};

createServer((request, response) => {
  route(request, response).catch((error) => response.destroy(error));
}).listen(PORT, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${PORT}/chat/demo\n`));

async function route(request, response) {
  const url = new URL(request.url, "http://local");
  const [, first, second, third, fourth] = url.pathname.split("/");
  if (first === "chat") return page(response);
  if (first === "assets") return asset(response, url.pathname);
  if (first === "fake") return control(response, second);
  if (second === "chat") return chat(response, third, fourth);
  if (fourth !== undefined) return resume(response, fourth, Number(url.searchParams.get("after")));
  return chatkit(request, response, JSON.parse(await text(request)));
}

async function page(response) {
  const nonce = randomBytes(16).toString("base64");
  const html = (await readFile(join(STATIC, "chat.html"), "utf8")).replaceAll("__ORCHEO_CSP_NONCE__", nonce);
  const policy = `default-src 'none'; script-src 'nonce-${nonce}' 'strict-dynamic'; style-src 'self' 'nonce-${nonce}'; connect-src 'self'; img-src 'self' data: blob:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html orcheo`;
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
  response.end(html);
}

async function asset(response, path) {
  response.writeHead(200, { "content-type": TYPES[extname(path)] });
  response.end(await readFile(join(STATIC, path)));
}

/** `/fake/close` ends the chat, `/fake/cut` breaks every open stream. */
function control(response, what) {
  if (what === "close") state.closed = true;
  if (what === "open") state.closed = false;
  if (what === "cut")
    for (const thread of threads.values()) for (const follower of thread.followers) follower.destroy();
  response.end("ok");
}

async function chat(response, ref, action) {
  const behaviour = REFS[ref] ?? {};
  await wait(behaviour.delay ?? 50);
  if (action === "session" && behaviour.sessionProblem) return problem(response, ...behaviour.sessionProblem);
  if (behaviour.descriptionProblem) return problem(response, ...behaviour.descriptionProblem);
  if (action === "session") return json(response, { client_secret: fakeGrant(), expires_in: 300 });
  return json(response, {
    id: "wf_demo",
    name: "Docs assistant",
    require_login: false,
    signed_in_as: null,
    dev_login: false,
    login_url: "/auth/login?to=x",
    login_with: "Example ID",
    message_limit: 100_000,
    look: {},
  });
}

function fakeGrant() {
  const now = Math.floor(Date.now() / 1000);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part({ iat: now, exp: now + 300 })}.sig`;
}

async function chatkit(request, response, { type, params }) {
  if (state.closed) return problem(response, 404, "chat_unavailable");
  if (type === "threads.create") return start(request, response, makeThread(), params.input, true);
  const thread = threads.get(params.thread_id);
  if (thread === undefined) return problem(response, 404, "thread_not_found");
  if (type === "threads.add_user_message") return start(request, response, thread, params.input, false);
  if (type === "threads.retry_after_item") return retry(response, thread);
  if (type === "threads.cancel") {
    thread.cancelled = true;
    return json(response, {});
  }
  return json(response, wire(thread));
}

function makeThread() {
  const thread = {
    id: `thr_${randomUUID()}`,
    items: [],
    turn: null,
    log: [],
    followers: new Set(),
    cancelled: false,
  };
  threads.set(thread.id, thread);
  return thread;
}

function wire(thread) {
  const metadata = thread.turn === null ? {} : { "orcheo.turn": thread.turn };
  return {
    id: thread.id,
    created_at: new Date().toISOString(),
    status: { type: "active" },
    metadata,
    items: { data: thread.items, has_more: false },
  };
}

function start(request, response, thread, input, isNew) {
  const key = request.headers["idempotency-key"];
  const known = turnsByKey.get(key);
  if (known !== undefined) return follow(response, known, 0);
  const question = input.content[0].text;
  if (question === "limit") return problem(response, 429, "rate_limited");
  turnsByKey.set(key, thread);
  const userItem = {
    type: "user_message",
    id: `msg_${randomUUID()}`,
    thread_id: thread.id,
    content: input.content,
    attachments: [],
    inference_options: {},
  };
  thread.log = [];
  if (isNew) tell(thread, { type: "thread.created", thread: wire(thread) });
  thread.items.push(userItem);
  tell(thread, { type: "thread.item.done", item: userItem });
  void run(thread, userItem, question);
  return follow(response, thread, 0);
}

function retry(response, thread) {
  const userItem = thread.items.findLast((item) => item.type === "user_message");
  thread.items = thread.items.slice(0, thread.items.indexOf(userItem) + 1);
  thread.log = [];
  void run(thread, userItem, "rich");
  return follow(response, thread, 0);
}

async function run(thread, userItem, question) {
  const [answer, annotations] = ANSWERS[question] ?? [`You said: *${question}*`, []];
  thread.turn = { id: "trn_1", status: "running", user_item_id: userItem.id };
  thread.cancelled = false;
  tell(thread, { type: "stream_options", stream_options: { allow_cancel: true } });
  await wait(500);
  tell(thread, { type: "progress_update", text: "Searching the docs" });
  await wait(1000);
  const item = { type: "assistant_message", id: `msg_${randomUUID()}`, thread_id: thread.id, content: [] };
  thread.items.push(item);
  tell(thread, { type: "thread.item.added", item });
  const part = { type: "output_text", text: "", annotations: [] };
  tell(thread, {
    type: "thread.item.updated",
    item_id: item.id,
    update: { type: "assistant_message.content_part.added", content_index: 0, content: { ...part } },
  });
  item.content = [part];
  const finished = await write(thread, item, part, answer, question === "fail" || question === "break");
  if (question === "fail") tell(thread, { type: "error", code: "stream.error", allow_retry: true });
  if (finished) {
    part.annotations = annotations;
    tell(thread, { type: "thread.item.done", item: structuredClone(item) });
  }
  thread.turn.status = thread.cancelled ? "cancelled" : finished ? "completed" : "interrupted";
  for (const follower of thread.followers) follower.end();
  thread.followers.clear();
}

async function write(thread, item, part, answer, stopHalfway) {
  const words = answer.match(/\S+\s*|\s+/g) ?? [];
  const end = stopHalfway ? Math.ceil(words.length / 2) : words.length;
  for (const delta of words.slice(0, end)) {
    if (thread.cancelled) return false;
    part.text += delta;
    const update = { type: "assistant_message.content_part.text_delta", content_index: 0, delta };
    tell(thread, { type: "thread.item.updated", item_id: item.id, update });
    await wait(25);
  }
  return !stopHalfway;
}

function tell(thread, threadEvent) {
  thread.log.push(JSON.stringify(threadEvent));
  for (const follower of thread.followers) send(follower, thread.log.length, thread.log.at(-1));
}

function send(response, id, data) {
  response.write(`id: ${id}\ndata: ${data}\n\n`);
}

function resume(response, threadId, after) {
  const thread = threads.get(threadId);
  if (thread === undefined) return problem(response, 404, "thread_not_found");
  if (thread.turn?.status === "running") return follow(response, thread, after);
  response.writeHead(204);
  return response.end();
}

function follow(response, thread, after) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  for (const [index, data] of thread.log.entries()) if (index >= after) send(response, index + 1, data);
  thread.followers.add(response);
  response.on("close", () => thread.followers.delete(response));
}

function problem(response, status, code) {
  const extra = status === 429 ? { "retry-after": "20" } : {};
  response.writeHead(status, { "content-type": "application/problem+json", ...extra });
  response.end(
    JSON.stringify({
      type: "about:blank",
      title: code,
      status,
      code,
      detail: "",
      hint: "",
      request_id: "req_1",
    }),
  );
}

function json(response, body) {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function text(request) {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}
