"""Thread events as the bytes that connections send."""

from abc import abstractmethod
from typing import Protocol

from orcheo_core.domain.thread_events import ThreadEvent


class FrameEncoder(Protocol):
    """Encodes each thread event once for all clients that follow."""

    @abstractmethod
    def frame(self, event: ThreadEvent) -> bytes:
        """One frame of a stream, without its number."""
