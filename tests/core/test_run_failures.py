"""What an owner is told of a run that failed."""

import tracemalloc

import pytest

from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.ports.runner import NothingSaid, RunFailed, RunTimedOut, RunTooLong, failure_of, text_of


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (ValueError("no such\nfile\x07"), "workflow_error", "ValueError: no such file"),
        (KeyError(), "workflow_error", "KeyError"),
        (RunTimedOut("no end after 9 s"), "timed_out", "no end after 9 s"),
        (RunTooLong(), "too_long", "The answer has more than 1,000,000 characters."),
        (NothingSaid(), "no_answer", "The workflow ended without an answer."),
        (
            InvalidInput(FieldError("target", "'a:b' returned None in place of a graph"), hint="Return one."),
            "workflow_error",
            "The workflow cannot run: 'a:b' returned None in place of a graph. Return one.",
        ),
        (
            InvalidInput(FieldError("settings.nodes", "names no node"), hint="Correct it."),
            "workflow_error",
            "The workflow cannot run: settings.nodes: names no node. Correct it.",
        ),
    ],
)
def test_each_error_has_a_code_and_a_reason_for_the_owner(error: Exception, code: str, reason: str) -> None:
    """The text of an exception becomes one line of printable characters behind its type."""
    failure = failure_of(error)
    assert (failure.code, failure.reason) == (code, reason)


def test_a_runner_says_more_than_an_exception_does() -> None:
    """What it gives is kept as it is."""
    known = RunFailed("rate_limited", "429", retry_after=9, visitor_message="Busy.")
    assert failure_of(known) is known
    assert (known.retry_after, known.visitor_message, str(known)) == (9, "Busy.", "429")


def test_a_long_reason_is_shortened_with_a_mark() -> None:
    """An exception may hold a whole page."""
    reason = failure_of(ValueError("x" * 10_000)).reason
    assert (len(reason), reason[-1]) == (500, "…")


def test_a_reason_is_one_line_of_printable_text() -> None:
    """What an endpoint says may hold colours of a terminal, or lines that look like others."""
    failure = RunFailed("x", "The endpoint says:\n\x1b[31mred\x07 \u202etext")
    assert failure.reason == str(failure) == "The endpoint says: [31mred text"
    assert len(RunFailed("x", "a" * 10_000).reason) == 500
    assert RunFailed("x", " " * 100_000 + "a").reason == "a"


class _Quoting(Exception):
    """Its text is made of what it holds."""

    def __str__(self) -> str:
        return repr(self.args)


_MUCH = 1_000_001


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x" * _MUCH),
        KeyError(b"x" * _MUCH),
        ValueError(bytearray(_MUCH)),
        ValueError(set(range(_MUCH))),
        OSError(2, "x" * _MUCH),
        _Quoting("x" * _MUCH),
    ],
    ids=lambda error: f"{type(error).__name__}-{type(error.args[-1]).__name__}",
)
def test_an_error_that_writes_all_it_holds_is_measured_first(error: Exception) -> None:
    """To quote hundreds of megabytes takes seconds, and all chats wait."""
    assert text_of(error) == "(its text has more than 1,000,000 characters)"


def test_a_long_text_that_is_the_error_itself_is_read() -> None:
    """It is there already; an error that quotes a short one is read too."""
    assert text_of(ValueError("x" * _MUCH)) == "x" * 8_000
    assert text_of(KeyError("x")) == "'x'"


def test_only_the_beginning_of_a_long_reason_is_read() -> None:
    """An error may quote megabytes: read whole, they took seconds, and eight times their size of memory."""
    text = "a" * 2_000_000
    tracemalloc.start()
    try:
        RunFailed("x", text)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
