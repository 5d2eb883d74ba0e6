"""Rates counted in this process's memory, exactly (docs/decisions/0007-rates-in-memory.md)."""

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence

from orcheo_core.domain.rate import Charge, RateRefused
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.rate_limiter import RateLimiter

MAX_KEYS = 100_000
"""This many addresses, subjects and workflows are counted at once; the ones not seen for longest are forgotten."""


class MemoryRateLimiter(RateLimiter):
    """Exact, because nothing else runs between looking and counting; gone with the process."""

    def __init__(self, clock: Clock, max_keys: int = MAX_KEYS) -> None:
        """Measure time by ``clock``, keep at most ``max_keys`` windows."""
        self._clock = clock
        self._max_keys = max_keys
        self._moments: OrderedDict[tuple[str, str, int], array[float]] = OrderedDict()
        """When the requests of each window came, oldest first; the windows used last are at the end."""

    def __len__(self) -> int:
        return len(self._moments)

    def forget(self) -> None:
        """Keep no window in which nothing counts any more."""
        now = self._clock.now().timestamp()
        over = [each for each, moments in self._moments.items() if not moments or moments[-1] <= now - each[2]]
        for each in over:
            del self._moments[each]

    async def take(self, charges: Sequence[Charge], cost: int = 1) -> RateRefused | None:
        """See the port."""
        now = self._clock.now().timestamp()
        windows, refused = [], None
        for charge in charges:
            window, rate = charge.window, charge.rate
            moments = self._moments.get(window)
            if moments is None:
                moments = self._moments[window] = array("d")
            else:
                self._moments.move_to_end(window)
                if moments and (moments[0] <= now - rate.seconds or moments[-1] > now):
                    self._shift(moments, now - rate.seconds, now)
            windows.append(moments)
            if len(moments) + cost > rate.amount and (over := len(moments) + min(cost, rate.amount) - rate.amount) > 0:
                refused = self._longer(refused, charge, moments[over - 1] + rate.seconds - now)
        if refused is None:
            self._count(charges, windows, now, cost)
        while len(self._moments) > self._max_keys:
            self._moments.popitem(last=False)
        return refused

    @staticmethod
    def _count(charges: Sequence[Charge], windows: "list[array[float]]", now: float, cost: int) -> None:
        if cost == 1:
            for moments in windows:
                moments.append(now)
            return
        for charge, moments in zip(charges, windows, strict=True):
            moments.extend([now] * min(cost, charge.rate.amount))

    @staticmethod
    def _shift(moments: "array[float]", since: float, until: float) -> None:
        """Leave what lies within a window; a clock that was put back makes later moments void."""
        del moments[: bisect_right(moments, since)]
        del moments[bisect_right(moments, until) :]

    @staticmethod
    def _longer(refused: RateRefused | None, charge: Charge, wait: float) -> RateRefused:
        """The refusal with the longer wait: until the oldest request of a full window is past."""
        if refused is None or wait > refused.retry_after:
            return RateRefused(charge=charge, retry_after=max(0.0, wait))
        return refused
