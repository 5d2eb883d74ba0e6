"""Ids that are used up, kept for as long as they could be replayed."""

from collections import OrderedDict
from datetime import datetime, timedelta

from orcheo_core.domain.ids import EPOCH
from orcheo_core.domain.spent_id import SpentId
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.shared.identifiers import Identifiers

_MARK = ""
"""The row that keeps since when nothing was forgotten; no id is empty."""
_INSTANT = timedelta(microseconds=1)
MOST = 100_000
"""How many ids of a purpose are remembered; the oldest are forgotten first."""


class SpentIds:
    """The used-up ids of one purpose, looked up in memory and kept in the store, so that a restart forgets none."""

    def __init__(
        self,
        purpose: str,
        lifetime: timedelta,
        *,
        clock: Clock,
        store: Store,
        identifiers: Identifiers | None = None,
        most: int = MOST,
    ) -> None:
        """Remember each id for ``lifetime``; ``identifiers`` are those that its ids are made with, if this server's.

        Then ids that are made later than anything was forgotten are known by it, however far the clock was set back.
        """
        self.purpose = purpose
        self.lifetime = lifetime
        self._clock = clock
        self._store = store
        self._identifiers = identifiers
        self._most = most
        self._since: OrderedDict[str, datetime] = OrderedDict()
        self._forgotten_before = EPOCH
        """What was spent before this moment may be forgotten."""

    def __contains__(self, spent_id: str) -> bool:
        """Whether it was spent."""
        return spent_id in self._since

    def since(self, spent_id: str) -> datetime | None:
        """When it was spent last, None when it was not."""
        return self._since.get(spent_id)

    def remembers(self, made_at: datetime) -> bool:
        """Whether an id that was made at ``made_at`` is still known if it was spent.

        What was made before may have been spent and forgotten, so it must be refused, whatever the clock says now.
        """
        return made_at >= self._forgotten_before

    async def load(self) -> None:
        """Remember what an earlier process was shown; to be called before the first request."""
        for each in await self._store.begin().spent_ids.of(self.purpose):
            if each.id == _MARK:
                self._forget_before(each.at)
            else:
                self._since[each.id] = each.at
        self._make_room(self._most)

    async def spend(self, new_id: str, *, made_at: datetime | None = None) -> bool:
        """Use an id up; False when it was used before. It counts at once, and is durable on return.

        ``made_at`` is when the id itself was made: a clock that was ahead then keeps it remembered for longer.
        """
        if new_id in self._since:
            return False
        now = self._clock.now()
        await self.spend_again(new_id, at=max(now, made_at or now))
        return True

    async def spend_again(self, spent_id: str, *, at: datetime) -> None:
        """Use an id up from ``at`` on, whether or not it was used before."""
        self._since.pop(spent_id, None)
        has_forgotten = self._make_room(self._most - 1)
        self._since[spent_id] = at
        change = self._store.begin()
        if has_forgotten:
            self._stage_forgetting(change, self._forgotten_before)
        change.spent_ids.save(SpentId(purpose=self.purpose, id=spent_id, at=at))
        await change.commit()

    async def tidy(self) -> None:
        """Forget what is too old to be replayed, and since when nothing was forgotten."""
        before = max(self._clock.now() - self.lifetime, self._forgotten_before)
        if not any(moment < before for moment in self._since.values()):
            return
        change = self._store.begin()
        self._stage_forgetting(change, before)
        await change.commit()
        self._forget_before(before)
        self._since = OrderedDict((name, moment) for name, moment in self._since.items() if moment >= before)

    def _make_room(self, most: int) -> bool:
        """Forget the oldest when there are more than ``most``, a tenth at once; whether there were too many.

        The store looks at all of them to forget any.
        """
        if len(self._since) <= most:
            return False
        while len(self._since) > most - self._most // 10:
            _, moment = self._since.popitem(last=False)
            self._forget_before(moment + _INSTANT)
        return True

    def _forget_before(self, moment: datetime) -> None:
        self._forgotten_before = max(self._forgotten_before, moment)
        if self._identifiers is not None:
            self._identifiers.stay_behind(self._forgotten_before)

    def _stage_forgetting(self, change: UnitOfWork, before: datetime) -> None:
        change.spent_ids.remove_older(self.purpose, before)
        change.spent_ids.save(SpentId(purpose=self.purpose, id=_MARK, at=before))
