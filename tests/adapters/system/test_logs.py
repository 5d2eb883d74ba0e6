"""The server's log: one JSON object a line, without secrets."""

import os
import pty
import re
import subprocess
import sys
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from orcheo_adapters.system.logs import REQUEST_ID, get_logger, redact
from tests.adapters.system.conftest import Lines

pytestmark = pytest.mark.processes

LOG = get_logger("tests")
PUBLISH_TOKEN = "orc_pt_" + "a1B2c3" * 10
SERVICE_TOKEN = "orc_st_" + "Z9y8X7" * 10
GRANT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl-_x"
SETUP = """
import logging, sys
from orcheo_adapters.system.logs import configure_logs, get_logger
logging.basicConfig(format="of somebody else: %(message)s")
configure_logs(logging.{level})
get_logger("tests").{method}("said")
logging.getLogger("uvicorn.error").info("chatter")
logging.getLogger("uvicorn.error").warning("trouble")
logging.getLogger("mcp.server").info("chatter")
"""


def test_a_line_says_when_where_how_bad_and_what(lines: Lines) -> None:
    """These four are on every line, the moment in UTC."""
    before = datetime.now(UTC)
    LOG.warning("%d of %d", 1, 2)
    (line,) = lines()
    assert before <= datetime.fromisoformat(line.pop("at")) <= datetime.now(UTC)
    assert line == {"level": "warning", "logger": "orcheo.tests", "text": "1 of 2"}


def test_a_text_of_many_lines_is_one_line(lines: Lines) -> None:
    """Whoever writes line ends into a message cannot forge another line."""
    LOG.info('one\n{"level": "error"}\r\ntwo\u2028three')
    (line,) = lines()
    assert line["text"] == 'one\n{"level": "error"}\r\ntwo\u2028three'


@pytest.mark.parametrize("secret", [PUBLISH_TOKEN, SERVICE_TOKEN, GRANT])
def test_secrets_are_taken_out(lines: Lines, secret: str) -> None:
    """Tokens and grants are redacted in messages, whether in the text or in an argument."""
    LOG.info(f"Bearer {secret} and %s.", secret)  # noqa: G004 - a secret in the text itself is what is meant
    assert lines()[0]["text"] == "Bearer [redacted] and [redacted]."


@pytest.mark.parametrize("text", ["orc_pt_short", "orc_xx_" + "a" * 60, "eyJust a word", "wf_1"])
def test_what_is_no_secret_stays(text: str) -> None:
    """Ids and words that only begin like a secret can be read."""
    assert redact(text) == text


def test_half_a_surrogate_pair_does_not_break_the_line(lines: Lines) -> None:
    """Texts of visitors can hold what is no Unicode; the line is written all the same."""
    LOG.info("odd \ud83d")
    assert lines()[0]["text"] == "odd \\ud83d"


def test_a_traceback_is_part_of_the_line_without_its_secrets(lines: Lines) -> None:
    """An error is told whole, but for tokens in it."""
    try:
        raise ValueError(SERVICE_TOKEN)
    except ValueError:
        LOG.exception("failed")
    (line,) = lines()
    assert line["level"] == "error"
    assert line["traceback"].startswith("Traceback (most recent call last):")
    assert line["traceback"].endswith("ValueError: [redacted]")


def test_a_long_error_is_written_without_its_middle(lines: Lines) -> None:
    """Else one error of a workflow could fill the log, and all chats would wait while it is written."""
    try:
        raise ValueError("x" * 1_000_000 + SERVICE_TOKEN + "\n" + "y" * 10_000)
    except ValueError:
        LOG.exception("z" * 1_000_000)
    (line,) = lines()
    assert line["text"].endswith("z\n… 984000 characters left out …\n")
    assert re.search(r"x\n… \d+ characters left out …\ny+$", line["traceback"])
    assert len(line["traceback"]) < 33_000


class _Unreadable(Exception):
    """Its text must not be made."""

    def __str__(self) -> str:
        raise AssertionError


def _noted(*notes: str) -> Exception:
    error = ValueError("a")
    error.__notes__ = list(notes)
    return error


_LONG = "x" * 20_000
_LARGE = _Unreadable(["x" * 1_000_001])


@pytest.mark.parametrize(
    ("error", "cause", "expected"),
    [
        (ValueError("a"), ValueError(_LONG), ["ValueError: a", f"ValueError: {_LONG}"]),
        (ExceptionGroup("some", [ValueError(_LONG)] * 100), None, ["ExceptionGroup: some (100 sub", "ValueError: xxx"]),
        (ValueError("a"), _LARGE, ["ValueError: a", "_Unreadable: (its text has more than 1,000,000 characters)"]),
        (
            ValueError("a"),
            _Unreadable(),
            ["ValueError: a", "_Unreadable: (its text cannot be read: that raised AssertionError)"],
        ),
        (ValueError("a"), _noted("x\n" * 5_000), ["ValueError: a", "ValueError: a\n(its notes are left out"]),
        (_noted(*[""] * 1_000), None, ["ValueError: a\n(its notes are left out"]),
        (_noted("few"), None, ["ValueError: a\nfew"]),
        (KeyError("\n" * 1_000_001), None, ["KeyError: (its text has more than 1,000,000 characters)"]),
        (ValueError("a"), ValueError("b"), ["ValueError: b", "direct cause of the following", "ValueError: a"]),
    ],
)
def test_errors_are_written_whatever_they_have_to_say(
    error: Exception, cause: Exception | None, expected: list[str], lines: Lines
) -> None:
    """What they hold is not made a text where it has hundreds of megabytes: all chats would wait."""
    try:
        raise error from cause
    except Exception:
        LOG.exception("failed")
    (line,) = lines()
    at = [line["traceback"].find(each) for each in expected]
    assert -1 not in at, line["traceback"]
    assert at == sorted(at)
    assert f"line {error.__traceback__.tb_lineno}" in line["traceback"] if error.__traceback__ else False
    assert len(line["traceback"]) < 33_000


def test_known_extras_are_fields_and_others_are_left_out(lines: Lines) -> None:
    """What a line may hold is a fixed list, so nothing private slips in."""
    known: dict[str, Any] = {"turn_id": "trn_1", "workflow_id": "wf_1", "status": "completed", "input_tokens": 3}
    LOG.info("turn ended", extra={**known, "said": "private"})
    (line,) = lines()
    assert {name: line[name] for name in known} == known
    assert "private" not in str(line)


def test_a_line_names_the_request_it_belongs_to(lines: Lines) -> None:
    """The id is taken from the context; lines outside a request have none."""

    def within_a_request() -> None:
        REQUEST_ID.set("req_1")
        LOG.info("inside")

    copy_context().run(within_a_request)
    LOG.info("outside")
    inside, outside = lines()
    assert inside["request_id"] == "req_1"
    assert "request_id" not in outside


def test_an_extra_of_any_type_can_be_written(lines: Lines) -> None:
    """A value that JSON does not know is told as text."""
    LOG.info("odd", extra={"status": ValueError("odd")})
    assert lines()[0]["status"] == "odd"


def logged(level: str, method: str) -> list[tuple[str, str]]:
    """What a process of its own writes on standard error when it is set up for a level."""
    command = [sys.executable, "-c", SETUP.format(level=level, method=method)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    assert done.stdout == b""
    return [(line["logger"], line["text"]) for line in map(orjson.loads, done.stderr.splitlines())]


def test_the_server_writes_json_on_standard_error() -> None:
    """Set-up takes the place of any other; the web server and the library of MCP are heard when they warn."""
    assert logged("INFO", "info") == [("orcheo.tests", "said"), ("uvicorn.error", "trouble")]


_AT_TERMINAL = """
from orcheo_adapters.system.logs import configure_logs, get_logger
configure_logs()
get_logger("tests").warning("said \x1b[2J orc_st_%s", "Z9y8X7" * 10)
get_logger("tests").info("ended", extra={"turn_id": "trn_1", "status": "failed"})
try:
    1 / 0
except ZeroDivisionError:
    get_logger("tests").exception("failed")
"""


def test_at_a_terminal_it_is_text_for_a_person() -> None:
    """Local time, level, part and text; a traceback is indented; no secret, and nothing that drives the terminal."""
    controller, terminal = pty.openpty()
    subprocess.run([sys.executable, "-c", _AT_TERMINAL], stderr=terminal, check=True, timeout=120)
    os.close(terminal)
    said = os.read(controller, 10_000).decode().splitlines()
    os.close(controller)
    assert re.fullmatch(r"\d\d:\d\d:\d\d warning tests: said \\x1b\[2J \[redacted\]", said[0])
    assert said[1].endswith("info tests: ended (turn_id=trn_1 status=failed)")
    assert said[2].endswith("error tests: failed")
    assert said[3] == "    Traceback (most recent call last):"
    assert said[-1] == "    ZeroDivisionError: division by zero"


@pytest.mark.parametrize(("method", "heard"), [("warning", []), ("error", [("orcheo.tests", "said")])])
def test_a_level_holds_for_everybody(method: str, heard: list[tuple[str, str]]) -> None:
    """A quiet server is quiet about the web server's warnings as well."""
    assert logged("ERROR", method) == heard
