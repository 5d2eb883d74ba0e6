"""What visitors may do with their threads."""

from typing import Any

import pytest
from attrs import evolve

from orcheo_core.domain.audit import Act
from orcheo_core.domain.feedback import FeedbackKind
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import InvalidInput, ItemNotFound, NotErasedYet, StorageUnavailable, ThreadNotFound
from orcheo_core.services.owners.threads import PurgeOrder
from tests.core.harness import ADA, CoreHarness


async def test_a_thread_reads_with_its_latest_turn(harness: CoreHarness) -> None:
    """And its items."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    view = await harness.core.own_threads.read(visit, turn.thread_id)
    assert view.latest_turn is not None
    assert view.latest_turn.id == turn.id
    assert len(view.items.page.entries) == 2
    assert (await harness.core.own_threads.items(visit, turn.thread_id, PageQuery())) == view.items
    assert (await harness.core.own_threads.page(visit, PageQuery())).entries == (view.thread,)


async def test_a_turn_that_ends_while_its_thread_is_read_has_its_answer(
    harness: CoreHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reads are not one moment: a page that gets an end without its answer says that there was none."""
    visit = await harness.visit()
    turn = await harness.ask(visit)
    items = type(harness.store.begin().items)
    page = items.page

    async def page_then_end(*args: Any, **named: Any) -> Any:
        found = await page(*args, **named)
        monkeypatch.setattr(items, "page", page)
        await harness.background.run_all()
        return found

    monkeypatch.setattr(items, "page", page_then_end)
    view = await harness.core.own_threads.read(visit, turn.thread_id)
    assert view.latest_turn is not None
    assert view.latest_turn.status is TurnStatus.COMPLETED
    assert len(view.items.page.entries) == 2


async def test_every_request_is_for_ones_own_threads(harness: CoreHarness) -> None:
    """Someone else's is as unknown as none."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    stranger, threads = evolve(visit, subject=Subject("anon:other")), harness.core.own_threads
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


async def test_a_turn_can_be_followed_while_its_events_are_kept(harness: CoreHarness) -> None:
    """And not once housekeeping has forgotten them."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    followable = await harness.core.own_threads.followable_turn(visit, turn.thread_id)
    assert followable is harness.core.live_turns.find(turn.id) is not None
    harness.clock.advance(minutes=5)
    harness.core.live_turns.forget(harness.clock.now())
    assert await harness.core.own_threads.followable_turn(visit, turn.thread_id) is None


async def test_a_judgement_is_kept_and_can_be_changed(harness: CoreHarness) -> None:
    """One for each item of the thread."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    judge = harness.core.own_threads.judge
    await judge(visit, turn.thread_id, [turn.answer_id], FeedbackKind.POSITIVE)
    await judge(visit, turn.thread_id, [turn.answer_id], FeedbackKind.NEGATIVE)
    given = await harness.store.begin().feedback.of_thread(turn.thread_id)
    assert [(each.item_id, each.kind) for each in given] == [(turn.answer_id, FeedbackKind.NEGATIVE)]
    with pytest.raises(ItemNotFound):
        await judge(visit, turn.thread_id, [turn.answer_id, "msg_unknown"], FeedbackKind.POSITIVE)


async def test_a_request_judges_few_items_each_once(harness: CoreHarness) -> None:
    """Each is looked up, so one item named ten thousand times would keep the server from everything else."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    judge = harness.core.own_threads.judge
    await judge(visit, turn.thread_id, [turn.answer_id] * 10_000, FeedbackKind.POSITIVE)
    assert len(await harness.store.begin().feedback.of_thread(turn.thread_id)) == 1
    with pytest.raises(InvalidInput, match="at most 100 items"):
        await judge(visit, turn.thread_id, [turn.answer_id, *map(str, range(100))], FeedbackKind.POSITIVE)


async def test_a_title_is_one_line(harness: CoreHarness) -> None:
    """Cut where it is too long."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    thread = await harness.core.own_threads.set_title(visit, turn.thread_id, "one\ntwo " + "x" * 200)
    assert thread.title is not None
    assert thread.title.startswith("one two xxx")
    assert len(thread.title) <= 80


async def test_control_characters_in_a_title_are_blanks(harness: CoreHarness) -> None:
    """U+0000 among them; in one that is given and in one that is made of the first message."""
    visit = await harness.visit()
    turn = await harness.answered(visit, text="first\0\x1b[31m words\x85here")
    threads = harness.core.own_threads
    assert (await threads.read(visit, turn.thread_id)).thread.title == "first [31m words here"
    assert (await threads.set_title(visit, turn.thread_id, "\0a\0b\x9f")).title == "a b"
    for turned, shown in (("pay\u202e4321\u2069", "pay4321"), ("\u202e", None)):  # no text passes for another in lists
        assert (await threads.set_title(visit, turn.thread_id, turned)).title == shown


async def test_deleting_a_thread_stops_its_turn(harness: CoreHarness) -> None:
    """Nothing of it is left."""
    visit = await harness.visit()
    turn = await harness.ask(visit)
    await harness.core.own_threads.delete(visit, turn.thread_id)
    assert harness.runners.runs[-1].stopped
    await harness.background.run_all()
    assert await harness.store.begin().threads.find(turn.thread_id) is None
    assert await harness.items(turn.thread_id) == ()


async def test_threads_are_deleted_on_a_full_disk(harness: CoreHarness) -> None:
    """By visitors and by owners, with what the audit says of it: that is what makes room.

    Findings: an emergency act always works.
    """
    visit = await harness.visit()
    own, other = await harness.answered(visit), await harness.answered(visit)
    harness.store.error, harness.store.has_reserve = StorageUnavailable("full"), True
    await harness.core.own_threads.delete(visit, own.thread_id)
    with pytest.raises(NotErasedYet, match=r"are deleted, but .* still in the database file") as caught:
        await harness.core.transcripts.purge(ADA, "echo", PurgeOrder(thread_id=other.thread_id))
    assert "nothing was changed" not in caught.value.detail
    assert (await harness.core.own_threads.page(visit, PageQuery())).entries == ()
    entries = (await harness.store.begin().audit.page(PageQuery(newest_first=True))).entries
    assert (entries[0].act, entries[0].note) == (Act.TRANSCRIPTS_PURGED, "1 thread")


async def test_a_cursor_must_have_the_form_of_an_id(harness: CoreHarness) -> None:
    """Of the right kind, in the lists of visitors and of owners; what it names may have gone since."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    own, transcripts = harness.core.own_threads, harness.core.transcripts
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
