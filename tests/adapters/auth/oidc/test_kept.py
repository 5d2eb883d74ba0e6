"""What is asked of a provider now and then."""

from datetime import timedelta

from orcheo_adapters.auth.oidc.kept import Kept
from tests.adapters.auth.settable_clock import SettableClock


async def test_what_a_clock_ahead_has_fetched_is_fetched_again() -> None:
    """Keys of the provider would otherwise stay old for as long as the clock was ahead."""
    clock, asked = SettableClock(), [0]

    async def fetch() -> int:
        asked[0] += 1
        return asked[0]

    kept = Kept(fetch, clock)
    clock.advance(timedelta(days=1))
    assert await kept.get() == 1
    clock.advance(timedelta(days=-1))
    assert await kept.get() == 2
    assert await kept.get() == 2
