"""The garbage collector of a server."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from orcheo_adapters.system.collector import MemoryKeeper, spare_the_collector


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


@pytest.fixture
def _only_when_asked() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_only_when_asked")
async def test_cycles_end_now_and_then() -> None:
    """Few of them would otherwise wait for thousands."""
    kept = weakref.ref(Circle())
    await MemoryKeeper().look()
    assert kept() is None


@pytest.mark.usefixtures("_only_when_asked")
async def test_a_long_collection_is_seldom_done() -> None:
    """All chats wait for it: one that takes a fifth of a second is due again after 100 s."""
    times, spent = iter([0.0, 0.0, 99.0, 101.0]), iter([7.0, 7.2, 8.0, 8.1])
    keeper = MemoryKeeper(lambda: next(times), lambda: next(spent))
    ended = []
    for _ in range(3):
        kept = weakref.ref(Circle())
        await keeper.look()
        ended.append(kept() is None)
    assert ended == [True, False, True]
