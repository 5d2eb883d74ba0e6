"""The usage of a workflow in Canvas, in a real browser on a server with turns of earlier days."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e import axe
from tests.e2e.browser import ChatTab
from tests.e2e.canvas import SCREENS, one_time_address, registered
from tests.e2e.past_turns import fill
from tests.e2e.server_process import Gates, ServerProcess

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]


USAGE = "/canvas/workflows/used/usage"


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A workflow with turns of 40 days, today included, and one that is not used."""
    folder = tmp_path_factory.mktemp("used-server")
    server = ServerProcess(data_dir=folder / "data", gates=Gates(folder)).start()
    ref = registered(server, "used", name="متجر <b>")
    registered(server, "unused")
    server.end()
    fill(server.data_dir, ref, days=40)
    yield server.start()
    server.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_charts_say_what_the_operation_does(shared_server: ServerProcess, open_canvas: NewTab, screen: str) -> None:
    """Each number is in a table behind its chart; nothing is wider than the screen, and axe finds nothing."""
    tab = open_canvas(USAGE, **SCREENS[screen])
    page = tab.page
    expect(page.get_by_role("img", name="Turns by day, 30 days. Most on")).to_be_visible()
    assert axe.faults(tab) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    figure = page.get_by_role("figure", name="Turns")
    figure.get_by_text("Show the numbers").click()
    shown = shared_server.operation("workflows.show", ref="used", days=30)["activity"]["usage"]["days"]
    rows = [each.inner_text().split("\t")[1:] for each in figure.locator("tbody tr").all()]
    assert rows == [[str(each["turns"] - each["failed"]), str(each["failed"])] for each in reversed(shown)]
    assert axe.faults(tab) == []


def test_period_is_chosen_and_kept(open_canvas: NewTab) -> None:
    """By keyboard, and it stands in the address."""
    tab = open_canvas(USAGE)
    page = tab.page
    page.get_by_label("Period", exact=True).select_option("92")
    expect(page.get_by_role("img", name="Turns by day, 92 days. Most on")).to_be_visible()
    page.reload()
    expect(page.get_by_role("img", name="Turns by day, 92 days. Most on")).to_be_visible()
    assert page.url.endswith("/usage?days=92")


def test_list_shows_turns_and_last_use(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """For a whole page of the list by one more request."""
    tab = new_tab()
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.page.goto(one_time_address(shared_server))
    rows = tab.page.get_by_role("listitem")
    expect(rows.filter(has_text="متجر <b>")).to_contain_text("Used today")
    expect(rows.filter(has_text="Unused")).to_contain_text("Not used for 30 days")
    expect(tab.page.get_by_role("img", name="turns in 30 days")).to_have_count(2)
    assert sum(url.endswith("/workflows.list") for url in asked) == 2


def test_time_runs_as_the_text_does(open_canvas: NewTab) -> None:
    """From right to left, the latest day is on the left, and nothing is wider than the screen."""
    tab = open_canvas(USAGE, **SCREENS["phone"])
    bars = tab.page.get_by_role("figure", name="Turns").locator("rect.bar")
    expect(bars).to_have_count(30)
    tab.page.evaluate("document.documentElement.dir = 'rtl'")
    boxes = [box for box in (bars.first.bounding_box(), bars.last.bounding_box()) if box is not None]
    assert boxes[1]["x"] < boxes[0]["x"]
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
