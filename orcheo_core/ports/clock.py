"""Time."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells what time it is."""

    @abstractmethod
    def now(self) -> datetime:
        """The present moment in UTC, with zone, to the microsecond."""
