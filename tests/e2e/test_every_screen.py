"""Every state of the chat is accessible, in both schemes, both widths, both directions of writing, forced colours."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.axe import COLOURS, EVERYTHING, SHAPES, faults
from tests.e2e.browser import ChatTab
from tests.e2e.screens import SCENES, Scene
from tests.e2e.server_process import Gates, ServerProcess
from tests.e2e.test_languages import OUTSIDE

pytestmark = pytest.mark.browser

SPEAK = """(locale) => {
  const inner = (e) => (e.shadowRoot === null ? [] : within(e.shadowRoot));
  const within = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...inner(e)]);
  const chats = within(document).filter((e) => e.matches("orcheo-chat, openai-chatkit"));
  for (const chat of chats) chat.locale = locale;
  return chats.length;
}"""
LOST = "Failed to load resource: net::ERR_FAILED"
REFUSED = "Failed to load resource: the server responded with a status of"
REFUSALS: dict[str, tuple[str, ...]] = {
    "failures": (LOST, *(f"{REFUSED} {status}" for status in (401, 409, 422, 429))),
    "locks": (f"{REFUSED} 401",),
    "histories": (f"{REFUSED} 500",),
    "closed_doors": (LOST, *(f"{REFUSED} {status}" for status in (401, 403, 429, 503))),
    "shop": (LOST,),
}
"""What Chromium says of the answers that some scenes are about."""
WIDE: Any = {"width": 1280, "height": 800}
NARROW: Any = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server without limits, whose operator can be reached."""
    folder = tmp_path_factory.mktemp("screens-server")
    settings = {"ORCHEO_LIMITS": "off", "ORCHEO_CONTACT": "ops@example.org"}
    running = ServerProcess(data_dir=folder / "data", gates=Gates(folder), settings=settings).start()
    yield running
    running.close()


def speak(tab: ChatTab, locale: str, direction: str) -> None:
    """Let every chat on the page speak another language, and wait until it does."""
    for frame in tab.page.frames:
        if frame.evaluate(SPEAK, locale):
            expect(frame.locator(".chat").first).to_have_css("direction", direction)


@pytest.mark.parametrize("scene", SCENES, ids=[scene.__name__ for scene in SCENES])
def test_axe_finds_no_fault_in_any_state(browser: Browser, shared_server: ServerProcess, scene: Scene) -> None:
    """Minor faults and small targets included; and at 360 px nothing reaches beyond the screen."""
    tab = ChatTab.open(browser, shared_server.url, viewport=WIDE, reduced_motion="reduce")
    found: dict[str, list[str]] = {}
    state = ""
    for state in scene(tab, shared_server):
        found[f"{state}, light"] = faults(tab, EVERYTHING)
        tab.page.emulate_media(color_scheme="dark")
        found[f"{state}, dark"] = faults(tab, COLOURS)
        tab.page.set_viewport_size(NARROW)
        speak(tab, "ar", "rtl")
        found[f"{state}, narrow and from right to left"] = faults(tab, EVERYTHING)
        found[f"{state}, too wide"] = tab.page.evaluate(OUTSIDE)
        speak(tab, "en", "ltr")
        tab.page.set_viewport_size(WIDE)
        tab.page.emulate_media(color_scheme="light")
    tab.page.emulate_media(forced_colors="active")
    found[f"{state}, forced colours"] = faults(tab, SHAPES)
    tab.close()
    assert {where: what for where, what in found.items() if what} == {}
    tab.assert_complained_of(*REFUSALS.get(scene.__name__, ()))
    tab.assert_well_behaved()
