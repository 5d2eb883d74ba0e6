"""Housekeeping by the table of what is kept."""

from datetime import timedelta

import pytest

from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.domain.delivery import Delivery
from orcheo_core.domain.keeping import DELIVERIES, KEPT, SPENT_IDS, UNSENT_FILES
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.errors import StorageUnavailable
from tests.core.harness import CoreHarness, build_hall
from tests.core.test_attaching import announced, sending, uploaded
from tests.fakes.clock import FakeClock

MONTH = timedelta(days=30)


def test_each_kind_with_a_lifetime_is_removed_by_someone() -> None:
    """By the core, or by what remembers used-up ids."""
    aged = {each for each in KEPT if each.lifetime != timedelta.max}
    assert aged == {*build_hall().core.housekeeping.removes, *SPENT_IDS.values()}


def test_no_two_kinds_have_one_name() -> None:
    """And each says all that a reader wants to know."""
    assert len({each.name for each in KEPT}) == len(KEPT)
    assert all((each.filled_by, each.why, each.how_long, each.most) for each in KEPT)


async def test_unsent_files_go_after_a_day(harness: CoreHarness) -> None:
    """Announced or uploaded, with their bytes; what was sent stays. Findings: what is over is forgotten."""
    visit = await harness.visit()
    await announced(harness, visit)
    await uploaded(harness, visit)
    sent = await uploaded(harness, visit)
    await harness.core.chatting.create_thread(visit, sending(sent))
    await harness.background.run_all()
    harness.clock.advance(UNSENT_FILES.lifetime)
    assert await harness.core.attaching.remove_unsent(harness.clock.now() - UNSENT_FILES.lifetime) == 0
    harness.clock.advance(seconds=1)
    await harness.core.housekeeping.remove_aged(None)
    assert list(harness.files.ids()) == [sent.id]
    assert await harness.store.begin().attachments.ids(workflow_id=visit.workflow.id) == [sent.id]


async def test_unsent_files_go_however_many_there_are(harness: CoreHarness) -> None:
    """More than one page of them."""
    visit = await harness.visit()
    for _ in range(150):
        await announced(harness, visit)
    harness.clock.advance(MONTH)
    assert await harness.core.attaching.remove_unsent(harness.clock.now()) == 150


async def test_a_file_that_is_sent_while_it_is_removed_stays_whole_or_goes_whole() -> None:
    """A message never names bytes that are gone: here the message was first."""
    harness = build_hall()
    visit = await harness.visit()
    attachment = await uploaded(harness, visit)
    harness.clock.advance(MONTH)
    change = harness.store.begin()
    (found,) = await change.attachments.unsent(harness.clock.now(), 9)
    await harness.core.chatting.create_thread(visit, sending(attachment))
    await harness.background.run_all()
    change.attachments.remove(found)
    await change.commit()
    assert list(harness.files.ids()) == [attachment.id]
    assert [each async for each in harness.core.attaching.pieces(attachment.id)] == [b"abc"]


async def test_messages_to_a_webhook_that_was_taken_out_go_after_two_days(harness: CoreHarness) -> None:
    """No one delivers them any more."""
    change, now = harness.store.begin(), harness.clock.now()
    change.deliveries.add(Delivery(id="aud_1", body="{}", created_at=now, due_at=now), most=9)
    await change.commit()
    harness.clock.advance(DELIVERIES.lifetime)
    await harness.core.housekeeping.remove_aged(None)
    assert await harness.store.begin().deliveries.due(harness.clock.now(), 9)
    harness.clock.advance(seconds=1)
    await harness.core.housekeeping.remove_aged(None)
    assert not await harness.store.begin().deliveries.due(harness.clock.now(), 9)


async def test_frames_of_ended_turns_are_forgotten(harness: CoreHarness) -> None:
    """Also when no one asks for a turn any more. Findings: what is over is forgotten."""
    turn = await harness.answered(await harness.visit())
    harness.clock.advance(minutes=2, seconds=1)
    assert harness.core.live_turns.find(turn.id) is not None
    await harness.core.housekeeping.remove_aged(None)
    assert harness.core.live_turns.find(turn.id) is None


async def test_what_fails_keeps_nothing_else_from_being_removed() -> None:
    """The store takes no change; what lies in memory goes all the same, and the error is raised."""
    harness = build_hall(store=MemoryStore())
    turn = await harness.answered(await harness.visit())
    harness.clock.advance(MONTH)
    harness.store.error = StorageUnavailable("full")
    with pytest.raises(StorageUnavailable):
        await harness.core.housekeeping.remove_aged(None)
    assert harness.core.live_turns.find(turn.id) is None


async def test_threads_go_by_the_retention_only(harness: CoreHarness) -> None:
    """How many is said."""
    await harness.answered(await harness.visit())
    harness.clock.advance(MONTH + timedelta(seconds=1))
    assert await harness.core.housekeeping.remove_aged(None) == 0
    assert await harness.core.housekeeping.remove_aged(MONTH) == 1


async def test_a_clock_that_jumps_removes_nothing(harness: CoreHarness) -> None:
    """A month ahead for a while, as after a wrong answer of a time server, then back: all is there.

    Findings: a clock that goes back costs nothing.
    """
    visit = await harness.visit()
    attachment = await uploaded(harness, visit)
    thread_id = (await harness.answered(visit)).thread_id
    harness.clock.set_off(MONTH * 2)
    for _ in range(59):
        harness.clock.advance(minutes=1)
        assert await harness.core.housekeeping.remove_aged(MONTH) == 0
    harness.clock.set_off(-MONTH * 2)
    assert await harness.core.housekeeping.remove_aged(MONTH) == 0
    assert await harness.store.begin().threads.find(thread_id)
    assert list(harness.files.ids()) == [attachment.id]


async def test_a_clock_that_stays_where_it_jumped_to_is_right(harness: CoreHarness) -> None:
    """After an hour; a suspended machine does not jump, as that time has gone by."""
    visit = await harness.visit()
    await uploaded(harness, visit)
    await harness.answered(visit)
    harness.clock.set_off(MONTH * 2)
    assert await harness.core.housekeeping.remove_aged(MONTH) == 0
    harness.clock.advance(minutes=60)
    assert await harness.core.housekeeping.remove_aged(MONTH) == 1
    assert list(harness.files.ids()) == []


async def test_threads_are_not_purged_in_the_first_hour_of_a_process(harness: CoreHarness) -> None:
    """Its clock may be wrong, and it has nothing to compare it with; what can be had again goes at once."""
    visit = await harness.visit()
    await uploaded(harness, visit)
    await harness.answered(visit)
    later = FakeClock(harness.clock.now() + MONTH * 2)
    again = build_hall(store=harness.store, clock=later)
    assert await again.core.housekeeping.remove_aged(MONTH) == 0
    assert await again.store.begin().attachments.ids(workflow_id=visit.workflow.id) == []
    later.advance(minutes=60)
    assert await again.core.housekeeping.remove_aged(MONTH) == 1


async def test_ids_are_forgotten_by_a_steady_clock_only(harness: CoreHarness) -> None:
    """Not in the first hour of a process, nor in the first one after a jump."""
    forgotten: list[int] = []

    async def forget() -> None:
        forgotten.append(len(forgotten))

    for by in (timedelta(0), MONTH, -MONTH):
        harness.clock.set_off(by)
        await harness.core.housekeeping.remove_aged(None, forget)
        harness.clock.advance(minutes=59)
        await harness.core.housekeeping.remove_aged(None, forget)
        assert forgotten == []
    harness.clock.advance(minutes=1)
    await harness.core.housekeeping.remove_aged(None, forget)
    assert forgotten == [0]


async def test_housekeeping_makes_room_on_a_full_disk(harness: CoreHarness) -> None:
    """With the space that is kept back: what it removes is what fills the disk; a visitor's change does not use it."""
    visit = await harness.visit()
    attachment = await uploaded(harness, visit)
    await harness.answered(visit)
    harness.clock.advance(MONTH + timedelta(seconds=1))
    harness.store.error, harness.store.has_reserve = StorageUnavailable("full"), True
    with pytest.raises(StorageUnavailable):
        await harness.core.attaching.remove(visit, attachment.id)
    with pytest.raises(StorageUnavailable):
        await harness.core.housekeeping.remove_aged(MONTH)
    assert list(harness.files.ids()) == []
    assert (await harness.store.begin().threads.page(ThreadFilter(), PageQuery())).entries == ()
