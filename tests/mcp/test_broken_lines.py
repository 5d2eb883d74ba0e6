"""What is answered over standard input: lines that are no messages, and calls that are open when the input ends."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.http.process import server_process
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


_BROKEN = {
    b'{"jsonrpc": "2.0", "id": 3, "method": "tools/list"': -32700,
    b"hello": -32700,
    b"\xff\xfe": -32700,
    b"[]": -32600,
    b'{"id": 3, "method": "tools/list"}': -32600,
    b'"ping"': -32600,
}
"""Lines that are no messages, with the code of the answer."""


@pytest.mark.parametrize("is_first", [True, False])
def test_a_line_that_is_no_message_is_answered(tmp_path: Path, is_first: bool) -> None:
    """As JSON-RPC has it, without an id; before the first message, too. The connection stays."""
    lines = (*_BROKEN, _HELLO, _PING) if is_first else (_HELLO, *_BROKEN, _PING)
    answers = answers_to(tmp_path, *lines, count=len(lines))
    errors = [each["error"] for each in answers if each["id"] is None]
    assert [each["code"] for each in errors] == list(_BROKEN.values())
    assert all(each["message"].endswith(".") for each in errors)
    assert sorted(each["id"] for each in answers if each["id"] is not None) == [1, 2]


def test_an_empty_line_is_no_message_and_no_error(tmp_path: Path) -> None:
    """Some programs end their messages with two line ends."""
    assert [each["id"] for each in answers_to(tmp_path, b"", _HELLO, b"  ", b"\r", _PING, count=2)] == [1, 2]


def _call(number: int, tool: str, **arguments: object) -> bytes:
    params = {"name": tool, "arguments": arguments}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()


def _said(folder: Path, *lines: bytes, **more: str) -> list[dict[str, Any]]:
    """All that the program writes when its input ends at once behind these lines."""
    known = environment(folder, **more)
    given = b"\n".join((*lines, b""))
    done = subprocess.run([ORCHEO_MCP], input=given, capture_output=True, env=known, timeout=120, check=True)
    return [json.loads(each) for each in done.stdout.splitlines()]


def test_calls_are_answered_when_the_input_ends_at_once(tmp_path: Path) -> None:
    """As from a pipe; a cancelled call gets no answer, and is not waited for."""
    cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 4}}
    lines = (_HELLO, _call(2, "list_workflows"), _call(3, "show_workflow", ref="echo"), _call(4, "list_workflows"))
    said = {each["id"]: each for each in _said(tmp_path, *lines, json.dumps(cancelled).encode())}
    assert [said[number]["result"]["isError"] for number in (2, 3)] == [True, True]
    assert "no_service_token" in said[2]["result"]["content"][0]["text"]


@pytest.mark.network
def test_a_question_to_a_client_that_has_gone_ends_the_wait(tmp_path: Path) -> None:
    """It cannot be answered any more, so nothing is changed; the other calls are answered."""
    able = json.loads(_HELLO)
    able["params"]["capabilities"] = {"elicitation": {}}
    with server_process(tmp_path) as server:
        server.perform("workflows.add", handle="echo", runner="python", target="tests.workflows:echo")
        owner = {"ORCHEO_URL": server.url, "ORCHEO_SERVICE_TOKEN": server.owner_token}
        publish = _call(2, "workflows_publish", ref="echo")
        said = _said(tmp_path, json.dumps(able).encode(), publish, _call(3, "list_workflows"), **owner)
    (asked,) = [each for each in said if each.get("method") == "elicitation/create"]
    answers = {each["id"]: each for each in said if each is not asked}
    assert answers[2]["error"]["message"] == "Connection closed"
    assert answers[3]["result"]["structuredContent"]["workflows"]
