"""OpenAI's official TypeScript client against the session API: only its address and its key are ours."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.app_server import USER_INPUT
from tests.e2e.provider_process import node
from tests.http.process import ServerProcess, server_process

FOLDER = Path(__file__).parent / "typescript"
pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with a public workflow ``echo``."""
    with server_process(tmp_path_factory.mktemp("typescript")) as running:
        with running.client() as client:
            client.post("/api/workflows", json={"handle": "echo", "runner": "python", "target": "tests.workflows:echo"})
        yield running


@pytest.fixture(scope="module")
def token(server: ServerProcess) -> str:
    """Its publish token."""
    return str(server.perform("workflows.publish", ref="echo")["publish_token"])


def run(server: ServerProcess, token: str, *words: str) -> dict[str, Any]:
    """What one step of the client gives."""
    environment = os.environ | {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": token}
    command = [node(), str(FOLDER / "client.mjs"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def say(server: ServerProcess, session: dict[str, Any]) -> int:
    """Begin a thread as the page does; the status."""
    headers = {"authorization": f"Bearer {session['client_secret']}"}
    body = {"type": "threads.create", "params": {"input": USER_INPUT}}
    return httpx2.post(f"{server.url}/api/chatkit", json=body, headers=headers, trust_env=False).status_code


def test_sessions_and_threads_work_as_at_openai(server: ServerProcess, token: str) -> None:
    """Created, chatted with, listed page by page, read, deleted, cancelled."""
    options = {
        "rate_limits": {"max_requests_per_1_minute": 2},
        "expires_after": {"anchor": "created_at", "seconds": 90},
    }
    session = run(server, token, "create", "ada", json.dumps(options))
    assert (session["object"], session["status"], session["max_requests_per_1_minute"]) == (
        "chatkit.session",
        "active",
        2,
    )
    assert [say(server, session) for _ in range(3)] == [200, 200, 429]
    read = run(server, token, "read", "ada")
    assert [each["user"] for each in read["listed"]] == ["ada", "ada"]
    assert [each["type"] for each in read["items"]] == ["chatkit.user_message", "chatkit.assistant_message"]
    assert read["items"][1]["content"][0]["text"] == "Hello"
    assert read["first"]["title"] == "Hello"
    assert read["deleted"] == {"id": read["first"]["id"], "object": "chatkit.thread.deleted", "deleted": True}
    assert run(server, token, "cancel", session["id"])["status"] == "cancelled"
    assert say(server, session) == 401


def test_refusals_are_the_clients_own_errors(server: ServerProcess, token: str) -> None:
    """By their class, with the code and the name of the wrong field."""
    wrong = run(server, token, "create", "ada", json.dumps({"expires_after": {"anchor": "created_at", "seconds": 0}}))
    assert wrong["error"]["class"] == "BadRequestError"
    assert (wrong["error"]["code"], wrong["error"]["param"]) == ("invalid_input", "expires_after.seconds")
    unknown = run(server, token, "cancel", "cksess_123")["error"]
    assert (unknown["class"], unknown["code"], unknown["type"]) == (
        "NotFoundError",
        "chat_session_not_found",
        "invalid_request_error",
    )
    assert run(server, "sk-none", "create", "ada")["error"]["class"] == "AuthenticationError"
