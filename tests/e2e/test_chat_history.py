"""A visitor's own chats: found again, kept, and deleted."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import faults
from tests.e2e.browser import ChatTab
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]
GAP = """({ shadowRoot: root }) => root.querySelector(".ends").getBoundingClientRect().top
  - root.querySelector(".thread:last-of-type").getBoundingClientRect().bottom"""
"""Between the last chat and the buttons below the list."""
BLUR = """() => {
  let at = document.activeElement;
  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  at.blur();
}"""
"""Takes the focus from what has it."""


def test_the_history_is_searched_saved_and_emptied(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """By title; a chat is saved as Markdown or JSON; a deletion is taken back, or sent when the list is left."""
    published = shared_server.publish("past", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    for text in ("Apples", "Pears", "Plums"):
        tab.ask(text)
        tab.expect_answer(number=0)
        tab.button("New chat").click()
    tab.button("History").click()
    rows = tab.page.locator("orcheo-history .thread .open > span")
    expect(rows).to_have_text(["Plums", "Pears", "Apples"])
    assert tab.page.locator("orcheo-history").evaluate(GAP) <= 24
    tab.page.get_by_label("Search chats").fill("pE")
    expect(rows).to_have_text(["Pears"])
    assert faults(tab) == []
    tab.page.get_by_label("Search chats").fill("cherries")
    expect(tab.page.get_by_text("No chat has this in its title.")).to_be_visible()
    tab.page.get_by_label("Search chats").fill("")
    for label, kept in (("Markdown", "## Answer\n\nYou said: Pears"), ("JSON", '"title": "Pears"')):
        tab.button("Save Pears as a file").click()
        with tab.page.expect_download() as download:
            tab.button(label).click()
        assert kept in download.value.path().read_text("utf-8")
        assert download.value.suggested_filename.startswith("Pears.")
    tab.button("Delete Apples").click()
    tab.button("Undo").click()
    tab.button("Delete Plums").click()
    tab.button("Back to the chat").click()
    tab.button("History").click()
    expect(rows.last).to_have_text("Apples")
    height = tab.button("Keyboard shortcuts").evaluate("button => button.offsetHeight")
    tab.button("Delete all chats").click()
    assert tab.button("Keyboard shortcuts").evaluate("button => button.offsetHeight") == height
    assert faults(tab) == []
    tab.button("Delete").click()
    expect(tab.page.get_by_text("There are no chats yet.")).to_be_visible()


def test_escape_closes_the_history_when_nothing_has_the_focus(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """As after Tab has left the page; what is asked for in the list is closed first."""
    published = shared_server.publish("nowhere", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.ask("Apples")
    tab.expect_answer(number=0)
    tab.button("History").click()
    tab.button("Delete all chats").click()
    tab.page.evaluate(BLUR)
    tab.page.keyboard.press("Escape")
    expect(tab.button("Delete all chats")).to_be_visible()
    tab.page.evaluate(BLUR)
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("orcheo-history")).to_have_count(0)


def test_a_chat_that_is_deleted_goes_from_other_tabs_as_well(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """At once, and what is being written there stays."""
    published = shared_server.publish("gone", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.ask("Apples")
    tab.expect_answer(number=0)
    other = tab.beside().visit(published["share_url"])
    other.expect_answer(number=0)
    other.message_field.fill("And pears?")
    tab.button("History").click()
    tab.button("Delete Apples").click()
    tab.button("Back to the chat").click()
    expect(other.answers).to_have_count(0)
    expect(other.message_field).to_have_value("And pears?")
    other.button("Send").click()
    expect(other.expect_answer(number=0)).to_contain_text("You said: And pears?")


def test_a_message_into_a_chat_that_is_gone_starts_another(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """As after a deletion on another device, of which this one has not heard; till then what was said can be read."""
    published = shared_server.publish("lost", "examples.echo:answer")
    tab = new_tab().visit(published["share_url"])
    tab.ask("Apples")
    tab.expect_answer(number=0)
    (thread,) = shared_server.operation("threads.list", ref="lost")["threads"]
    shared_server.operation("threads.purge", ref="lost", thread=thread["id"])
    tab.ask("Pears")
    expect(tab.page.locator(".failure")).to_contain_text("This conversation is no longer there.")
    expect(tab.questions).to_have_text(["Apples", "Pears"])
    tab.button("Retry").click()
    expect(tab.expect_answer(number=0)).to_contain_text("You said: Pears")
    expect(tab.questions).to_have_text(["Pears"])
