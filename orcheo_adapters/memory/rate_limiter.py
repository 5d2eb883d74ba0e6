"""Rates counted in this process's memory, by the package ``limits``.

The moving windows are kept by a storage of our own: the one of the package scans all keys on each hit, keeps keys for
ever, and reads the wall clock (docs/decisions/0007-rates-in-memory.md).
"""

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import Storage
from limits.storage.base import MovingWindowSupport
from limits.strategies import MovingWindowRateLimiter

from orcheo_core.domain.rate import Charge, Rate, RateRefused
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.rate_limiter import RateLimiter

MAX_KEYS = 100_000
"""So many addresses, subjects and workflows are counted at once; the ones not seen for longest are forgotten."""

_MOVING_ONLY = "these windows move; fixed ones are not counted here"


class MemoryRateLimiter(RateLimiter):
    """Exact, because nothing else runs between looking and counting; gone with the process."""

    def __init__(self, clock: Clock, max_keys: int = MAX_KEYS) -> None:
        """Measure time by ``clock``, keep at most ``max_keys`` windows."""
        self._clock = clock
        self._windows = _Windows(clock, max_keys)
        self._limiter = MovingWindowRateLimiter(self._windows)
        self._items: dict[tuple[str, Rate], RateLimitItem] = {}

    def __len__(self) -> int:
        return len(self._windows)

    async def take(self, charges: Sequence[Charge]) -> RateRefused | None:
        """See the port."""
        for position, charge in enumerate(charges):
            if not self._limiter.hit(self._item(charge), charge.key):
                for taken in charges[:position]:
                    self._windows.give_back(self._item(taken).key_for(taken.key))
                return await self.look(charges)
        return None

    async def look(self, charges: Sequence[Charge]) -> RateRefused | None:
        """See the port."""
        refused = [self._refusal(charge) for charge in charges if not self._has_room(charge)]
        return max(refused, key=lambda each: each.retry_after) if refused else None

    def _has_room(self, charge: Charge) -> bool:
        return self._limiter.test(self._item(charge), charge.key)

    def _refusal(self, charge: Charge) -> RateRefused:
        reset = self._limiter.get_window_stats(self._item(charge), charge.key).reset_time
        return RateRefused(charge=charge, retry_after=max(0.0, reset - self._clock.now().timestamp()))

    def _item(self, charge: Charge) -> RateLimitItem:
        """The rate as the package knows it; there are as many as there are settings."""
        name = (charge.policy, charge.rate)
        item = self._items.get(name)
        if item is None:
            item = RateLimitItemPerSecond(charge.rate.amount, charge.rate.seconds, namespace=charge.policy)
            self._items[name] = item
        return item


class _Windows(Storage, MovingWindowSupport):
    """The moments of the requests of each key, oldest first; the keys used last are at the end."""

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock, max_keys: int) -> None:
        super().__init__()
        self._clock = clock
        self._max_keys = max_keys
        self._moments: OrderedDict[str, array[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._moments)

    @property
    def base_exceptions(self) -> type[Exception]:
        return LookupError

    def check(self) -> bool:
        return True

    def clear(self, key: str) -> None:
        self._moments.pop(key, None)

    def reset(self) -> int:
        forgotten = len(self._moments)
        self._moments.clear()
        return forgotten

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError(_MOVING_ONLY)

    def get(self, key: str) -> int:
        raise NotImplementedError(_MOVING_ONLY)

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError(_MOVING_ONLY)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = self._clock.now().timestamp()
        moments = self._recent(key, now, expiry)
        if moments is None:
            moments = self._moments[key] = array("d")
        if len(moments) + amount > limit:
            return False
        moments.extend([now] * amount)
        if len(self._moments) > self._max_keys:
            self._moments.popitem(last=False)
        return True

    def give_back(self, key: str) -> None:
        """Forget the newest entry of this key, unless all of it is forgotten already."""
        moments = self._moments.get(key)
        if moments:
            moments.pop()

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - the package's signature
        """When the oldest entry was made, and how many there are."""
        now = self._clock.now().timestamp()
        moments = self._recent(key, now, expiry)
        return (moments[0], len(moments)) if moments else (now, 0)

    def _recent(self, key: str, now: float, expiry: int) -> "array[float] | None":
        """What lies within the window; a clock that was put back makes later moments void."""
        moments = self._moments.get(key)
        if moments is None:
            return None
        self._moments.move_to_end(key)
        if moments and (moments[0] <= now - expiry or moments[-1] > now):
            del moments[: bisect_right(moments, now - expiry)]
            del moments[bisect_right(moments, now) :]
        return moments
