"""The ways into every state that the chat can be in: a scene leads a tab through some of them and names each.

A state is looked at by :mod:`tests.e2e.test_every_screen`, and ``python -m tools.picture FOLDER`` takes pictures of it.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Locator, Route, expect

from tests.e2e.browser import ChatTab
from tests.e2e.server_process import ServerProcess
from tests.e2e.test_drop_in import FAKE_MICROPHONE

TARGET = "tests.e2e.screen_workflows:answer"
LOOK: dict[str, Any] = {
    "greeting": "How can we help you today?",
    "prompts": {"Opening hours": "When are you open?", "Returns": "How do I return something?"},
    "icons": {"Opening hours": "clock", "search": "globe"},
    "placeholder": "Ask about our shop",
    "disclaimer": "Answers are written by AI. Read [our rules](https://example.org/rules).",
    "contact": "ada@example.org",
    "models": {"fast": "Fast", "deep": "Thorough"},
    "tools": {"search": "Search the web", "draw": "Draw a picture"},
}
Scene = Callable[[ChatTab, ServerProcess], Iterator[str]]


def _published(server: ServerProcess, handle: str, **names: str) -> str:
    link: str = server.publish(handle, TARGET, name="Shop assistant", **names)["share_url"]
    return link


def _refuse(status: int, code: str, **headers: str) -> Callable[[Route], None]:
    problem = {"code": code, "detail": "Something is wrong.", "hint": "Look at it once more.", "request_id": "req_7"}
    told: Any = {"status": status, "headers": {**headers, "content-type": "application/problem+json"}}
    return lambda route: route.fulfill(body=json.dumps(problem), **told)


def _said(tab: ChatTab, text: str) -> Locator:
    """Ask, and wait for the end of the turn."""
    number = tab.questions.count()
    tab.ask(text)
    expect(tab.questions).to_have_count(number + 1)
    expect(tab.button("Send")).to_be_visible()
    return tab.answers.last


def first_screens(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """Before the first message."""
    link = _published(server, "first")
    tab.visit(link)
    yield "start"
    tab.message_field.fill("many words " * 9_500)
    expect(tab.page.locator("#limit[data-over=true]")).to_be_visible()
    yield "too long"
    tab.message_field.fill("")
    tab.button("History").click()
    expect(tab.page.get_by_text("There are no chats yet.")).to_be_visible()
    yield "empty history"
    tab.page.route("**/api/chat/**", lambda _route: None)
    tab.page.reload()
    expect(tab.page.get_by_role("status")).to_have_text("Loading the chat")
    yield "loading"


def looks(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """The chat as its owner has set it."""
    link = _published(server, "looks")
    server.operation("workflows.set_look", ref="looks", **LOOK)
    tab.visit(link)
    expect(tab.page.get_by_label("Model")).to_be_visible()
    yield "greeting and prompts"
    tab.page.get_by_label("More", exact=True).click()
    expect(tab.page.get_by_role("menuitem").first).to_be_visible()
    yield "menu of tools"
    tab.page.get_by_role("menuitem", name="Search the web").click()
    yield "chosen tool"


def answers(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """An answer from the first dots to what can be done with it."""
    tab.visit(_published(server, "answers"))
    tab.ask("wait")
    expect(tab.page.locator(".log .waiting")).to_contain_text("Looking into the calendar")
    yield "progress"
    tab.message_field.fill("Another message")
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_text("An answer is still being written.")).to_be_visible()
    yield "held back"
    server.gates.open("wait")
    tab.expect_answer(number=0)
    tab.ask("write")
    expect(tab.answer_texts.last).to_have_text("The first words of an answer")
    yield "streaming"
    tab.button("Stop").click()
    expect(tab.page.locator(".failure")).to_contain_text("You stopped this answer.")
    yield "stopped"
    tab.ask("run")
    expect(tab.page.locator(".steps .spinner").first).to_be_visible()
    yield "steps in progress"
    server.gates.open("run")
    expect(tab.button("Send")).to_be_visible()
    _said(tab, "rich")
    expect(tab.page.locator(".formula math").first).to_be_attached()
    expect(tab.button("Copy code").first).to_be_visible()
    expect(tab.button("Edit this message")).to_be_visible()
    yield "rich answer, its end"
    tab.page.locator("summary").last.click()
    tab.questions.last.scroll_into_view_if_needed()
    yield "rich answer, its beginning"
    expect(tab.button("Jump to latest")).to_be_visible()
    tab.button("Jump to latest").click()
    tab.button("Edit this message").click()
    yield "edit"
    tab.page.keyboard.press("Escape")
    tab.message_field.focus()
    tab.page.keyboard.press("Control+/")
    expect(tab.page.get_by_role("dialog")).to_be_visible()
    yield "shortcuts"
    tab.page.keyboard.press("Escape")


def questions(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """What a workflow asks: one of several, some of several, free text."""
    tab.visit(_published(server, "questions"))
    tab.ask("asks")
    expect(tab.button("Small")).to_be_visible()
    yield "one option"
    tab.button("Medium").click()
    expect(tab.page.get_by_label("Sugar")).to_be_visible()
    yield "several options"
    tab.page.get_by_label("Sugar").check()
    tab.page.get_by_label("Milk").check()
    tab.button("Answer").click()
    expect(tab.page.get_by_text("It is written on the cup.")).to_be_visible()
    yield "free text"
    tab.button("Skip").click()
    expect(tab.page.get_by_text("Thank you.")).to_be_visible()
    yield "answered questions"


def parts(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """What an answer has besides text."""
    tab.visit(_published(server, "parts"))
    for text, shown in (
        ("form", "Your order"),
        ("all", "Weather in Oslo"),
        ("list", "Three cities"),
    ):
        _said(tab, text)
        expect(tab.page.get_by_text(shown).last).to_be_visible()
        yield f"widget, {text}"
    tab.page.locator("orcheo-widget").first.scroll_into_view_if_needed()
    for text in ("odd", "steps", "notices", "image", "image elsewhere"):
        _said(tab, text)
    yield "notices and images"
    tab.page.locator("details.thoughts summary").last.click()
    tab.page.locator("details.thoughts").last.scroll_into_view_if_needed()
    yield "steps"
    _said(tab, "tool")
    expect(tab.page.get_by_text("This part cannot be shown here.").last).to_be_visible()
    yield "tool of another page"


def failures(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """Answers that are not whole, and messages that the server does not take."""
    tab.visit(_published(server, "failures"))
    tab.ask("fail")
    expect(tab.button("Retry")).to_be_visible()
    yield "failed"
    tab.ask("cut")
    expect(tab.button("Continue")).to_be_visible()
    yield "cut off"
    tab.ask("nothing")
    expect(tab.page.locator(".failure")).to_contain_text("There was no answer to this message.")
    yield "no answer"
    for kind, refuse in (
        ("refused", _refuse(422, "invalid_input")),
        ("turn-in-progress", _refuse(409, "turn_in_progress")),
        ("rate-limited", _refuse(429, "rate_limited", **{"retry-after": "40"})),
    ):
        tab.page.route("**/api/chatkit", refuse)
        tab.ask("Hello")
        expect(tab.page.locator(f".failure[data-kind={kind}]")).to_be_visible()
        yield kind
        tab.page.unroute("**/api/chatkit")
    tab.page.reload()
    expect(tab.message_field).to_be_editable()
    tab.page.route("**/api/chatkit", lambda route: route.abort())
    tab.ask("Hello")
    expect(tab.page.get_by_text("The connection was lost. Reconnecting…")).to_be_visible()
    yield "reconnecting"
    tab.page.unroute("**/api/chatkit")
    expect(tab.button("Send")).to_be_visible()
    server.operation("workflows.unpublish", ref="failures", end_sessions=True)
    tab.ask("Hello")
    expect(tab.page.locator(".closed")).to_be_visible()
    yield "closed under its visitor"


def locks(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """Threads to which nothing can be added, and a login that is over."""
    tab.visit(_published(server, "locks"))
    _said(tab, "Hello")
    tab.page.route("**/api/chatkit", _refuse(401, "login_required"))
    tab.ask("Hello")
    expect(tab.page.locator(".closed")).to_be_visible()
    yield "login that is over"
    tab.page.unroute("**/api/chatkit")

    def lock(route: Route) -> None:
        answer = route.fetch()
        body = answer.text()
        if '"status":{"type":"active"}' in body:
            body = body.replace('{"type":"active"}', '{"type":"locked","reason":"Until Monday."}')
        route.fulfill(response=answer, body=body)

    tab.page.route("**/api/chatkit", lock)
    tab.page.reload()
    expect(tab.page.get_by_text("Until Monday.")).to_be_visible()
    yield "locked thread"


def histories(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """The visitor's chats."""
    tab.visit(_published(server, "histories"))
    for text in ("Hello", "What does it cost to have the roof of a small house made new", "مرحبا"):
        _said(tab, text)
        tab.button("New chat").click()
    tab.button("History").click()
    rows = tab.page.locator("orcheo-history .thread")
    expect(rows).to_have_count(3)
    yield "history"
    tab.page.get_by_label("Search chats").fill("roof")
    expect(rows).to_have_count(1)
    tab.page.get_by_label("Search chats").fill("nowhere")
    expect(tab.page.get_by_text("No chat has this in its title.")).to_be_visible()
    yield "nothing found"
    tab.page.get_by_label("Search chats").fill("")
    tab.page.get_by_role("button", name="Rename").first.click()
    yield "rename"
    tab.page.keyboard.press("Escape")
    tab.page.get_by_role("button", name="as a file").nth(1).click()
    yield "save as a file"
    tab.page.keyboard.press("Escape")
    tab.page.get_by_role("button", name="Delete Hello").click()
    expect(tab.button("Undo")).to_be_visible()
    yield "deleted"
    tab.button("Undo").click()
    tab.button("Delete all chats").click()
    yield "delete all"
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("Escape")
    tab.page.route("**/api/chatkit", _refuse(500, "internal_error"))
    tab.button("History").click()
    expect(tab.page.get_by_text("The chats could not be loaded.")).to_be_visible()
    yield "history that cannot be read"


def closed_doors(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """Where there is no chat to show."""
    tab.page.goto(f"{server.url}/chat/nothing-here")
    expect(tab.page.get_by_role("alert")).to_be_visible()
    yield "no such chat"
    link = _published(server, "doors")
    server.operation("workflows.set_look", ref="doors", **LOOK)
    refusals: tuple[tuple[str, int, str, dict[str, str]], ...] = (
        ("sign in", 401, "login_required", {}),
        ("too many visits", 429, "rate_limited", {"retry-after": "40"}),
        ("switched off", 403, "feature_disabled", {}),
        ("cannot be opened", 503, "server_stopping", {}),
    )
    for name, status, code, headers in refusals:
        tab.page.route("**/api/chat/*/session", _refuse(status, code, **headers))
        if code == "login_required":
            tab.page.route("**/api/chat/doors", _with(login_url="/auth/login", login_with="Example Inc."))
        tab.page.goto(link)
        expect(tab.page.get_by_role("alert")).to_be_visible()
        yield name
        tab.page.unroute_all()
    tab.page.route("**/api/chat/doors", _with(dev_login=True, signed_in_as="Ada Lovelace"))
    tab.visit(link)
    expect(tab.page.get_by_text("Signed in as Ada Lovelace")).to_be_visible()
    yield "signed in for trial"
    tab.page.unroute_all()
    tab.page.route("**/api/chat/**", lambda route: route.abort())
    tab.page.add_init_script("Object.defineProperty(navigator, 'onLine', {get: () => false, configurable: true})")
    tab.page.reload()
    expect(tab.page.get_by_role("heading", name="You are offline")).to_be_visible()
    yield "offline"


def _with(**changed: Any) -> Callable[[Route], None]:
    """What the server says of a chat, with some of it changed."""

    def answer(route: Route) -> None:
        told = route.fetch()
        route.fulfill(response=told, json={**told.json(), **changed})

    return answer


_SHOP = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>A shop</title>
<style>:root {{ color-scheme: light dark }} body {{ margin: 0 }} main {{ block-size: 100dvh }}</style>
<main><h1 style="position: absolute; clip-path: inset(50%)">A shop</h1><openai-chatkit></openai-chatkit></main>
<script src="/chatkit.js"></script>
<script type="module">
  await customElements.whenDefined("openai-chatkit");
  const fetchAs = (url, init = {{}}) =>
    fetch(url, {{...init, headers: {{...init.headers, Authorization: "Bearer {token}"}}}});
  const people = ["Ada Lovelace", "Grace Hopper"].map((title) => ({{id: title, title, group: "People", icon: "user"}}));
  const chat = document.querySelector("openai-chatkit");
  const theme = {{colorScheme: "auto"}};
  chat.setOptions({{api: {{url: "/api/chatkit", fetch: fetchAs}}, theme}});
  globalThis.showAll = () => chat.setOptions({{
    api: {{url: "/api/chatkit", fetch: fetchAs}},
    theme,
    frameTitle: "Help desk",
    header: {{
      title: {{text: "Help desk"}},
      leftAction: {{icon: "menu", onClick() {{}}}},
      rightAction: {{icon: "settings-cog", onClick() {{}}}},
    }},
    threadItemActions: {{feedback: true, retry: true}},
    composer: {{
      attachments: {{enabled: true, maxCount: 3, accept: {{"text/*": [".txt"], "image/png": [".png"]}}}},
      dictation: {{enabled: true}},
      tools: [
        {{id: "search", label: "Search the web", icon: "globe", pinned: true, shortLabel: "Search"}},
        {{id: "draw", label: "Draw", icon: "write", placeholderOverride: "What shall it be?"}},
      ],
      models: [{{id: "fast", label: "Fast"}}, {{id: "deep", label: "Thorough"}}],
    }},
    entities: {{
      onTagSearch: async (query) => people.filter(({{title}}) => title.toLowerCase().includes(query.toLowerCase())),
      onRequestPreview: async () => ({{
        preview: {{type: "Basic", children: [{{type: "Text", value: "Mathematician"}}]}},
      }}),
      showComposerMenu: true,
    }},
    commands: {{
      enabled: true,
      onSearch: async () => [{{id: "bug", label: "Report a bug", icon: "bug"}}],
      onSelect: async () => {{}},
    }},
  }});
</script>"""
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc00000030101"
    "00c9fe92ef0000000049454e44ae426082"
)


def shop(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """The element with everything that a page can switch on, in a page of its own."""
    token = server.publish("shop", TARGET, name="Help desk")["publish_token"]
    html = _SHOP.format(token=token)
    tab.page.route("**/shop", lambda route: route.fulfill(body=html, content_type="text/html"))
    tab.page.add_init_script(FAKE_MICROPHONE)
    tab.page.goto(f"{server.url}/shop")
    expect(tab.message_field).to_be_editable()
    yield "nothing but a server"
    tab.page.evaluate("showAll()")
    expect(tab.page.get_by_label("Model")).to_be_visible()
    yield "composer with everything"
    tab.message_field.fill("Ask @a")
    expect(tab.page.get_by_role("option").first).to_be_visible()
    yield "suggestions"
    tab.page.keyboard.press("Enter")
    tab.message_field.fill("/")
    expect(tab.page.get_by_role("option").first).to_be_visible()
    yield "commands"
    tab.page.keyboard.press("Escape")
    tab.message_field.fill("")
    tab.page.evaluate(
        "(png) => document.querySelector('openai-chatkit').setComposerValue({reply: 'What was said before.', files: ["
        "new File([new Uint8Array(png)], 'picture.png', {type: 'image/png'}), "
        "new File(['abc'], 'a-list-with-a-rather-long-name-that-does-not-fit.txt', {type: 'text/plain'})]})",
        list(_PNG),
    )
    expect(tab.page.locator(".files li[data-status=sent]")).to_have_count(2)
    yield "quote and files"
    _said(tab, "Ask @Ada Lovelace")
    expect(tab.button("Good answer")).to_be_visible()
    tab.button("Good answer").click()
    expect(tab.button("Good answer")).to_have_attribute("aria-pressed", "true")
    yield "sent files, feedback"
    add = """([name, type]) => document.querySelector("openai-chatkit")
      .setComposerValue({files: [new File(["a"], name, {type})]})"""
    held: list[Route] = []
    tab.page.route(re.compile("/attachments"), lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    tab.page.evaluate(add, ["notes.txt", "text/plain"])
    expect(tab.page.locator(".files .spinner")).to_be_visible()
    yield "upload in progress"
    assert len(held) == 1
    held[0].abort()
    expect(tab.page.locator(".files li[data-status=failed]")).to_be_visible()
    tab.page.evaluate(add, ["a.exe", "a/b"])
    expect(tab.page.get_by_text("Files of this type cannot be added: a.exe")).to_be_visible()
    yield "upload that failed"
    tab.button("Dictate").click()
    expect(tab.button("Stop dictating")).to_be_visible()
    yield "dictation"


def bubble(tab: ChatTab, server: ServerProcess) -> Iterator[str]:
    """The button on a page, its greeting, and the chat in its frame."""
    _published(server, "bubble")
    server.operation("workflows.edit", ref="bubble", allowed_origins=[server.url])
    server.operation("workflows.set_look", ref="bubble", **LOOK)
    html = (
        '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>A shop</title>'
        "<style>body{font:1rem sans-serif;color-scheme:light dark}</style><main><h1>A shop</h1></main>"
        '<script src="/embed.js" data-workflow="bubble" data-greeting="Any questions? We are here."></script>'
    )
    tab.page.route("**/shop", lambda route: route.fulfill(body=html, content_type="text/html"))
    tab.page.goto(f"{server.url}/shop")
    expect(tab.page.locator(".button")).to_be_visible()
    tab.page.wait_for_function("() => document.getAnimations({ subtree: true }).length === 0")
    yield "bubble"
    tab.page.locator(".button").click()
    chat = tab.page.frame_locator("iframe")
    expect(chat.get_by_label("Model")).to_be_visible()
    yield "bubble, open"
    chat.get_by_label("Message", exact=True).fill("rich")
    chat.get_by_role("button", name="Send", exact=True).click()
    expect(chat.get_by_role("button", name="Copy the answer")).to_be_visible()
    yield "bubble, answered"


SCENES: tuple[Scene, ...] = (
    first_screens,
    looks,
    answers,
    questions,
    parts,
    failures,
    locks,
    histories,
    closed_doors,
    shop,
    bubble,
)
