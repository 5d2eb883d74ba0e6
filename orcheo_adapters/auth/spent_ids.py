"""Ids that are used up, kept for as long as they could be replayed."""

from collections import OrderedDict
from datetime import datetime, timedelta

from orcheo_core.domain.spent_id import SpentId
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store

MOST = 100_000
"""How many ids of a purpose are remembered; the oldest are forgotten first."""


class SpentIds:
    """The used-up ids of one purpose, looked up in memory and kept in the store, so that a restart forgets none."""

    def __init__(self, purpose: str, lifetime: timedelta, *, clock: Clock, store: Store, most: int = MOST) -> None:
        """Remember each id for ``lifetime``."""
        self.purpose = purpose
        self.lifetime = lifetime
        self._clock = clock
        self._store = store
        self._most = most
        self._since: OrderedDict[str, datetime] = OrderedDict()

    def __contains__(self, spent_id: str) -> bool:
        """Whether it was spent."""
        return spent_id in self._since

    def since(self, spent_id: str) -> datetime | None:
        """When it was spent last, None when it was not."""
        return self._since.get(spent_id)

    async def load(self) -> None:
        """Remember what an earlier process was shown; to be called before the first request."""
        for each in await self._store.begin().spent_ids.of(self.purpose):
            self._since[each.id] = each.at

    async def spend(self, new_id: str) -> bool:
        """Use an id up; False when it was used before. It counts at once, and is durable on return."""
        if new_id in self._since:
            return False
        await self.spend_again(new_id)
        return True

    async def spend_again(self, spent_id: str) -> None:
        """Use an id up from now on, whether or not it was used before."""
        now = self._clock.now()
        self._since.pop(spent_id, None)
        while self._since and (len(self._since) >= self._most or self._is_old(now)):
            self._since.popitem(last=False)
        self._since[spent_id] = now
        change = self._store.begin()
        change.spent_ids.save(SpentId(purpose=self.purpose, id=spent_id, at=now))
        await change.commit()

    async def tidy(self) -> None:
        """Remove from the store what is too old to be replayed."""
        change = self._store.begin()
        change.spent_ids.remove_older(self.purpose, self._clock.now() - self.lifetime)
        await change.commit()

    def _is_old(self, now: datetime) -> bool:
        return now - next(iter(self._since.values())) > self.lifetime
