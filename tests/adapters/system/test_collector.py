"""The garbage collector of a server."""

import gc

from orcheo_adapters.system.collector import spare_the_collector


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
