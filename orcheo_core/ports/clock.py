"""Time."""

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells what time it is."""

    @abstractmethod
    def now(self) -> datetime:
        """The present moment in UTC, with zone, to the microsecond. It can be set, to the past as well."""

    @abstractmethod
    def elapsed(self) -> timedelta:
        """The time since some moment of the past, which goes by whatever the clock is set to."""
