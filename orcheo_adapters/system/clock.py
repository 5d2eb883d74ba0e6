"""The machine's clock."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial

from orcheo_core.ports.clock import Clock

_UNSET = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Counts the time that a machine is suspended too, where the system can."""


class SystemClock(Clock):
    """Wall-clock time."""

    def __init__(self) -> None:
        """A request asks some ten times, so the answer comes without another call between."""
        self.now = partial(datetime.now, UTC)  # type: ignore[method-assign]  # the same as the port's

    def now(self) -> datetime:
        """See the port."""
        return datetime.now(UTC)

    def elapsed(self) -> timedelta:
        """See the port."""
        return timedelta(seconds=time.clock_gettime(_UNSET))
