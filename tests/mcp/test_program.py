"""``orcheo-mcp`` as an assistant starts it: a process, spoken to over its standard streams."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

from tests.mcp.answers import data_of

ORCHEO_MCP = str(Path(sys.executable).parent / "orcheo-mcp")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """An environment without settings of Orcheo's but this data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCHEO_")}
    return kept | {"ORCHEO_DATA_DIR": str(folder)} | more


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run the program to its end."""
    return subprocess.run([ORCHEO_MCP, *words], capture_output=True, text=True, timeout=30)


@pytest.mark.network
async def test_a_server_that_does_not_answer_is_a_clear_tool_error(tmp_path: Path) -> None:
    """The assistant may be started before the server; each call looks again."""
    folder = environment(tmp_path, ORCHEO_URL="http://127.0.0.1:1", ORCHEO_SERVICE_TOKEN="orc_st_x")
    async with Client(StdioTransport(ORCHEO_MCP, [], env=folder, keep_alive=False)) as assistant:
        answer = await assistant.call_tool("list_workflows", {}, raise_on_error=False)
        assert answer.is_error
        assert data_of(answer) == {
            "code": "server_unreachable",
            "detail": "The Orcheo server at http://127.0.0.1:1 does not answer: Connection refused.",
            "hint": "Start it with `orcheo serve`, or set ORCHEO_URL to where it runs.",
        }
        assert len(await assistant.list_tools()) > 1


async def test_without_a_credential_the_tool_says_where_to_get_one(tmp_path: Path) -> None:
    """No local owner token, as no server was ever started."""
    transport = StdioTransport(ORCHEO_MCP, [], env=environment(tmp_path), keep_alive=False)
    async with Client(transport) as assistant:
        answer = await assistant.call_tool("list_workflows", {}, raise_on_error=False)
    assert data_of(answer)["code"] == "no_service_token"


def test_the_version() -> None:
    """Name and number, as of ``orcheo``."""
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"orcheo-mcp {version('orcheo')}\n", "")


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_the_help(word: str) -> None:
    """What it is and where it looks."""
    done = run(word)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ORCHEO_SERVICE_TOKEN" in done.stdout


def test_wrong_usage_stays_off_the_protocol() -> None:
    """Standard output belongs to the assistant."""
    done = run("--wings")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: orcheo-mcp")


def test_python_m_is_the_same_program() -> None:
    """For assistants that are given a Python."""
    done = subprocess.run(
        [sys.executable, "-m", "orcheo_mcp.main", "--version"], capture_output=True, text=True, timeout=30
    )
    assert done.stdout == f"orcheo-mcp {version('orcheo')}\n"
