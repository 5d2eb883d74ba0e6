"""How fast one address may begin things: what comes faster waits, and leaves the processor to others.

A rate that refuses does not protect by itself: a refusal costs the server nearly as much as an answer, and who floods
asks again at once. Made to wait, a stranger uses no more of the server's time than the pace lets them.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from math import ceil, inf
from time import monotonic

from orcheo_core.domain.rate import Rate
from orcheo_core.errors import RateLimited

BURST_SECONDS = 0.25
"""An address that was quiet may begin at once what the pace gives in this time."""
LONGEST_WAIT = 5.0
LARGEST_DEBT = 2.0
"""A large answer makes the next request of its address wait no longer than this."""
MAX_KEYS = 10_000


class Pace:
    """Says how long each thing that an address begins must wait so that they keep to a rate, in their order."""

    def __init__(
        self, rate: Rate | None, *, exempt: Collection[str] = (), seconds: Callable[[], float] = monotonic
    ) -> None:
        """Keep all addresses but the exempt ones to ``rate``; None lets everything begin at once."""
        self._rate = rate
        self._step = rate.seconds / rate.amount if rate else 0.0
        self._exempt = exempt
        self._seconds = seconds
        self._due: OrderedDict[str, float] = OrderedDict()
        """When the next of each address would be due without a burst; those who came last are at the end."""

    @property
    def kept(self) -> int:
        """How many addresses are remembered."""
        return len(self._due)

    def wait(self, key: str) -> float | RateLimited:
        """Seconds until the next thing of this address may begin; why it may not when that is too long."""
        if self._rate is None or key in self._exempt:
            return 0.0
        now = self._seconds()
        due = max(self._due.get(key, -inf), now - max(BURST_SECONDS, self._step))
        wait = due + self._step - now
        if wait > LONGEST_WAIT:
            return _too_fast(self._rate)
        self._keep(key, due + self._step)
        return max(0.0, wait)

    def charge(self, key: str, steps: int, *, most: float = LARGEST_DEBT) -> None:
        """Count something that this address got or sent as if it had begun as many things, up to a wait of ``most``."""
        if self._rate is not None and key not in self._exempt:
            now = self._seconds()
            due = max(self._due.get(key, -inf), now - BURST_SECONDS)
            self._keep(key, max(due, min(due + steps * self._step, now + most)))

    def _keep(self, key: str, due: float) -> None:
        self._due[key] = due
        self._due.move_to_end(key)
        if len(self._due) > MAX_KEYS:
            self._due.popitem(last=False)


def _too_fast(rate: Rate) -> RateLimited:
    return RateLimited(
        policy="requests-by-address",
        amount=rate.amount,
        window_seconds=rate.seconds,
        retry_after=ceil(LONGEST_WAIT),
    )
