"""What is particular to counting in memory."""

from orcheo_adapters.memory.rate_limiter import MAX_KEYS, MemoryRateLimiter
from orcheo_core.domain.rate import Charge, Rate
from tests.fakes.clock import FakeClock

ONCE = Rate(amount=1, seconds=60)


def charge(key: object, policy: str = "turns") -> Charge:
    """One a minute."""
    return Charge(policy=policy, key=str(key), rate=ONCE)


async def test_memory_is_bounded() -> None:
    """However many addresses come, no more than this many are kept; those seen last are still counted."""
    limiter = MemoryRateLimiter(FakeClock())
    for number in range(MAX_KEYS + 5_000):
        await limiter.take([charge(number)])
    assert len(limiter) == MAX_KEYS == 100_000
    assert await limiter.take([charge(MAX_KEYS + 4_999)]) is not None


async def test_who_keeps_trying_is_not_forgotten() -> None:
    """A flood of other addresses does not wipe the count of one that is being refused."""
    limiter = MemoryRateLimiter(FakeClock(), max_keys=10)
    await limiter.take([charge("guesser")])
    for number in range(50):
        await limiter.take([charge(number)])
        assert await limiter.take([charge("guesser")]) is not None


async def test_a_full_memory_counts_as_exactly() -> None:
    """With room for one key a second one does not push the first out before it is looked at."""
    limiter = MemoryRateLimiter(FakeClock(), max_keys=1)
    await limiter.take([charge("b")])
    assert await limiter.take([charge("b")]) is not None
    assert await limiter.take([charge("a"), charge("b")]) is not None
    assert len(limiter) == 1


async def test_a_clock_that_is_put_back_locks_nobody_out() -> None:
    """What was counted later than now is void."""
    clock = FakeClock()
    limiter = MemoryRateLimiter(clock)
    await limiter.take([charge("a")])
    clock.advance(minutes=-60)
    assert await limiter.take([charge("a")]) is None
    refused = await limiter.take([charge("a")])
    assert refused is not None
    assert refused.retry_after <= 60


async def test_what_no_longer_counts_is_not_kept() -> None:
    """A window of each rate by its own time; what counts still refuses."""
    clock = FakeClock()
    limiter = MemoryRateLimiter(clock)
    hourly = Charge(policy="hourly", key="a", rate=Rate(amount=1, seconds=3_600))
    await limiter.take([charge("a"), hourly])
    clock.advance(seconds=59)
    await limiter.take([charge("b")])
    limiter.forget()
    assert len(limiter) == 3
    clock.advance(seconds=1)
    limiter.forget()
    assert len(limiter) == 2
    assert await limiter.take([charge("b")]) is not None
    assert await limiter.take([hourly]) is not None
    assert await limiter.take([charge("a")]) is None
