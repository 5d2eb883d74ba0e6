"""What is asked of a provider now and then."""

import asyncio
from datetime import timedelta

import pytest

from orcheo_adapters.auth.oidc.kept import Kept
from orcheo_core.errors import IdentityProviderUnavailable
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


async def test_many_who_want_it_at_one_time_ask_once() -> None:
    """Also when the first of them does not wait for it; an error is told to all, and the next one asks again."""
    asked, answers = [0], [asyncio.Event(), asyncio.Event()]

    async def fetch() -> int:
        asked[0] += 1
        await answers[asked[0] - 1].wait()
        if asked[0] == 1:
            raise IdentityProviderUnavailable
        return asked[0]

    kept = Kept(fetch, SettableClock())
    waiting = [asyncio.create_task(kept.get()) for _ in range(10)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    answers[0].set()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in told] == [asyncio.CancelledError] + [IdentityProviderUnavailable] * 9
    answers[1].set()
    assert await asyncio.gather(*(kept.get() for _ in range(10))) == [2] * 10


async def test_an_error_that_nobody_waits_for_is_no_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """All who asked have gone."""

    async def fetch() -> int:
        raise IdentityProviderUnavailable

    asking = asyncio.create_task(Kept(fetch, SettableClock()).get())
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.sleep(0)
    assert caplog.text == ""
