"""``--offline``: the last known publish states, without the server."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from orcheo_adapters.client.known_workflows import KnownWorkflows, RememberingOperations
from orcheo_adapters.client.remote import Operations, ServerUnreachable
from tests.adapters.test_known_workflows import view
from tests.cli.command_line import CommandLine, assert_error
from tests.sync_server import SyncTestServer

SERVER = "http://127.0.0.1:8700"


class NoServer(Operations):
    """Nothing answers."""

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See the port."""
        raise ServerUnreachable


@pytest.fixture
def known(tmp_path: Path) -> KnownWorkflows:
    """Nothing yet."""
    return KnownWorkflows(SERVER, tmp_path / "known.json")


@pytest.fixture
def online(sync_server: SyncTestServer, known: KnownWorkflows) -> CommandLine:
    """A command line whose server answers."""
    return CommandLine(connect=lambda: RememberingOperations(sync_server.operations(), known), known=lambda: known)


@pytest.fixture
def offline(known: KnownWorkflows) -> CommandLine:
    """The same command line after the server has ended."""
    return CommandLine(connect=NoServer, known=lambda: known)


def test_the_list_has_the_same_lines_as_from_the_server(online: CommandLine, offline: CommandLine) -> None:
    """And says on standard error how old it is."""
    for words in (("add", "echo", "--runner", "python", "--target", "tests.workflows:echo"), ("publish", "echo", "-y")):
        assert online("workflow", *words).code == 0
    said = offline("workflow", "list", "--offline")
    assert (said.code, said.out) == (0, online("workflow", "list").out)
    assert said.err.startswith(f"The server was not asked. This is what {SERVER} said just now, as of 20")
    assert said.err.endswith(" UTC. It may have changed.\n")


def test_one_is_shown_with_what_is_kept_of_it(
    online: CommandLine, offline: CommandLine, sync_server: SyncTestServer
) -> None:
    """By handle or id; how it is run is not kept."""
    sync_server.publish()
    shown = online("workflow", "show", "echo").out.splitlines()
    said = offline("workflow", "show", "echo", "--offline")
    kept = said.out.splitlines()
    assert kept == [line for line in shown if line in kept]
    assert {line.split("  ")[0] for line in kept} >= {"Handle", "State", "Share link", "Publish token", "Published"}
    assert said.err.startswith("The server was not asked. ")


def test_json_has_the_shape_of_the_servers_answer_and_its_age(
    online: CommandLine, offline: CommandLine, sync_server: SyncTestServer
) -> None:
    """``as_of`` says when it was heard."""
    sync_server.add()
    online("workflow", "list")
    listed = offline("--json", "workflow", "list", "--offline").document
    assert set(listed) == {"workflows", "next_after", "as_of"}
    assert listed["workflows"][0]["handle"] == "echo"
    shown = offline("--json", "workflow", "show", "echo", "--offline").document
    assert datetime.now(UTC) - datetime.fromisoformat(shown["as_of"]) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1, seconds=5), "1 minute ago"),
        (timedelta(hours=23, minutes=5), "23 hours ago"),
        (timedelta(days=2, minutes=5), "2 days ago"),
    ],
)
def test_the_age_is_said_in_words(known: KnownWorkflows, offline: CommandLine, age: timedelta, words: str) -> None:
    """In the largest unit that fits."""
    evolve(known, now=lambda: datetime.now(UTC) - age).learn([view(1)])
    assert f" said {words}, as of " in offline("workflow", "list", "--offline").err


@pytest.mark.parametrize(
    ("newest", "oldest", "words"),
    [
        (timedelta(0), timedelta(days=3, minutes=5), "up to 3 days ago"),
        (timedelta(minutes=2, seconds=5), timedelta(minutes=3, seconds=5), "2 to 3 minutes ago"),
        (timedelta(minutes=1, seconds=5), timedelta(hours=1, minutes=5), "1 minute to 1 hour ago"),
        (timedelta(minutes=5, seconds=5), timedelta(days=2, minutes=5), "5 minutes to 2 days ago"),
    ],
)
def test_different_ages_are_said_from_to(
    known: KnownWorkflows, offline: CommandLine, newest: timedelta, oldest: timedelta, words: str
) -> None:
    """The newest first, as people say it; as JSON it is the oldest alone."""
    old = datetime.now(UTC) - oldest
    evolve(known, now=lambda: old).learn([view(1)])
    evolve(known, now=lambda: datetime.now(UTC) - newest).learn([view(2)])
    assert f", as of {old:%Y-%m-%d %H:%M} UTC. " in offline("workflow", "list", "--offline").err
    assert f" said {words}, as of " in offline("workflow", "list", "--offline").err
    assert offline("workflow", "list", "--offline", "--json").document["as_of"] == old.isoformat()


@pytest.mark.parametrize(
    "options", [("--limit", "1"), ("--limit", "20"), ("--private",), ("--search", "x"), ("--all",)]
)
def test_what_is_saved_takes_no_other_option(
    known: KnownWorkflows, offline: CommandLine, options: tuple[str, ...]
) -> None:
    """An option that would be passed over is refused; the table is whole."""
    known.learn([view(1)])
    said = offline("workflow", "list", "--offline", *options)
    assert_error(said, 2, detail="it takes no other option", hint="orcheo workflow list --help")


def test_nothing_known_is_an_error(offline: CommandLine) -> None:
    """Of exit code 3, as for a workflow that is not there."""
    said = offline("workflow", "list", "--offline")
    assert_error(
        said, 3, detail="This machine has no saved copy of the workflows at", hint="`orcheo workflow list` once"
    )
    assert offline("workflow", "show", "echo", "--offline").code == 3


def test_offline_is_all_or_nothing(known: KnownWorkflows, offline: CommandLine) -> None:
    """A page of what is known would pose as a page of the server."""
    known.learn([view(1)])
    said = offline("workflow", "list", "--offline", "--after", "wf_1")
    assert_error(
        said, 2, detail="--offline shows everything that this machine has saved", hint="`orcheo workflow list --help`"
    )


def test_a_server_that_does_not_answer_leads_to_offline(known: KnownWorkflows, offline: CommandLine) -> None:
    """If there is something to show."""
    assert "--offline" not in offline("workflow", "list").err
    known.learn([view(1)])
    for words in (("list",), ("show", "echo-1")):
        said = offline("workflow", *words)
        assert_error(said, 6, detail="does not answer", hint="--offline shows the last known state.")
    assert "--offline" not in offline("workflow", "unpublish", "echo-1", "-y").err


def test_what_is_kept_cannot_drive_the_terminal(tmp_path: Path) -> None:
    """What is kept is shown like what a server says."""
    known = KnownWorkflows(SERVER, tmp_path / "known.json")
    known.learn([view(1, name="a\x1b[2Jb")])
    said = CommandLine(connect=NoServer, known=lambda: known)("workflow", "list", "--offline")
    assert "\x1b" not in said.out


def test_without_settings_it_is_about_the_servers_of_this_machine(tmp_path: Path) -> None:
    """The server of the data folder, by its lock, also after it has ended."""
    (tmp_path / "orcheo.lock").write_text('{"pid": 0, "url": "http://127.0.0.1:9160"}')
    cache = {"ORCHEO_CACHE_DIR": str(tmp_path)}
    KnownWorkflows.locate("http://127.0.0.1:9160", cache).learn([view(1)])
    orcheo = CommandLine(environment={"ORCHEO_DATA_DIR": str(tmp_path), **cache})
    assert "echo-1" in orcheo("workflow", "list", "--offline").out
