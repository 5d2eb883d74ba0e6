"""No limits."""

from collections.abc import Sequence

from orcheo_core.domain.rate import Charge, RateRefused
from orcheo_core.ports.rate_limiter import RateLimiter


class NullRateLimiter(RateLimiter):
    """Lets everything pass: for embedding in a service that has limits of its own, and for tests."""

    async def take(self, charges: Sequence[Charge], cost: int = 1) -> RateRefused | None:  # noqa: ARG002 - the port's signature
        """See the port."""
        return None
