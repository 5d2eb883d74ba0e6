"""A visitor on the chat page: the real command line, a real server, a real Chromium."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.axe import faults
from tests.e2e.browser import ChatTab, expect_turn_over
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]
HELD = "tests.e2e.gated_workflows:held"
FAILS = "tests.e2e.gated_workflows:fails_until_open"


def test_the_main_job_from_registering_to_unpublishing(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """An owner publishes the docs assistant by command, a visitor asks and reads, the owner closes the chat."""
    target = "examples.docs_assistant:answer"
    words = ["workflow", "add", "docs", "--runner", "python", "--target", target, "--name", "Docs assistant"]
    assert shared_server.cli(*words).code == 0
    published = shared_server.cli("--json", "workflow", "publish", "docs", "--yes").result
    tab = new_tab().visit(published["share_url"])
    expect(tab.page).to_have_title("Docs assistant")
    tab.ask("How do I publish a workflow?")
    answer = tab.expect_answer(number=0)
    expect(answer).to_contain_text("orcheo workflow publish")
    expect(answer.get_by_role("heading", name="Sources")).to_be_visible()
    expect(answer.locator("section li").first).to_contain_text(re.compile(r"\.md"))
    said = answer.inner_text()

    tab.page.reload()
    expect(tab.questions).to_have_text(["How do I publish a workflow?"])
    assert tab.expect_answer(number=0).inner_text() == said

    tab.ask("What happens after a crash?")
    expect(tab.expect_answer(number=1)).to_contain_text("crash")
    expect(tab.questions).to_have_count(2)

    assert shared_server.cli("workflow", "unpublish", "docs", "--yes").code == 0
    tab.page.reload()
    expect(tab.page.get_by_role("heading")).to_have_text("This chat is not available")
    expect(tab.message_field).to_have_count(0)


def test_a_closed_chat_says_so_in_plain_words(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """A link to nowhere looks like a closed chat: what happened, why, and whom to ask; nothing technical."""
    tab = new_tab()
    tab.page.goto(f"{shared_server.url}/chat/nobody-has-this")
    screen = tab.page.get_by_role("alert")
    expect(screen).to_contain_text("This chat is not available")
    expect(screen).to_contain_text("ask the person who gave it to you")
    expect(screen).not_to_contain_text(re.compile("404|error|chat_unavailable"))


def test_an_answer_goes_on_over_a_reload(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """A reload in the middle of a slow answer shows what was said, and the rest comes."""
    published = shared_server.publish("slow", HELD)
    tab = new_tab().visit(published["share_url"])
    tab.ask("reload")
    expect(tab.answer_texts).to_have_text("before")
    tab.page.reload()
    tab.expect_answer(number=0, status="streaming")
    expect(tab.answer_texts).to_have_text("before")
    shared_server.gates.open("reload")
    tab.expect_answer(number=0)
    expect(tab.answer_texts).to_have_text("before after")
    expect(tab.questions).to_have_count(1)


def test_two_tabs_of_a_visitor_show_the_same_answer(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """A second tab of the same visitor joins the running answer."""
    published = shared_server.publish("tabs", HELD)
    tab = new_tab().visit(published["share_url"])
    tab.ask("tabs")
    expect(tab.answer_texts).to_have_text("before")
    second = tab.beside().visit(published["share_url"])
    second.expect_answer(number=0, status="streaming")
    expect(second.answer_texts).to_have_text("before")
    shared_server.gates.open("tabs")
    for each in (tab, second):
        each.expect_answer(number=0)
        expect(each.answer_texts).to_have_text("before after")


def test_stop_keeps_what_was_said(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The Stop button ends a running answer; its text so far stays, also over a reload."""
    published = shared_server.publish("stopped", HELD)
    tab = new_tab().visit(published["share_url"])
    tab.ask("never opened")
    expect(tab.answer_texts).to_have_text("before")
    tab.button("Stop").click()
    expect(tab.page.get_by_text("You stopped this answer.").first).to_be_visible()
    expect(tab.button("Retry")).to_be_visible()
    tab.page.reload()
    expect(tab.answer_texts).to_have_text("before")
    expect(tab.button("Retry")).to_be_visible()


def test_a_try_that_was_stopped_gives_way_to_the_next_one(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Stopped twice, there is one half answer with its mark, here and after a reload."""
    published = shared_server.publish("stopped-twice", HELD)
    tab = new_tab().visit(published["share_url"])
    tab.ask("never opened either")
    for _ in range(2):
        expect(tab.answer_texts).to_have_text("before")
        tab.expect_answer(number=0, status="streaming")
        tab.button("Stop").click()
        expect(tab.page.get_by_text("You stopped this answer.").first).to_be_visible()
        tab.page.reload()
        expect(tab.answer_texts).to_have_text("before")
        tab.button("Retry").click()
    tab.button("Stop").click()
    expect(tab.button("Retry")).to_be_visible()


@pytest.mark.parametrize(
    ("handle", "target", "words"),
    [("stopped-half", HELD, "You stopped this answer."), ("failed-half", FAILS, "The workflow could not")],
)
def test_an_answer_that_is_not_whole_stays_marked(
    shared_server: ServerProcess, new_tab: NewTab, handle: str, target: str, words: str
) -> None:
    """When more is said, after a reload, and in a tab that followed it: a half answer never looks like a whole one."""
    published = shared_server.publish(handle, target)
    tab = new_tab().visit(published["share_url"])
    tab.ask(f"{handle}-1")
    expect(tab.answer_texts).to_have_text(re.compile("before|half"))
    second = tab.beside().visit(published["share_url"])
    if target is HELD:
        second.expect_answer(number=0, status="streaming")
        tab.button("Stop").click()
    for each in (tab, second):
        expect(each.button("Retry")).to_be_visible()
        expect(each.page.locator(".failure")).to_contain_text(words)
    tab.page.reload()
    expect(tab.page.locator(".failure")).to_contain_text(words)
    shared_server.gates.open(f"{handle}-2")
    tab.ask(f"{handle}-2")
    for each in (tab, second):
        each.expect_answer(number=1)
        expect(each.page.locator(".ending")).to_contain_text(words)
        expect(each.button("Retry")).to_have_count(0)
    tab.page.reload()
    tab.expect_answer(number=1)
    expect(tab.page.locator(".ending")).to_contain_text(words)


def test_the_last_message_is_changed_and_answered_again(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """By keyboard, in both tabs of the visitor, and over a reload; Escape leaves it as it was."""
    published = shared_server.publish("edited", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.ask("first")
    tab.expect_answer(number=0)
    tab.ask("two")
    tab.expect_answer(number=1)
    second = tab.beside().visit(published["share_url"])
    expect(second.questions).to_have_text(["first", "two"])
    expect(tab.button("Edit this message")).to_have_count(1)
    field = tab.page.get_by_role("textbox", name="Edit this message")
    tab.button("Edit this message").press("Enter")
    expect(field).to_be_focused()
    field.fill("never sent")
    field.press("Escape")
    expect(tab.button("Edit this message")).to_be_focused()
    tab.page.keyboard.press("Enter")
    expect(field).to_have_value("two")
    field.fill("second")
    tab.page.reload()  # loses no more of it than of any other draft
    expect(field).to_have_value("second")
    field.press("Enter")
    expect(tab.answer_texts).to_have_text(["You said: first", "You said: second"])
    expect(tab.message_field).to_be_focused()
    expect(second.questions).to_have_text(["first", "second"])
    expect(second.answer_texts).to_have_text(["You said: first", "You said: second"])
    tab.page.reload()
    expect(tab.questions).to_have_text(["first", "second"])
    expect(tab.answer_texts).to_have_text(["You said: first", "You said: second"])


def test_a_failing_workflow_shows_the_fixed_sentence(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """A visitor reads a fixed sentence, never what the workflow raised; Retry replaces the failed answer."""
    published = shared_server.publish("failing", FAILS)
    tab = new_tab().visit(published["share_url"])
    tab.ask("mended")
    expect(tab.page.get_by_text("The workflow could not answer.").first).to_be_visible()
    assert "the secret reason" not in tab.page.content()
    shared_server.gates.open("mended")
    tab.button("Retry").click()
    tab.expect_answer(number=0)
    expect(tab.answer_texts).to_have_text("half and half")
    expect(tab.answers).to_have_count(1)
    expect(tab.button("Retry")).to_have_count(0)


def test_new_chat_begins_a_thread_of_its_own(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """*New chat* leaves the old thread; a reload stays in the new one."""
    published = shared_server.publish("threads", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.ask("first")
    tab.expect_answer(number=0)
    tab.button("New chat").click()
    expect(tab.answers).to_have_count(0)
    tab.ask("second")
    tab.expect_answer(number=0)
    tab.page.reload()
    expect(tab.questions).to_have_text(["second"])


def test_visitors_do_not_see_each_other(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Another visitor with the same link begins with an empty chat."""
    published = shared_server.publish("private", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.ask("mine alone")
    tab.expect_answer(number=0)
    other = new_tab().visit(published["share_url"])
    expect(other.questions).to_have_count(0)


def test_an_ended_chat_says_who_ended_it(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """In the middle of an answer; what was said stays to be read."""
    published = shared_server.publish("ending", HELD)
    tab = new_tab().visit(published["share_url"])
    tab.ask("never goes on")
    expect(tab.answer_texts.first).to_contain_text("before")
    shared_server.operation("workflows.unpublish", ref="ending", end_sessions=True)
    expect(tab.page.get_by_text("The owner has closed this chat.").first).to_be_visible()
    expect(tab.answer_texts.first).to_contain_text("before")
    expect(tab.button("Retry")).to_have_count(0)


def test_a_message_to_a_closed_chat_says_that_it_was_not_sent(shared_server: ServerProcess, browser: Browser) -> None:
    """In words, as a colour alone says nothing to many; what was said before has no such mark."""
    published = shared_server.publish("closing", "examples.echo:answer")
    tab = ChatTab.open(browser, shared_server.url).visit(published["share_url"])
    tab.ask("first")
    tab.expect_answer(number=0)
    shared_server.operation("workflows.unpublish", ref="closing", end_sessions=True)
    tab.ask("second")
    expect(tab.page.get_by_text("This chat is no longer available.").first).to_be_visible()
    expect(tab.page.locator("[data-role=user]").last).to_contain_text("Not sent")
    expect(tab.page.get_by_text("Not sent")).to_have_count(1)
    tab.close()


def test_a_limit_counts_down_and_then_lets_one_try_again(
    new_server: Callable[[], ServerProcess], browser: Browser
) -> None:
    """The wait is shown in seconds; when it is over the same message goes through."""
    server = new_server()
    server.settings = {"ORCHEO_LIMIT_TURNS_BY_VISITOR": "1/hour"}
    published = server.start().publish("limited", "examples.echo:answer")
    tab, begin = ChatTab.open(browser, server.url), datetime.now(UTC)
    tab.page.clock.set_fixed_time(begin)
    tab.visit(published["share_url"])
    tab.ask("first")
    tab.expect_answer(number=0)
    tab.ask("second")
    wait = tab.page.get_by_text(re.compile(r"You can try again in [\d,]+ s\."))
    expect(wait).to_be_visible()
    expect(tab.page.get_by_text("Not sent")).to_be_visible()
    expect(tab.button("Retry")).to_be_disabled()
    before = wait.inner_text()
    tab.page.clock.set_fixed_time(begin + timedelta(seconds=10))
    expect(wait).not_to_have_text(before)
    expect(tab.button("Retry")).to_be_disabled()
    assert server.end() == 0
    server.settings = {}
    server.start()
    tab.page.clock.set_fixed_time(begin + timedelta(hours=1, seconds=1))
    expect(tab.button("Retry")).to_be_enabled()
    tab.button("Retry").click()
    tab.expect_answer(number=1)
    expect(tab.page.get_by_text("Not sent")).to_have_count(0)
    tab.close()


def test_work_is_done_unseen(new_server: Callable[[], ServerProcess], browser: Browser) -> None:
    """A visitor who comes among many only waits a moment longer."""
    server = new_server()
    server.settings = {"ORCHEO_PROOF_OF_WORK_ABOVE": "1/hour"}
    published = server.start().publish("crowded", "examples.echo:answer")
    for _ in range(2):
        tab = ChatTab.open(browser, server.url).visit(published["share_url"])
        tab.ask("Hello")
        tab.expect_answer(number=0)
        tab.close()
    with server.client() as program:
        assert program.post("/api/chat/crowded/session", json={}).status_code == 428


def test_the_slower_of_two_windows_is_told_that_its_answer_was_not_taken(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """It shows what the other one has answered, and the words that were dropped."""
    published = shared_server.publish("twice", "tests.e2e.gated_workflows:asks")
    tab = new_tab().visit(published["share_url"])
    tab.ask("Order")
    tab.button("M").click()
    expect(tab.page.get_by_text("For whom?")).to_be_visible()
    other = tab.beside().visit(published["share_url"])
    other.button("S").click()
    expect(other.page.get_by_text("For whom?")).to_be_visible()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "add_structured_input" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    other.page.route("**/api/chatkit", hold)
    with other.page.expect_request(lambda request: "add_structured_input" in (request.post_data or "")):
        other.ask("Grace")
    tab.ask("Ada")
    expect(tab.answer_texts.last).to_have_text("size: M and name: Ada")
    tab.expect_answer(number=1)
    for each in held:
        each.continue_()
    note = other.page.get_by_role("note")
    expect(note).to_contain_text("Not sent: S; Grace")
    expect(note).to_contain_text("This question no longer waits for an answer.")
    expect(other.page.get_by_text("size: M and name: Ada")).to_be_visible()
    assert faults(other) == []
    other.assert_refused_once(409)


def test_an_answer_that_could_not_be_sent_is_in_the_field_again(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The owner closed the chat while its question waited: nothing looks as if it had been said, nothing is lost."""
    published = shared_server.publish("closed-asking", "tests.e2e.gated_workflows:asks")
    tab = new_tab().visit(published["share_url"])
    tab.ask("Order")
    tab.button("M").click()
    expect(tab.page.get_by_text("For whom?")).to_be_visible()
    shared_server.operation("workflows.unpublish", ref="closed-asking", end_sessions=True)
    tab.ask("Ada")
    expect(tab.page.get_by_role("alert")).to_contain_text("This chat is no longer available.")
    expect(tab.page.locator("[data-role=given]")).to_have_text("You: M")
    expect(tab.button("Skip")).to_have_count(0)
    expect(tab.message_field).to_have_value("Ada")
    expect(tab.page.get_by_role("status")).to_have_text("")
    assert faults(tab) == []
    tab.assert_refused_once(401)
    shared_server.operation("workflows.publish", ref="closed-asking")
    tab.page.reload()
    expect(tab.page.get_by_text("For whom?")).to_be_visible()
    expect(tab.message_field).to_have_value("Ada")
    tab.button("Send").click()
    tab.expect_answer(number=1)
    expect(tab.answer_texts.last).to_have_text("size: M and name: Ada")


def test_an_answer_that_has_to_wait_survives_a_reload(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Its words are in the field, and its question waits; once the server has it, they are not."""
    published = shared_server.publish("waits-asking", "tests.e2e.gated_workflows:asks")
    tab = new_tab().visit(published["share_url"])
    tab.ask("Order")
    tab.button("M").click()

    def limit(route: Route) -> None:
        if "add_structured_input" in (route.request.post_data or ""):
            route.fulfill(status=429, headers={"Retry-After": "40"}, json={"code": "rate_limited"})
        else:
            route.continue_()

    tab.page.route("**/api/chatkit", limit)
    tab.ask("Ada")
    expect(tab.button("Retry")).to_be_disabled()
    tab.assert_refused_once(429)
    tab.page.unroute("**/api/chatkit")
    for _ in range(2):
        tab.page.reload()
        expect(tab.page.get_by_text("For whom?")).to_be_visible()
        expect(tab.message_field).to_have_value("Ada")
    tab.button("Send").click()
    expect(tab.answer_texts.last).to_have_text("size: M and name: Ada")
    tab.expect_answer(number=1)
    tab.page.reload()
    tab.expect_answer(number=1)
    expect(tab.message_field).to_have_value("")


def test_a_question_is_answered_by_a_button_and_by_words(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """One question after the other, over reloads too; the answers go on with the run instead of asking again."""
    published = shared_server.publish("asks", "tests.e2e.gated_workflows:asks")
    tab = new_tab().visit(published["share_url"])
    tab.ask("Order")
    expect(tab.page.get_by_role("group", name="Which size?")).to_be_visible()
    tab.page.reload()
    expect(tab.button("M")).to_be_visible()
    expect_turn_over(tab.page)
    tab.button("M").click()
    expect(tab.page.get_by_text("For whom?")).to_be_visible()
    tab.page.reload()
    expect(tab.page.locator("[data-role=given]")).to_have_text(re.compile("M$"))
    expect(tab.page.get_by_text("For whom?")).to_be_visible()
    expect_turn_over(tab.page)
    tab.message_field.fill("Ada")
    tab.page.keyboard.press("Enter")
    expect(tab.answer_texts.last).to_have_text("size: M and name: Ada")
    expect(tab.page.locator("[data-role=given]")).to_have_text([re.compile("M$"), re.compile("Ada$")])
    tab.page.reload()
    expect(tab.answer_texts.last).to_have_text("size: M and name: Ada")
    expect(tab.button("Skip")).to_have_count(0)
    tab.ask("Another")
    expect(tab.button("Skip")).to_be_visible()
    expect_turn_over(tab.page)
    tab.button("Skip").click()
    tab.button("Skip").click()
    expect(tab.answer_texts.last).to_have_text("size: skipped and name: skipped")


def test_an_interrupt_of_a_graph_is_resumed_by_the_answer(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """By words that name an option as well."""
    target = "tests.conformance.talking_graphs:asks"
    shared_server.operation("workflows.add", handle="graph", runner="langgraph", target=target)
    tab = new_tab().visit(shared_server.operation("workflows.publish", ref="graph")["share_url"])
    tab.ask("Paint it")
    expect(tab.button("red")).to_be_visible()
    expect_turn_over(tab.page)
    tab.message_field.fill("Blue")
    tab.page.keyboard.press("Enter")
    expect(tab.answer_texts.last).to_have_text("Then blue.")


def test_a_widget_is_drawn_and_a_picture_of_elsewhere_is_a_link(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """No request to the picture's host, after a reload either, and no offer to run everything again."""
    published = shared_server.publish("drawn", "tests.e2e.gated_workflows:widget_and_picture")
    tab = new_tab().visit(published["share_url"])
    tab.ask("Show me")
    for _ in range(2):
        expect(tab.page.locator("orcheo-widget .text")).to_have_text("Hello")
        expect(tab.page.get_by_role("link", name="Image made for this answer")).to_have_count(1)
        expect(tab.page.get_by_text("There was no answer")).to_have_count(0)
        expect(tab.button("Retry")).to_have_count(0)
        tab.page.reload()


def test_notices_stay_after_a_reload_and_in_other_tabs(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Once each, below the answer that cannot be understood without them."""
    published = shared_server.publish("warns", "tests.e2e.gated_workflows:warns")
    tab = new_tab().visit(published["share_url"])
    tab.ask("How much?")
    told = [re.compile("Mind.*Prices of yesterday", re.DOTALL), re.compile("A part of this answer cannot be shown")]
    for _ in range(2):
        expect(tab.answer_texts).to_have_text(["It is 42."])
        expect(tab.page.locator(".notice")).to_have_text(told)
        tab.page.reload()
    expect(tab.beside().visit(published["share_url"]).page.locator(".notice")).to_have_text(told)


def test_an_idle_tab_shows_what_was_said_in_another(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """At once, and without a reload; it follows the answer as well."""
    published = shared_server.publish("idle", HELD)
    shared_server.gates.open("first")
    tab = new_tab().visit(published["share_url"])
    tab.ask("first")
    tab.expect_answer(number=0)
    second = tab.beside().visit(published["share_url"])
    second.expect_answer(number=0)
    tab.ask("second")
    expect(second.questions).to_have_text(["first", "second"])
    second.expect_answer(number=1, status="streaming")
    shared_server.gates.open("second")
    second.expect_answer(number=1)


def test_a_draft_survives_a_reload(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """And is gone once it is sent."""
    published = shared_server.publish("draft", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.message_field.fill("half a thought")
    tab.page.reload()
    expect(tab.message_field).to_have_value("half a thought")
    tab.button("Send").click()
    tab.expect_answer(number=0)
    tab.page.reload()
    tab.expect_answer(number=0)
    expect(tab.message_field).to_have_value("")


def test_a_message_that_was_refused_survives_a_reload(
    new_server: Callable[[], ServerProcess], browser: Browser
) -> None:
    """It is in the field again, and gone from there once the server has it."""
    server = new_server()
    server.settings = {"ORCHEO_LIMIT_TURNS_BY_VISITOR": "1/hour"}
    published = server.start().publish("refused", "examples.echo:answer")
    tab = ChatTab.open(browser, server.url).visit(published["share_url"])
    tab.ask("first")
    tab.expect_answer(number=0)
    tab.ask("a long letter")
    expect(tab.page.get_by_text("Not sent")).to_be_visible()
    tab.page.reload()
    expect(tab.message_field).to_have_value("a long letter")
    assert server.end() == 0
    server.settings = {}
    server.start()
    tab.button("Send").click()
    tab.expect_answer(number=1)
    tab.page.reload()
    tab.expect_answer(number=1)
    expect(tab.message_field).to_have_value("")
    tab.close()


def test_a_message_may_have_as_many_characters_as_the_server_takes(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """One number for both, in every script."""
    published = shared_server.publish("long", "tests.e2e.gated_workflows:length")
    tab = new_tab().visit(published["share_url"])
    tab.message_field.fill("\U0001f600" * 100_001)
    expect(tab.page.get_by_text("This message is too long: 1 over the limit of 100,000.")).to_be_visible()
    tab.message_field.fill("\U0001f600" * 100_000)
    tab.button("Send").click()
    tab.expect_answer(number=0)
    expect(tab.answer_texts).to_have_text("100000")


EARLIER = 60


def test_earlier_messages_come_without_moving_what_is_read(
    new_server: Callable[[], ServerProcess], browser: Browser
) -> None:
    """What was in view stays where it was, and the first new item has the focus; at the top they come by themselves."""
    server = new_server()
    server.settings = {"ORCHEO_LIMITS": "off"}
    published = server.start().publish("much", "tests.e2e.gated_workflows:says_much")
    tab = ChatTab.open(browser, server.url).visit(published["share_url"])
    tab.ask("message 0")
    tab.expect_answer(number=0)
    fill_thread(tab, EARLIER)
    tab.page.reload()
    first = f"message {EARLIER - 25 + 1}, paragraph 1."
    expect(tab.page.get_by_text(first)).to_be_attached()
    tab.page.get_by_role("button", name="Show earlier messages").evaluate(
        "(button) => button.focus({preventScroll: true})"
    )
    expect(tab.button("Edit this message")).to_be_visible()  # what comes last at the end, and moves it
    expect(tab.button("Copy the answer").last).to_be_visible()
    place = "(e) => e.getBoundingClientRect().top"
    shown = tab.page.get_by_text(first)
    before = shown.evaluate(place)
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_text("message 12, paragraph 1.")).to_be_attached()
    expect(tab.questions.first).to_have_text("message 11")
    assert abs(shown.evaluate(place) - before) < 2
    expect(tab.page.locator("article").first).to_be_focused()
    tab.page.get_by_role("log").evaluate("(log) => log.scrollTo(0, 0)")
    expect(tab.questions.first).to_have_text("message 0")
    tab.close()
    tab.assert_well_behaved()


def fill_thread(tab: ChatTab, count: int) -> None:
    """Many turns, by the page's own credentials, as fast as the server goes."""
    tab.page.evaluate(
        """async (count) => {
          const post = (url, body, headers) => fetch(url, {method: "POST", body: JSON.stringify(body),
            headers: {"Content-Type": "application/json", ...headers}});
          const ref = location.pathname.split("/")[2];
          const {client_secret} = await (await post(`/api/chat/${ref}/session`, {})).json();
          const thread_id = Object.values(localStorage)[0];
          for (let number = 1; number <= count; number += 1) {
            const content = [{type: "input_text", text: `message ${number}`}];
            const input = {content, attachments: [], inference_options: {}};
            const answer = await post("/api/chatkit", {type: "threads.add_user_message", params: {thread_id, input}},
              {Authorization: `Bearer ${client_secret}`});
            await answer.text();
          }
        }""",
        count,
    )
