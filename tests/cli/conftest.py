"""A server and a command line that is connected with it."""

from collections.abc import Iterator

import pytest

from tests.cli.command_line import CommandLine
from tests.sync_server import SyncTestServer, build_sync_server


@pytest.fixture
def sync_server() -> Iterator[SyncTestServer]:
    """A whole server over the memory store, without a socket."""
    with build_sync_server() as built:
        yield built


@pytest.fixture
def orcheo(sync_server: SyncTestServer) -> CommandLine:
    """A command line in a script: no one is there to ask."""
    return CommandLine(connect=sync_server.operations)
