"""Options of the element that no app of the other tests gives, and a publish token that is rotated under a visitor."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Request, Route, expect

from tests.e2e.browser import ChatTab
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]
PAGE = """<!doctype html><meta charset="utf-8"><title>Options</title>
<openai-chatkit id="chat" style="display: block; block-size: 420px"></openai-chatkit>
<script src="/chatkit.js"></script>
<script>
  let token = "{token}";
  const fetchAs = (url, init = {{}}) =>
    fetch(url, {{...init, headers: {{...init.headers, Authorization: `Bearer ${{token}}`}}}});
  const say = async ({{api, ...more}}) => {{
    await customElements.whenDefined("openai-chatkit");
    chat.setOptions({{api: {{url: "/api/chatkit", domainKey: "x", fetch: fetchAs, ...api}}, ...more}});
  }};
</script>"""


def open_page(server: ServerProcess, tab: ChatTab, handle: str, target: str = "examples.echo:answer") -> str:
    """Show the element for a workflow of this handle, before its first options; its publish token."""
    token: str = server.publish(handle, target)["publish_token"]
    html = PAGE.format(token=token)
    tab.page.route("**/options", lambda route: route.fulfill(body=html, content_type="text/html"))
    tab.page.goto(f"{server.url}/options")
    return token


def test_a_theme_is_worn_and_taken_off(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Scheme, surfaces, accent, corners, size and fonts, one of them from a file of the page's own."""
    tab = new_tab()
    fonts: list[str] = []

    def give(route: Route) -> None:
        fonts.append(route.request.url)
        route.fulfill(status=200, body=b"", content_type="font/woff2")

    tab.page.route("**/shop.woff2", give)
    open_page(shared_server, tab, "theme")
    theme = {
        "colorScheme": "dark",
        "radius": "sharp",
        "density": "compact",
        "typography": {
            "baseSize": 18,
            "fontFamily": "Shop, serif",
            "fontFamilyMono": "monospace",
            "fontSources": [{"family": "Shop", "src": "/shop.woff2", "weight": 400, "display": "swap"}],
        },
        "color": {
            "grayscale": {"hue": 220, "tint": 6, "shade": -1},
            "accent": {"primary": "#c9a0ff", "level": 2},
            "surface": {"background": "#101014", "foreground": "#fafaff"},
        },
    }
    with tab.page.expect_request("**/shop.woff2"):
        tab.page.evaluate("say", {"theme": theme})
        expect(tab.message_field).to_be_editable()
    element, form = tab.page.locator("#chat"), tab.page.locator("form.composer")
    expect(element).to_have_css("color-scheme", "dark")
    expect(element).to_have_css("color", "rgb(250, 250, 255)")
    expect(element).to_have_css("background-color", "rgb(16, 16, 20)")
    expect(tab.message_field).to_have_css("font-size", "18px")
    expect(tab.message_field).to_have_css("font-family", "Shop, serif")
    expect(form).to_have_css("border-radius", "0px")
    tab.message_field.fill("Hello")
    expect(tab.button("Send")).to_have_css("background-color", "rgb(201, 160, 255)")
    tab.page.evaluate("say", {"theme": "light"})
    expect(element).to_have_css("color-scheme", "light")
    expect(element).not_to_have_css("background-color", "rgb(16, 16, 20)")
    expect(form).not_to_have_css("border-radius", "0px")
    expect(tab.message_field).to_have_value("Hello")
    assert fonts == [f"{shared_server.url}/shop.woff2"]
    tab.assert_complained_of("Failed to decode downloaded font")


def test_without_auto_scroll_a_growing_answer_moves_nothing(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """What was asked is brought into sight once; then the reader stays where they are."""
    tab = new_tab()
    open_page(shared_server, tab, "still", "tests.e2e.gated_workflows:says_much")
    tab.page.evaluate("say", {"thread": {"autoScroll": False}})
    for number, text in enumerate(("one", "two")):
        tab.ask(text)
        tab.expect_answer(number=number)
    expect(tab.questions.last).to_be_in_viewport()
    expect(tab.answer_texts.last.get_by_text("paragraph 5.")).not_to_be_in_viewport()


def test_who_answers_is_called_by_the_pages_own_title(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """For screen readers, which never hear the title of the thread as a speaker, nor a heading without words."""
    tab = new_tab()
    open_page(shared_server, tab, "speaker")
    for title, speaker in (
        ({}, "Answer"),
        ({"enabled": False}, "Answer"),
        ({"enabled": False, "text": "Ada"}, "Ada"),
        ({"text": "Shop"}, "Shop"),
    ):
        tab.page.evaluate("say", {"header": {"title": title}})
        if tab.answers.count() == 0:
            tab.ask("Hello")
            tab.expect_answer(number=0)
        expect(tab.answers.get_by_role("heading", level=2)).to_have_text(speaker)


def test_files_go_where_the_page_wants_them(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """By one direct request to its own address; what that answers goes along with the message."""
    tab = new_tab()
    open_page(shared_server, tab, "direct")
    uploads: list[str] = []

    def take(route: Route) -> None:
        uploads.append(route.request.post_data or "")
        route.fulfill(json={"type": "file", "id": "atc_own", "name": "plan.txt", "mime_type": "text/plain"})

    tab.page.route("**/own-uploads", take)
    upload = {"type": "direct", "uploadUrl": f"{shared_server.url}/own-uploads"}
    options: dict[str, Any] = {"api": {"uploadStrategy": upload}, "composer": {"attachments": {"enabled": True}}}
    tab.page.evaluate("say", options)
    expect(tab.message_field).to_be_editable()
    tab.page.evaluate("chat.setComposerValue({files: [new File(['abc'], 'plan.txt', {type: 'text/plain'})]})")
    expect(tab.page.locator(".files li[data-status=sent]")).to_have_text("plan.txt")
    with tab.page.expect_request(lambda request: "threads.create" in (request.post_data or "")) as asked:
        tab.ask("Look")
    sent = json.loads(asked.value.post_data or "")
    assert sent["params"]["input"]["attachments"] == ["atc_own"]
    (upload_body,) = uploads
    assert 'filename="plan.txt"' in upload_body
    expect(tab.page.get_by_text("Not sent")).to_be_visible()


def test_a_disclaimer_can_be_made_plain_to_see(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """In the colour of the text instead of a softer one."""
    tab = new_tab()
    open_page(shared_server, tab, "plain-words")
    told = tab.page.locator(".foot .disclaimer")
    colours = []
    for contrast in (False, True):
        tab.page.evaluate("say", {"disclaimer": {"text": "Answers can be **wrong**.", "highContrast": contrast}})
        expect(told.locator("strong")).to_have_text("wrong")
        colours.append(told.evaluate("(e) => getComputedStyle(e).color"))
    assert colours[0] != colours[1]
    assert colours[1] == tab.page.locator("#chat").evaluate("(e) => getComputedStyle(e).color")


def test_a_token_that_is_rotated_under_a_visitor(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The answer that runs ends well; the next message is not taken until the page has the new token."""
    tab = new_tab()
    open_page(shared_server, tab, "turned", "tests.e2e.gated_workflows:held")
    tab.page.evaluate("say", {})
    tab.ask("turned")
    expect(tab.answer_texts).to_have_text("before")
    rotated = shared_server.operation("workflows.rotate_publish_token", ref="turned")
    shared_server.gates.open("turned")
    tab.expect_answer(number=0)
    expect(tab.answer_texts).to_have_text("before after")

    def is_refused(request: Request) -> bool:
        return "threads.add_user_message" in (request.post_data or "")

    with tab.page.expect_request(is_refused):
        tab.ask("more")
    expect(tab.page.get_by_text("Not sent")).to_be_visible()
    expect(tab.page.locator(".failure p")).to_have_text("This chat is no longer available.")
    expect(tab.message_field).not_to_be_editable()
    tab.page.evaluate("(fresh) => { token = fresh; }", rotated["publish_token"])
    shared_server.gates.open("more")
    tab.button("Retry").click()
    tab.expect_answer(number=1)
    expect(tab.message_field).to_be_editable()
    tab.assert_refused_once(401)
