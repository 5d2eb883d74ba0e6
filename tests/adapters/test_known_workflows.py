"""What a client last heard of a server's workflows: kept, private, and never more than a help."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from attrs import frozen

from orcheo_adapters.client.known_workflows import KnownWorkflows, NothingKnown, RememberingOperations
from orcheo_adapters.client.remote import Operations
from orcheo_core.domain.opaque_token import OpaqueToken
from orcheo_core.errors import OrcheoError, WorkflowNotFound
from tests.sync_server import build_sync_server

SERVER = "http://127.0.0.1:8700"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def known(tmp_path: Path) -> KnownWorkflows:
    """Nothing yet."""
    return KnownWorkflows.locate(SERVER, {"ORCHEO_CACHE_DIR": str(tmp_path / "cache")})


def view(number: int, **changes: Any) -> dict[str, Any]:
    """A workflow as a server shows it, with more than is kept."""
    return {
        "id": f"wf_{number}",
        "handle": f"echo-{number}",
        "name": "Echo",
        "description": "a note",
        "owner": "owner:local",
        "runner": {"kind": "http", "target": "https://a.example", "settings": {"key": "hunter2"}},
        "created_at": "2026-11-23T12:00:00+00:00",
        "updated_at": "2026-11-23T12:00:00+00:00",
        "is_public": False,
        "require_login": False,
        "published_at": None,
        "published_by": None,
        "obstacle": None,
        "archived_at": None,
        "publish_token_hint": None,
        "publish_token_rotated_at": None,
        "share_url": None,
    } | changes


def ids(known: KnownWorkflows) -> list[str]:
    """Which workflows are known, in order."""
    return [each.workflow["id"] for each in known.all()]


@frozen
class FakeOperations(Operations):
    """Operations that answer this, whatever they are asked."""

    outcome: dict[str, Any] | OrcheoError

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See the port."""
        if isinstance(self.outcome, OrcheoError):
            raise self.outcome
        return self.outcome


def hear_page(known: KnownWorkflows, *numbers: int, more: bool = False, **arguments: Any) -> None:
    """A page of the list with these workflows, as it was asked for."""
    page = {"workflows": [view(each) for each in numbers], "next_after": f"wf_{numbers[-1]}" if more else None}
    RememberingOperations(FakeOperations(page), known).perform("workflows.list", arguments)


def test_every_change_of_a_workflow_is_heard(known: KnownWorkflows) -> None:
    """Each operation that answers with a workflow: its state is what it was answered last."""
    with build_sync_server() as app_server:
        operations = RememberingOperations(app_server.operations(), known)

        def state(name: str, /, **arguments: Any) -> tuple[Any, ...]:
            operations.perform(name, {"ref": "echo"} | arguments if name != "workflows.add" else arguments)
            heard = known.find("echo").workflow
            return heard["is_public"], heard["require_login"], heard["name"], heard["publish_token_rotated_at"]

        add = {"handle": "echo", "runner": "python", "target": "tests.workflows:echo"}
        assert state("workflows.add", **add) == (False, False, "Echo", None)
        assert state("workflows.publish") == (True, False, "Echo", None)
        assert state("workflows.set_login", require_login=True, anyway=True) == (True, True, "Echo", None)
        assert state("workflows.rotate_publish_token")[3] is not None
        assert state("workflows.edit", name="Parrot")[2] == "Parrot"
        assert state("workflows.unpublish") == (False, False, "Parrot", None)
        operations.perform("workflows.remove", {"ref": "echo"})
        with pytest.raises(NothingKnown):
            known.all()


def test_reading_is_heard_too(known: KnownWorkflows) -> None:
    """What another program changed is known after the next look at it."""
    with build_sync_server() as app_server:
        operations = RememberingOperations(app_server.operations(), known)
        app_server.add()
        operations.perform("workflows.list", {})
        app_server.result("workflows.publish", ref="echo")
        operations.perform("workflows.show", {"ref": "echo"})
        assert known.find("echo").workflow["is_public"] is True
        app_server.result("workflows.edit", ref="echo", handle="parrot")
        operations.perform("workflows.show", {"ref": "parrot"})
        assert [each.workflow["handle"] for each in known.all()] == ["parrot"]


def test_a_workflow_that_is_not_found_is_forgotten(known: KnownWorkflows) -> None:
    """Someone else has removed it."""
    known.learn([view(1), view(2)])
    gone = RememberingOperations(FakeOperations(WorkflowNotFound()), known)
    with pytest.raises(WorkflowNotFound):
        gone.perform("workflows.publish", {"ref": "echo-1"})
    assert ids(known) == ["wf_2"]
    with pytest.raises(WorkflowNotFound):
        gone.perform("threads.list", {"ref": "wf_2"})
    with pytest.raises(NothingKnown):
        known.all()


def test_what_one_service_token_does_not_see_is_not_gone_for_another(tmp_path: Path) -> None:
    """Two owners on one machine, or one with a service token of fewer workflows: each has a saved copy of their own."""
    cache = {"ORCHEO_CACHE_DIR": str(tmp_path / "cache"), "ORCHEO_DATA_DIR": str(tmp_path)}
    (tmp_path / "owner-token").write_text(OpaqueToken.generate("orc_st_", token_bytes).reveal())
    local = KnownWorkflows.locate(SERVER, cache)
    named = {"ORCHEO_SERVICE_TOKEN": OpaqueToken.generate("orc_st_", token_bytes).reveal()}
    ada = KnownWorkflows.locate(SERVER, cache | named)
    hear_page(local, 1, 2)
    hear_page(ada, 3)
    with pytest.raises(WorkflowNotFound):
        RememberingOperations(FakeOperations(WorkflowNotFound()), ada).perform("workflows.show", {"ref": "echo-1"})
    assert (ids(local), ids(ada)) == (["wf_2", "wf_1"], ["wf_3"])
    assert ids(KnownWorkflows.locate(SERVER, cache)) == ["wf_2", "wf_1"]
    assert named["ORCHEO_SERVICE_TOKEN"] not in ada.path.name


def test_other_errors_change_nothing(known: KnownWorkflows) -> None:
    """A server that is down says nothing about its workflows."""
    known.learn([view(1)])
    with pytest.raises(OrcheoError):
        RememberingOperations(FakeOperations(OrcheoError()), known).perform("workflows.show", {"ref": "echo-1"})
    assert ids(known) == ["wf_1"]


def test_other_subjects_are_passed_on(known: KnownWorkflows) -> None:
    """Whatever their answers are called."""
    answer = {"workflow": {"id": "wf_1"}}
    assert RememberingOperations(FakeOperations(answer), known).perform("audit.list", {}) == answer
    with pytest.raises(NothingKnown):
        known.all()


@pytest.mark.parametrize(
    ("page", "asked", "left"),
    [
        ([5, 4, 3, 2], {}, [5, 4, 3, 2]),
        ([5, 3, 2, 1], {"limit": 20}, [5, 3, 2, 1]),
        ([1, 2, 4, 5], {}, [5, 4, 2, 1]),
        ([], {}, []),
        ([5, 3], {"more": True}, [5, 3, 2, 1]),
        ([3, 1], {"after": "wf_4"}, [5, 4, 3, 1]),
        ([3, 1], {"after": "wf_4", "more": True}, [5, 4, 3, 1]),
        ([2, 4], {"after": "wf_1", "more": True}, [5, 4, 2, 1]),
        ([2, 4], {"after": "wf_1"}, [4, 2, 1]),
        ([5], {"more": True}, [5, 4, 3, 2, 1]),
        ([3, 5, 4], {"more": True}, [5, 4, 3, 2, 1]),
        ([5], {"search": "x"}, [5, 4, 3, 2, 1]),
    ],
)
def test_what_a_page_would_show_and_does_not_is_gone(
    known: KnownWorkflows, page: list[int], asked: dict[str, Any], left: list[int]
) -> None:
    """Newest first or oldest first; a page of a search says nothing about the others."""
    known.learn(map(view, range(1, 6)))
    hear_page(known, *page, **asked)
    if left:
        assert ids(known) == [f"wf_{each}" for each in left]
    else:
        with pytest.raises(NothingKnown):
            known.all()


def test_nothing_secret_is_kept(known: KnownWorkflows) -> None:
    """Of a publish token its hint; no settings of runners, no notes."""
    with build_sync_server() as app_server:
        operations = RememberingOperations(app_server.operations(), known)
        app_server.add(description="a note")
        token = operations.perform("workflows.publish", {"ref": "echo"})["publish_token"]
        grant = operations.perform("workflows.open_chat_session", {"ref": "echo"})["client_secret"]
    known.learn([view(1)])
    text = known.path.read_text("utf-8")
    assert not [each for each in (token, token[20:], grant, "hunter2", "a note") if each in text]
    assert known.find("echo").workflow["publish_token_hint"][:12] == token[:12]


def test_the_file_is_private_and_for_one_server(known: KnownWorkflows, tmp_path: Path) -> None:
    """Mode 0600 in a folder of 0700, and nothing else is left there."""
    known.learn([view(1)])
    assert known.path.stat().st_mode & 0o777 == 0o600
    assert known.path.parent.stat().st_mode & 0o777 == 0o700
    other = KnownWorkflows.locate("http://127.0.0.1:9000", {"ORCHEO_CACHE_DIR": str(tmp_path / "cache")})
    with pytest.raises(NothingKnown):
        other.all()
    assert list(known.path.parent.iterdir()) == [known.path]


def damaged(**changes: Any) -> bytes:
    """The file with one wrong value in it."""
    workflow = {name: value for name, value in view(1).items() if name not in {"runner", "description"}} | changes
    at = workflow.pop("at", "2026-11-23T12:00:00+00:00")
    document = {"server": SERVER, "workflows": {"wf_1": {"at": at, "workflow": workflow}}}
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"server": "http://other.example", "workflows": {}}',
        damaged(id="wf_2"),
        damaged(handle=5),
        damaged(is_public="yes"),
        damaged(share_url=["a"]),
        damaged(secret="orc_pt_x"),
        damaged(at="yesterday"),
        damaged(at="2026-11-23T12:00:00"),
        damaged(at=5),
    ],
)
def test_a_damaged_file_is_ignored_and_said_to_be(known: KnownWorkflows, content: bytes) -> None:
    """The next answer of the server takes its place."""
    known.learn([view(1)])
    known.path.write_bytes(content)
    with pytest.raises(NothingKnown, match="is damaged and is ignored"):
        known.all()
    known.learn([view(2)])
    assert ids(known) == ["wf_2"]


def test_nothing_known_says_how_to_know_more(known: KnownWorkflows) -> None:
    """Of all, and of one."""
    with pytest.raises(NothingKnown) as caught:
        known.all()
    assert caught.value.detail == f"This machine has no saved copy of the workflows at {SERVER}."
    assert "orcheo workflow list" in caught.value.hint
    known.learn([view(1)])
    with pytest.raises(NothingKnown, match="of a workflow 'other' at"):
        known.find("other")


def test_a_server_without_workflows_is_not_called_a_damaged_file(known: KnownWorkflows) -> None:
    """The last one was removed, or none was ever added."""
    known.learn([view(1)])
    known.learn([], gone=["wf_1"])
    with pytest.raises(NothingKnown, match=r"no workflows at .* when it last answered"):
        known.all()


@pytest.mark.parametrize("place", ["", "cache"])
def test_what_cannot_be_kept_is_no_error(known: KnownWorkflows, tmp_path: Path, place: str) -> None:
    """A file stands in the way of the folder, or a folder in that of the file: the command is done all the same."""
    if place:
        (tmp_path / place).write_text("")
    else:
        known.path.mkdir(parents=True)
    RememberingOperations(FakeOperations(view(1)), known).perform("workflows.show", {"ref": "echo-1"})


def test_by_default_it_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where programs keep what they can do without."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    path = KnownWorkflows.locate(SERVER, {}).path
    assert path.parent.name == "orcheo"
    assert path.name.startswith("workflows-")


_LEARN = """
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from orcheo_adapters.client.known_workflows import KnownWorkflows
from tests.adapters.test_known_workflows import view
known = KnownWorkflows("s", Path(sys.argv[1]))
for number in range(20):
    known.learn([view(int(sys.argv[2]) * 100 + number)])
"""


def test_clients_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    """Each waits for the file."""
    path = tmp_path / "cache" / "known.json"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _LEARN, str(path)]
    running = [subprocess.Popen([*command, str(each)], env=environment) for each in (1, 2)]
    assert [each.wait(30) for each in running] == [0, 0]
    assert len(KnownWorkflows("s", path).all()) == 40


def test_a_filtered_list_forgets_nothing(known: KnownWorkflows) -> None:
    """What it leaves out may be there; the whole list at once says it all."""
    with build_sync_server() as app_server:
        operations = RememberingOperations(app_server.operations(), known)
        app_server.publish("public")
        app_server.add("private")
        operations.perform("workflows.list", {})
        for filters in ({"public": False}, {"public": True}, {"search": "nothing"}, {"public": None, "limit": 1}):
            operations.perform("workflows.list", filters)
            assert len(known.all()) == 2
        app_server.result("workflows.remove", ref="private")
        operations.perform("workflows.list", {"all": True})
        assert [each.workflow["handle"] for each in known.all()] == ["public"]


def test_the_version_of_the_server_is_passed_on(known: KnownWorkflows) -> None:
    """Nothing of it is kept."""
    with build_sync_server() as app_server:
        assert RememberingOperations(app_server.operations(), known).version() == app_server.operations().version()
        assert app_server.operations().version() == version("orcheo")


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "link"])
def test_what_is_no_plain_file_is_never_read_from(known: KnownWorkflows, make: Callable[[Path], None]) -> None:
    """It would never come to an end."""
    known.path.parent.mkdir()
    make(known.path)
    with pytest.raises(NothingKnown, match="is damaged and is ignored"):
        known.all()
