"""Thread events as the bytes that connections send."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Protocol

from orcheo_core.domain.thread_events import PartDelta, ThreadEvent


class FrameEncoder(Protocol):
    """Encodes each thread event once for all clients that follow."""

    @abstractmethod
    def frames(self, events: Iterable[ThreadEvent]) -> list[bytes]:
        """One frame of a stream for each event, without numbers."""

    def text(self, item_id: str, text: str) -> bytes:
        """The frame of a :class:`PartDelta`, which goes out by the thousand."""
        return self.frames([PartDelta(item_id=item_id, delta=text)])[0]
