"""Real servers and a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.browser import FLAGS, ChatTab, find_chromium
from tests.e2e.canvas import one_time_address
from tests.e2e.server_process import Gates, ServerProcess


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[[], ServerProcess]]:
    """Makes servers on the same fresh data folder, not started yet."""
    made: list[ServerProcess] = []

    def make() -> ServerProcess:
        folder = tmp_path / f"server-{len(made)}"
        folder.mkdir()
        made.append(ServerProcess(data_dir=tmp_path / "data", gates=Gates(folder)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def server(new_server: Callable[[], ServerProcess]) -> ServerProcess:
    """A running server of the test's own."""
    return new_server().start()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server for the tests of a module that do not stop it; each test registers a workflow of its own."""
    folder = tmp_path_factory.mktemp("shared-server")
    running = ServerProcess(data_dir=folder / "data", gates=Gates(folder)).start()
    yield running
    running.close()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser that ``make pytest`` found, or what ``tools/browser.py`` finds."""
    return find_chromium()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """A running Chromium; its event loop must not outlive the module, as tests of other modules have their own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def new_tab(browser: Browser, shared_server: ServerProcess) -> Iterator[Callable[..., ChatTab]]:
    """Opens tabs, each in a browser profile of its own, and in the end holds them to what every page must keep to."""
    tabs: list[ChatTab] = []

    def make(**profile: object) -> ChatTab:
        tabs.append(ChatTab.open(browser, shared_server.url, **profile))
        return tabs[-1]

    yield make
    for each in tabs:
        each.close()
    for each in tabs:
        each.assert_well_behaved()


@pytest.fixture
def open_canvas(shared_server: ServerProcess, new_tab: Callable[..., ChatTab]) -> Callable[..., ChatTab]:
    """Opens Canvas at a path, in a browser that is signed in by a one-time address."""

    def open_at(path: str = "/canvas", **profile: object) -> ChatTab:
        tab = new_tab(**profile)
        tab.page.goto(one_time_address(shared_server))
        expect(tab.page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()
        if path != "/canvas":
            tab.page.goto(shared_server.url + path)
        return tab

    return open_at
