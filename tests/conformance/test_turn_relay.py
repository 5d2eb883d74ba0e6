"""What every turn relay must do."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.thread_events import PartDelta, SequencedEvent
from orcheo_core.ports.turn_relay import TurnRelay
from tests.conformance.backends import RELAYS
from tests.fakes.clock import FakeClock

TURN = "trn_1"
LONG_AFTER = timedelta(days=1)


def delta(number: int) -> PartDelta:
    """The thread event that says ``number``."""
    return PartDelta(item_id="msg_1", delta=str(number))


def deltas(first: int, last: int) -> list[PartDelta]:
    """The thread events from ``first`` to ``last``."""
    return [delta(number) for number in range(first, last + 1)]


def sequenced(first: int, last: int) -> list[SequencedEvent]:
    """The same with their numbers."""
    return [SequencedEvent(number, delta(number)) for number in range(first, last + 1)]


async def batches(relay: TurnRelay, *, after: int = 0, turn_id: str = TURN) -> list[Sequence[SequencedEvent]]:
    """All batches that a follower gets, to the end."""
    return [batch async for batch in relay.follow(turn_id, after=after)]


async def seen(relay: TurnRelay, *, after: int = 0) -> list[SequencedEvent]:
    """All events that a follower gets, to the end."""
    return [each for batch in await batches(relay, after=after) for each in batch]


async def until_idle() -> None:
    """Let all other tasks run as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_is_there_comes_as_one_batch(relay: TurnRelay) -> None:
    """Three appends before anybody looks are one batch, to be sent in one write."""
    relay.open(TURN)
    for number in (1, 2, 3):
        await relay.append(TURN, [delta(number)])
    relay.close(TURN)
    assert [list(batch) for batch in await batches(relay)] == [sequenced(1, 3)]


async def test_one_append_wakes_a_follower_once(relay: TurnRelay) -> None:
    """A burst of events reaches a waiting follower as one batch."""
    relay.open(TURN)
    follower = asyncio.create_task(batches(relay))
    await until_idle()
    await relay.append(TURN, deltas(1, 20))
    await until_idle()
    relay.close(TURN)
    assert [list(batch) for batch in await follower] == [sequenced(1, 20)]


async def test_events_may_come_from_a_generator(relay: TurnRelay) -> None:
    """The turn engine hands over what a draft yields."""
    relay.open(TURN)
    await relay.append(TURN, (delta(number) for number in (1, 2)))
    relay.close(TURN)
    assert await seen(relay) == sequenced(1, 2)


async def test_followers_see_events_as_they_come(relay: TurnRelay) -> None:
    """A follower gets the first event while the turn still runs."""
    relay.open(TURN)
    follower = relay.follow(TURN)
    await relay.append(TURN, deltas(1, 1))
    assert list(await anext(follower)) == sequenced(1, 1)
    await relay.append(TURN, deltas(2, 2))
    assert list(await anext(follower)) == sequenced(2, 2)


async def test_two_followers_see_the_same(relay: TurnRelay) -> None:
    """A visitor may watch in two windows."""
    relay.open(TURN)
    followers = [asyncio.create_task(seen(relay)) for _ in range(2)]
    for number in range(1, 6):
        await relay.append(TURN, [delta(number)])
        await until_idle()
    relay.close(TURN)
    assert await asyncio.gather(*followers) == [sequenced(1, 5)] * 2


async def test_a_slow_follower_misses_nothing(relay: TurnRelay) -> None:
    """One that comes for its next batch late gets all that was said meanwhile."""
    relay.open(TURN)
    slow = relay.follow(TURN)
    await relay.append(TURN, deltas(1, 1))
    await anext(slow)
    await relay.append(TURN, deltas(2, 50))
    relay.close(TURN)
    assert [each async for batch in slow for each in batch] == sequenced(2, 50)


@given(said=st.integers(0, 12), early=st.integers(0, 12), after=st.integers(0, 15))
def test_following_after_a_number_gives_the_rest(said: int, early: int, after: int) -> None:
    """Whatever was said before and comes later, a follower gets the events over ``after``, each once, in order."""

    async def follow(relay: TurnRelay) -> list[SequencedEvent]:
        first = min(early, said)
        relay.open(TURN)
        await relay.append(TURN, deltas(1, first))
        follower = asyncio.create_task(seen(relay, after=after))
        await until_idle()
        for number in range(first + 1, said + 1):
            await relay.append(TURN, [delta(number)])
        relay.close(TURN)
        return await follower

    for make in RELAYS.values():
        assert asyncio.run(follow(make(FakeClock()))) == sequenced(after + 1, said)


async def test_a_late_follower_sees_a_closed_turn(relay: TurnRelay) -> None:
    """Who reloads just after the end still gets everything."""
    relay.open(TURN)
    await relay.append(TURN, deltas(1, 3))
    relay.close(TURN)
    assert relay.knows(TURN)
    assert await seen(relay, after=1) == sequenced(2, 3)


async def test_closing_ends_a_follower_that_waits(relay: TurnRelay) -> None:
    """Nothing was said, and the follower still ends."""
    relay.open(TURN)
    follower = asyncio.create_task(batches(relay))
    await until_idle()
    relay.close(TURN)
    assert await follower == []


async def test_an_unknown_turn_ends_at_once(relay: TurnRelay) -> None:
    """There is nothing to wait for."""
    assert not relay.knows("trn_unknown")
    assert await batches(relay, turn_id="trn_unknown") == []


async def test_a_running_turn_is_known(relay: TurnRelay, clock: FakeClock) -> None:
    """However long it runs."""
    relay.open(TURN)
    clock.advance(LONG_AFTER)
    assert relay.knows(TURN)


async def test_a_closed_turn_is_forgotten_in_time(relay: TurnRelay, clock: FakeClock) -> None:
    """The store has it all; memory is not for ever."""
    relay.open(TURN)
    relay.close(TURN)
    clock.advance(LONG_AFTER)
    assert not relay.knows(TURN)
    assert await batches(relay) == []


async def test_a_follower_keeps_its_turn(relay: TurnRelay, clock: FakeClock) -> None:
    """Who has begun to follow comes to the end, even when the turn is forgotten for others."""
    relay.open(TURN)
    await relay.append(TURN, deltas(1, 2))
    follower = relay.follow(TURN)
    await anext(follower)
    await relay.append(TURN, deltas(3, 4))
    relay.close(TURN)
    clock.advance(LONG_AFTER)
    assert not relay.knows(TURN)
    assert [each async for batch in follower for each in batch] == sequenced(3, 4)


async def test_many_closed_turns_do_not_pile_up(relay: TurnRelay) -> None:
    """The oldest go first, running ones stay."""
    relay.open("trn_running")
    for number in range(5_000):
        relay.open(f"trn_{number}")
        relay.close(f"trn_{number}")
    known = [number for number in range(5_000) if relay.knows(f"trn_{number}")]
    assert 0 < len(known) < 5_000
    assert known == list(range(5_000 - len(known), 5_000))
    assert relay.knows("trn_running")


async def test_a_cancelled_follower_disturbs_nobody(relay: TurnRelay) -> None:
    """One window is closed, the other goes on."""
    relay.open(TURN)
    gone, stays = (asyncio.create_task(seen(relay)) for _ in range(2))
    await until_idle()
    gone.cancel()
    await asyncio.wait([gone])
    await relay.append(TURN, deltas(1, 2))
    relay.close(TURN)
    assert gone.cancelled()
    assert await stays == sequenced(1, 2)


async def test_a_run_that_never_pauses_starves_nobody(relay: TurnRelay) -> None:
    """Appends by themselves let other tasks run now and then."""
    relay.open(TURN)
    follower = relay.follow(TURN)
    first = asyncio.ensure_future(anext(follower))
    for number in range(1, 200):
        await relay.append(TURN, [delta(number)])
        if first.done():
            break
    assert number < 100
    assert next(iter(await first)) == SequencedEvent(1, delta(1))
