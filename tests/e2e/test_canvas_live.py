"""Canvas while visitors chat: turns appear in the list and in the open conversation, and grow there."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e import axe
from tests.e2e.browser import ChatTab
from tests.e2e.canvas import SCREENS, delays_on_screen
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]
TARGET = "tests.e2e.gated_workflows"


@pytest.mark.parametrize("screen", SCREENS)
def test_a_running_turn_appears_and_grows(
    shared_server: ServerProcess, open_canvas: NewTab, new_tab: NewTab, screen: str
) -> None:
    """In the list, then in the conversation, piece by piece, without a reload; so does the turn after it."""
    handle = f"live-{screen.replace(' ', '-')}"
    published = shared_server.publish(handle, f"{TARGET}:held")
    tab = open_canvas(f"/canvas/workflows/{handle}/threads", **SCREENS[screen])
    expect(tab.page.get_by_text("No conversations yet")).to_be_visible()
    visitor = new_tab().visit(published["share_url"])
    visitor.ask(f"{handle} <b>one")
    row = tab.page.get_by_role("listitem")
    expect(row.get_by_text("Answering now")).to_be_visible()
    assert axe.faults(tab) == []
    row.get_by_role("link").click()
    expect(tab.page.get_by_text(f"{handle} <b>one").last).to_be_visible()
    expect(tab.answer_texts).to_have_text("before")
    assert axe.faults(tab) == []
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shared_server.gates.open(f"{handle} <b>one")
    expect(tab.answer_texts).to_have_text("before after")
    expect(tab.page.locator(".turns").get_by_text("completed")).to_have_count(1)
    visitor.expect_answer(number=0)
    visitor.ask(f"{handle} two")
    expect(tab.answer_texts).to_have_count(2)
    expect(tab.answer_texts.last).to_have_text("before")
    expect(tab.page.get_by_text("You are reading what was said.")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Stop")).to_have_count(0)
    shared_server.gates.open(f"{handle} two")
    expect(tab.answer_texts.last).to_have_text("before after")
    expect(tab.page.locator(".turns").get_by_text("completed")).to_have_count(2)
    visitor.expect_answer(number=1)


def test_a_deleted_conversation_says_so(shared_server: ServerProcess, open_canvas: NewTab, new_tab: NewTab) -> None:
    """While it is open, and in the list, from which it goes."""
    published = shared_server.publish("live-gone", f"{TARGET}:length")
    visitor = new_tab().visit(published["share_url"])
    visitor.ask("secret words")
    visitor.expect_answer(number=0)
    listing = open_canvas("/canvas/workflows/live-gone/threads")
    expect(listing.page.get_by_role("link", name="secret words")).to_be_visible()
    tab = listing.beside()
    tab.page.goto(f"{listing.origin}/canvas/workflows/live-gone/threads")
    tab.page.get_by_role("link", name="secret words").click()
    expect(tab.answer_texts).to_have_text("12")
    shared_server.operation("threads.purge", ref="live-gone", all=True)
    expect(listing.page.get_by_text("No conversations yet")).to_be_visible()
    expect(tab.page.get_by_text("This conversation is no longer there")).to_be_visible()
    expect(tab.answer_texts).to_have_count(0)
    tab.complaints.clear()


def test_a_lost_connection_is_made_up_for(shared_server: ServerProcess, open_canvas: NewTab, new_tab: NewTab) -> None:
    """What was said meanwhile is there, and the answer grows on."""
    published = shared_server.publish("live-lost", f"{TARGET}:held")
    visitor = new_tab().visit(published["share_url"])
    visitor.ask("lost one")
    tab = open_canvas("/canvas/workflows/live-lost/threads")
    tab.page.get_by_role("link", name="lost one").click()
    expect(tab.answer_texts).to_have_text("before")
    tab.page.context.set_offline(True)
    shared_server.gates.open("lost one")
    visitor.expect_answer(number=0)
    tab.page.context.set_offline(False)
    expect(tab.answer_texts).to_have_text("before after")
    visitor.ask("lost two")
    expect(tab.answer_texts).to_have_count(2)
    shared_server.gates.open("lost two")
    visitor.expect_answer(number=1)
    expect(tab.answer_texts.last).to_have_text("before after")
    tab.complaints.clear()


def test_signing_out_elsewhere_ends_the_view(
    shared_server: ServerProcess, open_canvas: NewTab, new_tab: NewTab
) -> None:
    """Nothing that is said after that is shown; signing in again shows it."""
    published = shared_server.publish("live-out", f"{TARGET}:length")
    visitor = new_tab().visit(published["share_url"])
    visitor.ask("four")
    visitor.expect_answer(number=0)
    tab = open_canvas("/canvas/workflows/live-out/threads")
    tab.page.get_by_role("link", name="four").click()
    expect(tab.answer_texts).to_have_text("4")
    for session in tab.page.evaluate("fetch('/api/canvas/sessions').then((answer) => answer.json())")["items"]:
        if session["current"]:
            tab.page.evaluate(
                """id => fetch(`/api/canvas/sessions/${id}`, {
                  method: "DELETE", headers: {"Content-Type": "application/json"}})""",
                session["id"],
            )
    expect(tab.page.get_by_role("dialog", name="Sign in again")).to_be_visible()
    visitor.ask("seven77")
    visitor.expect_answer(number=1)
    assert tab.answer_texts.count() == 1
    tab.complaints.clear()


def test_pieces_are_on_the_owners_screen_soon(
    shared_server: ServerProcess, open_canvas: NewTab, new_tab: NewTab, record_property: Callable[[str, object], None]
) -> None:
    """Each of them, the first ones too, of which the page has to hear; ``bench.browser`` says how soon."""
    published = shared_server.publish("live-clock", f"{TARGET}:tells_the_time")
    visitor = new_tab().visit(published["share_url"])
    visitor.ask("first")
    visitor.expect_answer(number=0)
    tab = open_canvas("/canvas/workflows/live-clock/threads")
    tab.page.get_by_role("link", name="first").click()
    expect(tab.page.locator(".turns").get_by_text("completed")).to_have_count(1)
    visitor.ask("second")
    delays = delays_on_screen(tab.page, 80)[40:]
    assert len(delays) == 40
    record_property("milliseconds", sorted(delays))
