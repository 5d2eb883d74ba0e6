"""Work that goes on while nobody waits for it."""

from abc import abstractmethod
from collections.abc import Coroutine
from typing import Any, Protocol


class Background(Protocol):
    """Starts work and keeps hold of it."""

    @abstractmethod
    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Begin ``work`` soon; it outlives the caller. What it raises is reported, not lost."""
