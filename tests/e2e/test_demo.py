"""``make demo`` once everything is installed: ``tools/demo.py``."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.server_process import ROOT, ServerProcess, bareenvironment

pytestmark = pytest.mark.network


def start(folder: Path, **settings: str) -> "subprocess.Popen[str]":
    """The demo on a data folder."""
    environment = {"ORCHEO_CONFIG_DIR": str(folder), "ORCHEO_DATA_DIR": str(folder / "data")} | settings
    return subprocess.Popen(
        [sys.executable, ROOT / "tools" / "demo.py"],
        env=bareenvironment() | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_publishes_says_what_to_do_next_and_ends_cleanly(tmp_path: Path) -> None:
    """What another terminal must be told is ready to be pasted; the port is not a part of it."""
    demo = start(tmp_path, ORCHEO_PORT="0", ORCHEO_SERVICE_TOKEN="orc_st_of_another_server")
    assert demo.stdout is not None
    said = "".join(iter(demo.stdout.readline, "  Stop with Ctrl-C.\n"))
    demo.send_signal(signal.SIGINT)
    _, err = demo.communicate(timeout=120)
    assert demo.returncode == 0, err
    assert re.search(r"http://127\.0\.0\.1:\d+/chat/docs-assistant", said)
    assert f"      export ORCHEO_DATA_DIR={tmp_path}/data\n      orcheo workflow list\n" in said
    assert "ORCHEO_URL" not in said
    assert err.splitlines()[-1] == "Orcheo has stopped."


def test_on_a_taken_port_it_leaves_the_other_server_alone(tmp_path: Path, server: ServerProcess) -> None:
    """It ends with the words of its own server, and asks the other one for nothing."""
    demo = start(tmp_path, ORCHEO_PORT=server.url.rpartition(":")[2])
    out, err = demo.communicate(timeout=120)
    assert (demo.returncode, out) == (5, "")
    assert err.startswith("Error: Another process listens on 127.0.0.1:")
    assert server.operation("workflows.list")["workflows"] == []


def test_on_a_port_of_something_else_it_does_not_wait(tmp_path: Path) -> None:
    """A program that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        demo = start(tmp_path, ORCHEO_PORT=str(other.getsockname()[1]))
        _, err = demo.communicate(timeout=120)
    assert demo.returncode == 5
    assert "Hint:  Stop it, or choose another port with --port or ORCHEO_PORT." in err


def test_on_a_data_folder_in_use_it_leaves_the_other_server_alone(tmp_path: Path, server: ServerProcess) -> None:
    """The folder names the other server, which is not asked either."""
    demo = start(tmp_path, ORCHEO_PORT="0", ORCHEO_DATA_DIR=str(server.data_dir))
    out, err = demo.communicate(timeout=120)
    assert (demo.returncode, out) == (5, "")
    assert f"which listens at {server.url}" in err
    assert server.operation("workflows.list")["workflows"] == []
