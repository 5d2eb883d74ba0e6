"""What axe finds in a page."""

from typing import Any

from playwright.sync_api import Frame

from tests.e2e.browser import ChatTab
from tests.e2e.server_process import ROOT

AXE = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
RUN_AXE = """async (options) => {
  const {violations, passes} = await axe.run(document, {iframes: false, ...options});
  const told = (fault) => fault.nodes.map(({target, html}) => `${fault.id}: ${target} ${html.slice(0, 120)}`);
  return {faults: violations.flatMap(told), passes: passes.length};
}"""
EVERYTHING: dict[str, Any] = {"rules": {"target-size": {"enabled": True}}}
"""Minor faults too, and small targets, for which axe looks on request only."""
COLOURS: dict[str, Any] = {"runOnly": ["color-contrast"]}
SHAPES: dict[str, Any] = {"rules": {**EVERYTHING["rules"], "color-contrast": {"enabled": False}}}
"""For forced colours: axe takes the colours that the page wishes for those that are seen."""


def faults(tab: ChatTab, options: dict[str, Any] = EVERYTHING) -> list[str]:
    """What axe finds in the page and in the frames on it."""
    return [fault for frame in tab.page.frames for fault in _faults(frame, options)]


def _faults(frame: Frame, options: dict[str, Any]) -> list[str]:
    if not frame.evaluate("'axe' in window"):
        frame.evaluate(AXE)
    found = frame.evaluate(RUN_AXE, options)
    assert found["passes"] or options is COLOURS, "axe looked at nothing"
    faults: list[str] = found["faults"]
    return faults
