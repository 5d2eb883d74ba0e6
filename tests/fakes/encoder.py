"""Frames that can be read back."""

from collections.abc import Iterable

from orcheo_core.domain.thread_events import PartDelta, Progress, ThreadEvent
from orcheo_core.ports.frame_encoder import FrameEncoder


def said_in(event: ThreadEvent) -> str:
    """The text of an event; empty for most kinds."""
    if isinstance(event, Progress):
        return event.text
    return event.delta if isinstance(event, PartDelta) else ""


class FakeEncoder(FrameEncoder):
    """A frame is the number of its event among all that were encoded, and as long as the text of the event.

    While there is an ``error``, it raises that.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None
        self._events: list[ThreadEvent] = []

    def frames(self, events: Iterable[ThreadEvent]) -> list[bytes]:
        if self.error is not None:
            raise self.error
        first = len(self._events)
        self._events += events
        return [b"%-*d" % (len(said_in(event)), number) for number, event in enumerate(self._events[first:], first)]

    def read(self, frames: Iterable[bytes]) -> list[ThreadEvent]:
        """The events of these frames."""
        return [self._events[int(frame)] for frame in frames]
