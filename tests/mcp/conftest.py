"""A server and an MCP client that is connected with it in the same process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orcheo_core.domain.actor import Channel
from orcheo_mcp.server import create_server
from tests.mcp.answers import Assistant
from tests.sync_server import SyncTestServer, build_sync_server


@pytest.fixture
def sync_server() -> Iterator[SyncTestServer]:
    """A whole server over the memory store, without a socket."""
    with build_sync_server() as built:
        yield built


@pytest.fixture
def assistant(sync_server: SyncTestServer, tmp_path: Path) -> Assistant:
    """An assistant of the owner, through which no one can be asked."""
    return Assistant(create_server(sync_server.operations(Channel.MCP), secret_folder=tmp_path / "secrets"))
