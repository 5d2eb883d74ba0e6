"""What all tests share: who may use sockets, and servers to talk to."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.house import House, build_house

LOOPBACK = ["127.0.0.1", "::1"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start servers of their own may reach loopback; all others have no sockets at all."""
    for item in items:
        if item.get_closest_marker("network") or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.enable_socket)
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Programs that tests start keep what they know of workflows here, not in the folder of the person at work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A whole server over the memory store, without a socket."""
    async with build_house() as built:
        yield built
