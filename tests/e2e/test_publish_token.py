"""A program with a publish token, while the owner rotates and unpublishes."""

import httpx2
import pytest

from tests.app_server import assert_problem
from tests.e2e.programs import answer_of, chatkit, question, streaming
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.network

STRANGER = "orc_pt_" + "0" * 60
HELD = "tests.e2e.gated_workflows:held"


def with_token(server: ServerProcess, publish_token: str) -> httpx2.Client:
    """A program that shows this publish token with each request."""
    return server.client(authorization=f"Bearer {publish_token}")


def open_session(server: ServerProcess, handle: str, publish_token: str) -> httpx2.Response:
    """What the server answers a program that wants a chat grant."""
    with with_token(server, publish_token) as program:
        return program.post(f"/api/chat/{handle}/session", json={})


def test_a_publish_token_opens_a_chat_session(shared_server: ServerProcess) -> None:
    """A program exchanges the token for a chat grant and chats under it."""
    token = shared_server.publish("opens", "examples.echo:answer")["publish_token"]
    grant = open_session(shared_server, "opens", token).json()
    assert 0 < grant["expires_in"] <= 300
    with (
        shared_server.client(authorization=f"Bearer {grant['client_secret']}") as program,
        streaming(program, "threads.create", input=question("Hello")) as stream,
    ):
        assert answer_of(list(stream)[-1]) == "You said: Hello"


def test_a_rotated_token_is_refused_by_name(shared_server: ServerProcess) -> None:
    """Its holder is told that it was rotated; the new one works."""
    old = shared_server.publish("rotated", "examples.echo:answer")["publish_token"]
    rotated = shared_server.cli("--json", "workflow", "rotate-token", "rotated", "--yes").result
    assert_problem(open_session(shared_server, "rotated", old), 401, "publish_token_rotated")
    assert open_session(shared_server, "rotated", rotated["publish_token"]).status_code == 200


def test_a_running_answer_outlives_its_token(shared_server: ServerProcess) -> None:
    """An answer that began under the old token goes on to its end after the rotation, and no new one begins."""
    old = shared_server.publish("running", HELD)["publish_token"]
    with (
        with_token(shared_server, old) as program,
        streaming(program, "threads.create", input=question("rotation")) as stream,
    ):
        stream.until_text("before ")
        shared_server.operation("workflows.rotate_publish_token", ref="running")
        refused = chatkit(program, "threads.create", input=question("rotation"))
        assert_problem(refused, 401, "publish_token_rotated")
        shared_server.gates.open("rotation")
        assert answer_of(list(stream)[-1]) == "before after"


def test_a_running_answer_outlives_unpublishing(shared_server: ServerProcess) -> None:
    """Unpublishing closes the door; who is inside hears the answer to its end."""
    token = shared_server.publish("closing", HELD)["publish_token"]
    with (
        with_token(shared_server, token) as program,
        streaming(program, "threads.create", input=question("closing")) as stream,
    ):
        stream.until_text("before ")
        assert shared_server.cli("workflow", "unpublish", "closing", "--yes").code == 0
        assert_problem(open_session(shared_server, "closing", token), 401, "publish_token_revoked")
        shared_server.gates.open("closing")
        assert answer_of(list(stream)[-1]) == "before after"


def test_ending_the_sessions_ends_a_running_answer(shared_server: ServerProcess) -> None:
    """With ``--end-sessions`` the stream ends at once, with an event that says why; the text so far stays."""
    token = shared_server.publish("ended", HELD)["publish_token"]
    with (
        with_token(shared_server, token) as program,
        streaming(program, "threads.create", input=question("never opened")) as stream,
    ):
        stream.until_text("before ")
        shared_server.operation("workflows.unpublish", ref="ended", end_sessions=True)
        *_, answer, end, farewell = stream
    assert answer_of(answer) == "before "
    assert end["item"]["orcheo.ending"]["kind"] == "closed"
    assert (farewell["type"], farewell["allow_retry"]) == ("error", False)
    assert farewell["message"] == "The owner has closed this chat."


@pytest.mark.parametrize("ref", ["stranger", "nobody-has-this"])
def test_a_stranger_learns_nothing(shared_server: ServerProcess, ref: str) -> None:
    """A made-up token gets the same answer whether the workflow exists or not."""
    if ref == "stranger":
        shared_server.publish("stranger", "examples.echo:answer")
    assert_problem(open_session(shared_server, ref, STRANGER), 401, "publish_token_invalid")


def test_no_token_reaches_the_log(shared_server: ServerProcess) -> None:
    """Whatever happens to a token, the server's log does not show it."""
    token = shared_server.publish("logged", "examples.echo:answer")["publish_token"]
    open_session(shared_server, "logged", token)
    assert token not in shared_server.log
