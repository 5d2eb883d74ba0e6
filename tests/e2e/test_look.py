"""The look of a chat on the real page, and what the page says where there is no chat to show."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.axe import faults
from tests.e2e.browser import ChatTab
from tests.e2e.server_process import Gates, ServerProcess
from tests.e2e.test_chat_page_looks import WIDEST
from tests.e2e.widget_workflows import ICON

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]
LOOK: dict[str, Any] = {
    "greeting": "How can we help you today?",
    "prompts": {"Opening hours": "When are you open?", "مساعدة": "<b>كيف؟</b>"},
    "icons": {"Opening hours": "clock", "search": "globe"},
    "placeholder": "Ask about our shop",
    "disclaimer": "This is a *trial* <img src=x>.",
    "accent": "#ffdd00",
    "contact": "ada@example.org",
    "models": {"fast": "Fast", "deep": "Thorough"},
    "tools": {"search": "Search the web"},
}
ACCENT = "(e) => getComputedStyle(e).backgroundColor"


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose operator can be reached."""
    folder = tmp_path_factory.mktemp("look-server")
    settings = {"ORCHEO_CONTACT": "ops@example.org"}
    running = ServerProcess(data_dir=folder / "data", gates=Gates(folder), settings=settings).start()
    yield running
    running.close()


@pytest.fixture
def new_tab(new_tab: NewTab) -> Iterator[NewTab]:
    """Tabs in which Chromium may log that a request was refused: that is what these tests are about."""
    tabs: list[ChatTab] = []

    def make(**profile: object) -> ChatTab:
        tabs.append(new_tab(**profile))
        return tabs[-1]

    yield make
    for each in tabs:
        each.complaints[:] = [said for said in each.complaints if not said.startswith("Failed to load resource: ")]


def publish(server: ServerProcess, handle: str, **look: Any) -> str:
    """The share link of a chat with this look."""
    link: str = server.publish(handle, "tests.e2e.look_workflows:chosen", name="Shop assistant")["share_url"]
    server.operation("workflows.set_look", ref=handle, **(look or LOOK))
    return link


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_start_screen_shows_the_look(
    shared_server: ServerProcess, new_tab: NewTab, scheme: Literal["light", "dark"], width: int
) -> None:
    """Greeting, starter prompts, placeholder and disclaimer, as text; no fault that axe finds, nothing too wide."""
    tab = new_tab(color_scheme=scheme, viewport={"width": width, "height": 720}, reduced_motion="reduce")
    tab.visit(publish(shared_server, f"start-{scheme}-{width}"))
    expect(tab.page.get_by_text("How can we help you today?")).to_be_visible()
    expect(tab.button("Opening hours")).to_be_visible()
    expect(tab.message_field).to_have_attribute("placeholder", "Ask about our shop")
    expect(tab.page.get_by_text("This is a trial <img src=x>.").first).to_be_attached()
    expect(tab.page.get_by_label("Model")).to_have_value("fast")
    if width == 1280:  # where there is room, the first message is written in the middle
        field = tab.message_field.bounding_box()
        assert field is not None
        assert 720 / 3 < field["y"] < 720 * 3 / 4
    assert tab.page.evaluate(WIDEST) == [width]
    assert faults(tab) == []


def test_the_accent_is_readable_in_both_schemes(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """A bright yellow is dark in the light scheme and itself in the dark one."""
    link = publish(shared_server, "accent")
    colours = []
    for scheme in ("light", "dark"):
        tab = new_tab(color_scheme=scheme, reduced_motion="reduce").visit(link)
        tab.message_field.fill("x")
        colours.append(tab.button("Send").evaluate(ACCENT))
    assert colours == ["rgb(120, 104, 0)", "rgb(255, 221, 0)"]


def test_long_words_of_the_owner_are_broken(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Greeting, prompts and disclaimer stay within a narrow screen."""
    published = shared_server.publish("wide", "examples.echo:answer")
    look = {"greeting": "G" * 200, "prompts": {"P" * 80: "?"}, "disclaimer": "D" * 500}
    shared_server.operation("workflows.set_look", ref="wide", **look)
    tab = new_tab(viewport={"width": 360, "height": 740}).visit(published["share_url"])
    assert tab.page.evaluate(WIDEST) == [360]


def test_long_words_of_a_notice_are_broken(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Those of its title as those of its text."""
    published = shared_server.publish("wide-notice", "tests.e2e.screen_workflows:answer")
    tab = new_tab(viewport={"width": 360, "height": 740}).visit(published["share_url"])
    tab.ask("long notice")
    expect(tab.page.get_by_role("note")).to_be_visible()
    assert tab.page.evaluate(WIDEST) == [360]


def test_a_scheme_of_the_owner_holds_for_everyone(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """From the first paint on, whatever the browser is set to."""
    link = publish(shared_server, "night", scheme="dark")
    tab = new_tab(color_scheme="light").visit(link)
    background = "(e) => getComputedStyle(e).backgroundColor"
    assert tab.page.locator("html").evaluate(background) == "rgb(22, 23, 24)"
    assert tab.page.locator("meta[name=color-scheme]").get_attribute("content") == "dark"
    assert tab.page.locator("orcheo-chat").evaluate("(e) => getComputedStyle(e).colorScheme") == "dark"


def test_a_starter_prompt_is_sent_with_the_chosen_model(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """As if the visitor had written it; and a chosen tool goes with a message."""
    tab = new_tab().visit(publish(shared_server, "prompt"))
    expect(tab.page.get_by_label("Model")).to_have_value("fast")
    tab.button("مساعدة").click()
    tab.expect_answer(number=0)
    expect(tab.questions).to_have_text("<b>كيف؟</b>")
    expect(tab.answer_texts).to_have_text("<b>كيف؟</b>: fast, None")
    tab.page.get_by_label("Model").select_option("deep")
    tab.page.get_by_label("More", exact=True).click()
    tab.page.get_by_role("menuitem", name="Search the web").click()
    tab.ask("Hi")
    tab.expect_answer(number=1)
    expect(tab.answer_texts.nth(1)).to_have_text("Hi: deep, search")


def test_files_go_to_the_server_under_the_name_that_the_visitor_came_by(
    shared_server: ServerProcess, browser: Browser
) -> None:
    """Such as localhost, where share links name an IP address: a page may talk to no other; images are shown too."""
    shared_server.publish("by-name", "tests.e2e.look_workflows:names")
    shared_server.operation("workflows.set_look", ref="by-name", files="on")
    here = shared_server.url.replace("127.0.0.1", "localhost")
    tab = ChatTab.open(browser, here).visit(f"{here}/chat/by-name")
    tab.page.get_by_label("More", exact=True).click()
    with tab.page.expect_file_chooser() as chooser:
        tab.page.get_by_role("menuitem", name="Add files").click()
    chooser.value.set_files({"name": "dot.png", "mimeType": "image/png", "buffer": b64decode(ICON.partition(",")[2])})
    tab.ask("Here")
    tab.expect_answer(number=0)
    expect(tab.answer_texts).to_have_text("Here: dot.png")
    image = tab.page.get_by_role("img", name="dot.png")
    expect(image).to_have_js_property("naturalWidth", 1)
    tab.assert_well_behaved()
    tab.close()


def test_files_are_offered_where_the_owner_says_so(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Behind a share link; they reach the workflow and stay with their message after a reload."""
    shared_server.publish("plain", "tests.e2e.look_workflows:names")
    shared_server.operation("workflows.set_look", ref="plain", files="on")
    link = shared_server.operation("workflows.show", ref="plain")["share_url"]
    tab = new_tab().visit(link)
    tab.page.get_by_label("More", exact=True).click()
    with tab.page.expect_file_chooser() as chooser:
        tab.page.get_by_role("menuitem", name="Add files").click()
    chooser.value.set_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"Oslo"})
    expect(tab.page.get_by_text("plan.txt")).to_be_visible()
    tab.ask("Here")
    tab.expect_answer(number=0)
    expect(tab.answer_texts).to_have_text("Here: plan.txt")
    tab.page.reload()
    expect(tab.page.get_by_text("plan.txt").first).to_be_visible()
    shared_server.operation("workflows.set_look", ref="plain", files="off")
    tab.page.reload()
    tab.visit(link)
    expect(tab.page.get_by_label("More", exact=True)).to_have_count(0)


def test_the_name_stands_there_while_the_chat_loads(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The head of the page has it."""
    link = publish(shared_server, "loading")
    tab = new_tab()
    tab.page.route("**/api/chat/**", lambda _route: None)
    tab.page.goto(link)
    expect(tab.page.get_by_role("heading")).to_have_text("Shop assistant")
    expect(tab.page.get_by_role("status")).to_have_text("Loading the chat")


REFUSALS: dict[str, tuple[int, str, str, dict[str, str], str]] = {
    "off": (403, "feature_disabled", "x", {}, "The operator of this server has switched chats off."),
    "limited": (429, "rate_limited", "x", {"Retry-After": "40"}, "You can try again in 40 s."),
    "visitor": (429, "budget_exceeded", "x", {}, "You have reached the limit for one visitor."),
    "crowded": (503, "shared_budget_exceeded", "All are busy.", {"Retry-After": "5"}, "You can try again in 5 s."),
    "restart": (503, "server_stopping", "x", {}, "The server is restarting. Try again in a few seconds."),
    "broken": (502, "", "", {}, "The server did not answer as expected."),
    "rotated": (401, "publish_token_rotated", "x", {}, "This chat is no longer available."),
    "newer": (409, "unheard_of", "It is Sunday.", {}, "It is Sunday. Wait a little."),
    "ended": (401, "chat_session_ended", "x", {}, "Its owner may have closed it, or the link is wrong."),
    "login": (401, "login_required", "x", {}, "The owner of this chat asks visitors to sign in first."),
}


BEGIN = datetime.now(UTC)


def refuse(tab: ChatTab, what: str) -> None:
    """Answer what the page asks for a chat session with a refusal, at a time that stands still."""
    tab.page.clock.set_fixed_time(BEGIN)
    status, code, detail, headers, _ = REFUSALS[what]
    problem = {"code": code, "detail": detail, "hint": "Wait a little.", "request_id": "req_7"}
    body = json.dumps(problem) if code else "<h1>Bad gateway</h1>"

    def answer(route: Route) -> None:
        route.fulfill(status=status, headers={**headers, "content-type": "application/problem+json"}, body=body)

    tab.page.route("**/api/chat/*/session", answer)


@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_says_what_it_is_and_whom_to_ask(shared_server: ServerProcess, new_tab: NewTab, what: str) -> None:
    """In both widths and schemes; an e-mail to the owner names chat and request."""
    link = publish(shared_server, f"refusal-{what}")
    for scheme, width in (("light", 1280), ("dark", 360)):
        tab = new_tab(color_scheme=scheme, viewport={"width": width, "height": 720}, reduced_motion="reduce")
        refuse(tab, what)
        tab.page.goto(link)
        expect(tab.page.get_by_role("alert")).to_contain_text(REFUSALS[what][4])
        contact = tab.page.get_by_role("link", name="Contact the owner")
        href = contact.get_attribute("href") or ""
        request = "req_7" if REFUSALS[what][1] else ""
        assert href.startswith("mailto:ada@example.org?subject=Shop%20assistant")
        assert "wf_" in href
        assert href.endswith(request)
        assert tab.page.evaluate(WIDEST) == [width]
        assert faults(tab) == []


def test_a_contact_on_the_web_opens_in_a_tab_of_its_own(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """As it is, without a way back into the chat's window."""
    link = publish(shared_server, "form", contact="https://example.org/help?a=1")
    tab = new_tab()
    refuse(tab, "crowded")
    tab.page.goto(link)
    contact = tab.page.get_by_role("link", name="Contact the owner")
    told = [contact.get_attribute(name) for name in ("href", "target", "rel")]
    assert told == ["https://example.org/help?a=1", "_blank", "noopener noreferrer"]


def test_the_wait_is_counted_down(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The button works when it is over."""
    link = publish(shared_server, "countdown")
    tab = new_tab()
    refuse(tab, "limited")
    tab.page.goto(link)
    expect(tab.page.get_by_role("timer")).to_have_text("You can try again in 40 s.")
    expect(tab.button("Try again")).to_be_disabled()
    tab.page.clock.set_fixed_time(BEGIN + timedelta(seconds=39))
    expect(tab.page.get_by_role("timer")).to_have_text("You can try again in 1 s.")
    tab.page.clock.set_fixed_time(BEGIN + timedelta(seconds=41))
    expect(tab.page.get_by_role("timer")).to_have_text("You can try again now.")
    tab.page.unroute_all()
    tab.button("Try again").click()
    expect(tab.message_field).to_be_editable()


def test_a_chat_that_is_not_there_names_the_operator_alone(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Private, archived and unknown ones look the same, whatever contact their owners have set."""
    publish(shared_server, "closed")
    shared_server.operation("workflows.unpublish", ref="closed")
    publish(shared_server, "put-aside")
    shared_server.operation("workflows.archive", ref="put-aside")
    shown = set()
    for ref in ("closed", "put-aside", "unknown"):
        tab = new_tab()
        tab.page.goto(f"{shared_server.url}/chat/{ref}")
        link = tab.page.get_by_role("link", name="Contact the operator")
        assert (link.get_attribute("href") or "").startswith("mailto:ops@example.org?subject=req_")
        shown.add((tab.page.title(), tab.page.get_by_role("alert").inner_text()))
    assert len(shown) == 1


def test_an_offline_page_opens_by_itself(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """When the connection is back."""
    link = publish(shared_server, "offline")
    tab = new_tab()
    tab.page.route("**/api/chat/**", lambda route: route.abort())
    tab.page.add_init_script("Object.defineProperty(navigator, 'onLine', {get: () => false, configurable: true})")
    tab.page.goto(link)
    expect(tab.page.get_by_role("heading")).to_have_text("You are offline")
    tab.page.unroute_all()
    tab.page.evaluate("dispatchEvent(new Event('online'))")
    expect(tab.message_field).to_be_editable()


def test_a_page_whose_server_could_not_be_reached_opens_by_itself(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """When the network is back that the browser had not missed."""
    link = publish(shared_server, "unreachable")
    tab = new_tab()
    tab.page.route("**/api/chat/**", lambda route: route.abort())
    tab.page.goto(link)
    expect(tab.page.get_by_role("alert")).to_be_visible()
    tab.page.unroute_all()
    tab.page.evaluate("dispatchEvent(new Event('online'))")
    expect(tab.message_field).to_be_editable()


def test_a_refusal_that_comes_before_the_words_waits_for_them(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The link to the operator is translated too."""
    tab = new_tab(locale="de")
    held: list[Route] = []
    tab.page.route("**/assets/de-*.js", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    told, words = "**/api/chat/nothing-here", "**/assets/de-*.js"
    with tab.page.expect_response(told), tab.page.expect_request(words):
        tab.page.goto(f"{shared_server.url}/chat/nothing-here", wait_until="commit")
    expect(tab.page.get_by_role("alert")).to_have_count(0)
    for each in held:
        each.continue_()
    expect(tab.page.get_by_role("link", name="Betreiber kontaktieren")).to_be_visible()


def test_a_chat_that_ends_under_its_visitor_names_the_owner(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Below what was said."""
    tab = new_tab().visit(publish(shared_server, "ends"))
    tab.ask("Hello")
    tab.expect_answer(number=0)
    shared_server.operation("workflows.unpublish", ref="ends", end_sessions=True)
    tab.ask("Still there?")
    link = tab.page.get_by_role("link", name="Contact the owner")
    assert (link.get_attribute("href") or "").startswith("mailto:ada@example.org?subject=Shop%20assistant")


def test_without_any_contact_the_page_offers_none(browser: Browser, server: ServerProcess) -> None:
    """No link that leads nowhere."""
    tab = ChatTab.open(browser, server.url)
    tab.page.goto(f"{server.url}/chat/unknown")
    expect(tab.page.get_by_role("alert")).to_be_visible()
    assert tab.page.get_by_role("link").count() == 0
    tab.close()
    tab.assert_well_behaved()
