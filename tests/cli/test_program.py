"""The program itself, as a process with real streams."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from orcheo_cli.main import GROUPS
from orcheo_core.operations.catalogue import CATALOGUE
from tests.cli.command_line import CommandLine
from tests.servers.asking import QUESTION
from tests.servers.serving import running
from tests.terminals import start_at_terminal

pytestmark = pytest.mark.processes

ORCHEO = Path(sys.executable).parent / "orcheo"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """An environment without settings of Orcheo's but this data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCHEO_")}
    return kept | {"ORCHEO_DATA_DIR": str(folder)} | more


def test_the_version(orcheo: CommandLine) -> None:
    """Name and number, nothing else."""
    said = orcheo("--version")
    assert (said.code, said.out, said.err) == (0, f"orcheo {version('orcheo')}\n", "")


def test_python_m_is_the_same_program() -> None:
    """``python -m orcheo_cli`` helps like ``orcheo``."""
    both = [
        subprocess.run([*command, "--help"], capture_output=True, text=True, check=True, timeout=120).stdout
        for command in ([ORCHEO], [sys.executable, "-m", "orcheo_cli"])
    ]
    assert both[0] == both[1]
    assert both[0].startswith("Usage: orcheo [OPTIONS] COMMAND")


def test_help_lists_the_commands_with_their_summaries(orcheo: CommandLine) -> None:
    """No summary is cut short at 80 columns."""
    out = orcheo("--help").out
    assert "  doctor    Check this installation and its server.\n" in out
    assert "...\n" not in orcheo("workflow", "--help").out.partition("Commands:")[2]


@pytest.mark.parametrize(
    "words", [*((group,) for group in GROUPS), *(each.command for each in CATALOGUE.values())], ids=" ".join
)
def test_help_fits_a_terminal_of_80_columns(orcheo: CommandLine, words: tuple[str, ...]) -> None:
    """No line of it is broken in the middle of a word."""
    assert [line for line in orcheo(*words, "--help").out.splitlines() if len(line) > 80] == []


def test_the_first_help_fits_a_narrow_terminal(orcheo: CommandLine) -> None:
    """Its lines are written by hand, so that Click does not wrap them."""
    assert [line for line in orcheo("--help").out.splitlines() if len(line) > 60] == []


def test_help_says_what_an_argument_means(orcheo: CommandLine) -> None:
    """Click lists options only."""
    assert "REF: Workflow's id or handle." in orcheo("workflow", "publish", "--help").out


def test_without_a_token_it_says_how_to_get_one(tmp_path: Path) -> None:
    """The first thing that people see who have not started the server."""
    done = subprocess.run(
        [ORCHEO, "workflow", "list"], env=environment(tmp_path), capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert f"There is no local owner token at {tmp_path}/owner-token." in done.stderr
    assert "orcheo serve" in done.stderr


def test_a_reader_that_goes_away_gets_no_traceback(tmp_path: Path) -> None:
    """``orcheo --help | head -0``."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [ORCHEO, "--help"], env=environment(tmp_path), stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_read_enough_gets_no_traceback(tmp_path: Path, unbuffered: str) -> None:
    """``orcheo workflow --help | head -1``, however Python buffers; the shell reports it as of other programs."""
    script = f"set -o pipefail; {ORCHEO} workflow --help | head -1; exit $?"
    run = environment(tmp_path, PYTHONUNBUFFERED=unbuffered)
    done = subprocess.run(["bash", "-c", script], env=run, capture_output=True, text=True, timeout=120)
    assert done.returncode in {0, 141}
    assert (done.stdout, done.stderr) == ("Usage: orcheo workflow [OPTIONS] COMMAND [ARGS]...\n", "")


def test_an_old_terminal_shows_what_it_can(tmp_path: Path) -> None:
    """A letter that it has not is a question mark, or an escape in JSON, but no error."""
    folder = tmp_path / "見本"
    folder.mkdir()
    run = environment(folder, PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    plain = subprocess.run([ORCHEO, "doctor"], env=run, capture_output=True, timeout=120)
    assert f"{tmp_path}/??".encode() in plain.stdout
    as_json = subprocess.run([ORCHEO, "doctor", "--json"], env=run, capture_output=True, timeout=120)
    assert rf"{tmp_path}/\u898b\u672c".encode() in as_json.stdout


@pytest.fixture(scope="module")
def asking_server() -> Iterator[dict[str, str]]:
    """The variables that name a server which knows what to ask."""
    with running("tests.servers.asking:app") as url:
        yield {"ORCHEO_URL": url, "ORCHEO_SERVICE_TOKEN": "orc_st_x"}


def test_a_person_at_a_real_terminal_is_asked(tmp_path: Path, asking_server: dict[str, str]) -> None:
    """Standard input is a terminal, so the question comes; after a no nothing is asked of the server."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [ORCHEO, "workflow", "publish", "echo"],
        env=environment(tmp_path, **asking_server),
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(controller, b"n\n")
    out, err = process.communicate(timeout=120)
    os.close(controller)
    os.close(terminal)
    assert (process.returncode, out) == (1, "")
    assert err.startswith(f"{QUESTION} [y/N]: ")
    assert err.endswith("Nothing was changed.\n")


def test_ctrl_c_at_a_question_changes_nothing(tmp_path: Path, asking_server: dict[str, str]) -> None:
    """The line that was left open is closed, and the exit code is a shell's for Ctrl-C."""
    command = [str(ORCHEO), "workflow", "publish", "echo"]
    process, controller = start_at_terminal(command, environment(tmp_path, **asking_server))
    said = b""
    while not said.endswith(b"[y/N]: "):
        said += os.read(controller, 1_000)
    os.write(controller, b"\x03")
    said = b"".join(iter(lambda: _read(controller), b""))
    os.close(controller)
    assert process.wait(30) == 130
    assert said.decode().replace("^C", "").split("\r\n") == ["", "Nothing was changed.", ""]


def test_ctrl_c_at_the_question_for_a_service_token(tmp_path: Path) -> None:
    """Ends as at any other question; the end of the input is a failure."""
    for key, code in ((b"\x03", 130), (b"\x04", 1)):
        process, controller = start_at_terminal([str(ORCHEO), "login"], environment(tmp_path))
        said = b""
        while not said.endswith(b"Service token: "):
            said += os.read(controller, 1_000)
        os.write(controller, key)
        said = b"".join(iter(lambda read=controller: _read(read), b""))  # type: ignore[misc]  # bound for each turn
        os.close(controller)
        assert process.wait(30) == code
        assert b"Nothing was changed." in said


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_json_for_a_stream_that_was_closed(tmp_path: Path, closed: str) -> None:
    """There is nowhere to write to, which is no fault of the command."""
    script = f"{ORCHEO} --json doctor {closed}; {ORCHEO} --json workflow list {closed}; exit $?"
    done = subprocess.run(
        ["bash", "-c", script], env=environment(tmp_path), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 4
    assert "internal_error" not in done.stderr
    assert "Traceback" not in done.stderr


def _read(controller: int) -> bytes:
    try:
        return os.read(controller, 1_000)
    except OSError:  # Linux says so when the program has ended
        return b""
