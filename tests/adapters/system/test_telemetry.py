"""What operators read about turns."""

from orcheo_adapters.system.telemetry import LoggingTelemetry
from orcheo_core.domain.run import Usage
from orcheo_core.domain.turn import TurnFault, TurnStatus
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
