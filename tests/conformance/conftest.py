"""A store of each backend."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from orcheo_core.ports.unit_of_work import Store
from tests.conformance.backends import BACKENDS
from tests.conformance.runner_kinds import REGISTRIES, Subjected
from tests.fakes.clock import FakeClock
from tests.servers.serving import running


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


@pytest.fixture(scope="session")
def server_url() -> Iterator[Callable[[str], str]]:
    """The URL of a server by its ``module:app``; each is started once, and stopped at the end."""
    urls: dict[str, str] = {}
    with ExitStack() as stack:

        def start(app: str) -> str:
            if app not in urls:
                urls[app] = stack.enter_context(running(app))
            return urls[app]

        yield start


@pytest.fixture
def workflow(request: pytest.FixtureRequest, server_url: Callable[[str], str]) -> Subjected:
    """The workflow of the parameter, a kind of runner and a target."""
    kind, target = request.param
    return Subjected.of(kind, target, server_url(kind.server) if kind.server else "")


@pytest.fixture
async def closed_runners() -> AsyncIterator[None]:
    """Closes what the runners of a test keep open."""
    yield
    while REGISTRIES:
        await REGISTRIES.pop().close()
