"""The machine's clock."""

from datetime import UTC, datetime

from orcheo_core.ports.clock import Clock


class SystemClock(Clock):
    """Wall-clock time."""

    def now(self) -> datetime:
        """See the port."""
        return datetime.now(UTC)
