"""A house and an MCP client that is connected with it in the same process."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastmcp import Client

from orcheo_core.domain.actor import Channel
from orcheo_mcp.server import create_server
from tests.sync_house import SyncHouse, build_sync_house


@pytest.fixture
def sync_house() -> Iterator[SyncHouse]:
    """A whole server over the memory store, without a socket."""
    with build_sync_house() as built:
        yield built


@pytest.fixture
async def assistant(sync_house: SyncHouse) -> AsyncIterator[Client[Any]]:
    """An assistant of the owner."""
    async with Client(create_server(sync_house.operations(Channel.MCP))) as client:
        yield client
