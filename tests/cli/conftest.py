"""A house and a command line that is connected with it."""

from collections.abc import Iterator

import pytest

from tests.cli.command_line import CommandLine
from tests.sync_house import SyncHouse, build_sync_house


@pytest.fixture
def sync_house() -> Iterator[SyncHouse]:
    """A whole server over the memory store, without a socket."""
    with build_sync_house() as built:
        yield built


@pytest.fixture
def orcheo(sync_house: SyncHouse) -> CommandLine:
    """A command line in a script: no one is there to ask."""
    return CommandLine(connect=sync_house.operations)
