"""``orcheo serve``: its options, and why it would not start. The running server itself is in tests/e2e."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click import unstyle

from tests.cli.command_line import CommandLine, Said, assert_error
from tests.terminals import start_at_terminal

orcheo = CommandLine()


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none(port: str) -> None:
    """Refused before anything is opened."""
    assert_error(
        orcheo("serve", "--port", port), 2, detail="--port: must be a whole number from 0 to 65535", hint="Correct"
    )


@pytest.mark.parametrize("command", ["serve", "compact"])
@pytest.mark.parametrize("is_option", [True, False])
def test_a_data_folder_that_is_a_file(tmp_path: Path, command: str, is_option: bool) -> None:
    """Refused in the same words for each command, whether an option or a variable names it."""
    file = tmp_path / "file"
    file.touch()
    words = ("--data-dir", str(file)) if is_option else ()
    named = {"ORCHEO_PORT": "0"} | ({} if is_option else {"ORCHEO_DATA_DIR": str(file)})
    ended = subprocess.run(
        [sys.executable, "-m", "orcheo_cli", command, *words], env=os.environ | named, capture_output=True, text=True
    )
    said = Said(ended.returncode, ended.stdout, ended.stderr)
    assert_error(said, 2, detail=f"{file} is a file, where the data folder should be.", hint="Name a folder")


@pytest.mark.parametrize("command", ["serve", "compact"])
def test_a_data_folder_without_a_name(command: str) -> None:
    """An empty name, as of a variable that is not set, does not mean the present folder."""
    said = orcheo(command, "--data-dir", "")
    assert_error(said, 2, detail="--data-dir: must name a folder", hint="Correct the named values")


def test_a_data_folder_below_the_home_folder(tmp_path: Path) -> None:
    """Shells leave the tilde behind an equals sign as it is."""
    said = CommandLine(environment={"HOME": str(tmp_path)})("compact", "--data-dir=~/data")
    assert_error(said, 3, detail=f"There is no database in {tmp_path}/data.", hint="--data-dir")


def test_a_port_of_the_environment_that_is_none() -> None:
    """Named by its variable."""
    said = CommandLine(environment={"ORCHEO_PORT": "http"})("serve")
    assert_error(said, 2, detail="ORCHEO_PORT: must be a whole number from 0 to 65535", hint="Correct")


@pytest.mark.network
def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    """The hint names the option and the variable."""
    said = orcheo("serve", "--host", "192.0.2.1", "--port", "0", "--data-dir", str(tmp_path))
    assert_error(said, 2, detail="The server cannot listen on 192.0.2.1:0", hint="--host or ORCHEO_HOST")


@pytest.mark.network
def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The option wins over the environment, and the reason is the system's."""
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"
    done = start(tmp_path, "--data-dir", str(folder))
    _, said = done.communicate(timeout=120)
    assert done.returncode == 1
    assert f"Error: The data folder {folder} cannot be written: Not a directory." in said
    assert "--data-dir or ORCHEO_DATA_DIR" in said


@pytest.mark.network
def test_a_server_says_where_it_listens_and_how_to_stop_it(tmp_path: Path) -> None:
    """On standard error, once it can be asked, a line for each; it ends cleanly when it is told to."""
    server = start(tmp_path)
    assert server.stderr is not None
    ready = "".join(next(server.stderr) for _ in range(3))
    server.send_signal(signal.SIGTERM)
    out, err = server.communicate(timeout=120)
    assert (server.returncode, out) == (0, "")
    assert err.endswith("Orcheo has stopped.\n")
    assert re.fullmatch(
        rf"Orcheo listens on http://127\.0\.0\.1:\d+\nIts data is in {tmp_path}\nStop it with Ctrl-C\.\n", ready
    )


@pytest.mark.network
def test_a_server_whose_log_nobody_reads_ends_as_any_other(tmp_path: Path) -> None:
    """With status 0: a supervisor takes any other for a crash."""
    with start(tmp_path) as server:
        assert server.stderr is not None
        for _ in range(3):
            next(server.stderr)
        server.stderr.close()
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=120) == 0


@pytest.mark.network
def test_what_a_server_says_fits_its_terminal(tmp_path: Path) -> None:
    """The warning of the trial sign-in is broken between words."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCHEO_")}
    command = [sys.executable, "-m", "orcheo_cli", "serve", "--port", "0", "--dev-login"]
    process, controller = start_at_terminal(command, kept | {"ORCHEO_DATA_DIR": str(tmp_path), "COLUMNS": "60"})
    said = b""
    while b"visitors." not in said:
        said += os.read(controller, 1000)
    process.send_signal(signal.SIGTERM)
    with suppress(OSError):  # Linux says that the terminal's other end is gone
        while os.read(controller, 1000):
            pass
    assert process.wait(timeout=120) == 0
    os.close(controller)
    trial = unstyle(said.decode()).partition("Trial ")[2].splitlines()
    assert len(trial) == 2
    assert all(len(line) <= 60 for line in trial)


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """A server in a process of its own, on a free port."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORCHEO_")}
    return subprocess.Popen(
        [sys.executable, "-m", "orcheo_cli", "serve", "--port", "0", *options],
        env=environment | {"ORCHEO_DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
