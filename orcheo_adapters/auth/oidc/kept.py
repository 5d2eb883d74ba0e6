"""Things that are fetched now and then, and that outlive a provider's bad hour."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from orcheo_core.errors import IdentityProviderUnavailable
from orcheo_core.ports.clock import Clock

T = TypeVar("T")

LIFETIME = timedelta(hours=1)
PAUSE = timedelta(seconds=30)
"""While there is one, a new one is not asked for more often, whatever happens."""


class Kept(Generic[T]):
    """The last good one; fetched again after an hour, and kept when that fails."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: Clock) -> None:
        """``fetch`` raises :class:`IdentityProviderUnavailable` when it cannot."""
        self._fetch = fetch
        self._clock = clock
        self._value: T | None = None
        self._renewing: asyncio.Task[T] | None = None
        self._fetched_at = self._tried_at = datetime.min.replace(tzinfo=clock.now().tzinfo)

    async def get(self) -> T:
        """One that is not older than an hour if that can be had; the last good one otherwise."""
        if self._value is None:
            return await self._renew()
        if self._is_older(self._fetched_at, LIFETIME) and self._is_older(self._tried_at, PAUSE):
            with suppress(IdentityProviderUnavailable):
                return await self._renew()
        return self._value

    async def renewed(self) -> T:
        """One that was asked for just now, or at most 30 seconds ago."""
        return await self._renew() if self._is_older(self._tried_at, PAUSE) else await self.get()

    async def _renew(self) -> T:
        """A new one; all who want it at one time wait for the same answer."""
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._fetch_anew())
            self._renewing.add_done_callback(self._renewed)
        return await asyncio.shield(self._renewing)

    async def _fetch_anew(self) -> T:
        self._tried_at = self._clock.now()
        self._value = await self._fetch()
        self._fetched_at = self._clock.now()
        return self._value

    def _renewed(self, renewing: "asyncio.Task[T]") -> None:
        self._renewing = None
        if not renewing.cancelled():
            renewing.exception()  # if all who waited have gone, asyncio would log it as lost

    def _is_older(self, moment: datetime, than: timedelta) -> bool:
        """Whether it is; a moment in the future was set by a clock that was ahead, so its age is not known."""
        return not timedelta(0) <= self._clock.now() - moment < than
