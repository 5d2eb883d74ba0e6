"""The servers and the model of these tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from attrs import define, field

from tests.e2e.server_process import ServerProcess
from tests.frameworks.environments import VARIABLE, environment_with, environments, server_in
from tests.frameworks.matrix import Line
from tests.frameworks.visitor import Visitor
from tests.servers.serving import running

collect_ignore_glob = [] if environments() else ["test_*.py"]


@define
class Published:
    """A workflow that is open to visitors."""

    server: ServerProcess
    handle: str
    publish_token: str
    model: str
    _users: list[str] = field(factory=list)

    def visitor(self) -> Visitor:
        """Another one each time."""
        self._users.append(f"user-{len(self._users)}")
        return Visitor.of(self.server.url, self.handle, self.publish_token, self._users[-1])

    def asked(self) -> list[dict[str, object]]:
        """What the model was asked so far."""
        found: list[dict[str, object]] = httpx2.get(f"{self.model}/asked", trust_env=False).json()
        return found


@pytest.fixture(scope="session")
def model() -> Iterator[str]:
    """The address of the model."""
    with running("tests.frameworks.model:app") as url:
        yield url


@pytest.fixture(scope="session")
def published(model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Line], Published]]:
    """Publishes a line of the matrix, once; each file of agents has a server of its own."""
    servers: dict[str, ServerProcess] = {}
    made: dict[str, Published] = {}
    with ExitStack() as open_servers:

        def publish(line: Line) -> Published:
            if line.name not in made:
                made[line.name] = _publish(line, server_for(line), model)
            return made[line.name]

        def server_for(line: Line) -> ServerProcess:
            file = line.target.partition(":")[0]
            if file not in servers:
                environment = environment_with(line.packages)
                if environment is None:
                    pytest.fail(
                        f"No environment of {VARIABLE} has {', '.join(line.packages)}: name one that has, or choose "
                        "other lines with -k."
                    )
                folder: Path = tmp_path_factory.mktemp("server")
                servers[file] = open_servers.enter_context(server_in(environment, folder, model))
            return servers[file]

        yield publish


def _publish(line: Line, server: ServerProcess, model: str) -> Published:
    added = server.cli("workflow", "add", line.name, *line.words.split())
    assert added.code == 0, added.err
    server.operation("workflows.set_look", ref=line.name, files="on")
    token = server.cli("--json", "workflow", "publish", line.name, "--yes").result["publish_token"]
    return Published(server, line.name, token, model)
