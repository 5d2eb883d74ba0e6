"""The chat page for every eye, hand and screen."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import ChatTab
from tests.e2e.server_process import ROOT, ServerProcess

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = "() => axe.run(document, {resultTypes: ['violations', 'passes']})"
WIDEST = """() => {
  const inner = (e) => (e.shadowRoot === null ? [] : within(e.shadowRoot));
  const within = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...inner(e)]);
  const isOutside = (e) => !e.closest("pre, .table") && e.getBoundingClientRect().right > innerWidth;
  return [document.documentElement.scrollWidth, ...within(document).filter(isOutside).map((e) => e.outerHTML)];
}"""
"""The page's width, and the elements that reach beyond the screen without a scroller of their own."""
SERIOUS = {"serious", "critical"}


def serious_faults(tab: ChatTab) -> list[str]:
    """What axe finds in the page that keeps people out."""
    tab.page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = tab.page.evaluate(RUN_AXE)
    assert found["passes"], "axe looked at nothing"
    return [
        f"{fault['id']}: {node['target']}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(
    shared_server: ServerProcess, new_tab: NewTab, scheme: Literal["light", "dark"]
) -> None:
    """The answered chat and the screen of a closed one are accessible, contrast included."""
    handle = f"axe-{scheme}"
    published = shared_server.publish(handle, "tests.e2e.gated_workflows:everything", name="A name")
    tab = new_tab(color_scheme=scheme, reduced_motion="reduce").visit(published["share_url"])
    assert serious_faults(tab) == []
    tab.ask("Show me everything")
    tab.expect_answer(number=0)
    assert serious_faults(tab) == []
    shared_server.operation("workflows.unpublish", ref=handle)
    tab.page.reload()
    expect(tab.page.get_by_role("alert")).to_be_visible()
    assert serious_faults(tab) == []


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
