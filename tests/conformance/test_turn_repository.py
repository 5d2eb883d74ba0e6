"""What every repository of turns must do."""

import asyncio
from typing import Any

import pytest

from orcheo_core.domain.subject import Subject
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.errors import ConcurrentChange, TurnInProgress
from orcheo_core.ports.unit_of_work import DuplicateTurn, Store
from tests import samples
from tests.conformance.keeping import keep

STRANGER = Subject("anon:vis_2")


@pytest.fixture
async def threads(store: Store) -> Store:
    """The store with two threads in it."""
    await keep(store, samples.workflow(), samples.thread(1), samples.thread(2))
    return store


async def end(store: Store, turn: Turn, status: TurnStatus = TurnStatus.COMPLETED) -> Turn:
    """Commit the end of a turn."""
    ended = turn.ended(status, samples.moment(99))
    change = store.begin()
    change.turns.save(ended)
    await change.commit()
    return ended


async def test_the_latest_turn_is_the_one_that_began_last(threads: Store) -> None:
    """By its id, which sorts by time; other threads do not count."""
    first = samples.turn(1)
    await keep(threads, first)
    await end(threads, first)
    await keep(threads, samples.turn(2), samples.turn(3, of=2))
    assert await threads.begin().turns.latest("thr_1") == samples.turn(2)
    assert await threads.begin().turns.latest("thr_9") is None


@pytest.mark.parametrize("status", [status for status in TurnStatus if status is not TurnStatus.RUNNING])
async def test_a_turn_ends_in_every_way(threads: Store, status: TurnStatus) -> None:
    """With its moment; it runs no more."""
    await keep(threads, samples.turn())
    ended = await end(threads, samples.turn(), status)
    assert await threads.begin().turns.latest("thr_1") == ended
    assert await threads.begin().turns.running() == []


async def test_the_end_of_an_unknown_turn_is_refused(threads: Store) -> None:
    """Its thread was removed while it ran: it must not come back."""
    with pytest.raises(ConcurrentChange):
        await end(threads, samples.turn())
    assert await threads.begin().turns.latest("thr_1") is None


async def test_a_turn_needs_its_thread(threads: Store) -> None:
    """The thread was removed while the visitor typed."""
    with pytest.raises(ConcurrentChange):
        await keep(threads, samples.turn(of=9))


async def test_a_thread_runs_one_turn_at_a_time(threads: Store) -> None:
    """The second one is refused, and nothing of its change lands."""
    await keep(threads, samples.turn(1))
    with pytest.raises(TurnInProgress):
        await keep(threads, samples.user_item(7), samples.turn(2))
    assert await threads.begin().turns.latest("thr_1") == samples.turn(1)
    assert await threads.begin().items.find("thr_1", "msg_7") is None


async def test_of_two_turns_at_once_one_begins(threads: Store) -> None:
    """Two windows send at the same moment."""
    sent = (keep(threads, samples.turn(number)) for number in (1, 2))
    outcomes = await asyncio.gather(*sent, return_exceptions=True)
    assert [type(each) for each in outcomes] == [type(None), TurnInProgress]


async def test_the_next_turn_begins_after_the_end(threads: Store) -> None:
    """In the same change even."""
    await keep(threads, samples.turn(1))
    change = threads.begin()
    change.turns.save(samples.turn(1).ended(TurnStatus.CANCELLED, samples.moment(9)))
    change.turns.add(samples.turn(2))
    await change.commit()
    assert await change.turns.latest("thr_1") == samples.turn(2)


async def test_all_running_turns_are_named(threads: Store) -> None:
    """Of all threads: after a crash each of them is marked interrupted."""
    await keep(threads, samples.turn(1), samples.turn(2, of=2))
    running = await threads.begin().turns.running()
    assert sorted(turn.id for turn in running) == ["trn_1", "trn_2"]
    await end(threads, samples.turn(1))
    assert await threads.begin().turns.running() == [samples.turn(2, of=2)]


async def test_an_idempotency_key_finds_its_turn(threads: Store) -> None:
    """Running or ended, of the same subject in the same workflow."""
    keyed = samples.turn(1, idempotency_key="k1", replaces=("msg_3", "msg_4"))
    await keep(threads, keyed, samples.turn(2, of=2))
    turns = threads.begin().turns
    assert await turns.find_by_key("wf_1", samples.VISITOR, "k1") == keyed
    ended = await end(threads, keyed)
    assert await turns.find_by_key("wf_1", samples.VISITOR, "k1") == ended
    assert await turns.find_by_key("wf_1", samples.VISITOR, "k2") is None
    assert await turns.find_by_key("wf_1", STRANGER, "k1") is None
    assert await turns.find_by_key("wf_2", samples.VISITOR, "k1") is None


async def test_an_idempotency_key_is_used_once(threads: Store) -> None:
    """In another thread as well, and long after the first turn has ended."""
    await keep(threads, samples.turn(1, idempotency_key="k1"))
    await end(threads, samples.turn(1, idempotency_key="k1"))
    with pytest.raises(DuplicateTurn):
        await keep(threads, samples.turn(2, of=2, idempotency_key="k1"))


async def test_a_repeated_key_is_told_before_a_running_turn(threads: Store) -> None:
    """A request that is sent again while its turn runs means that turn."""
    await keep(threads, samples.turn(1, idempotency_key="k1"))
    with pytest.raises(DuplicateTurn):
        await keep(threads, samples.turn(2, idempotency_key="k1"))


async def test_a_key_twice_in_one_change_is_told(threads: Store) -> None:
    """Rules hold within a change too."""
    both = (samples.turn(1, idempotency_key="k1"), samples.turn(2, of=2, idempotency_key="k1"))
    with pytest.raises(DuplicateTurn):
        await keep(threads, *both)
    assert await threads.begin().turns.running() == []


@pytest.mark.parametrize("other", [{"subject": STRANGER}, {"workflow_id": "wf_2"}, {"idempotency_key": "K1"}])
async def test_keys_of_others_do_not_matter(threads: Store, other: dict[str, Any]) -> None:
    """Each subject has its own in each workflow, to the letter."""
    await keep(threads, samples.turn(1, idempotency_key="k1"))
    keyed: dict[str, Any] = {"idempotency_key": "k1"} | other
    await keep(threads, samples.turn(2, of=2, **keyed))
    assert len(await threads.begin().turns.running()) == 2


async def test_turns_without_a_key_are_all_different(threads: Store) -> None:
    """None equals nothing."""
    await keep(threads, samples.turn(1), samples.turn(2, of=2))
    assert len(await threads.begin().turns.running()) == 2


async def test_an_id_is_taken_once(threads: Store) -> None:
    """Chance gave the same id twice in a thread: the first turn stays as it is."""
    first = samples.turn(1, status=TurnStatus.COMPLETED)
    await keep(threads, first)
    with pytest.raises(ConcurrentChange):
        await keep(threads, samples.turn(1))
    assert await threads.begin().turns.latest("thr_1") == first
