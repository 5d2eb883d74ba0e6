"""Ids that are used up, kept for as long as they could be replayed."""

from collections import OrderedDict
from datetime import datetime, timedelta

from orcheo_core.ports.clock import Clock

MOST = 100_000
"""How many ids are remembered; the oldest are forgotten first."""


class SpentIds:
    """In the memory of this process: a restart forgets them, and what they stand for ends by its own time anyway."""

    def __init__(self, lifetime: timedelta, *, clock: Clock, most: int = MOST) -> None:
        """Remember each id for ``lifetime``."""
        self._lifetime = lifetime
        self._clock = clock
        self._most = most
        self._since: OrderedDict[str, datetime] = OrderedDict()

    def __contains__(self, spent_id: str) -> bool:
        """Whether it was spent."""
        return spent_id in self._since

    def spend(self, new_id: str) -> bool:
        """Use an id up; False when it was used before."""
        if new_id in self._since:
            return False
        now = self._clock.now()
        while self._since and (len(self._since) >= self._most or self._is_old(now)):
            self._since.popitem(last=False)
        self._since[new_id] = now
        return True

    def since(self, spent_id: str) -> datetime | None:
        """When it was spent last, None when it was not."""
        return self._since.get(spent_id)

    def spend_again(self, spent_id: str) -> None:
        """Use an id up from now on, whether or not it was used before."""
        self._since.pop(spent_id, None)
        self.spend(spent_id)

    def _is_old(self, now: datetime) -> bool:
        return now - next(iter(self._since.values())) > self._lifetime
