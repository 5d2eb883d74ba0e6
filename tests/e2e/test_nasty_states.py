"""A workflow that is stopped in a nasty state, or ends in one, harms neither others nor the server's end."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.nasty_workflows import BEARABLE, DEADLY, STOPPED, STOPPED_APART
from tests.e2e.programs import answer_of, chatkit, question, streaming
from tests.e2e.server_process import Gates, ServerProcess, eventually

pytestmark = pytest.mark.network
PATIENCE_SECONDS = 30.0
"""Half of what a workflow would take that no one stops."""
ENDLESS = {"swallow", "endless_finally", "shield", "block_in_thread", "block_for_ever", "spin"}
"""What only the time limit ends, in which the start of a process counts."""


def _publish(server: ServerProcess, handle: str, seconds: int, **settings: str) -> str:
    server.operation(
        "workflows.add",
        handle=handle,
        runner="python",
        target="tests.e2e.nasty_workflows:answer",
        settings=settings,
        time_limit=seconds,
    )
    token: str = server.operation("workflows.publish", ref=handle)["publish_token"]
    return token


def _talk(server: ServerProcess, token: str, text: str) -> list[dict[str, object]]:
    """All events of a turn."""
    with (
        server.client(authorization=f"Bearer {token}") as program,
        streaming(program, "threads.create", input=question(text)) as stream,
    ):
        return list(stream)


def _is_fine(events: list[dict[str, object]]) -> bool:
    done = [each for each in events if each["type"] == "thread.item.done"]
    return answer_of(done[-1]) == "before fine"


def _assert_quickly_fine(server: ServerProcess, token: str) -> None:
    began = time.monotonic()
    assert _is_fine(_talk(server, token, "fine"))
    assert time.monotonic() - began < PATIENCE_SECONDS


@pytest.fixture(scope="module")
def nasty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all of it."""
    folder = tmp_path_factory.mktemp("nasty-server")
    settings = {"ORCHEO_LIMITS": "off"}
    running = ServerProcess(data_dir=folder / "data", gates=Gates(folder), settings=settings).start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def tokens(nasty_server: ServerProcess) -> Iterator[dict[str, str]]:
    """A workflow in the server's process, one in its own, and one that stands by."""
    yield {
        "inside": _publish(nasty_server, "inside", 3),
        "apart": _publish(nasty_server, "apart", 60, isolation="process", memory_mb="512"),
        "apart-brief": _publish(nasty_server, "apart-brief", 8, isolation="process", memory_mb="512"),
        "other": _publish(nasty_server, "other", 60),
        "patient": _publish(nasty_server, "patient", 60),
        "patient-apart": _publish(nasty_server, "patient-apart", 60, isolation="process", memory_mb="256"),
    }
    assert nasty_server.end() == 0


@pytest.mark.parametrize("harm", [each.__name__ for each in BEARABLE])
def test_the_servers_process_bears(nasty_server: ServerProcess, tokens: dict[str, str], harm: str) -> None:
    """The turn ends, also by its time limit; then both workflows answer as before."""
    began = time.monotonic()
    _talk(nasty_server, tokens["inside"], harm)
    assert time.monotonic() - began < PATIENCE_SECONDS
    _assert_quickly_fine(nasty_server, tokens["inside"])
    _assert_quickly_fine(nasty_server, tokens["other"])
    with nasty_server.client() as anyone:
        assert anyone.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("workflow", "harm"),
    [("patient", each.__name__) for each in STOPPED] + [("patient-apart", each.__name__) for each in STOPPED_APART],
)
def test_what_a_visitor_stops_ends_for_them_at_once(
    nasty_server: ServerProcess, tokens: dict[str, str], workflow: str, harm: str
) -> None:
    """Whatever state it is in; others are answered as before, and so is the next message."""
    with nasty_server.client(authorization=f"Bearer {tokens[workflow]}") as program:
        with streaming(program, "threads.create", input=question(harm)) as stream:
            thread_id = stream.until_text("before ")
            time.sleep(0.05)  # until it is in its state
        began = time.monotonic()
        chatkit(program, "threads.cancel", thread_id=thread_id)

        def is_over() -> bool | None:
            thread = chatkit(program, "threads.get_by_id", thread_id=thread_id).json()
            return thread["metadata"]["orcheo.turn"]["status"] != "running" or None

        eventually(is_over, "the turn ends", seconds=PATIENCE_SECONDS)
        assert time.monotonic() - began < PATIENCE_SECONDS
    _assert_quickly_fine(nasty_server, tokens["other"])
    _assert_quickly_fine(nasty_server, tokens[workflow])


@pytest.mark.parametrize("harm", [each.__name__ for each in (*BEARABLE, *DEADLY)])
def test_a_process_of_its_own_bears(nasty_server: ServerProcess, tokens: dict[str, str], harm: str) -> None:
    """Whatever it does; other workflows answer in the meantime, and the next message gets an answer."""
    apart = tokens["apart-brief" if harm in ENDLESS else "apart"]
    with (
        nasty_server.client(authorization=f"Bearer {apart}") as program,
        streaming(program, "threads.create", input=question(harm)) as stream,
    ):
        stream.until_text("before ")
        _assert_quickly_fine(nasty_server, tokens["other"])
        events = list(stream)
    assert events
    _assert_quickly_fine(nasty_server, apart)


def _children_of(pid: int) -> set[int]:
    """The processes that a process has started."""
    found = set()
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = each.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.add(int(each.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_process_of_a_workflow_ends_with_the_server(server: ServerProcess, number: signal.Signals) -> None:
    """Also one that spins, and also when the server is killed."""
    token = _publish(server, "apart", 60, isolation="process")
    with (
        server.client(authorization=f"Bearer {token}") as program,
        streaming(program, "threads.create", input=question("spin")) as stream,
    ):
        stream.until_text("before ")
        children = _children_of(server.pid)
        assert len(children) == 1
        began = time.monotonic()
        server.end(number)
        assert time.monotonic() - began < PATIENCE_SECONDS
    eventually(lambda: not any(Path(f"/proc/{each}").exists() for each in children) or None, "the process is gone")
