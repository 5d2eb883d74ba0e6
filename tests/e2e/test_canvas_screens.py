"""Every screen and dialog of Canvas: axe, both schemes, 360 px from right to left, by keyboard alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.axe import COLOURS, EVERYTHING, faults
from tests.e2e.browser import ChatTab
from tests.e2e.canvas import SCREENS
from tests.e2e.canvas_screens import CANVAS_SCREENS, Place, make_place
from tests.e2e.server_process import Gates, ServerProcess

pytestmark = pytest.mark.browser

WATCH = """() => {
  const inner = (e) => (e.shadowRoot === null ? [] : within(e.shadowRoot));
  const within = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...inner(e)]);
  const up = (e) => e.parentElement ?? e.getRootNode().host ?? null;
  const isBelow = (e, test) => { for (let at = e; at; at = up(at)) if (test(at)) return true; return false; };
  const open = within(document).filter((e) => e.matches("dialog:modal")).at(-1);
  const isControl = (e) => e.matches("a[href], button, input, select, textarea, summary, [tabindex='0']")
    && !e.matches(":disabled, [tabindex='-1']") && e.checkVisibility() && !isBelow(e, (at) => at.inert)
    && (open === undefined || isBelow(e, (at) => at === open));
  const groups = new Map();
  for (const each of within(document).filter(isControl))
    groups.set(each, each.type === "radio" ? `radio ${each.name}` : each);
  window.unreached = new Set(groups.values());
  window.told = (e) => typeof e === "string" ? e : e.outerHTML.slice(0, 160);
  const seen = () => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    window.unreached.delete(groups.get(at));
  };
  document.addEventListener("focusin", seen, true);
  addEventListener("keyup", seen, true);
  document.activeElement?.blur?.();
  seen();
  return window.unreached.size;
}"""
LEFT = "() => [...window.unreached].map(window.told)"
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def place(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One server for all of them."""
    folder = tmp_path_factory.mktemp("canvas-screens")
    server = ServerProcess(data_dir=folder / "data", gates=Gates(folder), settings={"ORCHEO_LIMITS": "off"}).start()
    yield make_place(server, lambda: ChatTab.open(browser, server.url))
    server.close()


def not_reached(page: Page) -> list[str]:
    """The controls at which the Tab key never arrives; of a dialog that is open, its own."""
    count: int = page.evaluate(WATCH)
    for _ in range(4):  # a date has several stops
        for _ in range(count + 2):
            page.keyboard.press("Tab")
        left: list[str] = page.evaluate(LEFT)
        if not left:
            break
    return left


@pytest.mark.parametrize("name", CANVAS_SCREENS)
def test_every_screen_can_be_used_by_everyone(browser: Browser, place: Place, name: str) -> None:
    """What axe finds, small targets and minor faults included; the width of a phone; the way of the Tab key."""
    screen = CANVAS_SCREENS[name]
    known = {"storage_state": place.signed_in} if screen.is_signed_in else {}
    tab = ChatTab.open(browser, place.server.url, **SCREENS["desktop"], reduced_motion="reduce", **known)
    screen.show(tab, place)
    found: dict[str, object] = {"light": faults(tab, EVERYTHING), "not by keyboard": not_reached(tab.page)}
    tab.page.emulate_media(color_scheme="dark")
    found["dark"] = faults(tab, COLOURS)
    tab.page.set_viewport_size(SCREENS["phone"]["viewport"])
    found["too wide"] = tab.page.evaluate(TOO_WIDE)
    tab.page.evaluate("document.documentElement.dir = 'rtl'")
    found["narrow and from right to left"] = faults(tab, EVERYTHING)
    found["too wide from right to left"] = tab.page.evaluate(TOO_WIDE)
    tab.close()
    assert {where: what for where, what in found.items() if what} == {}
    assert tab.foreign_requests == []
    assert [each for each in tab.complaints if not each.startswith("Failed to load resource")] == []
