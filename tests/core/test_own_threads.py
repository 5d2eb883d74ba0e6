"""What visitors may do with their threads."""

import pytest
from attrs import evolve

from orcheo_core.domain.feedback import FeedbackKind
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import InvalidInput, ItemNotFound, ThreadNotFound
from tests.core.hall import ADA, Hall


async def test_a_thread_reads_with_its_latest_turn(hall: Hall) -> None:
    """And its items."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    view = await hall.core.own_threads.read(visit, turn.thread_id)
    assert view.latest_turn is not None
    assert view.latest_turn.id == turn.id
    assert len(view.items.entries) == 2
    assert (await hall.core.own_threads.items(visit, turn.thread_id, PageQuery())) == view.items
    assert (await hall.core.own_threads.page(visit, PageQuery())).entries == (view.thread,)


async def test_every_request_is_for_ones_own_threads(hall: Hall) -> None:
    """Someone else's is as unknown as none."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    stranger, threads = evolve(visit, subject=Subject("anon:other")), hall.core.own_threads
    for attempt in (
        threads.read(stranger, turn.thread_id),
        threads.items(stranger, turn.thread_id, PageQuery()),
        threads.followable_turn(stranger, turn.thread_id),
        threads.set_title(stranger, turn.thread_id, "mine"),
        threads.delete(stranger, turn.thread_id),
        threads.judge(stranger, turn.thread_id, [turn.answer_id], FeedbackKind.POSITIVE),
    ):
        with pytest.raises(ThreadNotFound):
            await attempt
    assert (await threads.page(stranger, PageQuery())).entries == ()


async def test_a_turn_can_be_followed_while_its_events_are_kept(hall: Hall) -> None:
    """And not once housekeeping has forgotten them."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    followable = await hall.core.own_threads.followable_turn(visit, turn.thread_id)
    assert followable is hall.core.live_turns.find(turn.id) is not None
    hall.clock.advance(minutes=5)
    hall.core.live_turns.forget(hall.clock.now())
    assert await hall.core.own_threads.followable_turn(visit, turn.thread_id) is None


async def test_a_judgement_is_kept_and_can_be_changed(hall: Hall) -> None:
    """One for each item of the thread."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    judge = hall.core.own_threads.judge
    await judge(visit, turn.thread_id, [turn.answer_id], FeedbackKind.POSITIVE)
    await judge(visit, turn.thread_id, [turn.answer_id], FeedbackKind.NEGATIVE)
    given = await hall.store.begin().feedback.of_thread(turn.thread_id)
    assert [(each.item_id, each.kind) for each in given] == [(turn.answer_id, FeedbackKind.NEGATIVE)]
    with pytest.raises(ItemNotFound):
        await judge(visit, turn.thread_id, [turn.answer_id, "msg_unknown"], FeedbackKind.POSITIVE)


async def test_a_title_is_one_line(hall: Hall) -> None:
    """Cut where it is too long."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    thread = await hall.core.own_threads.set_title(visit, turn.thread_id, "one\ntwo " + "x" * 200)
    assert thread.title is not None
    assert thread.title.startswith("one two xxx")
    assert len(thread.title) <= 80


async def test_deleting_a_thread_stops_its_turn(hall: Hall) -> None:
    """Nothing of it is left."""
    visit = await hall.visit()
    turn = await hall.ask(visit)
    await hall.core.own_threads.delete(visit, turn.thread_id)
    assert hall.runners.runs[-1].stopped
    await hall.background.run_all()
    assert await hall.store.begin().threads.find(turn.thread_id) is None
    assert await hall.items(turn.thread_id) == ()


async def test_a_cursor_must_have_the_form_of_an_id(hall: Hall) -> None:
    """Of the right kind, in the lists of visitors and of owners; what it names may have gone since."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    own, transcripts = hall.core.own_threads, hall.core.transcripts
    for after in ("thr_nope", "", turn.id, turn.thread_id[:-1]):
        query = PageQuery(after=after)
        for asked in (
            own.page(visit, query),
            own.items(visit, turn.thread_id, query),
            transcripts.page(ADA, "echo", query),
            transcripts.read(ADA, turn.thread_id, query),
        ):
            with pytest.raises(InvalidInput, match=r"after: does not match any (thread|item) of yours"):
                await asked
    await own.delete(visit, turn.thread_id)
    assert (await own.page(visit, PageQuery(after=turn.thread_id))).entries == ()
    assert (await transcripts.page(ADA, "echo", PageQuery(after=turn.thread_id))).entries == ()
