"""What all tests share: who may use sockets, and servers to talk to."""

from collections.abc import AsyncIterator, Generator, Iterator

import hypothesis
import pytest

from tests.app_server import TestServer, build_app_server

pytest_plugins = ["tests.second_try"]

LOOPBACK = ["127.0.0.1", "::1"]

# How long an example takes says something of the machine, and nothing of what is tested.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start servers of their own may reach loopback; all others have no sockets at all."""
    for item in items:
        if item.get_closest_marker("network") or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.enable_socket)
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Reports go from the workers as UTF-8, in which half a surrogate pair that a test has logged cannot be written."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Programs that tests start keep what they know of workflows here, not in the folder of the person at work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
async def app_server() -> AsyncIterator[TestServer]:
    """A whole server over the memory store, without a socket."""
    async with build_app_server() as built:
        yield built
