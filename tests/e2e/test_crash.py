"""The server is killed in the middle of an answer and started again."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from attrs import frozen

from tests.e2e.programs import answer_of, chatkit, question, streaming
from tests.e2e.server_process import ServerProcess, eventually

pytestmark = pytest.mark.network


@frozen(kw_only=True)
class Crashed:
    """A thread whose answer was cut off by a crash; the server runs again."""

    server: ServerProcess
    client: httpx2.Client
    thread_id: str

    def thread(self) -> dict[str, Any]:
        """The thread, as its visitor reads it after the crash."""
        answer = chatkit(self.client, "threads.get_by_id", thread_id=self.thread_id)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document


@pytest.fixture
def crashed(server: ServerProcess) -> Iterator[Crashed]:
    """Killed when half the answer was told and durable; the visitor keeps the grant from before the crash."""
    server.publish("slow", "tests.e2e.gated_workflows:held")
    with server.client() as visitor:
        grant = visitor.post("/api/chat/slow/session", json={}).json()["client_secret"]
    with server.client(authorization=f"Bearer {grant}") as client:
        told = Crashed(server=server, client=client, thread_id=_begin_and_crash(server, client))
        server.start()
        yield told


def _begin_and_crash(server: ServerProcess, client: httpx2.Client) -> str:
    with streaming(client, "threads.create", input=question("crash")) as stream:
        thread_id = stream.until_text("before ")
        told = Crashed(server=server, client=client, thread_id=thread_id)
        eventually(lambda: len(told.thread()["items"]["data"]) == 2, "the text so far is durable")
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        with pytest.raises(httpx2.HTTPError):
            list(stream)
    return thread_id


def test_what_was_said_is_there_after_a_crash(crashed: Crashed) -> None:
    """The visitor's message and the answer so far survive; the turn is marked interrupted."""
    thread = crashed.thread()
    *items, end = thread["items"]["data"]
    said = [(item["type"], item["content"][0]["text"]) for item in items]
    assert said == [("user_message", "crash"), ("assistant_message", "before ")]
    assert end["orcheo.ending"]["kind"] == "interrupted"
    assert thread["metadata"]["orcheo.turn"]["status"] == "interrupted"
    eventually(lambda: '"1 turns of an earlier process were interrupted"' in crashed.server.log, "the log says so")


def test_an_interrupted_answer_can_be_retried(crashed: Crashed) -> None:
    """Retry answers the same message again; the cut answer goes when the new one is there."""
    user_item = crashed.thread()["items"]["data"][0]["id"]
    crashed.server.gates.open("crash")
    retry = {"thread_id": crashed.thread_id, "item_id": user_item}
    with streaming(crashed.client, "threads.retry_after_item", **retry) as stream:
        assert answer_of(list(stream)[-1]) == "before after"
    thread = crashed.thread()
    assert [item["content"][0]["text"] for item in thread["items"]["data"]] == ["crash", "before after"]
    assert thread["metadata"]["orcheo.turn"]["status"] == "completed"


def test_the_thread_goes_on_after_a_crash(crashed: Crashed) -> None:
    """An interrupted turn does not block the thread: the next message is taken."""
    crashed.server.gates.open("next")
    with streaming(
        crashed.client, "threads.add_user_message", thread_id=crashed.thread_id, input=question("next")
    ) as stream:
        assert answer_of(list(stream)[-1]) == "before after"


def test_the_owner_token_and_the_publication_survive_a_crash(crashed: Crashed) -> None:
    """The command line still works, and the workflow is as public as it was."""
    shown = crashed.server.cli("--json", "workflow", "show", "slow").result
    assert shown["is_public"] is True


def test_a_child_that_a_workflow_forked_keeps_neither_port_nor_data_folder(server: ServerProcess) -> None:
    """It outlives the server, which can be started again at once, and whose clients see their connection end.

    Findings: children inherit nothing.
    """
    token = server.publish("forks", "tests.e2e.gated_workflows:forks")["publish_token"]
    with (
        server.client(authorization=f"Bearer {token}") as program,
        streaming(program, "threads.create", input=question("fork")) as stream,
    ):
        child = int(next(each["update"]["delta"] for each in stream if "delta" in each.get("update", {})))
        try:
            assert server.end(signal.SIGKILL) == -signal.SIGKILL
            with pytest.raises(httpx2.HTTPError):
                list(stream)
            server.start()
            os.kill(child, 0)  # it is still there
        finally:
            os.kill(child, signal.SIGKILL)
