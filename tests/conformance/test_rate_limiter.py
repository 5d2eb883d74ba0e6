"""What every rate limiter does."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_adapters.memory.rate_limiter import MemoryRateLimiter
from orcheo_core.domain.rate import Charge, Rate
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.rate_limiter import RateLimiter
from tests.fakes.clock import FakeClock

Make = Callable[[Clock], RateLimiter]
LIMITERS: dict[str, Make] = {"memory": MemoryRateLimiter}
limiters = pytest.mark.parametrize("make", LIMITERS.values(), ids=LIMITERS)


def charge(key: str = "a", *, amount: int = 2, seconds: int = 10, policy: str = "turns") -> Charge:
    """A charge under a small rate."""
    return Charge(policy=policy, key=key, rate=Rate(amount=amount, seconds=seconds))


@limiters
async def test_so_many_pass_and_then_none_until_the_oldest_is_past(make: Make) -> None:
    """The wait that is told is exact: a moment before it there is no room, at its end there is."""
    clock = FakeClock()
    limiter = make(clock)
    assert await limiter.take([charge()]) is None
    clock.advance(seconds=4)
    assert await limiter.take([charge()]) is None
    refused = await limiter.take([charge()])
    assert refused is not None
    assert refused.retry_after == pytest.approx(6)
    clock.advance(seconds=5.9)
    assert await limiter.take([charge()]) is not None
    clock.advance(seconds=0.2)
    assert await limiter.take([charge()]) is None
    assert await limiter.take([charge()]) is not None


@limiters
async def test_keys_and_policies_are_counted_apart(make: Make) -> None:
    """Whoever used up their share leaves that of the others alone."""
    limiter = make(FakeClock())
    for _ in range(3):
        last = await limiter.take([charge("a")])
    assert last is not None
    assert await limiter.take([charge("b")]) is None
    assert await limiter.take([charge("a", policy="reads")]) is None


@limiters
async def test_all_or_nothing(make: Make) -> None:
    """A request that one charge refuses is counted under none, or a refused visitor would use up a workflow's share."""
    limiter = make(FakeClock())
    mine, everybodys = charge("me", amount=1), charge("all", amount=3)
    answers = [await limiter.take([everybodys, mine]) for _ in range(5)]
    assert [each is None for each in answers] == [True, False, False, False, False]
    others = [await limiter.take([everybodys, charge(key, amount=1)]) for key in "bcd"]
    assert [each is None for each in others] == [True, True, False]


@limiters
async def test_of_several_refusals_the_longest_wait_is_told(make: Make) -> None:
    """Otherwise the client would come back too soon."""
    limiter = make(FakeClock())
    short, long = charge("a", amount=1, seconds=5), charge("b", amount=1, seconds=50)
    await limiter.take([short, long])
    for charges in ([short, long], [long, short]):
        refused = await limiter.take(charges)
        assert refused is not None
        assert refused.charge == long
        assert refused.retry_after == pytest.approx(50)


@limiters
async def test_a_request_may_cost_more_than_one(make: Make) -> None:
    """The wait is until enough of the earlier ones are past; one that costs more than the rate counts as all of it."""
    clock = FakeClock()
    limiter = make(clock)
    assert await limiter.take([charge(amount=4)], 3) is None
    clock.advance(seconds=4)
    assert await limiter.take([charge(amount=4)]) is None
    refused = await limiter.take([charge(amount=4)], 4)
    assert refused is not None
    assert refused.retry_after == pytest.approx(10)
    refused = await limiter.take([charge(amount=4)], 2)
    assert refused is not None
    assert refused.retry_after == pytest.approx(6)
    clock.advance(seconds=10)
    assert await limiter.take([charge(amount=4)], 9) is None
    assert await limiter.take([charge(amount=4)]) is not None


@limiters
async def test_no_charge_is_never_refused(make: Make) -> None:
    """So a limit that is off costs nothing."""
    assert await make(FakeClock()).take([]) is None


@limiters
async def test_exact_under_concurrency(make: Make) -> None:
    """Of 1,000 requests at once exactly as many pass as the rate says."""
    limiter = make(FakeClock())
    both = [charge("one", amount=70), charge("all", amount=100)]
    answers = await asyncio.gather(*(limiter.take(both[number % 2 :]) for number in range(1_000)))
    assert sum(each is None for each in answers) == 100


@pytest.mark.parametrize("make", LIMITERS.values(), ids=LIMITERS)
@given(steps=st.lists(st.tuples(st.integers(0, 7), st.sampled_from("ab")), max_size=60), amount=st.integers(1, 4))
async def test_at_no_moment_more_than_the_rate(make: Make, steps: list[tuple[int, str]], amount: int) -> None:
    """Held against a plain count of the last ten seconds, over any sequence of waits and requests."""
    clock = FakeClock()
    limiter = make(clock)
    passed: dict[str, list[int]] = {"a": [], "b": []}
    now = 0
    for wait, key in steps:
        now += wait
        clock.advance(seconds=wait)
        has_room = sum(now - each < 10 for each in passed[key]) < amount
        assert (await limiter.take([charge(key, amount=amount)]) is None) == has_room
        if has_room:
            passed[key].append(now)
