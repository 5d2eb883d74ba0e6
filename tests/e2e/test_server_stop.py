"""``orcheo serve``: how it ends when it is told to."""

import signal
import time

import pytest

from tests.e2e.programs import Event, answer_of, chatkit, question, streaming
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.network

SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


@SIGNALS
def test_an_idle_server_ends_at_once(server: ServerProcess, number: signal.Signals) -> None:
    """Exit code 0 and no traceback, however often Ctrl-C is pressed in its last moments."""
    server.signal(number)
    while "Orcheo has stopped." not in server.log and server.is_running:
        time.sleep(0.001)
    while server.is_running:
        server.signal(signal.SIGINT)
    assert server.wait() == 0
    assert "traceback" not in server.log.lower()


@SIGNALS
def test_open_streams_get_a_final_event(server: ServerProcess, number: signal.Signals) -> None:
    """Each running answer is told that it was interrupted and may be tried again; then the process ends in time."""
    token = server.publish("slow", "tests.e2e.gated_workflows:held")["publish_token"]
    with (
        server.client(authorization=f"Bearer {token}") as program,
        streaming(program, "threads.create", input=question("never opened")) as one,
        streaming(program, "threads.create", input=question("nor this")) as two,
    ):
        thread_ids = [stream.until_text("before ") for stream in (one, two)]
        server.signal(number)
        endings = [list(stream) for stream in (one, two)]
        assert server.wait() == 0
    for ending in endings:
        assert_interrupted(ending)
    assert "traceback" not in server.log.lower()
    server.start()
    with server.client(authorization=f"Bearer {token}") as program:
        for thread_id in thread_ids:
            thread = chatkit(program, "threads.get_by_id", thread_id=thread_id).json()
            assert thread["metadata"]["orcheo.turn"]["status"] == "interrupted"
            _, answer, end = thread["items"]["data"]
            assert answer["content"][0]["text"] == "before "
            assert end["orcheo.ending"]["kind"] == "interrupted"


def assert_interrupted(ending: list[Event]) -> None:
    """The answer so far is whole, and the last event says what happened and that a retry makes sense."""
    *_, answer, end, farewell = ending
    assert answer_of(answer) == "before "
    assert end["item"]["orcheo.ending"]["kind"] == "interrupted"
    assert (farewell["type"], farewell["allow_retry"]) == ("error", True)
    assert "server is restarting" in farewell["message"]


def test_a_blocking_workflow_does_not_hold_up_the_end(server: ServerProcess) -> None:
    """A workflow that blocks its thread and cannot be stopped does not keep the process alive.

    Findings: the process ends in time.
    """
    token = server.publish("deaf", "tests.e2e.gated_workflows:deaf")["publish_token"]
    with (
        server.client(authorization=f"Bearer {token}") as program,
        streaming(program, "threads.create", input=question("never opened")) as stream,
    ):
        stream.until_text("before ")
        server.signal(signal.SIGTERM)
        assert_interrupted(list(stream))
        assert server.wait() == 0


def test_an_action_that_someone_waits_for_is_answered_with_a_problem(server: ServerProcess) -> None:
    """Its page learns that the server is stopping, instead of a bare error or a closed connection."""
    token = server.publish("acts", "tests.e2e.gated_workflows:acts_until_the_end")["publish_token"]
    with server.client(authorization=f"Bearer {token}") as program:
        with streaming(program, "threads.create", input=question("Hello")) as stream:
            list(stream)
        action = {"type": "act", "payload": None}
        problem = chatkit(program, "threads.sync_custom_action", thread_id=stream.thread_id, action=action)
        assert server.wait() == 0
    assert problem.status_code == 503
    assert problem.json()["code"] == "server_stopping"
