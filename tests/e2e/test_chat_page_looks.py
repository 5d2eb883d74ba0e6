"""The chat page for every eye, hand and screen."""

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Response, expect

from tests.e2e.axe import faults
from tests.e2e.browser import ChatTab, expect_turn_over
from tests.e2e.server_process import ServerProcess, eventually

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]
WIDEST = """() => {
  const inner = (e) => (e.shadowRoot === null ? [] : within(e.shadowRoot));
  const within = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...inner(e)]);
  const isOutside = (e) => !e.closest("pre, .table") && e.getBoundingClientRect().right > innerWidth;
  return [document.documentElement.scrollWidth, ...within(document).filter(isOutside).map((e) => e.outerHTML)];
}"""
"""The page's width, and the elements that reach beyond the screen without a scroller of their own."""


def test_a_narrow_screen_does_not_scroll_sideways(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """At 360 px long words wrap, and only code and tables scroll, inside themselves."""
    published = shared_server.publish("wide", "tests.e2e.gated_workflows:long_lines", name="A name " * 10)
    tab = new_tab(viewport={"width": 360, "height": 640}).visit(published["share_url"])
    tab.ask("W" * 120)
    tab.expect_answer(number=0)
    assert tab.page.evaluate(WIDEST) == [360]
    expect(tab.button("New chat")).to_be_in_viewport(ratio=1)


def test_nothing_moves_for_those_who_asked_for_that(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """With reduced motion, not even the marks of a running answer are animated."""
    published = shared_server.publish("calm", "tests.e2e.gated_workflows:held")
    tab = new_tab(reduced_motion="reduce").visit(published["share_url"])
    tab.ask("calm")
    expect(tab.answer_texts).to_have_text("before")
    expect(tab.button("Stop")).to_be_enabled()
    assert tab.page.evaluate("document.getAnimations({subtree: true}).length") == 0


def test_the_mark_of_a_growing_answer_stands_behind_its_last_word(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """In line with the text, and gone when the answer is complete."""
    published = shared_server.publish("caret", "tests.e2e.gated_workflows:held")
    tab = new_tab().visit(published["share_url"])
    tab.ask("caret")
    paragraph = tab.answer_texts.locator("p")
    expect(paragraph).to_have_text("before")
    mark = "(text) => { const {content, display} = getComputedStyle(text, '::after'); return [content, display]; }"
    assert paragraph.evaluate(mark) == ['""', "inline-block"]
    assert paragraph.evaluate("(text) => text.getBoundingClientRect().height") < 40
    shared_server.gates.open("caret")
    tab.expect_answer(number=0)
    assert paragraph.evaluate(mark)[0] == "none"


def test_the_whole_chat_works_by_keyboard(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The field has the focus from the start, Enter sends, and the field keeps the focus for the next message."""
    published = shared_server.publish("keyboard", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    expect(tab.message_field).to_be_focused()
    for number, text in enumerate(["one", "two"]):
        tab.page.keyboard.type(text)
        tab.page.keyboard.press("Enter")
        tab.expect_answer(number=number)
    expect(tab.questions).to_have_text(["one", "two"])


def test_a_screen_reader_is_told_of_the_end(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The log is busy while an answer grows; the status region says when it is complete."""
    published = shared_server.publish("spoken", "tests.e2e.gated_workflows:held")
    tab = new_tab().visit(published["share_url"])
    tab.ask("spoken")
    log, status = tab.page.get_by_role("log"), tab.page.get_by_role("status")
    expect(log).to_have_attribute("aria-busy", "true")
    expect(status).to_have_text("Writing an answer…")
    shared_server.gates.open("spoken")
    expect(log).to_have_attribute("aria-busy", "false")
    expect(status).to_have_text("The answer is complete.")


def test_stop_and_escape_leave_the_focus_in_the_field(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """A visitor who stops an answer by keyboard can write the next message at once."""
    published = shared_server.publish("halted", "tests.e2e.gated_workflows:held")
    tab = new_tab().visit(published["share_url"])
    for number, keys in enumerate([["Tab", "Enter"], ["Escape"]]):
        tab.page.keyboard.type(f"stop {number}")
        tab.page.keyboard.press("Enter")
        expect(tab.answer_texts.nth(number)).to_have_text("before")
        for key in keys:
            tab.page.keyboard.press(key)
        expect(tab.page.get_by_text("You stopped this answer.").nth(number)).to_be_visible()
        expect_turn_over(tab.page)
        expect(tab.message_field).to_be_focused()


def test_no_button_takes_the_focus_with_it(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Send, Retry, an option and Skip vanish when they are used; then the field has the focus."""
    published = shared_server.publish("focus", "tests.e2e.gated_workflows:fails_until_open")
    tab = new_tab().visit(published["share_url"])
    tab.ask("focus")
    expect(tab.message_field).to_be_focused()
    expect(tab.button("Retry")).to_be_visible()
    shared_server.gates.open("focus")
    tab.button("Retry").click()
    tab.expect_answer(number=0)
    expect(tab.message_field).to_be_focused()
    asking = new_tab().visit(shared_server.publish("focus-asks", "tests.e2e.gated_workflows:asks")["share_url"])
    asking.ask("Order")
    for name in ("S", "Skip"):
        expect(asking.button(name)).to_be_visible()
        expect_turn_over(asking.page)
        assert faults(asking) == []
        asking.button(name).click()
        expect(asking.message_field).to_be_focused()


def test_enter_says_why_nothing_is_sent_while_an_answer_is_written(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """Seen and spoken; the text stays."""
    published = shared_server.publish("held-back", "tests.e2e.gated_workflows:held")
    tab = new_tab().visit(published["share_url"])
    tab.ask("held-back")
    expect(tab.answer_texts).to_have_text("before")
    tab.message_field.fill("Impatient")
    tab.page.keyboard.press("Enter")
    status = tab.page.get_by_role("status")
    expect(status).to_contain_text("An answer is still being written.")
    expect(status).to_be_in_viewport()
    shared_server.gates.open("held-back")
    tab.expect_answer(number=0)
    expect(tab.message_field).to_have_value("Impatient")


def test_each_paragraph_runs_in_its_own_direction(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """English from the left, Arabic from the right, whatever comes first; a list as a whole, by its first item."""
    published = shared_server.publish("both-ways", "tests.e2e.gated_workflows:both_ways")
    tab = new_tab().visit(published["share_url"])
    tab.ask("\u05e9\u05dc\u05d5\u05dd, and English\nEnglish, \u05e9\u05dc\u05d5\u05dd")
    prose = tab.expect_answer(number=0).locator(".prose")
    sides = """(block) => {
      const range = document.createRange();
      range.selectNodeContents(block);
      const text = range.getBoundingClientRect(), box = block.parentElement.getBoundingClientRect();
      return text.left - box.left < box.right - text.right ? "left" : "right";
    }"""
    assert [each.evaluate(sides) for each in prose.locator("> p").all()] == ["left", "right"]
    assert prose.locator("ul").evaluate("(list) => getComputedStyle(list).direction") == "rtl"
    assert [each.evaluate(sides) for each in prose.locator("li").all()] == ["right", "right"]
    assert prose.locator("blockquote").evaluate("(quote) => getComputedStyle(quote).direction") == "rtl"
    assert prose.locator("table").evaluate("(table) => getComputedStyle(table).direction") == "rtl"
    assert tab.questions.evaluate("(text) => getComputedStyle(text).unicodeBidi") == "plaintext"


CONTRAST = """([selector, property]) => {
  const found = (root) => root.querySelector(selector) ??
    [...root.querySelectorAll("*")].map((e) => e.shadowRoot && found(e.shadowRoot)).find(Boolean);
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = getComputedStyle(document.querySelector("orcheo-chat-page")).backgroundColor;
  const pair = [light(getComputedStyle(found(document))[property]), light(page)].sort();
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""
"""Of an edge's colour with the page around it (WCAG 2.2, 1.4.11)."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("contrast", "least"), [("no-preference", 3.0), ("more", 7.0)])
def test_edges_of_fields_buttons_and_bubbles_can_be_seen(
    shared_server: ServerProcess,
    new_tab: NewTab,
    scheme: Literal["light", "dark"],
    contrast: Literal["no-preference", "more"],
    least: float,
) -> None:
    """3:1 against the page, without focus; more for those who ask for more contrast."""
    published = shared_server.publish(f"edges-{scheme}-{contrast}", "examples.echo:answer")
    tab = new_tab(color_scheme=scheme, contrast=contrast, reduced_motion="reduce").visit(published["share_url"])
    tab.ask("Hello")
    tab.expect_answer(number=0)
    tab.page.get_by_role("log").focus()
    for edge in (".composer", ".bubble", ".bar .quiet"):
        assert tab.page.evaluate(CONTRAST, [edge, "borderTopColor"]) >= least, edge


def test_what_is_drawn_by_its_ground_alone_is_seen_in_forced_colours(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """Bubbles, the button that sends and what is said above it have an edge; the marks of waiting and of a growing
    answer have a colour of the forced ones."""
    published = shared_server.publish("forced", "tests.e2e.screen_workflows:answer")
    tab = new_tab(forced_colors="active").visit(published["share_url"])
    ground = "(mark, part) => getComputedStyle(mark, part).backgroundColor"
    page = tab.page.locator("html").evaluate(ground)
    tab.ask("wait")
    expect(tab.page.locator(".waiting").last).to_contain_text("Looking into the calendar")
    expect(tab.page.locator(".dots i").first).not_to_have_css("background-color", page)
    for edge in (".question .bubble", ".round", ".status"):
        expect(tab.page.locator(edge)).to_have_css("border-top-width", "1px")
    shared_server.gates.open("wait")
    tab.expect_answer(number=0)
    tab.ask("write")
    expect(tab.answer_texts.last).to_have_text("The first words of an answer")
    mark = tab.answer_texts.last.locator("p")
    eventually(lambda: mark.evaluate(ground, "::after") != page, "the mark of a growing answer is seen")


def test_short_code_stays_whole_on_a_narrow_screen(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """An option is never cut after its hyphens."""
    published = shared_server.publish("options", "tests.e2e.gated_workflows:options")
    tab = new_tab(viewport={"width": 360, "height": 640}).visit(published["share_url"])
    tab.ask("Hello")
    codes = tab.expect_answer(number=0).locator("code").all()
    assert [each.evaluate("(code) => code.getClientRects().length") for each in codes] == [1] * 12
    assert tab.page.evaluate(WIDEST) == [360]


def test_the_page_is_small_on_the_wire(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Everything that a first visit loads, as it was sent; a second visit loads no script again."""
    published = shared_server.publish("small", "examples.echo:answer")
    tab = new_tab()
    answers: list[Response] = []
    tab.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks its listeners
    tab.visit(published["share_url"])
    files = [each for each in answers if "/api/" not in each.url]
    sent = {each.url.rpartition("/")[2]: each.request.sizes()["responseBodySize"] for each in files}
    assert sum(sent.values()) < 60_000, sent
    assert {each.headers.get("content-encoding") for each in files if each.url.endswith((".js", ".css"))} <= {
        "br",
        "gzip",
    }
    tab.page.goto("about:blank")
    tab.visit(published["share_url"])
    again = "performance.getEntriesByType('resource').map((e) => [e.name.split('/').at(-1), e.transferSize])"
    scripts = {name: size for name, size in tab.page.evaluate(again) if name.endswith(".js") and name in sent}
    assert set(scripts.values()) == {0}, scripts


@pytest.mark.parametrize(
    ("locale", "direction", "titles"),
    [
        ("en", "ltr", ["This is an Orcheo server", "There is no page here", "You could not be signed in"]),
        ("de-AT", "ltr",
         ["Dies ist ein Orcheo-Server", "Hier gibt es keine Seite", "Sie konnten nicht angemeldet werden"]),
        ("ar", "rtl", ["هذا خادم Orcheo", "لا توجد صفحة هنا", "تعذّر تسجيل دخولك"]),
    ],
)  # fmt: skip
def test_the_pages_around_the_chat_are_accessible(
    shared_server: ServerProcess, new_tab: NewTab, locale: str, direction: str, titles: list[str]
) -> None:
    """The front page and two errors, in the language of the browser: no fault that axe finds, and room at 360 px."""
    tab = new_tab(locale=locale, viewport={"width": 360, "height": 640})
    for path, title in zip(("/", "/nowhere", "/auth/callback?state=x"), titles, strict=True):
        tab.page.goto(shared_server.url + path)
        expect(tab.page.get_by_role("heading")).to_have_text(title)
        expect(tab.page.locator("html")).to_have_attribute("dir", direction)
        assert faults(tab) == []
        assert tab.page.evaluate(WIDEST) == [360]
