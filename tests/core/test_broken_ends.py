"""Turns end whatever becomes of the notes about them, and whatever the error of a workflow does when it is read."""

from typing import NoReturn

import pytest

from orcheo_core.domain.run import RecordingSpoken, TextDelta, TitleGiven
from orcheo_core.domain.turn import TurnFault, TurnStatus
from orcheo_core.errors import ActionFailed, StorageUnavailable, TranscriptionFailed, WorkflowCheckFailed
from orcheo_core.ports.runner import failure_of
from orcheo_core.services.visitors.acting import ActionInput
from tests.core.harness import ADA, CoreHarness
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


async def test_a_follower_that_could_not_hear_of_the_end_is_woken_again(harness: CoreHarness) -> None:
    """What broke the end of the turn may break its streams too; they must not stay open."""
    turn = await harness.ask(await harness.visit(), _SAID)
    relay = harness.core.live_turns.find(turn.id)
    assert relay is not None
    woken: list[bool] = []

    def wake() -> None:
        if harness.encoder.error is not None:
            raise harness.encoder.error
        woken.append(relay.is_over)

    relay.follow(wake)
    harness.encoder.error = TypeError("isinstance is broken")
    for work in (harness.background.run_all, harness.core.engine.checkpoint):
        with pytest.raises(TypeError, match="isinstance is broken"):
            await work()
    assert not any(woken)
    harness.encoder.error = None
    await harness.core.engine.checkpoint()
    assert woken[-1]
    del woken[:]
    await harness.core.engine.checkpoint()
    assert woken == []


async def test_beside_the_turns_what_was_done_is_told_although_no_note_can_be_made(harness: CoreHarness) -> None:
    """Of an action, of a recording and of a probe."""
    visit = await harness.visit()
    turn = await harness.answered(visit, _SAID)
    harness.telemetry.error = OSError("full")
    harness.runners.script = (ValueError("broken"),)
    with pytest.raises(ActionFailed):
        await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    harness.runners.hears, harness.runners.script = True, (ValueError("broken"),)
    with pytest.raises(TranscriptionFailed):
        await harness.core.acting.write_down(visit, RecordingSpoken(data=b"", mime_type="audio/webm"))
    harness.runners.script = ([*_SAID, TitleGiven("Kept")],)
    assert await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go")) is None
    thread = await harness.store.begin().threads.find(turn.thread_id)
    assert thread is not None
    assert thread.title == "Kept"
    services = harness.core.owner_services
    harness.runners.script = (ValueError("broken"),)
    with pytest.raises(WorkflowCheckFailed, match="broken"):
        await services.registering.check(ADA, "echo", services.probing)


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
