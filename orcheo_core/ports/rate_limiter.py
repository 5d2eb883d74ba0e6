"""Counting requests against rates."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from orcheo_core.domain.rate import Charge, RateRefused


class RateLimiter(Protocol):
    """Counts over moving windows, exactly: of requests at the same moment no more pass than the rate says."""

    @abstractmethod
    async def take(self, charges: Sequence[Charge], cost: int = 1) -> RateRefused | None:
        """Count ``cost`` requests under each charge, or, when one of them refuses, under none.

        What costs more than a whole rate counts as all of it, so that it passes once in a while. Of several that
        refuse, the one with the longest wait is reported.
        """
