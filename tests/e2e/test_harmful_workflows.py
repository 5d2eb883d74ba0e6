"""What workflows do to the process neither ends the server nor keeps it from ending."""

import signal

import pytest

from tests.e2e.programs import answer_of, question, streaming
from tests.e2e.server_process import ServerProcess, eventually

pytestmark = pytest.mark.network


def publish(server: ServerProcess, name: str) -> str:
    """Publish one of the harmful workflows; its publish token."""
    token: str = server.publish(name.replace("_", "-"), f"tests.e2e.harmful_workflows:{name}")["publish_token"]
    return token


def ask(server: ServerProcess, token: str, text: str = "hi") -> str:
    """The whole answer to a message."""
    with (
        server.client(authorization=f"Bearer {token}") as program,
        streaming(program, "threads.create", input=question(text)) as stream,
    ):
        done = [each for each in stream if each["type"] == "thread.item.done"]
    return answer_of(done[-1])


@pytest.mark.parametrize(
    "name",
    ["leaves_thread", "waits_at_exit", "waits_in_a_finaliser", "takes_signals", "changes_the_process"],
)
def test_the_server_answers_and_ends_after_a_workflow_has(server: ServerProcess, name: str) -> None:
    """With exit code 0, within the time that a supervisor waits; another workflow answers until then."""
    harmful, fine = publish(server, name), publish(server, "fine")
    ask(server, harmful)
    assert ask(server, fine) == "You said: hi"
    if name == "takes_signals":
        eventually(lambda: "is set back" in server.log or None, "the handlers are set back")
    assert server.end() in ({0, 1} if name == "waits_in_a_finaliser" else {0})
    assert "Traceback" not in server.log


def test_threads_of_the_loop_are_not_waited_for(server: ServerProcess) -> None:
    """A hundred of ``asyncio.to_thread`` that never end neither keep other work waiting nor the process alive."""
    full = publish(server, "fills_executor")
    with (
        server.client(authorization=f"Bearer {full}") as program,
        streaming(program, "threads.create", input=question("hi")) as stream,
    ):
        stream.until_text("before ")
        assert ask(server, publish(server, "fine")) == "You said: hi"
        assert server.end() == 0
    assert "ended without waiting" in server.log


def test_a_blocked_loop_does_not_keep_the_process_alive(server: ServerProcess) -> None:
    """Nothing can be drained then; further signals change nothing. Findings: the process ends in time."""
    token = publish(server, "blocks")
    with (
        server.client(authorization=f"Bearer {token}") as program,
        streaming(program, "threads.create", input=question("3600")) as stream,
    ):
        stream.until_text("before ")
        eventually(lambda: "the workflow blocks has blocked the event loop" in server.log or None, "the watchdog barks")
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    assert "tests/e2e/harmful_workflows.py" in server.log


def test_a_second_sigterm_does_not_cut_off_the_end(server: ServerProcess) -> None:
    """What is being answered is still marked as interrupted."""
    token = server.publish("deaf", "tests.e2e.gated_workflows:deaf")["publish_token"]
    with (
        server.client(authorization=f"Bearer {token}") as program,
        streaming(program, "threads.create", input=question("never opened")) as stream,
    ):
        stream.until_text("before ")
        server.signal(signal.SIGTERM)
        endings = list(stream)
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    assert "server is restarting" in endings[-1]["message"]


def test_a_long_block_shows_after_it_in_readyz_show_and_doctor(server: ServerProcess) -> None:
    """The server is ready again, and says that it was not; the owner finds the workflow."""
    token = publish(server, "blocks")
    assert ask(server, token, "10.2") == "before after"
    with server.client() as anyone:
        ready = anyone.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["status"] == "degraded"
    assert ready.json()["blocked_seconds"] >= 10
    assert server.operation("workflows.show", ref="blocks")["conduct"]["blocks"] == 1
    assert "Conduct" in server.cli("workflow", "show", "blocks").out
    doctor = server.cli("doctor")
    assert doctor.code == 1
    assert "blocks has blocked the event loop 1 time, 1" in doctor.out


def test_output_of_a_workflow_is_bounded_and_named(server: ServerProcess) -> None:
    """In the server's own output; the owner finds that something is missing.

    Findings: a workflow is named and bounded.
    """
    ask(server, publish(server, "prints"), "x")
    cut = "prints | … the rest of what this run writes is left out\n"
    eventually(lambda: cut in server.log or None, "the server's output has come through its pipe")
    log = server.log
    assert "prints | " + "x" * 1_000 + "\n" in log
    assert len(log) < 200_000
    assert server.operation("workflows.show", ref="prints")["conduct"]["output_cut"] == 1


def test_threads_left_behind_are_shown(server: ServerProcess) -> None:
    """To the owner and in the log."""
    token = publish(server, "leaves_thread")
    for _ in range(3):
        ask(server, token)
    assert server.operation("workflows.show", ref="leaves-thread")["conduct"]["threads_left"] == 3
    eventually(
        lambda: "the workflow leaves-thread has left 3 threads at work" in server.log or None, "the log names it"
    )


def test_nothing_is_said_of_a_workflow_that_does_no_harm(server: ServerProcess) -> None:
    """Neither in JSON nor for people."""
    ask(server, publish(server, "fine"))
    assert server.operation("workflows.show", ref="fine")["conduct"] is None
    assert "Conduct" not in server.cli("workflow", "show", "fine").out
    with server.client(authorization="") as anyone:
        assert anyone.get("/readyz").json() == {"status": "ready"}
