"""How a turn runs, ends, and survives a store that fails."""

import asyncio

import pytest

from orcheo_core.domain.component_items import (
    Ending,
    EndingKind,
    EndOfTurnItem,
    HiddenItem,
    Notice,
    ProgressNoteItem,
    Step,
    StepKind,
    WidgetItem,
)
from orcheo_core.domain.items import AssistantItem
from orcheo_core.domain.run import (
    ContextKept,
    CutShort,
    EffectCaused,
    FaultNoted,
    NoticeGiven,
    ProgressNote,
    RunEvent,
    StepNoted,
    TextDelta,
    TitleGiven,
    WidgetChanged,
    WidgetShown,
)
from orcheo_core.domain.thread_events import ItemDone, ItemRemoved, ThreadUpdated, TurnTrouble
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus
from orcheo_core.errors import StorageUnavailable
from orcheo_core.ports.runner import NothingSaid, RunFailed, RunTimedOut
from orcheo_core.turns.engine import FAILED, NOT_SAVED
from orcheo_core.turns.live import THREAD_DELETED
from orcheo_core.turns.register import ENDED_BY_OWNER, INTERRUPTED
from tests.core.harness import ADA, CoreHarness

WIDGET = {"type": "Card", "children": []}


def trouble_in(events: list[object]) -> list[TurnTrouble]:
    return [each for each in events if isinstance(each, TurnTrouble)]


async def answer_in(harness: CoreHarness, thread_id: str) -> str:
    return "".join(each.text for each in await harness.items(thread_id) if isinstance(each, AssistantItem))


async def test_an_answer_ends_as_completed_and_is_told_when_it_is_durable(harness: CoreHarness) -> None:
    """The last event is the whole item."""
    turn = await harness.answered(await harness.visit(), [TextDelta("Good "), TextDelta("day")])
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.COMPLETED
    last = (await harness.told(turn))[-1]
    assert isinstance(last, ItemDone)
    assert isinstance(last.item, AssistantItem)
    assert last.item.text == await answer_in(harness, turn.thread_id) == "Good day"
    assert harness.telemetry.ended[0].id == turn.id


TIMED_OUT = TurnTrouble(message="The workflow took too long to answer. You can try again.", allow_retry=True)


@pytest.mark.parametrize(("error", "trouble"), [(ValueError("secret"), FAILED), (RunTimedOut("too slow"), TIMED_OUT)])
async def test_what_a_workflow_raises_stays_in_the_log(
    harness: CoreHarness, error: Exception, trouble: TurnTrouble
) -> None:
    """Visitors get a fixed sentence behind the text so far."""
    turn = await harness.answered(await harness.visit(), [TextDelta("So far")], error)
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.FAILED
    assert await answer_in(harness, turn.thread_id) == "So far"
    assert trouble_in([*await harness.told(turn)]) == [trouble]
    assert harness.telemetry.run_failures == [error]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RunFailed("endpoint_rate_limited", "429", visitor_message="Busy."), "Busy."),
        (RunFailed("endpoint_key_refused", "401"), FAILED.message),
        (NothingSaid("ended at once"), "There was no answer to this message. You can try again."),
    ],
)
async def test_a_failure_may_bring_the_sentence_for_visitors(
    harness: CoreHarness, error: RunFailed, message: str
) -> None:
    """The reason for the owner is not in it."""
    turn = await harness.answered(await harness.visit(), error)
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.FAILED
    assert trouble_in([*await harness.told(turn)]) == [TurnTrouble(message=message, allow_retry=True)]


async def test_a_failure_may_say_when_another_try_makes_sense(harness: CoreHarness) -> None:
    """The thread keeps it, so that a page which is opened later counts to the same moment."""
    visit = await harness.visit()
    turn = await harness.answered(visit, RunFailed("endpoint_rate_limited", "429", retry_after=20))
    trouble = TurnTrouble(message=FAILED.message, allow_retry=True, retry_after=20)
    assert trouble_in([*await harness.told(turn)]) == [trouble]
    ends = [each.ending for each in await harness.items(turn.thread_id) if isinstance(each, EndOfTurnItem)]
    assert [each.retry_after for each in ends if each is not None] == [20]
    assert trouble_in([*await harness.core.own_threads.replay(visit, await harness.latest(turn.thread_id))]) == [
        trouble
    ]


async def test_an_answer_that_is_cut_short_is_kept(harness: CoreHarness) -> None:
    """The turn is completed; what cut it short is no text."""
    turn = await harness.answered(
        await harness.visit(), [TextDelta("So"), CutShort(code="answer_cut_off", reason="length")]
    )
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.COMPLETED
    assert await answer_in(harness, turn.thread_id) == "So"


async def test_what_went_wrong_beside_a_whole_answer_is_for_the_owner(harness: CoreHarness) -> None:
    """The first of several; the visitor sees the answer alone."""
    faults = [FaultNoted(code="state_not_kept", reason=reason) for reason in ("first", "second")]
    turn = await harness.answered(await harness.visit(), [TextDelta("So"), *faults])
    latest = await harness.latest(turn.thread_id)
    assert (latest.status, latest.fault) == (TurnStatus.COMPLETED, TurnFault("state_not_kept", "first"))
    assert await answer_in(harness, turn.thread_id) == "So"


@pytest.mark.parametrize(("kind", "is_reasoning"), [(StepKind.THOUGHT, True), (StepKind.CUSTOM, False)])
async def test_a_progress_note_that_begins_with_a_thought_is_reasoning(
    harness: CoreHarness, kind: StepKind, is_reasoning: bool
) -> None:
    """So that the page can fold it."""
    turn = await harness.answered(await harness.visit(), [StepNoted(index=0, step=Step(kind=kind, content="Hm"))])
    notes = [each for each in await harness.items(turn.thread_id) if isinstance(each, ProgressNoteItem)]
    assert [note.is_reasoning for note in notes] == [is_reasoning]


async def test_a_checkpoint_makes_text_durable_while_the_answer_is_written(harness: CoreHarness) -> None:
    """Half an answer outlives its process; a checkpoint without news writes nothing."""
    durable: list[str] = []

    async def look() -> None:
        await harness.core.engine.checkpoint()
        await harness.core.engine.checkpoint()
        durable.append(await answer_in(harness, turn.thread_id))

    turn = await harness.ask(await harness.visit(), [TextDelta("ha")], look, [TextDelta("lf")], look)
    await harness.background.run_all()
    assert durable == ["ha", "half"]


async def test_turns_of_an_earlier_process_are_marked_interrupted(harness: CoreHarness) -> None:
    """Recovering twice finds nothing more."""
    turn = await harness.ask(await harness.visit())
    harness.background.drop_all()
    assert await harness.core.engine.recover() == 1
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.INTERRUPTED
    assert await harness.core.engine.recover() == 0


async def test_an_end_that_could_not_be_saved_is_told_and_made_up_for(harness: CoreHarness) -> None:
    """The visitor hears that the answer was not saved; the next checkpoint saves it."""
    visit = await harness.visit()
    turn = await harness.ask(visit, [TextDelta("kept")], lambda: setattr(harness.store, "error", StorageUnavailable()))
    await harness.background.run_all()
    assert trouble_in([*await harness.told(turn)]) == [NOT_SAVED]
    await harness.core.engine.checkpoint()
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.RUNNING
    harness.store.error = None
    await harness.core.engine.checkpoint()
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.COMPLETED
    assert await answer_in(harness, turn.thread_id) == "kept"


async def test_an_item_that_cannot_be_saved_is_not_told(harness: CoreHarness) -> None:
    """A widget is durable before anyone sees it, or the turn ends there."""
    visit = await harness.visit()
    fail = lambda: setattr(harness.store, "error", StorageUnavailable())  # noqa: E731 - a step of the script
    turn = await harness.ask(visit, fail, [WidgetShown(widget=WIDGET)], [TextDelta("more")])
    await harness.background.run_all()
    told = await harness.told(turn)
    assert not any(isinstance(each, ItemDone) and isinstance(each.item, WidgetItem) for each in told)
    assert trouble_in([*told]) == [NOT_SAVED]
    assert harness.runners.runs[-1].stopped


async def test_a_workflow_removed_meanwhile_ends_its_turns(harness: CoreHarness) -> None:
    """There is nothing left to save into, and no one waits for it."""
    visit = await harness.visit()
    turn = await harness.ask(visit, [TextDelta("lost")])
    await harness.core.registering.remove(ADA, "echo")
    await harness.background.run_all()
    assert len(harness.core.live_turns) == 0
    assert harness.telemetry.save_failures == []
    assert trouble_in([*await harness.told(turn)]) == [ENDED_BY_OWNER]


async def test_a_thread_deleted_meanwhile_is_no_fault(harness: CoreHarness) -> None:
    """No one is asked to try again in a thread that is gone."""
    visit = await harness.visit()
    turn = await harness.ask(visit, [TextDelta("lost")])
    await harness.core.own_threads.delete(visit, turn.thread_id)
    await harness.background.run_all()
    assert len(harness.core.live_turns) == 0
    assert harness.telemetry.save_failures == []
    assert trouble_in([*await harness.told(turn)]) == [THREAD_DELETED]


async def test_a_stopped_turn_keeps_what_was_said(harness: CoreHarness) -> None:
    """Cancelled by the visitor: no trouble is told."""
    visit = await harness.visit()
    turn = await harness.ask(visit, [TextDelta("be")], lambda: harness.cancel(turn), [TextDelta("hind")])
    await harness.background.run_all()
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.CANCELLED
    assert await answer_in(harness, turn.thread_id) == "be"
    assert trouble_in([*await harness.told(turn)]) == []


async def test_an_error_after_the_stop_is_none(harness: CoreHarness) -> None:
    """A workflow may raise when it is told to stop."""
    visit = await harness.visit()
    turn = await harness.ask(visit, lambda: harness.cancel(turn), [], ValueError("stopped"))
    harness.runners.runs[-1].stop = lambda: None  # type: ignore[method-assign]  # it does not listen
    await harness.background.run_all()
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.CANCELLED
    assert harness.telemetry.run_failures == []


async def test_a_stopping_server_says_so(harness: CoreHarness) -> None:
    """Interrupted, with a word; a second stop changes nothing."""
    turn = await harness.ask(await harness.visit(), [TextDelta("cut")])
    harness.core.register.close()
    harness.cancel(turn)
    await harness.background.run_all()
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.INTERRUPTED
    assert trouble_in([*await harness.told(turn)]) == [INTERRUPTED]


async def test_sessions_ended_by_the_owner_end_their_turns_with_a_word(harness: CoreHarness) -> None:
    """Of this workflow; those of another go on."""
    ours, theirs = await harness.ask(await harness.visit("ours")), await harness.ask(await harness.visit("theirs"))
    await harness.core.publishing.unpublish(ADA, "ours", end_sessions=True)
    await harness.background.run_all()
    assert trouble_in([*await harness.told(ours)]) == [ENDED_BY_OWNER]
    assert (await harness.latest(theirs.thread_id)).status is TurnStatus.COMPLETED


async def test_a_workflow_may_name_its_thread(harness: CoreHarness) -> None:
    """The title is told at once and stored with the answer."""
    turn = await harness.answered(await harness.visit(), [TitleGiven("About tea"), TextDelta("Tea")])
    titles = [each.thread.title for each in await harness.told(turn) if isinstance(each, ThreadUpdated)]
    stored = await harness.store.begin().threads.find(turn.thread_id)
    assert stored is not None
    assert titles == [stored.title] == ["About tea"]


async def test_a_turn_without_anything_to_see_ends_with_a_mark(harness: CoreHarness) -> None:
    """Hidden context and progress are not to be seen."""
    turn = await harness.answered(await harness.visit(), [ContextKept(7), ProgressNote(text="thinking")])
    _, hidden, mark = await harness.items(turn.thread_id)
    assert isinstance(hidden, HiddenItem)
    assert isinstance(mark, EndOfTurnItem)


async def test_changing_a_widget_needs_one(harness: CoreHarness) -> None:
    """A workflow that changes a widget no one acted upon has failed."""
    turn = await harness.answered(await harness.visit(), [WidgetChanged(widget=WIDGET)])
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.FAILED


async def test_a_workflow_that_says_nonsense_has_failed(harness: CoreHarness) -> None:
    """Only run events can be told."""
    turn = await harness.answered(await harness.visit(), [object()])  # type: ignore[list-item]  # what is tested
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.FAILED


async def ending_in(harness: CoreHarness, turn: Turn) -> Ending | None:
    last = (await harness.items(turn.thread_id))[-1]
    return last.ending if isinstance(last, EndOfTurnItem) else None


@pytest.mark.parametrize(
    ("error", "kind", "code", "reason"),
    [
        (ValueError("no such model"), EndingKind.FAILED, "workflow_error", "ValueError: no such model"),
        (RunFailed("endpoint_key_refused", "401"), EndingKind.FAILED, "endpoint_key_refused", "401"),
        (RunTimedOut("after 9 s"), EndingKind.TIMED_OUT, "timed_out", "after 9 s"),
    ],
)
async def test_a_failed_turn_keeps_a_code_and_a_reason(
    harness: CoreHarness, error: Exception, kind: EndingKind, code: str, reason: str
) -> None:
    """For the owner; the thread remembers the kind of ending and the visitor's sentence, and not the reason."""
    turn = await harness.answered(await harness.visit(), [TextDelta("So far")], error)
    assert (await harness.latest(turn.thread_id)).fault == TurnFault(code, reason)
    ending = await ending_in(harness, turn)
    assert ending is not None
    assert (ending.kind, ending.allow_retry) == (kind, True)
    assert reason not in str(ending)
    assert any(isinstance(each, ItemDone) and isinstance(each.item, EndOfTurnItem) for each in await harness.told(turn))


@pytest.mark.parametrize("batch", [[], [TextDelta("  \n")], [ContextKept({"a": 1})], [ProgressNote(text="Hm")]])
async def test_an_answer_that_shows_nothing_is_none(harness: CoreHarness, batch: list[RunEvent]) -> None:
    """Blank text, hidden context and passing notes are nothing to read; the visitor is told, the owner finds a code."""
    turn = await harness.answered(await harness.visit(), batch)
    latest = await harness.latest(turn.thread_id)
    assert (latest.status, latest.fault and latest.fault.code) == (TurnStatus.FAILED, "no_answer")
    sentence = "There was no answer to this message. You can try again."
    assert trouble_in([*await harness.told(turn)]) == [TurnTrouble(message=sentence, allow_retry=True)]
    assert (await ending_in(harness, turn)) == Ending(kind=EndingKind.NO_ANSWER, message=sentence)


@pytest.mark.parametrize("said", [NoticeGiven(message="Closed today"), EffectCaused(name="scroll")])
async def test_a_notice_or_an_effect_is_an_answer(harness: CoreHarness, said: RunEvent) -> None:
    """The visitor saw something, even if no text came."""
    turn = await harness.answered(await harness.visit(), [said])
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.COMPLETED
    assert await ending_in(harness, turn) is None


async def test_notices_are_kept_at_the_end_of_their_turn(harness: CoreHarness) -> None:
    """Once each, before the ending: those who open the thread later need them to understand the answer."""
    said = NoticeGiven(message="Prices of yesterday", level="warning", title="Note")
    turn = await harness.answered(await harness.visit(), [TextDelta("4"), said, TextDelta("2"), said], ValueError("no"))
    *_, kept, last = await harness.items(turn.thread_id)
    assert isinstance(kept, EndOfTurnItem)
    assert isinstance(last, EndOfTurnItem)
    assert kept.notice == Notice(level="warning", message="Prices of yesterday", title="Note")
    assert last.ending is not None
    assert len([each for each in await harness.items(turn.thread_id) if isinstance(each, EndOfTurnItem)]) == 2


async def test_the_kept_notices_of_a_turn_are_bounded(harness: CoreHarness) -> None:
    """A workflow that gives hundreds fills no thread."""
    said: list[RunEvent] = [NoticeGiven(message=f"Row {number} is odd") for number in range(100)]
    turn = await harness.answered(await harness.visit(), said)
    assert len(await harness.items(turn.thread_id)) == 1 + 10


async def test_a_stopped_answer_stays_marked_after_the_next_message(harness: CoreHarness) -> None:
    """For good: it is an item of the thread."""
    visit = await harness.visit()
    turn = await harness.ask(visit, [TextDelta("ha")], lambda: harness.cancel(turn))
    await harness.background.run_all()
    await harness.answered(visit, [TextDelta("Yes")], thread_id=turn.thread_id)
    endings = [each.ending for each in await harness.items(turn.thread_id) if isinstance(each, EndOfTurnItem)]
    assert endings == [Ending(kind=EndingKind.STOPPED)]


async def test_a_restart_leaves_its_mark_in_the_thread(harness: CoreHarness) -> None:
    """A turn of a process that is gone ends with an item, too, and its owner is told why."""
    turn = await harness.ask(await harness.visit(), [TextDelta("cut")])
    await harness.core.engine.recover()
    assert (await ending_in(harness, turn)) == Ending(kind=EndingKind.INTERRUPTED, message=INTERRUPTED.message)
    latest = await harness.latest(turn.thread_id)
    assert latest.fault == TurnFault("interrupted", "The server stopped during the answer.")


async def test_an_answer_cut_off_by_the_model_is_marked(harness: CoreHarness) -> None:
    """It is completed and kept; visitors see a mark, the owner the code."""
    turn = await harness.answered(
        await harness.visit(), [TextDelta("So"), CutShort(code="answer_cut_off", reason="length")]
    )
    assert (await ending_in(harness, turn)) == Ending(kind=EndingKind.CUT_OFF)
    assert (await harness.latest(turn.thread_id)).fault == TurnFault("answer_cut_off", "length")


async def test_a_chat_closed_by_its_owner_says_so_for_good(harness: CoreHarness) -> None:
    """No one is asked to try again."""
    visit = await harness.visit()
    turn = await harness.ask(visit, [TextDelta("ha")])
    await harness.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    await harness.background.run_all()
    told = Ending(kind=EndingKind.CLOSED, message=ENDED_BY_OWNER.message, allow_retry=False)
    assert await ending_in(harness, turn) == told


async def test_a_retry_takes_the_mark_of_the_last_try_away_at_once(harness: CoreHarness) -> None:
    """Even when it fails as well: then it leaves a mark of its own."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("ha")], ValueError("one"))
    harness.runners.script = (ValueError("two"),)
    again = await harness.core.chatting.retry(visit, turn.thread_id, turn.user_item_id)
    await harness.background.run_all()
    marks = [each for each in await harness.items(turn.thread_id) if isinstance(each, EndOfTurnItem)]
    assert [each.turn_id for each in marks] == [again.id]
    assert any(isinstance(each, ItemRemoved) for each in await harness.told(again))


async def test_one_checkpoint_saves_all_running_turns_together(harness: CoreHarness) -> None:
    """In one commit; a turn whose thread is gone does not take the others along."""
    visits = [await harness.visit("one"), await harness.visit("two")]
    turns = [await harness.ask(visit) for visit in visits]
    lives = list(harness.core.live_turns)
    for live, text in zip(lives, ("a", "b"), strict=True):
        live.text(text)
    await harness.core.engine.checkpoint()
    assert [await answer_in(harness, turn.thread_id) for turn in turns] == ["a", "b"]
    await asyncio.sleep(0)  # what was said is passed on
    await harness.core.own_threads.delete(visits[0], turns[0].thread_id)
    for live in lives:
        live.text("c")
    await harness.core.engine.checkpoint()
    assert await answer_in(harness, turns[1].thread_id) == "bc"
    assert harness.telemetry.save_failures == []
    await harness.background.run_all()


async def test_a_workflow_that_does_not_end_is_abandoned(harness: CoreHarness) -> None:
    """The turn ends once, whichever comes first; what the workflow does later changes nothing."""

    def abandon() -> None:
        (live,) = harness.core.live_turns
        live.abandoned(RunTimedOut("no end"))

    turn = await harness.ask(await harness.visit(), [TextDelta("So far")], abandon, [TextDelta(" more")])
    await harness.background.run_all()
    assert await answer_in(harness, turn.thread_id) == "So far more"
    assert len([each for each in await harness.told(turn) if isinstance(each, ItemDone)]) == 2
    assert len(harness.telemetry.ended) == 1


async def test_a_turn_ends_although_what_it_said_can_never_be_stored(harness: CoreHarness) -> None:
    """As failed, without its text; its followers read that it was not saved, and the thread takes the next message."""
    visit = await harness.visit()
    turn = await harness.ask(visit, [TextDelta("odd")], lambda: setattr(harness.store, "item_error", TypeError()))
    await harness.background.run_all()
    harness.store.item_error = None
    stored = await harness.latest(turn.thread_id)
    assert (stored.status, stored.fault) == (
        TurnStatus.FAILED,
        TurnFault("not_saved", "What the workflow said cannot be stored."),
    )
    assert trouble_in([*await harness.told(turn)]) == [NOT_SAVED]
    assert len(harness.core.live_turns) == 0
    again = await harness.answered(visit, [TextDelta("fine")], thread_id=turn.thread_id)
    assert (await harness.latest(again.thread_id)).status is TurnStatus.COMPLETED


async def test_an_end_that_meets_an_unexpected_error_is_stored_later(harness: CoreHarness) -> None:
    """With all that was said, once the store works again."""
    visit = await harness.visit()
    turn = await harness.ask(visit, [TextDelta("odd")], lambda: setattr(harness.store, "error", TypeError()))
    await harness.background.run_all()
    harness.store.error = None
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.RUNNING
    await harness.core.engine.checkpoint()
    assert (await harness.latest(turn.thread_id)).status is not TurnStatus.RUNNING
    assert len(harness.core.live_turns) == 0
