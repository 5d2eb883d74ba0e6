"""The events of running turns, on their way from the run to whoever watches."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol

from orcheo_core.domain.thread_events import SequencedEvent, ThreadEvent


class TurnRelay(Protocol):
    """Keeps the events of a turn while it runs, and a while longer, for any number of followers."""

    @abstractmethod
    def open(self, turn_id: str) -> None:
        """Begin to keep events of this turn."""

    @abstractmethod
    async def append(self, turn_id: str, events: Iterable[ThreadEvent]) -> None:
        """Give these events the next numbers (the first of a turn is 1) and wake the followers."""

    @abstractmethod
    def close(self, turn_id: str) -> None:
        """Nothing more will come: followers end when they have seen all."""

    @abstractmethod
    def knows(self, turn_id: str) -> bool:
        """Whether the events of this turn can still be followed."""

    @abstractmethod
    def follow(self, turn_id: str, *, after: int = 0) -> AsyncIterator[Sequence[SequencedEvent]]:
        """All events with a number over ``after``, then new ones as they come, to the end of the turn.

        They come in batches: whatever is there at the moment is one batch, so that it can be sent in one write.
        A turn that is not known ends at once.
        """
