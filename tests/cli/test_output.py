"""What a person is told while a command waits."""

import io
import sys
import threading

import pytest

from orcheo_cli.output import WAITING, waiting_told


class _Terminal(io.StringIO):
    """Standard error at a terminal; says when two lines were written."""

    def __init__(self) -> None:
        super().__init__()
        self.has_two = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.getvalue().count("so far") == 2:
            self.has_two.set()
        return written


def test_a_person_is_told_that_nothing_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Again and again, each time twice as late, until the answer is there."""
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with waiting_told(0.01):
        assert terminal.has_two.wait(60)
        assert WAITING in {each.name for each in threading.enumerate()}
    told = " ".join(terminal.getvalue().split())
    assert told.startswith("Still waiting for the server, 0.01 s so far. Ctrl-C stops waiting. Still waiting")
    assert WAITING not in {each.name for each in threading.enumerate()}


def test_nothing_is_said_where_it_would_go_into_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor while a quick command runs."""
    log, terminal = io.StringIO(), _Terminal()
    for stream, seconds in ((log, 0.0), (terminal, 60.0)):
        monkeypatch.setattr(sys, "stderr", stream)
        with waiting_told(seconds):
            pass
        assert stream.getvalue() == ""
