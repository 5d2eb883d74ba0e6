"""The chat under people's hands: keys, input methods, small screens, lost networks, a reader who scrolls away."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.axe import faults
from tests.e2e.browser import ChatTab, is_judgement
from tests.e2e.server_process import ServerProcess
from tests.e2e.test_chat_page_looks import WIDEST
from tests.e2e.wire import wire_to

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]
HEIGHTS = "(({scrollHeight, clientHeight}) => [scrollHeight, clientHeight])(document.documentElement)"
"""Of the whole page and of the screen."""
HELD = "tests.e2e.gated_workflows:held"
SMALL_TARGETS = """() => {
  const inner = (e) => (e.shadowRoot === null ? [] : within(e.shadowRoot));
  const within = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...inner(e)]);
  const isInText = (e) => e.matches(".note, .tag, .spoken-only");
  const isTarget = (e) => e.matches("button, select, summary, input, textarea, a.solid") && e.checkVisibility();
  const pressed = (e) => (e.matches("[type=checkbox], [type=radio]") ? (e.closest("label") ?? e) : e);
  const size = (e) => { const {width, height} = pressed(e).getBoundingClientRect(); return Math.min(width, height); };
  return within(document).filter((e) => isTarget(e) && !isInText(e) && size(e) < 44).map((e) => e.outerHTML);
}"""
"""What a finger is to press and is smaller than 44 pixels (WCAG 2.2, 2.5.5), but for what stands in a line of text."""


def test_keys_open_help_history_and_a_new_chat(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Each from within the field; Escape closes, and the focus goes back to where it was."""
    published = shared_server.publish("keys", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.ask("first")
    tab.expect_answer(number=0)
    expect(tab.button("Edit this message")).to_be_visible()
    keyboard = tab.page.keyboard
    keyboard.press("Control+/")
    sheet = tab.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Show this list")
    assert faults(tab) == []
    keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(tab.message_field).to_be_focused()
    keyboard.press("ArrowUp")
    expect(tab.page.get_by_role("textbox", name="Edit this message")).to_be_focused()
    keyboard.press("Escape")
    tab.message_field.focus()
    keyboard.press("Control+k")
    expect(tab.page.get_by_label("Search chats")).to_be_focused()
    tab.button("Keyboard shortcuts").click()
    expect(sheet).to_be_visible()
    tab.button("Close").click()
    keyboard.press("Escape")
    expect(tab.page.get_by_label("Search chats")).to_have_count(0)
    keyboard.press("Control+Shift+o")
    expect(tab.questions).to_have_count(0)
    expect(tab.message_field).to_be_focused()


def test_enter_that_ends_a_composition_sends_nothing(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """In the order of Chromium, whose key comes within the composition, and of Safari, whose comes after it."""
    published = shared_server.publish("composed", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.message_field.fill("\u65e5\u672c")
    tab.message_field.evaluate(
        """(field) => {
          const enter = (more) => field.dispatchEvent(
            new KeyboardEvent("keydown", {key: "Enter", bubbles: true, composed: true, cancelable: true, ...more}));
          const composition = (type) =>
            field.dispatchEvent(new CompositionEvent(type, {bubbles: true, composed: true}));
          composition("compositionstart");
          enter({isComposing: true, keyCode: 229});
          composition("compositionend");
          composition("compositionstart");
          composition("compositionend");
          enter({isComposing: false, keyCode: 229});
        }"""
    )
    expect(tab.message_field).to_have_value("\u65e5\u672c")
    expect(tab.questions).to_have_count(0)
    tab.page.keyboard.press("Enter")
    expect(tab.questions).to_have_text(["\u65e5\u672c"])
    tab.expect_answer(number=0)


def test_a_lost_network_is_said_and_the_answer_goes_on(shared_server: ServerProcess, browser: Browser) -> None:
    """The text so far stays, and the rest comes once the network is back."""
    published = shared_server.publish("lost", HELD)
    with wire_to(shared_server.url) as wire:
        tab = ChatTab.open(browser, wire.url).visit(published["share_url"].replace(shared_server.url, wire.url))
        tab.ask("lost")
        expect(tab.answer_texts).to_have_text("before")
        wire.cut()
        expect(tab.page.get_by_role("status")).to_have_text("The connection was lost. Reconnecting…")
        expect(tab.answer_texts).to_have_text("before")
        shared_server.gates.open("lost")
        wire.mend()
        tab.expect_answer(number=0)
        expect(tab.answer_texts).to_have_text("before after")
        expect(tab.page.get_by_role("status")).not_to_contain_text("Reconnecting")
        tab.close()
    tab.assert_complained_of("Failed to load resource: net::ERR_")
    tab.assert_well_behaved()


def test_a_reader_who_scrolls_away_is_left_there(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """What comes is marked on the button that leads to it."""
    published = shared_server.publish("reader", "tests.e2e.gated_workflows:says_much")
    tab = new_tab(viewport={"width": 800, "height": 400}).visit(published["share_url"])
    for number, text in enumerate(["one", "two"]):
        tab.ask(text)
        tab.expect_answer(number=number)
    log, jump = tab.page.get_by_role("log"), tab.button("Jump to latest")
    expect(jump).to_have_count(0)
    log.evaluate("(log) => log.scrollTo(0, log.scrollHeight)")
    log.evaluate("(log) => log.scrollTo(0, 100)")
    expect(jump).to_have_attribute("data-news", "false")
    second = tab.beside().visit(published["share_url"])
    second.ask("three")
    second.expect_answer(number=2)
    tab.expect_answer(number=2)
    expect(jump).to_have_attribute("data-news", "true")
    assert log.evaluate("(log) => log.scrollTop") == 100
    jump.click()
    expect(jump).to_have_count(0)
    expect(tab.answer_texts.last).to_be_in_viewport()


@pytest.mark.parametrize("size", [(320, 640), (320, 256)], ids=["320-px", "zoom-400"])
def test_everything_fits_320_pixels(shared_server: ServerProcess, new_tab: NewTab, size: tuple[int, int]) -> None:
    """Also when that is a screen of 1280 by 1024 at 400 %: nothing scrolls sideways, all can be pressed."""
    width, height = size
    published = shared_server.publish(f"narrow-{height}", "tests.e2e.gated_workflows:everything", name="A name " * 4)
    screen = {"viewport": {"width": width, "height": height}, "has_touch": True, "is_mobile": True}
    tab = new_tab(**screen).visit(published["share_url"])
    tab.ask("Show me everything")
    tab.expect_answer(number=0)
    expect(tab.button("Copy the answer")).to_be_visible()
    assert tab.page.evaluate(WIDEST) == [width]
    assert tab.page.evaluate(SMALL_TARGETS) == []
    expect(tab.button("Send")).to_be_in_viewport(ratio=1)
    assert faults(tab) == []
    tab.button("History").click()
    expect(tab.page.get_by_label("Search chats")).to_be_visible()
    assert tab.page.evaluate(WIDEST) == [width]
    assert tab.page.evaluate(SMALL_TARGETS) == []


def test_the_field_stays_above_the_on_screen_keyboard(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Where a keyboard covers the page instead of shrinking it, only the visible part of the window is used."""
    published = shared_server.publish("thumbs", "examples.echo:answer")
    tab = new_tab(viewport={"width": 360, "height": 640}, has_touch=True).visit(published["share_url"])
    tab.page.evaluate(
        """() => {
          Object.defineProperty(visualViewport, "height", {get: () => 300, configurable: true});
          visualViewport.dispatchEvent(new Event("resize"));
        }"""
    )
    bottom = "(field) => field.getBoundingClientRect().bottom <= 300"
    assert tab.message_field.evaluate(bottom)
    tab.page.evaluate("delete visualViewport.height; visualViewport.dispatchEvent(new Event('resize'))")
    assert not tab.message_field.evaluate(bottom)


def test_a_chat_on_paper_has_all_of_it_and_no_buttons(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The whole conversation with its sources and long lines, not only what is in sight; in dark ink also where the
    owner wants a dark screen."""
    published = shared_server.publish("paper", "tests.e2e.screen_workflows:answer")
    shared_server.operation("workflows.set_look", ref="paper", scheme="dark")
    tab = new_tab(viewport={"width": 800, "height": 400}).visit(published["share_url"])
    tab.ask("rich")
    tab.expect_answer(number=0)
    expect(tab.button("Copy code").first).to_be_visible()
    expect(tab.button("Good answer")).to_be_visible()
    for is_history_open in (False, True):
        if is_history_open:
            tab.button("History").click()
            expect(tab.page.get_by_label("Search chats")).to_be_visible()
        tab.page.emulate_media(media="print")
        title = tab.page.locator("header h1")
        expect(title).to_have_attribute("title", "Paper")
        expect(title.locator("span")).to_be_hidden()
        before = title.evaluate("(title) => getComputedStyle(title, '::before').content")
        assert before == ('"Paper"' if is_history_open else "none")
        expect(tab.page.locator("button:not(.note):visible")).to_have_count(0)
        expect(tab.message_field).to_be_hidden()
        expect(tab.page.get_by_text("prices.pdf")).to_be_visible()
        expect(tab.answer_texts).to_have_css("color", "rgb(31, 33, 36)")
        whole, screen = tab.page.evaluate(HEIGHTS)
        assert whole > screen
        code = tab.page.locator("pre").first
        assert code.evaluate("({scrollWidth, clientWidth}) => scrollWidth <= clientWidth")
        tab.page.emulate_media(media="screen")


def test_the_newest_words_stay_in_sight_when_a_keyboard_takes_its_room(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """As when the screen is turned; a reader further up stays where they are."""
    published = shared_server.publish("room", "tests.e2e.gated_workflows:says_much")
    tab = new_tab(viewport={"width": 360, "height": 740}).visit(published["share_url"])
    for number, text in enumerate(["one", "two", "three"]):
        tab.ask(text)
        tab.expect_answer(number=number)
    last = tab.page.get_by_text("three, paragraph 5.")
    expect(last).to_be_in_viewport()
    for width, height in ((360, 420), (740, 360)):
        tab.page.set_viewport_size({"width": width, "height": height})
        expect(last).to_be_in_viewport()
    log = tab.page.get_by_role("log")
    log.evaluate("(log) => log.scrollTo(0, 0)")
    expect(tab.button("Jump to latest")).to_be_visible()
    tab.page.set_viewport_size({"width": 740, "height": 300})
    expect(last).not_to_be_in_viewport()
    assert log.evaluate("(log) => log.scrollTop") == 0


def test_a_visitor_judges_an_answer_and_asks_for_another(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """On the page behind a share link too; the owner finds the judgement in the transcript."""
    published = shared_server.publish("judged", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.ask("Hello")
    tab.expect_answer(number=0)
    with tab.page.expect_response(is_judgement):
        tab.button("Bad answer").click()
    expect(tab.button("Bad answer")).to_have_attribute("aria-pressed", "true")
    tab.page.reload()
    expect(tab.button("Bad answer")).to_have_attribute("aria-pressed", "true")
    (thread,) = shared_server.operation("threads.list", ref="judged")["threads"]
    items = shared_server.operation("threads.show", id=thread["id"])["items"]
    assert [each["feedback"] for each in items] == [None, "negative"]
    tab.button("Try again").click()
    expect(tab.button("Bad answer")).to_have_attribute("aria-pressed", "false")
    expect(tab.questions).to_have_text(["Hello"])


def test_an_answer_to_a_question_that_failed_is_given_again(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """After a reload too: the question stays answered, and is not asked once more."""
    published = shared_server.publish("asks-once", "tests.e2e.gated_workflows:asks_and_fails_once")
    tab = new_tab().visit(published["share_url"])
    tab.ask("A shirt")
    tab.button("Small").click()
    expect(tab.page.locator(".failure")).to_contain_text("could not answer")
    tab.page.reload()
    tab.button("Retry").click()
    expect(tab.answer_texts.last).to_have_text("Let me see: it is there.")
    expect(tab.page.locator(".asked [data-role=given]")).to_have_count(1)
    expect(tab.button("Small")).to_have_count(0)
    expect(tab.page.locator(".failure")).to_have_count(0)


def test_a_message_is_edited_in_a_wide_field(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """However short it is."""
    published = shared_server.publish("wide-edit", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.ask("Hi")
    tab.expect_answer(number=0)
    tab.button("Edit this message").click()
    field = tab.page.get_by_role("textbox", name="Edit this message")
    assert field.evaluate("(field) => field.getBoundingClientRect().width") > 500


def test_the_words_in_a_chart_can_be_read_on_a_phone(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Although the chart is as narrow as its card."""
    published = shared_server.publish("chart", "tests.e2e.widget_workflows:shows")
    tab = new_tab(viewport={"width": 360, "height": 740}).visit(published["share_url"])
    tab.ask("all")
    word = tab.page.locator(".tick").get_by_text("Mon")
    expect(word).to_be_visible()
    size = """(word) =>
      parseFloat(getComputedStyle(word).fontSize) * word.ownerSVGElement.getScreenCTM().a"""
    assert word.evaluate(size) > 9


def test_a_chat_that_its_owner_closes_during_an_answer_asks_for_nothing_more(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """No field for a message that would be refused, and no button that could do nothing."""
    published = shared_server.publish("shut", HELD)
    tab = new_tab().visit(published["share_url"])
    shared_server.gates.open("first")
    tab.ask("first")
    tab.expect_answer(number=0)
    tab.ask("shut")
    expect(tab.answer_texts).to_have_text(["before after", "before"])
    expect(tab.button("Good answer")).to_be_visible()
    shared_server.operation("workflows.archive", ref="shut")
    expect(tab.page.get_by_text("This chat is no longer available.")).to_be_visible()
    expect(tab.message_field).to_have_count(0)
    expect(tab.button("Copy the answer")).to_have_count(2)
    for name in ("Good answer", "Try again", "Retry", "New chat"):
        expect(tab.button(name)).to_have_count(0)


def test_what_is_said_above_the_composer_covers_no_words(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The newest line stands above the sentence while it is shown."""
    published = shared_server.publish("covered", HELD)
    tab = new_tab(viewport={"width": 360, "height": 320}).visit(published["share_url"])
    tab.ask("covered")
    expect(tab.answer_texts).to_have_text("before")
    tab.message_field.fill("more")
    tab.page.keyboard.press("Enter")
    status = tab.page.get_by_role("status")
    expect(status).to_have_attribute("data-shown", "true")
    tops = [each.bounding_box() for each in (tab.answer_texts, status)]
    assert tops[0] is not None
    assert tops[1] is not None
    assert tops[0]["y"] + tops[0]["height"] <= tops[1]["y"]


def test_a_script_that_did_not_come_is_asked_for_again(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Browsers remember until a reload that a script failed, so it comes by another address."""
    published = shared_server.publish("lossy", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.page.route("**/assets/history*.js*", lambda route: route.abort())
    for button in ("History", "Try again"):
        with tab.page.expect_event("requestfailed", lambda request: ".js?" in request.url):
            tab.button(button).click()
        expect(tab.page.get_by_role("alert")).to_contain_text("The connection to the server was lost.")
        assert faults(tab) == []
    tab.button("Back to the chat").click()
    expect(tab.page.get_by_role("alert")).to_have_count(0)
    tab.button("History").click()
    expect(tab.page.get_by_role("alert")).to_be_visible()
    tab.page.unroute("**/assets/history*.js*")
    tab.button("Try again").click()
    expect(tab.page.get_by_text("There are no chats yet.")).to_be_visible()
    expect(tab.page.get_by_role("alert")).to_have_count(0)
    tab.assert_complained_of(LOST)


LOST = "Failed to load resource: net::ERR_FAILED"
"""What Chromium says of a script that did not come."""


@pytest.mark.parametrize("use", ["focus", "key"])
def test_keys_are_asked_for_until_they_come(shared_server: ServerProcess, new_tab: NewTab, use: str) -> None:
    """With the next use of the chat, without a reload; the key that was pressed before they came is not lost."""
    published = shared_server.publish(f"lossy-keys-{use}", "examples.echo:answer")
    tab = new_tab()
    scripts = "**/assets/shortcuts-*.js*"
    tab.page.route(scripts, lambda route: route.abort())
    with tab.page.expect_event("requestfailed", lambda request: ".js?" in request.url):
        tab.visit(published["share_url"])
        tab.message_field.focus()
    tab.page.unroute(scripts)
    with tab.page.expect_event("requestfinished", lambda request: "/shortcuts-" in request.url):
        if use == "focus":
            tab.button("History").focus()
        tab.page.keyboard.press("Control+/")
    expect(tab.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    tab.assert_complained_of(LOST)


def test_a_page_whose_scripts_the_server_has_no_longer_says_to_reload_it(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """A newer release has replaced them while the page was open: no connection was lost, and trying again is no use."""
    published = shared_server.publish("outdated", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.page.route("**/assets/history*.js*", lambda route: route.fulfill(status=404, body="{}"))
    tab.button("History").click()
    expect(tab.page.get_by_role("alert")).to_have_text("This page is outdated. Reload it.")
    expect(tab.button("Try again")).to_have_count(0)
    tab.button("Back to the chat").click()
    expect(tab.message_field).to_be_editable()


def test_what_was_opened_can_be_left_without_a_network(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The signs on the buttons that close and try again are there, although nothing can be fetched."""
    published = shared_server.publish("leave", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.button("History").click()
    expect(tab.page.get_by_text("There are no chats yet.")).to_be_visible()
    tab.button("Back to the chat").click()
    tab.page.context.set_offline(True)
    with tab.page.expect_console_message(lambda said: "ERR_INTERNET_DISCONNECTED" in said.text):
        tab.button("History").click()
    expect(tab.page.get_by_text("The chats could not be loaded.")).to_be_visible()
    expect(tab.button("Back to the chat").locator("svg path")).to_be_visible()
    tab.button("Back to the chat").click()
    expect(tab.button("History").locator("svg path")).to_be_visible()
    tab.page.context.set_offline(False)
    tab.assert_complained_of("Failed to load resource: net::ERR_INTERNET_DISCONNECTED")


def test_the_history_has_the_whole_window(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """On a large screen too, where the field of a new chat stands in the middle."""
    published = shared_server.publish("whole", "examples.echo:answer")
    tab = new_tab(viewport={"width": 1280, "height": 800}).visit(published["share_url"])
    field = tab.message_field.bounding_box()
    tab.button("History").click()
    box = tab.page.locator("orcheo-history").bounding_box()
    assert field is not None
    assert box is not None
    assert field["y"] < 500
    assert box["height"] > 600


def test_a_widget_that_is_drawn_later_stays_in_sight(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Its script comes after the answer; the reader at the end sees its end."""
    published = shared_server.publish("late-widget", "tests.e2e.screen_workflows:answer")
    tab = new_tab(viewport={"width": 1280, "height": 700}).visit(published["share_url"])
    held: list[Route] = []
    tab.page.route("**/assets/orcheo-widget-*.js", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    with tab.page.expect_request("**/assets/orcheo-widget-*.js"):
        tab.ask("form")
    expect(tab.button("Copy the answer")).to_be_visible()
    for each in held:
        each.continue_()
    expect(tab.button("Order")).to_be_in_viewport(ratio=1)
    expect(tab.button("Copy the answer")).to_be_in_viewport(ratio=1)


def test_what_is_unfolded_at_the_end_is_read_from_its_beginning(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """It grows downwards, out of sight; folded again, the end is in sight again."""
    published = shared_server.publish("unfolded", "tests.e2e.screen_workflows:answer")
    tab = new_tab(viewport={"width": 1280, "height": 600}).visit(published["share_url"])
    tab.ask("rich")
    tab.expect_answer(number=0)
    expect(tab.button("Copy the answer")).to_be_in_viewport(ratio=1)
    sources = tab.page.locator("summary", has_text="Show 4 sources")
    before = sources.bounding_box()
    sources.click()
    expect(tab.button("Jump to latest")).to_be_visible()
    assert sources.bounding_box() == before
    sources.click()
    expect(tab.button("Jump to latest")).to_have_count(0)


def test_no_answer_looks_the_same_after_a_reload(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Nothing is wrong with the chat: the sentence is as grey as it will be."""
    published = shared_server.publish("nothing", "tests.e2e.screen_workflows:answer")
    tab = new_tab().visit(published["share_url"])
    tab.ask("nothing")
    failure = tab.page.locator(".failure")
    look = "(e) => [e.innerText, getComputedStyle(e).color]"
    expect(failure).to_have_attribute("data-calm", "true")
    before = failure.evaluate(look)
    tab.page.reload()
    expect(failure).to_be_visible()
    assert failure.evaluate(look) == before


@pytest.mark.parametrize(
    ("script", "text", "what"),
    [
        ("temml", "So: $$x^2$$", "math"),
        ("code-colours", "So:\n```python\nimport os\n```", "pre [data-kind]"),
        ("core", "So:\n```python\nimport os\n```", "pre [data-kind]"),
        ("python", "So:\n```python\nimport os\n```", "pre [data-kind]"),
    ],
)
def test_what_an_answer_needs_is_asked_for_again_with_the_next(
    shared_server: ServerProcess, new_tab: NewTab, script: str, text: str, what: str
) -> None:
    """Formulas and the colours of code; until then they stand there as they were written."""
    published = shared_server.publish(f"lossy-{script}", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    scripts = f"**/assets/{script}-*.js*"
    tab.page.route(scripts, lambda route: route.abort())
    with tab.page.expect_event("requestfailed", lambda request: ".js?" in request.url):
        tab.ask(text)
    tab.expect_answer(number=0)
    expect(tab.answers.nth(0).locator(what)).to_have_count(0)
    tab.page.unroute(scripts)
    tab.ask(text)
    tab.expect_answer(number=1)
    expect(tab.answers.nth(1).locator(what).first).to_be_visible()
    tab.assert_complained_of(LOST)


def test_what_a_composer_needs_is_asked_for_again(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Without it a message can be written and sent; with the next change it comes."""
    published = shared_server.publish("lossy-composer", "examples.echo:answer")
    shared_server.operation("workflows.set_look", ref="lossy-composer", models={"fast": "Fast", "deep": "Deep"})
    tab = new_tab()
    scripts = "**/assets/composer-tools-*.js*"
    tab.page.route(scripts, lambda route: route.abort())
    with tab.page.expect_event("requestfailed", lambda request: ".js?" in request.url):
        tab.visit(published["share_url"])
    models = tab.page.get_by_label("Model")
    expect(models).to_have_count(0)
    tab.page.unroute(scripts)
    tab.ask("Hello")
    tab.expect_answer(number=0)
    expect(models).to_be_visible()
    tab.assert_complained_of(LOST)


def test_a_page_without_its_script_says_what_to_do(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Not at once, as it only takes its time on most days."""
    published = shared_server.publish("scriptless", "examples.echo:answer")
    tab = new_tab()
    tab.page.route("**/assets/*.js", lambda route: route.abort())
    tab.page.goto(published["share_url"])
    said = tab.page.get_by_role("heading", name="The chat is taking long to load", include_hidden=True)
    expect(said).to_be_hidden()
    tab.page.evaluate("document.getAnimations().forEach((each) => each.finish())")
    expect(said).to_be_visible()
    assert faults(tab) == []
    tab.assert_complained_of(LOST)
