"""Pages of another site that were written for OpenAI's ChatKit, with only the script's address changed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browser import ChatTab, expect_turn_over, is_judgement
from tests.e2e.foreign_site import Site, build_app, serve
from tests.e2e.server_process import Gates, ServerProcess

pytestmark = pytest.mark.browser

PLAIN = """<!doctype html><meta charset="utf-8"><title>A plain page</title>
<openai-chatkit id="chat" style="display: block; height: 500px"></openai-chatkit>
<script src="{script}" async></script>
<script>
  const told = [];
  customElements.whenDefined("openai-chatkit").then(() => {{
    const chat = document.getElementById("chat");
    for (const name of ["ready", "error", "thread.change", "response.start", "response.end"])
      chat.addEventListener(`chatkit.${{name}}`, ({{ detail }}) => told.push([name, detail]));
    chat.setOptions({{
      api: {{
        url: "{api}",
        domainKey: "local-dev",
        fetch: (url, init) => {{
          const headers = {{ ...init.headers, Authorization: "Bearer {token}" }};
          return fetch(url, {{ ...init, headers }});
        }},
      }},
    }});
  }});
</script>"""


FAKE_MICROPHONE = """
navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const out = context.createMediaStreamDestination();
  tone.connect(out);
  tone.start();
  return out.stream;
}
"""
"""The browser of the tests has no device that records."""


@frozen
class App:
    """The app in a tab."""

    page: Page
    server: ServerProcess
    tab: ChatTab

    @property
    def chat(self) -> Locator:
        """The element."""
        return self.page.locator("openai-chatkit")

    def told(self, name: str) -> list[Any]:
        """The details of what the app's handler of this name was called with."""
        told: list[Any] = self.page.evaluate("(name) => told.filter((e) => e.name === name).map((e) => e.detail)", name)
        return told

    def expect_names(self, *names: str) -> None:
        """Wait until as many handlers were called, and look which."""
        called = "(count) => told.filter((e) => !['secret', 'log'].includes(e.name)).length >= count"
        self.page.wait_for_function(called, arg=len(names))
        assert self.names() == list(names)

    def names(self) -> list[str]:
        """Which handlers were called, in order, without the app's own calls."""
        return [name for name in self.page.evaluate("told.map((e) => e.name)") if name not in {"secret", "log"}]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The other site, still without pages."""
    with serve(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def chat_server(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that lets the pages of the site in, and the app built for it."""
    folder = tmp_path_factory.mktemp("server")
    settings = {"ORCHEO_ALLOWED_ORIGINS": site.url}
    running = ServerProcess(data_dir=folder / "data", gates=Gates(folder), settings=settings).start()
    build_app(f"{running.url}/chatkit.js", site.folder)
    yield running
    running.close()


@pytest.fixture
def open_app(browser: Browser, site: Site, chat_server: ServerProcess) -> Iterator[Callable[[str], App]]:
    """Publishes a workflow and opens the app, whose back end holds the publish token."""
    tabs: list[ChatTab] = []

    def open_with(target: str) -> App:
        handle = f"app-{len(chat_server.operation('workflows.list')['workflows'])}"
        token = chat_server.publish(handle, f"tests.e2e.{target}")["publish_token"]
        with_token = {"authorization": f"Bearer {token}"}

        def open_session() -> dict[str, Any]:
            with chat_server.client(**with_token) as client:
                answer = client.post(f"/api/chat/{handle}/session", json={"user": "traveller"})
            assert answer.status_code == 200, answer.text
            document: dict[str, Any] = answer.json()
            return document

        site.open_session = open_session
        tabs.append(ChatTab.open(browser, chat_server.url))
        tabs[-1].page.goto(site.url)
        expect(tabs[-1].page.get_by_text("Where to?")).to_be_visible()
        return App(tabs[-1].page, chat_server, tabs[-1])

    yield open_with
    for each in tabs:
        each.close()
    for each in tabs:
        each.assert_well_behaved(site.url)


def test_a_react_app_for_chatkit_runs_unchanged(open_app: Callable[[str], App]) -> None:
    """It chats, and its handlers are called in the order that ChatKit promises."""
    app = open_app("widget_workflows:talks")
    expect(app.page.get_by_text("Where to?")).to_be_visible()
    expect(app.page.get_by_placeholder("Ask the desk")).to_be_visible()
    app.page.get_by_role("button", name="A weekend").click()
    expect(app.page.locator(".answer .prose")).to_have_text("Answer to weekend")
    expect(app.page.get_by_role("button", name="Good answer")).to_be_visible()
    expect(app.page.locator(".notice")).to_contain_text("The source is slow today.")
    app.expect_names("ready", "response.start", "thread.change", "effect", "response.end")
    assert app.told("effect") == [{"name": "highlight", "data": {"id": 3}}]
    assert app.told("secret") == [{"hadOne": False}]
    expect(app.page.locator(".steps .step-title")).to_have_text("Looked it up")


METHODS = """async () => {
  const turn = async (act) => {
    const end = new Promise((resolve) => addEventListener("chatkit.response.end", resolve, {once: true}));
    await act();
    await end;
  };
  await chat.focusComposer();
  const focused = document.activeElement.shadowRoot.activeElement.localName;
  await turn(() => chat.sendUserMessage({text: "list"}));
  await turn(() => chat.sendUserMessage({text: "form", newThread: true}));
  const [first, second] = told.filter(({name}) => name === "thread.change").map(({detail}) => detail.threadId)
    .filter((id) => id !== null);
  await chat.setThreadId(first);
  await turn(() => chat.sendCustomAction({type: "ping", payload: {at: 1}}));
  await chat.fetchUpdates();
  await chat.showHistory();
  await chat.hideHistory();
  await chat.setComposerValue({text: "a draft"});
  return {focused, threads: new Set([first, second]).size};
}"""


def test_the_page_uses_every_method(open_app: Callable[[str], App]) -> None:
    """Nine with ``setOptions``, which the wrapper calls; each has done its work when its promise is kept."""
    app = open_app("widget_workflows:shows")
    asked: list[str] = []
    app.page.on("request", lambda request: asked.append(json.loads(request.post_data or "{}").get("type", "")))
    assert app.page.evaluate(METHODS) == {"focused": "orcheo-composer", "threads": 2}
    expect(app.page.locator(".answer .prose")).to_have_text('ping {"at": 1}')
    expect(app.page.locator("orcheo-widget .item")).to_have_count(2)
    expect(app.page.get_by_label("Message", exact=True)).to_have_value("a draft")
    assert app.names()[-2:] == ["history.open", "history.close"]
    assert asked.index("threads.get_by_id", asked.index("threads.custom_action")) > 0


def test_a_new_render_keeps_thread_draft_and_running_answer(open_app: Callable[[str], App]) -> None:
    """React gives all options again whenever one has changed."""
    app = open_app("gated_workflows:held")
    app.page.get_by_label("Message", exact=True).fill("hold")
    app.page.keyboard.press("Enter")
    expect(app.page.locator(".answer .prose")).to_have_text("before")
    app.page.get_by_label("Message", exact=True).fill("half a thought")
    app.page.get_by_role("button", name="sidebar left").click()
    expect(app.page.get_by_role("heading", level=1)).to_have_text("Renamed desk")
    app.page.get_by_role("button", name="dark mode").click()
    expect(app.chat).to_have_css("color-scheme", "dark")
    expect(app.page.get_by_label("Message", exact=True)).to_have_value("half a thought")
    app.server.gates.open("hold")
    expect(app.page.locator(".answer .prose")).to_have_text("before after")
    app.expect_names("ready", "response.start", "thread.change", "response.end")


def test_a_tool_of_the_page_is_run_and_the_workflow_continues(open_app: Callable[[str], App]) -> None:
    """The result goes back by itself."""
    app = open_app("widget_workflows:talks")
    app.page.get_by_label("Message", exact=True).fill("tool")
    app.page.keyboard.press("Enter")
    expect(app.page.locator(".answer .prose")).to_have_text('The page said {"city": "Oslo"}')
    assert app.told("tool") == [{"name": "where_am_i", "params": {"exact": True}}]


def test_a_tool_call_that_waits_is_made_after_a_reload(open_app: Callable[[str], App]) -> None:
    """The page went away before its result was sent: it is called again, and the workflow continues."""
    app = open_app("widget_workflows:talks")
    app.page.route(
        "**/api/chatkit",
        lambda route: (
            route.abort() if "add_client_tool_output" in (route.request.post_data or "") else route.continue_()
        ),
    )
    app.page.get_by_label("Message", exact=True).fill("tool")
    with app.page.expect_event("requestfailed"):
        app.page.keyboard.press("Enter")
    thread = app.told("thread.change")[-1]["threadId"]
    app.page.unroute_all()
    app.page.reload()
    expect(app.page.get_by_text("Where to?")).to_be_visible()
    app.page.evaluate("(id) => chat.setThreadId(id)", thread)
    expect(app.page.locator(".answer .prose")).to_have_text('The page said {"city": "Oslo"}')
    assert app.told("tool") == [{"name": "where_am_i", "params": {"exact": True}}]
    app.tab.assert_complained_of("Failed to load resource: net::ERR_FAILED")


def test_what_was_thought_and_named_is_there_after_a_reload(open_app: Callable[[str], App]) -> None:
    """The visitor's own thumb, and the chip of what a message named."""
    app = open_app("widget_workflows:talks")
    app.page.get_by_role("button", name="With Ada").click()
    with app.page.expect_response(is_judgement):
        app.page.get_by_role("button", name="Bad answer").click()
    expect(app.page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    thread = app.told("thread.change")[-1]["threadId"]
    app.page.reload()
    expect(app.page.get_by_text("Where to?")).to_be_visible()
    app.page.evaluate("(id) => chat.setThreadId(id)", thread)
    expect(app.page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    expect(app.page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "false")
    expect(app.page.locator(".question .tag")).to_have_text("Ada Lovelace")


def test_what_the_composer_offers_is_sent_along(open_app: Callable[[str], App]) -> None:
    """A model, a tool, a file and a quoted passage; a file that the rules forbid is refused."""
    app = open_app("widget_workflows:talks")
    message = app.page.get_by_label("Message", exact=True)
    app.page.get_by_role("button", name="Web").click()
    assert app.told("tool.change") == [{"toolId": "web"}]
    app.page.get_by_label("Model").select_option("large")
    app.page.get_by_role("button", name="More", exact=True).click()
    with app.page.expect_file_chooser() as chooser:
        app.page.get_by_role("menuitem", name="Add files").click()
    chooser.value.set_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"Oslo"})
    expect(app.page.locator(".files li[data-status=sent]")).to_have_text("plan.txt")
    files = "[new File(['x'], 'a.exe', { type: 'application/x-msdownload' })]"
    app.page.evaluate("chat.setComposerValue({ reply: '😀'.repeat(3000) })")
    expect(app.page.locator("orcheo-composer .quote blockquote")).to_have_text("😀" * 2_000 + "…")
    app.page.evaluate(f"chat.setComposerValue({{ files: {files}, reply: 'as you said' }})")
    expect(app.page.get_by_role("alert")).to_contain_text("cannot be added: a.exe")
    message.fill("what was sent")
    message.press("Enter")
    expect(app.page.locator(".answer .prose")).to_contain_text(
        '{"quoted": "as you said", "model": "large", "tool": "web", "files": ["plan.txt"]}'
    )
    expect(app.page.locator(".question .quoted")).to_have_text("as you said")
    expect(app.page.get_by_role("button", name="Web")).to_have_attribute("aria-pressed", "true")


HAND_OVER = """(field, [type, name, kind]) => {
  const files = new DataTransfer();
  files.items.add(new File(["Oslo"], name, {type: kind}));
  const how = {bubbles: true, cancelable: true, composed: true};
  const event = type === "paste" ? new ClipboardEvent(type, {...how, clipboardData: files})
    : new DragEvent(type, {...how, dataTransfer: files});
  return field.dispatchEvent(event);
}"""


def test_files_are_pasted_and_dropped(open_app: Callable[[str], App]) -> None:
    """Wherever in the chat, and the browser does nothing else with them; a tool for one message has its own words."""
    app = open_app("widget_workflows:talks")
    message = app.page.get_by_label("Message", exact=True)
    app.page.get_by_role("button", name="More", exact=True).click()
    app.page.get_by_role("menuitem", name="Think longer").click()
    expect(message).to_have_attribute("placeholder", "Think about")
    files = app.page.locator(".files li[data-status=sent]")
    assert message.evaluate(HAND_OVER, ["paste", "pasted.txt", "text/plain"]) is False
    expect(files).to_have_text(["pasted.txt"])
    assert app.page.get_by_role("log").evaluate(HAND_OVER, ["drop", "dropped.txt", "text/plain"]) is False
    expect(files).to_have_text(["pasted.txt", "dropped.txt"])
    message.fill("what was sent")
    message.press("Enter")
    expect(app.page.locator(".answer .prose")).to_contain_text('"tool": "deep", "files": ["pasted.txt", "dropped.txt"]')
    expect(message).to_have_attribute("placeholder", "Ask the desk")


def test_things_are_named_and_commands_are_run(open_app: Callable[[str], App]) -> None:
    """``@`` looks for entities and ``/`` for commands, with the keyboard alone."""
    app = open_app("widget_workflows:talks")
    message = app.page.get_by_label("Message", exact=True)
    message.press_sequentially("see @ada")
    expect(app.page.get_by_role("option", name="Ada Lovelace")).to_be_visible()
    message.press("Enter")
    expect(message).to_have_value("see @Ada Lovelace ")
    message.press("Enter")
    tag = app.page.locator(".question .tag")
    expect(tag).to_have_text("Ada Lovelace")
    tag.hover()
    expect(app.page.locator(".entity-preview .title")).to_have_text("Ada Lovelace")
    tag.click()
    assert app.told("entity")[0]["id"] == "p1"
    expect(app.page.locator(".answer .prose")).to_be_visible()
    message.press_sequentially("/greet")
    app.page.get_by_role("option", name="Greet someone").click()
    app.page.get_by_role("option", name="Greet Ada").click()
    expect(message).to_have_value("@Ada Lovelace ")
    assert [each["id"] for each in app.told("command")] == ["greet", "ada"]


def test_the_history_opens_renames_and_deletes(open_app: Callable[[str], App]) -> None:
    """By its button and by the page's call; the open thread's title follows."""
    app = open_app("widget_workflows:talks")
    app.page.get_by_role("button", name="A weekend").click()
    expect(app.page.locator(".answer .prose")).to_be_visible()
    expect_turn_over(app.page)
    app.page.get_by_role("button", name="New chat").click()
    app.page.evaluate("chat.showHistory()")
    app.page.get_by_role("button", name="Rename A talk").click()
    app.page.get_by_label("Title").fill("Weekend trip")
    app.page.keyboard.press("Enter")
    app.page.get_by_role("button", name="Weekend trip").first.click()
    expect(app.page.locator(".answer .prose")).to_have_text("Answer to weekend")
    app.page.get_by_role("button", name="History", exact=True).click()
    app.page.get_by_role("button", name="Delete Weekend trip").click()
    expect(app.page.get_by_role("button", name="Undo")).to_be_focused()
    app.page.keyboard.press("Enter")
    app.page.get_by_role("button", name="Delete Weekend trip").click()
    expect(app.page.get_by_text("Weekend trip was deleted.")).to_be_visible()
    app.page.keyboard.press("Escape")
    expect(app.page.locator("orcheo-history")).to_have_count(0)
    expect(app.page.get_by_text("Where to?")).to_be_visible()
    changes = [each["threadId"] for each in app.told("thread.change")]
    assert changes == [changes[0], None, changes[0], None]
    assert [name for name in app.names() if "history" in name] == ["history.open", "history.close"] * 2
    loads = [name for name in app.names() if name.startswith("thread.")]
    assert loads[2:5] == ["thread.change", "thread.load.start", "thread.load.end"]


def test_widgets_act_on_the_workflow_and_on_the_page(open_app: Callable[[str], App]) -> None:
    """An action goes to the server or to the page's handler, and a changed widget takes the old one's place."""
    app = open_app("widget_workflows:shows")
    message = app.page.get_by_label("Message", exact=True)
    message.fill("all")
    message.press("Enter")
    widget = app.page.locator("orcheo-widget")
    expect(widget.locator(".title")).to_have_text("Weather in Oslo")
    expect(widget.get_by_role("img", name="Chart")).to_be_visible()
    expect(widget.locator(".unknown")).to_have_count(0)
    expect_turn_over(app.page)
    widget.get_by_role("button", name="Map").click()
    expected = {"action": {"type": "map", "payload": {"at": "Oslo"}}, "root": "Card"}
    app.page.wait_for_function("told.some((e) => e.name === 'action')")
    assert app.told("action") == [expected]
    widget.get_by_label("Place").fill("Rome")
    widget.get_by_role("button", name="Look").click()
    expect(app.page.locator(".answer .prose").last).to_have_text('search {"place": "Rome"}')
    expect_turn_over(app.page)
    widget.get_by_role("button", name="Refresh").click()
    expect(widget.get_by_text("Refreshed", exact=True)).to_be_visible()
    expect(widget.locator(".title")).to_have_count(0)


def test_a_form_is_checked_and_sent_with_all_its_values(open_app: Callable[[str], App]) -> None:
    """Names with dots lead into objects; a field that is required must be filled in."""
    app = open_app("widget_workflows:shows")
    message = app.page.get_by_label("Message", exact=True)
    message.fill("form")
    message.press("Enter")
    card = app.page.locator("orcheo-widget form.card")
    expect(card).to_be_visible()
    expect_turn_over(app.page)
    card.get_by_role("button", name="Order").click()
    expect(app.page.locator(".answer .prose")).to_have_count(0)
    card.get_by_label("Name").fill("Ada")
    card.get_by_label("Size").select_option("l")
    card.get_by_label("Cash").check()
    card.get_by_role("button", name="Order").click()
    expect(app.page.locator(".answer .prose").last).to_have_text(
        'order {"customer": {"name": "Ada"}, "day": "2026-11-26", "gift": true, "note": "", "pay": "cash", '
        '"shop": 7, "size": "l", "where": "Deliver to the door"}'
    )


def test_a_list_unfolds_and_its_rows_are_pressed(open_app: Callable[[str], App]) -> None:
    """The rows beyond the limit come on demand."""
    app = open_app("widget_workflows:shows")
    message = app.page.get_by_label("Message", exact=True)
    message.fill("list")
    message.press("Enter")
    widget = app.page.locator("orcheo-widget")
    expect(widget.locator(".item")).to_have_count(2)
    expect_turn_over(app.page)
    widget.get_by_role("button", name="Show more").click()
    widget.get_by_role("button", name="Bern").click()
    expect(app.page.locator(".answer .prose").last).to_have_text('city {"name": "Bern"}')


def test_a_plain_page_with_a_fetch_of_its_own(browser: Browser, site: Site, chat_server: ServerProcess) -> None:
    """``<openai-chatkit>`` with ``api.url``, a domain key that nobody asks for, and the page's own credential."""
    token = chat_server.publish("plain", "examples.echo:answer")["publish_token"]
    html = PLAIN.format(script=f"{chat_server.url}/chatkit.js", api=f"{chat_server.url}/api/chatkit", token=token)
    (site.folder / "plain.html").write_text(html, "utf-8")
    tab = ChatTab.open(browser, chat_server.url)
    tab.page.goto(f"{site.url}/plain.html")
    tab.page.get_by_label("Message", exact=True).fill("Hello")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".answer .prose")).to_have_text("You said: Hello")
    tab.page.wait_for_function("told.length >= 4")
    names = tab.page.evaluate("told.map(([name]) => name)")
    assert names == ["ready", "response.start", "thread.change", "response.end"]
    tab.close()
    tab.assert_well_behaved(site.url)


def test_a_page_of_a_site_that_is_not_allowed_is_told_why(
    browser: Browser, chat_server: ServerProcess, tmp_path: Path
) -> None:
    """The script comes, what it loads does not; the console names the setting."""
    script = f"{chat_server.url}/chatkit.js"
    (tmp_path / "index.html").write_text(f'<!doctype html><script src="{script}"></script>')
    with serve(tmp_path) as stranger:
        tab = ChatTab.open(browser, chat_server.url)
        with tab.page.expect_console_message(lambda said: "ORCHEO_ALLOWED_ORIGINS" in said.text):
            tab.page.goto(stranger.url)
        assert tab.page.evaluate("customElements.get('openai-chatkit')") is None
        tab.close()
        tab.assert_complained_of(
            f"Access to script at '{chat_server.url}/assets/",
            "Failed to load resource: net::ERR_FAILED",
            "The chat element could not be loaded. A page of another site must be among the server's allowed origins",
        )


def test_the_element_keeps_to_a_strict_policy_of_its_page(
    browser: Browser, site: Site, chat_server: ServerProcess
) -> None:
    """Trusted types on, nothing inline, nothing from anywhere but the page and the chat's server."""
    server = chat_server.url
    site.headers = {
        "content-security-policy": f"default-src 'none'; script-src 'self' {server}; connect-src 'self' {server}; "
        f"img-src 'self' {server} data: blob:; style-src 'self'; base-uri 'none'; form-action 'self'; "
        "require-trusted-types-for 'script'; trusted-types lit-html"
    }
    token = chat_server.publish("strict", "tests.e2e.widget_workflows:shows")["publish_token"]

    def open_session() -> dict[str, Any]:
        with chat_server.client(authorization=f"Bearer {token}") as client:
            document: dict[str, Any] = client.post("/api/chat/strict/session", json={"user": "ada"}).json()
        return document

    site.open_session = open_session
    tab = ChatTab.open(browser, server)
    try:
        tab.page.goto(site.url)
        message = tab.page.get_by_label("Message", exact=True)
        for number, name in enumerate(("all", "form", "list")):
            message.fill(name)
            message.press("Enter")
            expect(tab.page.locator("orcheo-widget .widget").nth(number)).to_be_visible()
            expect_turn_over(tab.page)
        tab.page.get_by_role("button", name="dark mode").click()
        tab.page.get_by_role("button", name="History", exact=True).click()
        expect(tab.page.locator("orcheo-history .thread")).to_have_count(1)
    finally:
        site.headers = {}
        tab.close()
    assert tab.complaints == []


def test_what_is_said_is_written_down(open_app: Callable[[str], App]) -> None:
    """The microphone's recording goes to the server; without a transcriber there the visitor is told."""
    app = open_app("widget_workflows:talks")
    app.page.evaluate(FAKE_MICROPHONE)
    app.page.get_by_role("button", name="Dictate").click()
    app.page.get_by_role("button", name="Stop dictating").click()
    expect(app.page.get_by_role("alert")).to_contain_text("could not be written down")
    app.tab.assert_refused_once(422)


def test_a_picture_that_was_sent_is_shown(open_app: Callable[[str], App]) -> None:
    """On the other site's page as well, where it comes from the chat's server."""
    app = open_app("widget_workflows:talks")
    pixel = "Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='), (c) => c.charCodeAt(0))"  # noqa: E501 - a picture
    app.page.evaluate(f"chat.setComposerValue({{ files: [new File([{pixel}], 'dot.png', {{ type: 'image/png' }})] }})")
    expect(app.page.locator(".files li[data-status=sent]")).to_have_count(1)
    app.page.get_by_label("Message", exact=True).fill("look")
    app.page.keyboard.press("Enter")
    picture = app.page.get_by_role("img", name="dot.png")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 1)


def test_a_link_to_the_page_itself_calls_the_page(open_app: Callable[[str], App]) -> None:
    """``chatkit-link://`` with a name and data; the browser goes nowhere."""
    app = open_app("gated_workflows:linked")
    app.page.get_by_label("Message", exact=True).fill("link")
    app.page.keyboard.press("Enter")
    app.page.get_by_role("link", name="the order").click()
    app.page.wait_for_function("told.some((e) => e.name === 'deeplink')")
    assert app.told("deeplink") == [{"name": "orders/open", "data": {"id": "3"}}]
    assert len(app.page.context.pages) == 1
