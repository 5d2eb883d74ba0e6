"""What tests of Canvas share: sizes of screens, workflows of their own, the chat bubble."""

from typing import Any

from playwright.sync_api import Locator, Page

from tests.e2e.server_process import ServerProcess

SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 360, "height": 740}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "dark phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
}


def one_time_address(server: ServerProcess) -> str:
    """An address that signs a browser in to Canvas as the local owner."""
    address: str = server.operation("canvas.open")["address"]
    return address


def registered(server: ServerProcess, handle: str, **more: str) -> str:
    """The id of a workflow of the test's own."""
    result = server.operation("workflows.add", handle=handle, runner="python", target="examples.echo:answer", **more)
    workflow_id: str = result["workflow"]["id"]
    return workflow_id


def bubble(page: Page) -> Locator:
    """The open chat of the bubble."""
    return page.get_by_role("dialog", name="Chat with")


_DELAYS = """async (pieces) => {
  const chat = () => {
    let found = null;
    const walk = (root) => root.querySelectorAll("*").forEach((each) => {
      if (each.localName === "orcheo-chat") found = each;
      if (each.shadowRoot) walk(each.shadowRoot);
    });
    walk(document);
    return found;
  };
  const delays = new Map();
  const giveUp = performance.now() + 60_000;
  while (delays.size < pieces && performance.now() < giveUp) {
    await new Promise(requestAnimationFrame);
    const now = Date.now();
    for (const [said] of (chat()?.shadowRoot?.textContent ?? "").matchAll(/\\d{13}/g))
      if (!delays.has(said)) delays.set(said, now - Number(said));
  }
  return [...delays.values()];
}"""


def delays_on_screen(page: Page, pieces: int) -> list[float]:
    """Milliseconds from when each piece of ``tells_the_time`` is said to the frame in which it is drawn.

    The first of them is the largest where the page has to hear of the turn before.
    """
    delays: list[float] = page.evaluate(_DELAYS, pieces)
    return delays
