"""How a turn runs, ends, and survives a store that fails."""

import pytest

from orcheo_core.domain.component_items import EndOfTurnItem, HiddenItem, ProgressNoteItem, Step, StepKind, WidgetItem
from orcheo_core.domain.items import AssistantItem
from orcheo_core.domain.run import (
    ContextKept,
    CutShort,
    ProgressNote,
    StepNoted,
    TextDelta,
    TitleGiven,
    WidgetChanged,
    WidgetShown,
)
from orcheo_core.domain.thread_events import ItemDone, ThreadUpdated, TurnTrouble
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import StorageUnavailable
from orcheo_core.ports.runner import NothingSaid, RunFailed, RunTimedOut
from orcheo_core.services.live_turns import ENDED_BY_OWNER, INTERRUPTED, THREAD_DELETED
from orcheo_core.services.turn_engine import FAILED, NOT_SAVED, TIMED_OUT
from tests.core.hall import ADA, Hall

WIDGET = {"type": "Card", "children": []}


def trouble_in(events: list[object]) -> list[TurnTrouble]:
    return [each for each in events if isinstance(each, TurnTrouble)]


async def answer_in(hall: Hall, thread_id: str) -> str:
    return "".join(each.text for each in await hall.items(thread_id) if isinstance(each, AssistantItem))


async def test_an_answer_ends_as_completed_and_is_told_when_it_is_durable(hall: Hall) -> None:
    """The last event is the whole item."""
    turn = await hall.answered(await hall.visit(), [TextDelta("Good "), TextDelta("day")])
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.COMPLETED
    last = (await hall.told(turn))[-1]
    assert isinstance(last, ItemDone)
    assert isinstance(last.item, AssistantItem)
    assert last.item.text == await answer_in(hall, turn.thread_id) == "Good day"
    assert hall.telemetry.ended[0].id == turn.id


@pytest.mark.parametrize(("error", "trouble"), [(ValueError("secret"), FAILED), (RunTimedOut("too slow"), TIMED_OUT)])
async def test_what_a_workflow_raises_stays_in_the_log(hall: Hall, error: Exception, trouble: TurnTrouble) -> None:
    """Visitors get a fixed sentence behind the text so far."""
    turn = await hall.answered(await hall.visit(), [TextDelta("So far")], error)
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.FAILED
    assert await answer_in(hall, turn.thread_id) == "So far"
    assert trouble_in([*await hall.told(turn)]) == [trouble]
    assert hall.telemetry.run_failures == [error]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RunFailed("endpoint_rate_limited", "429", visitor_message="Busy."), "Busy."),
        (RunFailed("endpoint_key_refused", "401"), FAILED.message),
        (NothingSaid("ended at once"), "The workflow did not give an answer. You can try again."),
    ],
)
async def test_a_failure_may_bring_the_sentence_for_visitors(hall: Hall, error: RunFailed, message: str) -> None:
    """The reason for the owner is not in it."""
    turn = await hall.answered(await hall.visit(), error)
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.FAILED
    assert trouble_in([*await hall.told(turn)]) == [TurnTrouble(message=message, allow_retry=True)]


async def test_an_answer_that_is_cut_short_is_kept(hall: Hall) -> None:
    """The turn is completed; what cut it short is no text."""
    turn = await hall.answered(await hall.visit(), [TextDelta("So"), CutShort(code="answer_cut_off", reason="length")])
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.COMPLETED
    assert await answer_in(hall, turn.thread_id) == "So"


@pytest.mark.parametrize(("kind", "is_reasoning"), [(StepKind.THOUGHT, True), (StepKind.CUSTOM, False)])
async def test_a_progress_note_that_begins_with_a_thought_is_reasoning(
    hall: Hall, kind: StepKind, is_reasoning: bool
) -> None:
    """So that the page can fold it."""
    turn = await hall.answered(await hall.visit(), [StepNoted(index=0, step=Step(kind=kind, content="Hm"))])
    notes = [each for each in await hall.items(turn.thread_id) if isinstance(each, ProgressNoteItem)]
    assert [note.is_reasoning for note in notes] == [is_reasoning]


async def test_a_checkpoint_makes_text_durable_while_the_answer_is_written(hall: Hall) -> None:
    """Half an answer outlives its process; a checkpoint without news writes nothing."""
    durable: list[str] = []

    async def look() -> None:
        await hall.core.engine.checkpoint()
        await hall.core.engine.checkpoint()
        durable.append(await answer_in(hall, turn.thread_id))

    turn = await hall.ask(await hall.visit(), [TextDelta("ha")], look, [TextDelta("lf")], look)
    await hall.background.run_all()
    assert durable == ["ha", "half"]


async def test_turns_of_an_earlier_process_are_marked_interrupted(hall: Hall) -> None:
    """Recovering twice finds nothing more."""
    turn = await hall.ask(await hall.visit())
    hall.background.drop_all()
    assert await hall.core.engine.recover() == 1
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.INTERRUPTED
    assert await hall.core.engine.recover() == 0


async def test_an_end_that_could_not_be_saved_is_told_and_made_up_for(hall: Hall) -> None:
    """The visitor hears that the answer was not saved; the next checkpoint saves it."""
    visit = await hall.visit()
    turn = await hall.ask(visit, [TextDelta("kept")], lambda: setattr(hall.store, "error", StorageUnavailable()))
    await hall.background.run_all()
    assert trouble_in([*await hall.told(turn)]) == [NOT_SAVED]
    await hall.core.engine.checkpoint()
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.RUNNING
    hall.store.error = None
    await hall.core.engine.checkpoint()
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.COMPLETED
    assert await answer_in(hall, turn.thread_id) == "kept"


async def test_an_item_that_cannot_be_saved_is_not_told(hall: Hall) -> None:
    """A widget is durable before anybody sees it, or the turn ends there."""
    visit = await hall.visit()
    fail = lambda: setattr(hall.store, "error", StorageUnavailable())  # noqa: E731 - a step of the script
    turn = await hall.ask(visit, fail, [WidgetShown(widget=WIDGET)], [TextDelta("more")])
    await hall.background.run_all()
    told = await hall.told(turn)
    assert not any(isinstance(each, ItemDone) and isinstance(each.item, WidgetItem) for each in told)
    assert trouble_in([*told]) == [NOT_SAVED]
    assert hall.runners.runs[-1].stopped


async def test_a_workflow_removed_meanwhile_ends_its_turns(hall: Hall) -> None:
    """There is nothing left to save into, and nobody waits for it."""
    visit = await hall.visit()
    turn = await hall.ask(visit, [TextDelta("lost")])
    await hall.core.registering.remove(ADA, "echo")
    await hall.background.run_all()
    assert len(hall.core.live_turns) == 0
    assert hall.telemetry.save_failures == []
    assert trouble_in([*await hall.told(turn)]) == [ENDED_BY_OWNER]


async def test_a_thread_deleted_meanwhile_is_no_fault(hall: Hall) -> None:
    """Nobody is asked to try again in a thread that is gone."""
    visit = await hall.visit()
    turn = await hall.ask(visit, [TextDelta("lost")])
    await hall.core.own_threads.delete(visit, turn.thread_id)
    await hall.background.run_all()
    assert len(hall.core.live_turns) == 0
    assert hall.telemetry.save_failures == []
    assert trouble_in([*await hall.told(turn)]) == [THREAD_DELETED]


async def test_a_stopped_turn_keeps_what_was_said(hall: Hall) -> None:
    """Cancelled by the visitor: no trouble is told."""
    visit = await hall.visit()
    turn = await hall.ask(
        visit, [TextDelta("be")], lambda: hall.core.live_turns.stop_turn(turn.id), [TextDelta("hind")]
    )
    await hall.background.run_all()
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.CANCELLED
    assert await answer_in(hall, turn.thread_id) == "be"
    assert trouble_in([*await hall.told(turn)]) == []


async def test_an_error_after_the_stop_is_none(hall: Hall) -> None:
    """A workflow may raise when it is told to stop."""
    visit = await hall.visit()
    turn = await hall.ask(visit, lambda: hall.core.live_turns.stop_turn(turn.id), [], ValueError("stopped"))
    hall.runners.runs[-1].stop = lambda: None  # type: ignore[method-assign]  # it does not listen
    await hall.background.run_all()
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.CANCELLED
    assert hall.telemetry.run_failures == []


async def test_a_stopping_server_says_so(hall: Hall) -> None:
    """Interrupted, with a word; a second stop changes nothing."""
    turn = await hall.ask(await hall.visit(), [TextDelta("cut")])
    hall.core.chatting.stop()
    hall.core.live_turns.stop_turn(turn.id)
    await hall.background.run_all()
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.INTERRUPTED
    assert trouble_in([*await hall.told(turn)]) == [INTERRUPTED]


async def test_sessions_ended_by_the_owner_end_their_turns_with_a_word(hall: Hall) -> None:
    """Of this workflow; those of another go on."""
    ours, theirs = await hall.ask(await hall.visit("ours")), await hall.ask(await hall.visit("theirs"))
    await hall.core.publishing.unpublish(ADA, "ours", end_sessions=True)
    await hall.background.run_all()
    assert trouble_in([*await hall.told(ours)]) == [ENDED_BY_OWNER]
    assert (await hall.latest(theirs.thread_id)).status is TurnStatus.COMPLETED


async def test_a_workflow_may_name_its_thread(hall: Hall) -> None:
    """The title is told at once and stored with the answer."""
    turn = await hall.answered(await hall.visit(), [TitleGiven("About tea"), TextDelta("Tea")])
    titles = [each.thread.title for each in await hall.told(turn) if isinstance(each, ThreadUpdated)]
    stored = await hall.store.begin().threads.find(turn.thread_id)
    assert stored is not None
    assert titles == [stored.title] == ["About tea"]


async def test_a_turn_without_anything_to_see_ends_with_a_mark(hall: Hall) -> None:
    """Hidden context and progress are not to be seen."""
    turn = await hall.answered(await hall.visit(), [ContextKept(7), ProgressNote(text="thinking")])
    kinds = [type(each) for each in await hall.items(turn.thread_id)][1:]
    assert kinds == [HiddenItem, EndOfTurnItem]


async def test_changing_a_widget_needs_one(hall: Hall) -> None:
    """A workflow that changes a widget nobody acted upon has failed."""
    turn = await hall.answered(await hall.visit(), [WidgetChanged(widget=WIDGET)])
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.FAILED


async def test_a_workflow_that_says_nonsense_has_failed(hall: Hall) -> None:
    """Only run events can be told."""
    turn = await hall.answered(await hall.visit(), [object()])  # type: ignore[list-item]  # what is tested
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.FAILED
