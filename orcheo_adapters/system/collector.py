"""The garbage collector of a server."""

import gc

_OBJECTS = 20_000
"""Objects made before the collector looks at the young ones: a few hundred turns, not two."""


def spare_the_collector() -> None:
    """Leave what is there after the start out of all collections; it stays until the process ends.

    What a turn makes goes by reference counts. The collector only finds cycles, such as exceptions leave behind.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, 20, 20)
