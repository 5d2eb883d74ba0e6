"""Events of running turns in this process's memory."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count

from orcheo_core.domain.thread_events import SequencedEvent, ThreadEvent
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.turn_relay import TurnRelay

KEPT_CLOSED_TURNS = 1_000
KEPT_FOR = timedelta(minutes=2)
_BREATHE_EVERY = 32


class MemoryTurnRelay(TurnRelay):
    """One list of events a turn; closed turns are kept a while, the oldest go first."""

    def __init__(self, clock: Clock) -> None:
        """Age closed turns by ``clock``."""
        self._clock = clock
        self._turns: dict[str, _Channel] = {}
        self._closed: OrderedDict[str, datetime] = OrderedDict()

    def open(self, turn_id: str) -> None:
        """See the port."""
        self._turns[turn_id] = _Channel()

    async def append(self, turn_id: str, events: Iterable[ThreadEvent]) -> None:
        """See the port; lets other work in now and then, as a run may never pause by itself."""
        if self._turns[turn_id].append(events):
            await asyncio.sleep(0)

    def close(self, turn_id: str) -> None:
        """See the port."""
        self._turns[turn_id].close()
        self._closed[turn_id] = self._clock.now()
        self._forget_old()

    def knows(self, turn_id: str) -> bool:
        """See the port."""
        self._forget_old()
        return turn_id in self._turns

    async def follow(self, turn_id: str, *, after: int = 0) -> AsyncIterator[Sequence[SequencedEvent]]:
        """See the port; who follows already goes on to the end even when the turn is forgotten meanwhile."""
        channel = self._turns.get(turn_id)
        while channel is not None:
            batch = channel.since(after)
            if batch:
                after += len(batch)
                yield batch
            elif channel.closed:
                return
            else:
                await channel.changed()

    def _forget_old(self) -> None:
        oldest_kept = self._clock.now() - KEPT_FOR
        while self._closed:
            turn_id, closed_at = next(iter(self._closed.items()))
            if len(self._closed) <= KEPT_CLOSED_TURNS and closed_at >= oldest_kept:
                return
            del self._closed[turn_id]
            self._turns.pop(turn_id, None)


class _Channel:
    """The events of one turn and the followers that wait for more."""

    def __init__(self) -> None:
        self._events: list[SequencedEvent] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._since_breath = 0
        self.closed = False

    def append(self, events: Iterable[ThreadEvent]) -> bool:
        """Add events; whether it is time to let other work in."""
        before = len(self._events)
        self._events += map(SequencedEvent, count(before + 1), events)
        self._since_breath += len(self._events) - before
        if self._waiting:
            self._wake()
        due = self._since_breath >= _BREATHE_EVERY
        self._since_breath = 0 if due else self._since_breath
        return due

    def close(self) -> None:
        self.closed = True
        self._wake()

    def since(self, number: int) -> Sequence[SequencedEvent]:
        return self._events[number:]

    async def changed(self) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def _wake(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()
