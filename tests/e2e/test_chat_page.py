"""A visitor on the chat page: the real command line, a real server, a real Chromium."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import ChatTab
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


def test_a_failing_workflow_shows_the_fixed_sentence(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """A visitor reads a sentence of ours, never what the workflow raised; Retry replaces the failed answer."""
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


def test_a_limit_counts_down_and_then_lets_one_try_again(
    new_server: Callable[[], ServerProcess], browser: Browser
) -> None:
    """The wait is shown in seconds; when it is over the same message goes through."""
    server = new_server()
    server.settings = {"ORCHEO_LIMIT_TURNS_BY_VISITOR": "1/4 seconds"}
    published = server.start().publish("limited", "examples.echo:answer")
    tab = ChatTab.open(browser, server.url).visit(published["share_url"])
    tab.ask("first")
    tab.expect_answer(number=0)
    tab.ask("second")
    expect(tab.page.get_by_text(re.compile(r"You can try again in [1-4] s\."))).to_be_visible()
    expect(tab.button("Retry")).to_be_disabled()
    expect(tab.button("Retry")).to_be_enabled()
    tab.button("Retry").click()
    tab.expect_answer(number=1)
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
