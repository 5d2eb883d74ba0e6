"""Halves of characters that an assistant sends over standard input."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orcheo_mcp.half_characters import replace_halves
from tests.mcp.test_program import ORCHEO_MCP, environment

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\uD83D"', rb'"\ufffd"'),
        (rb'"\ude00!"', rb'"\ufffd!"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\ude00\ud83d"', rb'"\ufffd\ufffd"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'"\u00e9\n\ud7ff\ue000"', rb'"\u00e9\n\ud7ff\ue000"'),
        ('"\U0001f600é"'.encode(), '"\U0001f600é"'.encode()),
    ],
)
def test_only_halves_are_replaced(line: bytes, mended: bytes) -> None:
    """Whole pairs, other escapes and escaped backslashes stay as they are."""
    assert replace_halves(line) == mended


def _message(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def test_a_call_with_half_a_character_is_answered(tmp_path: Path) -> None:
    """It is a refusal here, as no server runs; without an answer an assistant waits for a minute."""
    about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
    calls = [
        _message(1, "initialize", **about),
        _message(2, "tools/call", name="ask_workflow", arguments={"ref": "echo", "text": "half \ud83d"}),
    ]
    with subprocess.Popen(
        [ORCHEO_MCP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(tmp_path)
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        answers = []
        for each in calls:
            program.stdin.write(json.dumps(each).encode() + b"\n")
            program.stdin.flush()
            answers.append(json.loads(program.stdout.readline()))
        program.stdin.close()
        assert program.wait(120) == 0
    assert [each["id"] for each in answers] == [1, 2]
    assert "no_service_token" in answers[1]["result"]["content"][0]["text"]
