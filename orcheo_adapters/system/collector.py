"""The memory of a server: the garbage collector, and what the allocator keeps."""

import ctypes
import gc
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


def end_cycles() -> None:
    """Collect what the collector has not come to: each closed connection is a cycle, and thousands would wait for it.

    To be called in the thread of the event loop, to which some of these objects belong.
    """
    gc.collect()


def give_memory_back() -> None:
    """Hand pages without an object back to the system, which the C library keeps after a flood; some milliseconds."""
    with suppress(AttributeError, OSError):  # only the GNU C library has it
        ctypes.CDLL(None).malloc_trim(0)
