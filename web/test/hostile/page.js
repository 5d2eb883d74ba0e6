/** Feeds hostile text to the chat element through every carrier; `hostile.faults` is what it should not have done. */

import { items, options } from "./carriers.js";
import { faultsIn } from "./harmless.js";

const EACH = 22;
const chat = document.getElementById("chat");
const state = { thread: null, titles: [], events: [] };

const json = (body) =>
  new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
const list = (data) => ({ data, has_more: false });
const thread = (id, data, more = {}) => ({ id, metadata: {}, items: list(data), ...more });

async function* frames(events) {
  const encode = (each, number) =>
    new TextEncoder().encode(`id: ${number + 1}\ndata: ${JSON.stringify(each)}\n\n`);
  for (const [number, each] of events.entries()) {
    yield encode(each, number);
    if (each.type === "progress_update") await drawn();
  }
}

/** The server, and as strict as the browser's own fetch about headers. */
async function server(_url, init) {
  new Headers(init.headers);
  if (init.body === undefined) return new Response(null, { status: 204 });
  const request = JSON.parse(init.body);
  if (request.type === "threads.get_by_id") return json(state.thread);
  if (request.type === "threads.list") return json(list(state.titles));
  if (request.type !== "threads.add_user_message") return json({});
  const left = frames(state.events);
  const body = new ReadableStream({
    async pull(controller) {
      const { value, done } = await left.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function drawn() {
  await chat.updateComplete;
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

/** What is fetched when it is first needed has come, and is drawn. */
async function settled() {
  await drawn();
  await chat.shadowRoot.querySelector("orcheo-composer")?.updateComplete;
  for (const each of chat.shadowRoot.querySelectorAll("orcheo-widget")) await each.updateComplete;
  await drawn();
}

const faults = new Set();
const counts = { elements: 0 };

function look(where) {
  for (const fault of faultsIn(chat.shadowRoot, location.origin)) faults.add(`${where}: ${fault}`);
  counts.elements += chat.shadowRoot.querySelectorAll("*").length;
}

const base = { api: { url: "/api/chatkit", domainKey: "x", fetch: server }, onClientTool: async () => ({}) };
const entity = (payload) => ({
  title: payload,
  id: payload,
  icon: payload,
  group: payload,
  interactive: true,
});

async function openThreads(payloads) {
  for (let at = 0; at < payloads.length; at += EACH) {
    const some = payloads.slice(at, at + EACH);
    const all = some.flatMap((payload, number) => items(payload, at + number));
    state.thread = thread(`thr_${at}`, all, {
      title: some.join(" "),
      status: { type: "locked", reason: some.join(" ") },
    });
    await chat.setThreadId(state.thread.id);
    await settled();
    look("items");
  }
}

async function runTurns(payloads) {
  for (let at = 0; at < payloads.length; at += 10 * EACH) {
    const some = payloads.slice(at, at + 10 * EACH);
    state.thread = thread(`turn_${at}`, []);
    await chat.setThreadId(state.thread.id);
    const message = some.join("\n");
    state.events = [
      { type: "thread.item.done", item: items(some[0], `turn_${at}`)[0] },
      ...some.map((each) => ({ type: "notice", level: each, title: each, message: each })),
      ...some.map((each) => ({ type: "client_effect", name: each, data: { [each]: each } })),
      { type: "progress_update", text: message, icon: some[0] },
      { type: some[0], text: message },
      { type: "thread.updated", thread: thread(state.thread.id, [], { title: message }) },
      { type: "error", code: some[0], message, allow_retry: true },
    ];
    await chat.sendUserMessage({ text: "go" });
    await settled();
    if (!chat.shadowRoot.querySelector(".failure").textContent.includes(some[1]))
      faults.add("The turn was not drawn.");
    look("turn");
  }
}

async function listHistory(payloads) {
  state.titles = payloads.map((title, number) => ({
    ...thread(`old_${number}`, []),
    title,
    created_at: "2026-11-01T00:00:00Z",
  }));
  await chat.showHistory();
  await settled();
  const list = chat.shadowRoot.querySelector("orcheo-history").shadowRoot;
  if (list.querySelectorAll("time").length !== payloads.length)
    faults.add(`The history was not drawn: ${payloads[0]}`);
  look("history");
  await chat.hideHistory();
}

/** Dates and numbers are written by the locale, which may be nonsense. */
async function giveLocales(payloads) {
  for (const locale of payloads.slice(0, EACH)) {
    chat.setOptions({ ...base, locale });
    await listHistory([locale]);
  }
}

async function giveOptions(payloads) {
  await chat.setThreadId(null);
  for (const payload of payloads) {
    chat.setOptions({
      ...base,
      ...options(payload),
      entities: {
        onTagSearch: async () => [entity(payload)],
        onClick() {},
        onRequestPreview: async () => ({ preview: null }),
      },
    });
    await chat.setComposerValue({
      text: payload,
      reply: payload,
      attachments: [{ id: payload, name: payload, mime_type: payload, preview_url: null }],
      selectedToolId: payload,
    });
    await chat.setComposerValue({ files: [new File(["x"], payload)] });
    await chat.updateComplete;
    look("options");
  }
}

globalThis.hostile = {
  faults: () => [...faults],
  counts,
  /** Draws all payloads through all carriers. */
  async run(payloads) {
    await customElements.whenDefined("openai-chatkit");
    chat.setOptions(base);
    await openThreads(payloads);
    await runTurns(payloads);
    await listHistory(payloads);
    await giveLocales(payloads);
    await giveOptions(payloads);
  },
};
