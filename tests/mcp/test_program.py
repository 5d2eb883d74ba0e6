"""``orcheo-mcp`` as an assistant starts it: a process, spoken to over its standard streams."""

import os
import pty
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from tests.mcp.answers import refusal

ORCHEO_MCP = str(Path(sys.executable).parent / "orcheo-mcp")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """An environment without settings of Orcheo's but this data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCHEO_")}
    return kept | {"ORCHEO_DATA_DIR": str(folder)} | more


def started(environment: dict[str, str], *words: str) -> Client:
    """A client that starts the program."""
    return Client(StdioServerParameters(command=ORCHEO_MCP, args=list(words), env=environment))


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run the program to its end."""
    return subprocess.run([ORCHEO_MCP, *words], capture_output=True, text=True, timeout=120)


@pytest.mark.network
async def test_a_server_that_does_not_answer_is_a_clear_tool_error(tmp_path: Path) -> None:
    """The assistant may be started before the server; each call looks again."""
    folder = environment(tmp_path, ORCHEO_URL="http://127.0.0.1:1", ORCHEO_SERVICE_TOKEN="orc_st_x")
    async with started(folder) as assistant:
        assert await refusal(assistant, "list_workflows") == {
            "code": "server_unreachable",
            "detail": "The Orcheo server at http://127.0.0.1:1 does not answer: Connection refused.",
            "hint": "Start it with `orcheo serve`, or set ORCHEO_URL to where it runs.",
        }
        assert len((await assistant.list_tools()).tools) > 1


async def test_without_a_credential_the_tool_says_where_to_get_one(tmp_path: Path) -> None:
    """No local owner token, as no server was ever started."""
    async with started(environment(tmp_path)) as assistant:
        assert (await refusal(assistant, "list_workflows"))["code"] == "no_service_token"


async def test_the_options_say_what_is_offered(tmp_path: Path) -> None:
    """Read-only, chosen tools, dotted names; blanks between names count for nothing."""
    words = ("--read-only", "--tools", "workflows.list, show_workflow,workflows_publish", "--tool-names", "dotted")
    async with started(environment(tmp_path), *words) as assistant:
        listed = [each.name for each in (await assistant.list_tools()).tools]
    assert listed == ["workflows.list", "workflows.show"]


async def test_service_tokens_are_managed_where_that_is_allowed(tmp_path: Path) -> None:
    """By the option alone."""
    async with started(environment(tmp_path), "--allow-tokens", "--tools", "tokens_create") as assistant:
        (tool,) = (await assistant.list_tools()).tools
    assert tool.name == "tokens_create"


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
    assert "--read-only" in done.stdout


@pytest.mark.parametrize("words", [["--wings"], ["--tools", "workflows_fly"], ["--read"]])
def test_wrong_usage_stays_off_the_protocol(words: list[str]) -> None:
    """Standard output belongs to the assistant."""
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: orcheo-mcp")


@pytest.mark.parametrize(
    "words", [["--tools", "tokens_create"], ["--tools", ""], ["--read-only", "--tools", "workflows_publish"]]
)
def test_options_that_leave_no_tool_are_told(words: list[str]) -> None:
    """An assistant would see a server without tools, and its owner no reason."""
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "these options leave no tool" in done.stderr


def test_at_a_terminal_it_says_what_it_is_and_ends_at_the_first_ctrl_c(tmp_path: Path) -> None:
    """Without a traceback."""
    terminal, end = pty.openpty()
    program = subprocess.Popen([ORCHEO_MCP], stdin=end, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stderr is not None
    assert program.stderr.readline() == "orcheo-mcp speaks MCP and is started by an assistant. Ctrl-C stops it.\n"
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=120)
    os.close(terminal)
    os.close(end)
    assert (program.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_a_start_says_nothing_that_an_assistant_would_show_as_an_error() -> None:
    """Clients show what comes over standard error; the program ends with its input."""
    ended = subprocess.run([ORCHEO_MCP], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_python_m_is_the_same_program() -> None:
    """For assistants that are given a Python."""
    done = subprocess.run(
        [sys.executable, "-m", "orcheo_mcp.main", "--version"], capture_output=True, text=True, timeout=120
    )
    assert done.stdout == f"orcheo-mcp {version('orcheo')}\n"
