"""``orcheo canvas``: a one-time address, opened in a browser where there is one."""

import re
from collections.abc import Iterator

import pytest

from orcheo_cli.context import CliContext
from orcheo_cli.main import run
from orcheo_core.domain.actor import Scope
from tests.app_server import BASE_URL
from tests.cli.command_line import CommandLine, assert_error
from tests.sync_server import SyncTestServer, build_sync_server

ADDRESS = re.compile(re.escape(BASE_URL) + r"/canvas#ticket=(orc_ct_[0-9A-Za-z]{60})")


@pytest.fixture
def server() -> Iterator[SyncTestServer]:
    """A server in the test's own process."""
    with build_sync_server() as built:
        yield built


def browsing(server: SyncTestServer, *words: str, finds: bool = True) -> tuple[list[str], int]:
    """What the browser of this machine was asked to open, and the exit code."""
    opened: list[str] = []

    def browse(address: str) -> bool:
        opened.append(address)
        return finds

    return opened, run(["canvas", *words], CliContext(connect=server.operations, browse=browse))


def test_it_prints_and_opens_the_address(server: SyncTestServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The same one, which then opens an owner session."""
    (address,), code = browsing(server)
    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    assert "within 60 seconds" in said.out
    found = ADDRESS.search(said.out)
    assert found
    assert found[0] == address
    sessions = server.app_server.orcheo.core.owner_sessions
    opened = server.call(sessions.open, found[1], address="", user_agent="")
    assert opened.signed_in.caller.actor.name == "local"


@pytest.mark.parametrize("word", ["--no-open", "--json"])
def test_it_opens_no_browser_when_told_so(
    server: SyncTestServer, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    """For a machine without one, and for programs."""
    assert browsing(server, word) == ([], 0)
    assert ADDRESS.search(capsys.readouterr().out)


def test_without_a_browser_it_says_so(server: SyncTestServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The address is there to be opened elsewhere."""
    _, code = browsing(server, finds=False)
    said = capsys.readouterr()
    assert (code, "No browser was found" in said.err) == (0, True)


@pytest.mark.parametrize(
    ("display", "asked"), [({}, []), ({"DISPLAY": ":0"}, ["x"]), ({"WAYLAND_DISPLAY": "w"}, ["x"])]
)
def test_a_browser_needs_windows(monkeypatch: pytest.MonkeyPatch, display: dict[str, str], asked: list[str]) -> None:
    """One in the terminal would take the place of what was printed, and could not show Canvas."""
    found: list[str] = []
    monkeypatch.setattr("sys.platform", "linux")

    def browse(address: str) -> bool:
        found.append(address)
        return True

    monkeypatch.setattr("webbrowser.open", browse)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in display.items():
        monkeypatch.setenv(name, value)
    assert CliContext().browse("x") is bool(asked)
    assert found == asked


def test_a_refusal_opens_nothing(server: SyncTestServer) -> None:
    """The service token may not read workflows, which is what Canvas begins with."""
    token = server.token(Scope.AUDIT_READ)
    said = CommandLine(connect=lambda: server.operations(token=token))("canvas")
    assert_error(said, 4, detail="workflows:read", hint="scope")
