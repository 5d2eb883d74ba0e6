"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta

from orcheo_core.ports.clock import Clock

START = datetime(2026, 11, 23, 12, 0, 0, 250_001, tzinfo=UTC)


class FakeClock(Clock):
    """Begins at :data:`START`."""

    def __init__(self, start: datetime = START) -> None:
        """Stand still at ``start``."""
        self._now = start
        self._elapsed = timedelta(0)

    def elapsed(self) -> timedelta:
        """See the port."""
        return self._elapsed

    def now(self) -> datetime:
        """See the port."""
        return self._now

    def advance(self, step: timedelta = timedelta(0), *, seconds: float = 0, minutes: float = 0) -> None:
        """Let time go by, or back: by ``step``, and by this many seconds and minutes."""
        step += timedelta(seconds=seconds, minutes=minutes)
        self._now += step
        self._elapsed += max(step, timedelta(0))

    def set_off(self, by: timedelta) -> None:
        """Set the clock to another time, while none goes by."""
        self._now += by
