"""What all tests share: who may use sockets, and servers to talk to."""

from collections.abc import AsyncIterator

import pytest
from pytest_socket import enable_socket

from tests.house import House, build_house


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests that start servers of their own may reach loopback; all others have no sockets at all."""
    if item.get_closest_marker("network") or item.get_closest_marker("browser"):
        enable_socket()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A whole server over the memory store, without a socket."""
    async with build_house() as built:
        yield built
