"""The official TypeScript client, on which Claude Desktop, Cursor, VS Code and n8n stand: over both transports."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.provider_process import node
from tests.http.process import ServerProcess, server_process

FOLDER = Path(__file__).parent / "typescript"
ORCHEO_MCP = str(Path(sys.executable).parent / "orcheo-mcp")
pytestmark = pytest.mark.network
both = pytest.mark.parametrize("transport", ["stdio", "http"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with a private workflow ``echo``."""
    with server_process(tmp_path_factory.mktemp("typescript")) as running:
        add(running, "echo")
        yield running


def add(server: ServerProcess, handle: str) -> None:
    """Register a private workflow."""
    with server.client() as client:
        client.post("/api/workflows", json={"handle": handle, "runner": "python", "target": "tests.workflows:echo"})


def run(server: ServerProcess, transport: str, *calls: tuple[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """What the client was told."""
    http = ["http", f"{server.url}/mcp", server.owner_token]
    words = http if transport == "http" else ["stdio", ORCHEO_MCP]
    environment = os.environ | {"ORCHEO_URL": server.url, "ORCHEO_SERVICE_TOKEN": server.owner_token}
    done = subprocess.run(
        [node(), str(FOLDER / "client.mjs"), *words],
        input=json.dumps({"calls": calls, **more}),
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@both
def test_names_results_and_errors_reach_the_client(server: ServerProcess, transport: str) -> None:
    """It checks data against schemas, errors too; nothing is thrown."""
    told = run(
        server,
        transport,
        ("show_workflow", {"ref": "echo"}),
        ("show_workflow", {"ref": "nope"}),
        ("show_workflow", {}),
        ("list_workflows", {"limit": "1", "toolCallId": "call_1"}),
        ("workflows.show", {"ref": "echo"}),
        ("ask_workflow", {"ref": "echo", "text": "Hello"}),
    )
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", each["name"]) for each in told["tools"])
    assert set(told["capabilities"]) == {"tools"}
    assert not any("thrown" in each for each in told["answers"])
    shown, unknown, missing, listed, dotted, asked = told["answers"]
    assert shown["structuredContent"]["handle"] == dotted["structuredContent"]["handle"] == "echo"
    assert json.loads(unknown["content"][0]["text"])["hint"] == "See `list_workflows` for the ones you have."
    assert json.loads(missing["content"][0]["text"])["detail"] == "ref: is missing"
    assert "toolCallId" in listed["content"][1]["text"]
    assert asked["structuredContent"]["answer"] == "Hello"


@pytest.mark.parametrize("agrees", [True, False])
def test_the_owner_is_asked_through_the_client(server: ServerProcess, agrees: bool) -> None:
    """A form of the client's own; a no changes nothing."""
    add(server, "asked")
    told = run(
        server, "stdio", ("workflows_remove", {"ref": "asked"}), ("show_workflow", {"ref": "asked"}), agrees=agrees
    )
    assert told["asked"] == ["Delete asked? This cannot be undone."]
    removed, shown = ("isError" in each and each["isError"] for each in told["answers"])
    assert (removed, shown) == (not agrees, agrees)


def test_over_http_the_argument_stands_for_the_owner(server: ServerProcess) -> None:
    """There is no session in which the server could ask."""
    told = run(
        server,
        "http",
        ("workflows_publish", {"ref": "echo"}),
        ("workflows_publish", {"ref": "nope"}),
        ("workflows_remove", {"ref": "nope", "confirm": True}),
        agrees=True,
    )
    codes = [json.loads(each["content"][0]["text"])["code"] for each in told["answers"]]
    assert codes == ["confirmation_needed", "workflow_not_found", "workflow_not_found"]
    assert told["asked"] == []


def test_a_call_longer_than_the_clients_patience_comes_to_its_end(server: ServerProcess) -> None:
    """The owner agrees after the second word of progress, which is later than the client would wait without one."""
    add(server, "slow")
    told = run(server, "stdio", ("workflows_remove", {"ref": "slow"}), agrees=True, patience=2, timeout=7_000)
    assert told["answers"][0]["structuredContent"]["workflow"]["handle"] == "slow"
    assert told["progress"] == 2
