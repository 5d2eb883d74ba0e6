"""Comments for silent streams: one timer for all of them."""

import asyncio
from collections.abc import Callable

HEARTBEAT_SECONDS = 15.0
_SLOTS = 15


class Heartbeats:
    """Calls each member once per period, a few of them at each tick, so that the calls are spread evenly."""

    def __init__(self, seconds: float = HEARTBEAT_SECONDS) -> None:
        """Start without members and without a timer."""
        self._tick_seconds = seconds / _SLOTS
        self._slots: list[dict[Callable[[], None], None]] = [{} for _ in range(_SLOTS)]
        self._next = 0
        self._members = 0
        self._timer: asyncio.TimerHandle | None = None

    def join(self, beat: Callable[[], None]) -> int:
        """Call ``beat`` once per period from now on; returns the slot to :meth:`leave`."""
        slot = self._next - 1  # the one that comes last
        self._slots[slot][beat] = None
        self._members += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._tick_seconds, self._tick)
        return slot

    def leave(self, slot: int, beat: Callable[[], None]) -> None:
        """Do not call ``beat`` any more."""
        del self._slots[slot][beat]
        self._members -= 1

    def _tick(self) -> None:
        beats = tuple(self._slots[self._next])
        self._next = (self._next + 1) % _SLOTS
        self._timer = None
        if self._members:
            self._timer = asyncio.get_running_loop().call_later(self._tick_seconds, self._tick)
        for beat in beats:
            beat()
