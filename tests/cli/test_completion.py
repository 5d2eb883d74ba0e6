"""The Tab key: commands, options, and the values that are known."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orcheo_adapters.client.known_workflows import KnownWorkflows
from tests.adapters.test_known_workflows import view

pytestmark = pytest.mark.processes

ORCHEO = Path(sys.executable).parent / "orcheo"
SERVER = "http://127.0.0.1:8700"


def offered(folder: Path, line: str) -> set[str]:
    """What bash is offered at the end of a line."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCHEO_")}
    run = {
        "ORCHEO_DATA_DIR": str(folder),
        "ORCHEO_CACHE_DIR": str(folder),
        "_ORCHEO_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    done = subprocess.run([ORCHEO], env=kept | run, capture_output=True, text=True, check=True, timeout=120)
    return {each.partition(",")[2] for each in done.stdout.splitlines() if each}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What this machine knows of three workflows."""
    known = KnownWorkflows.locate(SERVER, {"ORCHEO_CACHE_DIR": str(tmp_path)})
    known.learn([view(1), view(2), view(3, handle="greeter")])
    return tmp_path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("orcheo work", {"workflow"}),
        ("orcheo workflow rot", {"rotate-identity-secret", "rotate-token"}),
        ("orcheo workflow list --off", {"--offline"}),
        ("orcheo workflow show e", {"echo-1", "echo-2"}),
        ("orcheo audit list --workflow g", {"greeter"}),
        ("orcheo thread list ", {"echo-1", "echo-2", "greeter"}),
        ("orcheo workflow add new --runner l", {"langgraph"}),
        ("orcheo token create --scope workflows:p", {"workflows:publish"}),
        ("orcheo thread export thr_1 --format j", {"json", "jsonl"}),
        ("orcheo workflow add new --target e", set()),
    ],
)
def test_what_is_offered(folder: Path, line: str, words: set[str]) -> None:
    """Names, handles that were heard of, and the values of a fixed set."""
    assert offered(folder, line) == words


def test_without_knowledge_no_handle_is_offered(tmp_path: Path) -> None:
    """And no error is shown in the middle of the line."""
    assert offered(tmp_path, "orcheo workflow show ") == set()
