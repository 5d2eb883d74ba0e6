"""The memory of a server: the garbage collector, and what the allocator keeps."""

import asyncio
import ctypes
import gc
import time
from collections.abc import Callable
from contextlib import suppress

_OBJECTS = 20_000
"""Objects made before the collector looks at the young ones: a few hundred turns, not two."""


def spare_the_collector() -> None:
    """Leave what is there after the start out of all collections; it stays until the process ends.

    What a turn makes goes by reference counts. The collector only finds cycles, such as exceptions leave behind.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, 20, 20)


_SHARE = 500
"""The event loop collects for a part of the time, one in this many: a workflow may have millions of objects."""


class MemoryKeeper:
    """Ends cycles, and gives the memory of what has gone back to the system: a flood leaves both behind."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, spent: Callable[[], float] = time.thread_time
    ) -> None:
        """Both give seconds; ``spent`` those of the processor in this thread, as a busy machine makes all take long."""
        self._clock = clock
        self._spent = spent
        self._not_before = clock()

    async def look(self) -> None:
        """Do it now, unless the last time was so much work that the next one is not due yet."""
        now = self._clock()
        if now < self._not_before:
            return
        before = self._spent()
        end_cycles()
        self._not_before = now + _SHARE * (self._spent() - before)
        await asyncio.to_thread(_give_memory_back)


def end_cycles() -> None:
    """Collect what the collector has not come to: each closed connection is a cycle, and thousands would wait for it.

    To be called in the thread of the event loop, to which some of these objects belong.
    """
    gc.collect()


def _give_memory_back() -> None:
    """Hand pages without an object back to the system, which the C library keeps after a flood; some milliseconds."""
    with suppress(AttributeError, OSError):  # only the GNU C library has it
        ctypes.CDLL(None).malloc_trim(0)
