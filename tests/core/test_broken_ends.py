"""Turns end whatever becomes of the notes about them, and whatever the error of a workflow does when it is read."""

from typing import NoReturn

import pytest

from orcheo_core.domain.run import TextDelta
from orcheo_core.domain.turn import TurnFault, TurnStatus
from orcheo_core.errors import StorageUnavailable
from orcheo_core.ports.runner import failure_of
from tests.core.harness import CoreHarness
from tests.fakes.runner import Batch

_SAID = [TextDelta("So far")]


@pytest.mark.parametrize("batch", [_SAID, ValueError("broken")])
@pytest.mark.parametrize("is_disk_full", [False, True])
async def test_a_turn_ends_although_no_note_can_be_made_of_it(
    harness: CoreHarness, batch: Batch, *, is_disk_full: bool
) -> None:
    """The log and the metrics may fail as well, by the same cause."""
    visit = await harness.visit()
    turn = await harness.ask(visit, batch)
    harness.telemetry.error = OSError()
    harness.store.error = StorageUnavailable("full") if is_disk_full else None
    await harness.background.run_all()
    relay = harness.core.live_turns.find(turn.id)
    assert relay is not None
    assert relay.is_over
    harness.store.error = None
    await harness.core.engine.checkpoint()
    assert (await harness.latest(turn.thread_id)).status is not TurnStatus.RUNNING
    assert len(harness.core.live_turns) == 0


@pytest.mark.parametrize(
    ("batch", "status", "fault"),
    [
        (_SAID, TurnStatus.COMPLETED, None),
        (ValueError("x"), TurnStatus.FAILED, TurnFault("workflow_error", "ValueError: x")),
    ],
)
async def test_an_end_that_cannot_be_told_ends_the_stream_and_is_stored_later(
    harness: CoreHarness, batch: Batch, status: TurnStatus, fault: TurnFault | None
) -> None:
    """Such as by a built-in function that the workflow has replaced, until it is set back."""
    visit = await harness.visit()
    turn = await harness.ask(visit, batch)
    relay = harness.core.live_turns.find(turn.id)
    assert relay is not None
    woken: list[bool] = []
    relay.follow(lambda: woken.append(relay.is_over))
    harness.encoder.error = TypeError("len is broken")
    with pytest.raises(TypeError, match="len is broken"):
        await harness.background.run_all()
    assert woken[-1]
    harness.encoder.error = None
    await harness.core.engine.checkpoint()
    stored = await harness.latest(turn.thread_id)
    assert (stored.status, stored.fault) == (status, fault)
    again = await harness.answered(visit, _SAID, thread_id=turn.thread_id)
    assert (await harness.latest(again.thread_id)).status is TurnStatus.COMPLETED


async def test_an_end_that_cannot_be_made_has_failed(harness: CoreHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner reads where to look."""
    turn = await harness.ask(await harness.visit(), _SAID)
    (live,) = harness.core.live_turns
    monkeypatch.setattr(live, "natural_end", _fail)
    with pytest.raises(TypeError):
        await harness.background.run_all()
    monkeypatch.undo()
    await harness.core.engine.checkpoint()
    stored = await harness.latest(turn.thread_id)
    fault = TurnFault("not_saved", "The end of the turn could not be made: the log has the error.")
    assert (stored.status, stored.fault) == (TurnStatus.FAILED, fault)


def _fail() -> NoReturn:
    raise TypeError


class _Unreadable(Exception):
    """Raises something else when it is read."""

    def __str__(self) -> str:
        raise self.args[0]


@pytest.mark.parametrize("raised", [ValueError(), _Unreadable(ValueError()), SystemExit(3), KeyboardInterrupt()])
async def test_an_error_that_cannot_be_read_ends_its_turn(harness: CoreHarness, raised: BaseException) -> None:
    """Its class is the workflow's own; what it raises ends neither the server nor the stream."""
    turn = await harness.answered(await harness.visit(), _Unreadable(raised))
    stored = await harness.latest(turn.thread_id)
    reason = f"_Unreadable: (its text cannot be read: that raised {type(raised).__name__})"
    assert (stored.status, stored.fault) == (TurnStatus.FAILED, TurnFault("workflow_error", reason))


def test_of_an_error_with_megabytes_the_beginning_is_kept() -> None:
    """More of it is not looked at."""
    assert failure_of(ValueError("x" * 10_000_000)).reason.startswith("ValueError: xxx")
