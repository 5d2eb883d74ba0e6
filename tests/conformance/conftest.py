"""A store of each backend, a turn relay of each kind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orcheo_core.ports.turn_relay import TurnRelay
from orcheo_core.ports.unit_of_work import Store
from tests.conformance.backends import BACKENDS, RELAYS
from tests.fakes.clock import FakeClock


@pytest.fixture(params=BACKENDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store."""
    opened = BACKENDS[request.param](tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture(params=RELAYS)
def relay(request: pytest.FixtureRequest, clock: FakeClock) -> TurnRelay:
    """A turn relay that knows no turn."""
    return RELAYS[request.param](clock)
