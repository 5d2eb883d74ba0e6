"""The garbage collector of a server."""

import gc
import weakref

from orcheo_adapters.system.collector import end_cycles, spare_the_collector


def test_what_is_there_at_the_start_is_looked_at_no_more() -> None:
    """And the collector comes less often."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    try:
        spare_the_collector()
        assert gc.get_freeze_count() > 1_000
        assert gc.get_threshold()[0] > 700
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


class Circle:
    """Refers to itself, as a closed connection does."""

    def __init__(self) -> None:
        self.itself = self


def test_cycles_end_when_asked() -> None:
    """Few of them would otherwise wait for thousands."""
    kept = weakref.ref(Circle())
    end_cycles()
    assert kept() is None
