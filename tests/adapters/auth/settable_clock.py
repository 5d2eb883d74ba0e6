"""A clock that stands still until it is set."""

from datetime import UTC, datetime, timedelta

from orcheo_core.ports.clock import Clock

START = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)


class SettableClock(Clock):
    """Begins at :data:`START`."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> datetime:
        return self._now

    def elapsed(self) -> timedelta:
        return self._now - START

    def advance(self, step: timedelta) -> None:
        """Let time go by, or back."""
        self._now += step
