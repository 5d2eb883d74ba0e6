"""A page with the chat element and a server of its own inside it: long threads and long answers, at any pace."""

from playwright.sync_api import Browser, Route

from tests.e2e.browser import ChatTab

PAGE = """<!doctype html><meta charset="utf-8"><title>Long</title>
<openai-chatkit id="chat" style="display: block; block-size: 600px"></openai-chatkit>
<script src="/chatkit.js"></script>
<script type="module">
  const chat = document.getElementById("chat");
  const json = (body) => new Response(JSON.stringify(body), {headers: {"content-type": "application/json"}});
  const said = (id, text) => ({type: "user_message", id, content: [{type: "input_text", text}]});
  const answered = (id, text) =>
    ({type: "assistant_message", id, content: [{type: "output_text", text, annotations: []}]});
  const item = (_, at) =>
    (at % 2 ? answered(`a${at}`, `**Answer** ${at}\\n\\n- one\\n- two`) : said(`q${at}`, `${at}?`));
  const many = Array.from({length: 10_000}, item).toReversed();
  const WORDS = "Some *words* of an answer with `code`, and [links](https://example.org/) to read. ";
  let turn = {pieces: 0, length: 0, pause: 0};
  async function* events() {
    const id = `msg_${crypto.randomUUID()}`;
    yield {type: "thread.item.done", item: said(`${id}q`, "Go")};
    yield {type: "thread.item.added", item: answered(id, "").content && {...answered(id, ""), content: []}};
    let text = "";
    for (let at = 0; at < turn.pieces; at += 1) {
      const delta = (WORDS + (at % 8 === 7 ? "\\n\\n" : "")).slice(0, turn.length);
      text += delta;
      const update = {type: "assistant_message.content_part.text_delta", content_index: 0, delta};
      yield {type: "thread.item.updated", item_id: id, update};
      if (turn.pause > 0) await new Promise((resolve) => setTimeout(resolve, turn.pause));
    }
    yield {type: "thread.item.done", item: answered(id, text)};
  }
  function stream() {
    const left = events();
    let number = 0;
    return new Response(new ReadableStream({
      async pull(controller) {
        const {value, done} = await left.next();
        if (done) return controller.close();
        number += 1;
        controller.enqueue(new TextEncoder().encode(`id: ${number}\\ndata: ${JSON.stringify(value)}\\n\\n`));
      },
    }), {headers: {"content-type": "text/event-stream"}});
  }
  const fetch = async (_url, init) => {
    const {type, params} = JSON.parse(init.body ?? "{}");
    const thread = {id: params?.thread_id, metadata: {}};
    if (type === "threads.get_by_id")
      return json({...thread, items: {data: [], has_more: params.thread_id === "thr_long"}});
    if (type === "items.list") {
      const from = params.after === undefined ? 0 : many.findIndex(({id}) => id === params.after) + 1;
      const data = many.slice(from, from + params.limit);
      return json({data, has_more: from + data.length < many.length, after: data.at(-1)?.id});
    }
    return type === "threads.add_user_message" ? stream() : new Response(null, {status: 204});
  };
  const costs = [], frames = [];
  globalThis.long = {
    costs, frames,
    async start() {
      await customElements.whenDefined("openai-chatkit");
      chat.setOptions({api: {url: "/api/chatkit", domainKey: "x", fetch}});
      const perform = chat.performUpdate.bind(chat);
      chat.performUpdate = () => {
        const began = performance.now();
        perform();
        costs.push(performance.now() - began);
      };
      let before = performance.now();
      const tick = (now) => { frames.push(now - before); before = now; requestAnimationFrame(tick); };
      requestAnimationFrame(tick);
    },
    async open(id) { await chat.setThreadId(id); await chat.updateComplete; },
    async answer(pieces, length, pause) {
      turn = {pieces, length, pause};
      costs.length = frames.length = 0;
      const ended = new Promise((resolve) => chat.addEventListener("chatkit.response.end", resolve, {once: true}));
      await chat.sendUserMessage({text: "Go"});
      await ended;
      await chat.updateComplete;
    },
    async rest(time) {
      frames.length = 0;
      await new Promise((resolve) => setTimeout(resolve, time));
    },
    scroller: () => chat.shadowRoot.querySelector(".scroller"),
  };
</script>"""


def open_long_page(browser: Browser, origin: str) -> ChatTab:
    """A tab with the element of the server at this origin; its ``long`` opens threads and has questions answered."""
    opened = ChatTab.open(browser, origin)

    def answer(route: Route) -> None:
        route.fulfill(body=PAGE, headers={"content-type": "text/html"})

    opened.page.route(f"{origin}/long", answer)
    opened.page.goto(f"{origin}/long")
    opened.page.wait_for_function("globalThis.long")
    opened.page.evaluate("() => long.start()")
    return opened
