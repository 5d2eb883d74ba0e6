"""A visitor who is in another tab is told of an answer, if they want to be."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import faults
from tests.e2e.browser import ChatTab
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]
HIDE = """(isHidden) => {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""A browser without a screen hides no tab."""
COUNT_TONES = """
globalThis.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) {
  tones.push(this.context.state);
  start.call(this, at);
};
"""


def answered_elsewhere(tab: ChatTab, server: ServerProcess, text: str, *, number: int) -> None:
    """Ask, go to another tab, and let the answer come."""
    tab.ask(text)
    expect(tab.answers.nth(number)).to_be_visible()
    tab.page.evaluate(HIDE, True)
    server.gates.open(text)
    tab.expect_answer(number=number)


def test_a_visitor_chooses_to_be_told_of_answers(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Off at first; a sound and a mark in the title while the tab is hidden, both kept over a reload."""
    published = shared_server.publish("told", "tests.e2e.gated_workflows:held", name="Told")
    tab = new_tab()
    tab.page.add_init_script(COUNT_TONES)
    tab.visit(published["share_url"])
    answered_elsewhere(tab, shared_server, "in silence", number=0)
    tab.page.wait_for_load_state("networkidle")
    assert (tab.page.title(), tab.page.evaluate("tones")) == ("Told", [])
    tab.page.evaluate(HIDE, False)
    tab.button("History").click()
    sound = tab.page.get_by_role("group", name="While this tab is in the background").get_by_role("checkbox")
    expect(sound).to_have_count(2)
    sound.nth(0).check()
    tab.page.wait_for_function("tones.length === 2")
    sound.nth(1).check()
    assert faults(tab) == []
    tab.page.reload()
    expect(tab.answers).to_have_count(1)
    answered_elsewhere(tab, shared_server, "with a sound", number=1)
    expect(tab.page).to_have_title("(1) Told")
    tab.page.locator("orcheo-chat-page").evaluate("page => { page.requestUpdate(); return page.updateComplete; }")
    expect(tab.page.get_by_role("main")).to_have_attribute("aria-label", "Told")
    tab.page.wait_for_function("tones.length === 2")
    assert tab.page.evaluate("tones") == ["running", "running"]
    tab.page.evaluate(HIDE, False)
    expect(tab.page).to_have_title("Told")
    tab.button("History").click()
    expect(sound.nth(1)).to_be_checked()
    sound.nth(1).uncheck()
    tab.button("Back to the chat").click()
    answered_elsewhere(tab, shared_server, "again", number=2)
    tab.page.wait_for_function("tones.length === 4")
    assert tab.page.title() == "Told"
