"""Without a server, what is wrong with a command itself is said, not that there is no server."""

from collections.abc import Callable
from typing import Any

import pytest

from orcheo_adapters.client.remote import Operations, ServerUnreachable
from orcheo_adapters.client.settings import NoServiceToken
from orcheo_core.errors import OrcheoError
from orcheo_mcp.main import LateOperations
from tests.cli.command_line import CommandLine
from tests.sync_server import SyncTestServer


def _no_token() -> Operations:
    raise NoServiceToken


class _NoServer(Operations):
    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        raise ServerUnreachable

    def question(self, name: str, arguments: dict[str, Any]) -> str | None:
        raise ServerUnreachable


without = pytest.mark.parametrize("connect", [_no_token, _NoServer], ids=["never started", "stopped"])
_WRONG = {
    "limit": ("workflow", "list", "--limit", "0"),
    "limit of threads": ("thread", "list", "echo", "--limit", "101"),
    "runner": ("workflow", "add", "x", "--runner", "ruby", "--target", "a:b"),
    "handle": ("workflow", "add", "Bad_Handle", "--runner", "python", "--target", "a:b"),
    "new handle": ("workflow", "edit", "x", "--handle", "Bad Handle"),
    "name": ("workflow", "edit", "x", "--name", "\n"),
    "nothing to change": ("workflow", "edit", "x"),
    "description": ("workflow", "edit", "x", "--description", "x" * 5_000),
    "time limit": ("workflow", "edit", "x", "--time-limit", "0"),
    "grace": ("workflow", "rotate-token", "x", "--grace", "soon", "--yes"),
    "scope": ("token", "create", "--scope", "all"),
    "nothing named": ("thread", "purge", "x", "--yes"),
    "blank text": ("workflow", "ask", "x", " "),
    "time": ("audit", "list", "--since", "tomorrow"),
    "end": ("audit", "list", "--until", "x"),
    "act": ("audit", "list", "--act", "nope"),
    "format": ("thread", "export", "x", "--format", "xml"),
    "search": ("workflow", "list", "--search", ""),
    "words": ("thread", "list", "x", "--search", "a b c d e f g h i j k"),
    "label": ("token", "create", "--scope", "operator", "--label", "x" * 101),
}


@without
@pytest.mark.parametrize("words", _WRONG.values(), ids=_WRONG)
def test_wrong_values_are_said_as_a_server_says_them(
    sync_server: SyncTestServer, words: tuple[str, ...], connect: Callable[[], Operations]
) -> None:
    """The same code, detail and hint, and the same exit code."""
    offline, online = CommandLine(connect=connect)(*words), CommandLine(connect=sync_server.operations)(*words)
    assert (offline.code, offline.err) == (online.code, online.err)
    assert offline.code == 2


@without
def test_what_no_workflow_can_be_called_is_not_found(
    sync_server: SyncTestServer, connect: Callable[[], Operations]
) -> None:
    """As by a server, which could have none of this name; a name that is possible needs the server."""
    words = ("workflow", "show", "Bad Handle!")
    offline, online = CommandLine(connect=connect)(*words), CommandLine(connect=sync_server.operations)(*words)
    assert (offline.code, offline.err) == (online.code, online.err)
    assert offline.code == 3
    assert CommandLine(connect=connect)("workflow", "show", "possible").code != 3


@without
def test_before_a_question_too(connect: Callable[[], Operations]) -> None:
    """No one is asked first."""
    orcheo = CommandLine(connect=connect, at_terminal=True, answers="y\n")
    said = orcheo("--json", "workflow", "rotate-token", "x", "--grace-seconds", "-1")
    assert said.problem["code"] == "invalid_input"
    assert "[y/N]" not in said.err


def test_right_values_say_that_there_is_no_server() -> None:
    """So does a question that no server can check."""
    orcheo = CommandLine(connect=_NoServer, at_terminal=True, answers="y\n")
    assert orcheo("--json", "workflow", "add", "x", "--runner", "python", "--target", "a:b").problem["code"] == (
        "server_unreachable"
    )
    assert orcheo("--json", "workflow", "publish", "x").problem["code"] == "server_unreachable"


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("workflows.list", {"limit": 0}, "invalid_input"),
        ("workflows.add", {"handle": "A B", "runner": "python", "target": "a:b"}, "invalid_input"),
        ("workflows.list", {}, "no_service_token"),
    ],
)
def test_an_assistant_hears_the_same(
    name: str, arguments: dict[str, Any], code: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By ``orcheo-mcp``, before any server was ever started, for the call and for its question."""
    monkeypatch.setenv("ORCHEO_DATA_DIR", str(tmp_path))
    for ask in (LateOperations().perform, LateOperations().question):
        with pytest.raises(OrcheoError) as refused:
            ask(name, arguments)
        assert refused.value.code == code
