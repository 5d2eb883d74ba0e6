"""Frames that can be read back."""

from collections.abc import Iterable

from orcheo_core.domain.thread_events import ThreadEvent
from orcheo_core.ports.frame_encoder import FrameEncoder


class FakeEncoder(FrameEncoder):
    """A frame is the number of its event among all that were encoded."""

    def __init__(self) -> None:
        self._events: list[ThreadEvent] = []

    def frame(self, event: ThreadEvent) -> bytes:
        self._events.append(event)
        return b"%d" % (len(self._events) - 1)

    def read(self, frames: Iterable[bytes]) -> list[ThreadEvent]:
        """The events of these frames."""
        return [self._events[int(frame)] for frame in frames]
