"""What operators read about turns."""

import copy
import json
from collections.abc import Callable
from typing import NoReturn

import pytest

from orcheo_adapters.system.telemetry import LoggingTelemetry
from orcheo_core.domain.page_event import PageEvent, PageEventKind, PagePlace
from orcheo_core.domain.turn import TurnFault, TurnStatus
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.runner import RunFailed
from tests import samples
from tests.adapters.system.conftest import Lines

ABOUT = {"turn_id": "trn_1", "workflow_id": "wf_1"}


def told(lines: Lines) -> dict[str, object]:
    """The only line, without what every line has."""
    (line,) = lines()
    return {name: value for name, value in line.items() if name not in {"at", "logger"}}


def test_the_end_of_a_turn(lines: Lines) -> None:
    """How it ended, and that it used nothing that was reported."""
    LoggingTelemetry().turn_ended(samples.turn(status=TurnStatus.CANCELLED, ended_at=samples.moment(2)))
    assert told(lines) == {"level": "info", "text": "turn ended", "status": "cancelled", **ABOUT}


def test_the_end_of_a_turn_that_used_a_model(lines: Lines) -> None:
    """The tokens it used are fields of the line, so that they can be added up."""
    turn = samples.turn(usage=Usage(input_tokens=3, output_tokens=0))
    LoggingTelemetry().turn_ended(turn)
    assert told(lines) == {
        "level": "info", "text": "turn ended", "status": "running", "input_tokens": 3, "output_tokens": 0, **ABOUT
    }  # fmt: skip


def test_the_end_of_a_turn_that_failed(lines: Lines) -> None:
    """Its code is a field of the line, so that failures can be counted by it."""
    turn = samples.turn(status=TurnStatus.FAILED, fault=TurnFault("timed_out", "after 9 s"))
    LoggingTelemetry().turn_ended(turn)
    assert told(lines) == {"level": "info", "text": "turn ended", "status": "failed", "fault": "timed_out", **ABOUT}


def test_a_failed_run_has_its_whole_traceback(lines: Lines) -> None:
    """The visitor sees a fixed sentence; the reason is here."""
    LoggingTelemetry().run_failed(samples.turn(), ValueError("the reason"))
    line = told(lines)
    assert line.pop("traceback") == "ValueError: the reason"
    assert line == {"level": "error", "text": "run failed", **ABOUT}


class _Unreadable(Exception):
    """What a workflow may raise: to look at it ends the process."""

    @property
    def __traceback__(self) -> NoReturn:  # type: ignore[override]
        raise SystemExit(3)


def test_an_error_that_cannot_be_read_does_not_keep_the_turn_open(lines: Lines) -> None:
    """Its turn would be under way until the server ends."""
    failure = RunFailed("workflow_error", "The workflow raised an error.")
    failure.__cause__ = _Unreadable()
    LoggingTelemetry().run_failed(samples.turn(), failure)
    assert told(lines) == {"level": "error", "text": "run failed; reading its error raised SystemExit", **ABOUT}


def test_what_an_endpoint_did_is_one_line(lines: Lines) -> None:
    """Code and reason say it; no line of the owner's code had a part in it."""
    failure = RunFailed("endpoint_unavailable", "The endpoint answered with status 500.")
    failure.__cause__ = _raised_by(lambda: json.loads(""))
    LoggingTelemetry().run_failed(samples.turn(), failure)
    text = "run failed: endpoint_unavailable: The endpoint answered with status 500."
    assert told(lines) == {"level": "error", "text": text, **ABOUT}


def test_an_error_of_the_owner_has_its_traceback_from_their_first_line(lines: Lines) -> None:
    """What called it is Orcheo's, and would hide it."""
    failure = RunFailed("workflow_error", "ValueError: no number")
    failure.__cause__ = _raised_by(lambda: copy.deepcopy(_Fails()))
    LoggingTelemetry().run_failed(samples.turn(), failure)
    line = told(lines)
    assert line["text"] == "run failed: workflow_error: ValueError: no number"
    assert "in __deepcopy__" in str(line["traceback"]).splitlines()[1]


def test_an_error_of_an_isolated_workflow_is_kept_as_it_came(lines: Lines) -> None:
    """It has no lines of this process."""
    failure = RunFailed("workflow_error", "ValueError: no number")
    failure.__cause__ = ValueError("what the other process said")
    LoggingTelemetry().run_failed(samples.turn(), failure)
    assert told(lines)["traceback"] == "ValueError: what the other process said"


class _Fails:
    def __deepcopy__(self, _memo: object) -> None:
        int("no number")


def _raised_by(call: Callable[[], object]) -> Exception:
    """The error of a call into the standard library, without the lines of this test that led to it."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - any will do
        call()
    for _ in range(2):
        caught.value.__traceback__ = caught.value.__traceback__ and caught.value.__traceback__.tb_next
    return caught.value


def test_a_turn_that_could_not_be_saved(lines: Lines) -> None:
    """What storage said is part of the text."""
    LoggingTelemetry().save_failed(samples.turn(), OSError("disk full"))
    assert told(lines) == {"level": "error", "text": "turn could not be saved: disk full", **ABOUT}


def test_an_action_that_a_workflow_does_not_take(lines: Lines) -> None:
    """A stranger may have made its type up, so that it is cut."""
    LoggingTelemetry().action_not_taken("wf_1", "x" * 1_000)
    text = f"action {'x' * 100!r} not taken: the workflow takes messages only"
    assert told(lines) == {"level": "warning", "text": text, "workflow_id": "wf_1"}


def test_what_could_not_be_kept(lines: Lines) -> None:
    """By its name, not its content."""
    LoggingTelemetry().left_out(samples.turn(), "TextDelta")
    assert told(lines) == {"level": "warning", "text": "left out: TextDelta", **ABOUT}


def test_events_of_pages_are_counted_and_no_line_is_written(lines: Lines) -> None:
    """A line for each would let anyone fill the log."""
    telemetry = LoggingTelemetry()
    event = PageEvent(place=PagePlace.PAGE, kind=PageEventKind.OPEN)
    for _ in range(2):
        telemetry.page_event(event)
    assert (telemetry.page_counts(), lines()) == ({event: 2}, [])
