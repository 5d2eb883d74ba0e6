"""Lines over standard input that are no messages: each is answered, and the next ones as ever."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.mcp.test_program import ORCHEO_MCP, environment

pytestmark = pytest.mark.processes

_ABOUT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
_HELLO = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": _ABOUT}).encode()
_PING = b'{"jsonrpc": "2.0", "id": 2, "method": "ping"}'


def answers_to(folder: Path, *lines: bytes, count: int) -> list[dict[str, Any]]:
    """The first ``count`` messages that the program writes; then its input ends, and it has nothing else to say."""
    with subprocess.Popen(
        [ORCHEO_MCP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(folder)
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(b"\n".join((*lines, b"")))
        program.stdin.flush()
        answers = [json.loads(program.stdout.readline()) for _ in range(count)]
        assert program.communicate(timeout=120) == (b"", b"")
    assert program.returncode == 0
    return answers


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"jsonrpc": "2.0", "id": 3, "method": "tools/list"', -32700),
        (b"hello", -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b'{"id": 3, "method": "tools/list"}', -32600),
        (b'"ping"', -32600),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_line_that_is_no_message_is_answered(tmp_path: Path, line: bytes, code: int, is_first: bool) -> None:
    """As JSON-RPC has it, without an id; before the first message, too. The connection stays."""
    lines = (line, _HELLO, _PING) if is_first else (_HELLO, line, _PING)
    answers = answers_to(tmp_path, *lines, count=3)
    (error,) = [each for each in answers if each["id"] is None]
    assert error["error"]["code"] == code
    assert error["error"]["message"].endswith(".")
    assert sorted(each["id"] for each in answers if each["id"] is not None) == [1, 2]


def test_an_empty_line_is_no_message_and_no_error(tmp_path: Path) -> None:
    """Some programs end their messages with two line ends."""
    assert [each["id"] for each in answers_to(tmp_path, b"", _HELLO, b"  ", b"\r", _PING, count=2)] == [1, 2]
