"""What the CLI shows when the server asks to wait."""

import json

import pytest

from orcheo_adapters.client.remote import Answer, RemoteOperations
from orcheo_adapters.client.settings import ClientSettings
from orcheo_adapters.http.problems import problem_json
from orcheo_cli.context import CliContext
from orcheo_cli.exit_codes import FAILED
from orcheo_cli.main import run
from orcheo_core.domain.actor import Channel
from orcheo_core.errors import RateLimited


def refuse(*_request: object) -> Answer:
    """A server that has had enough for 42 seconds."""
    error = RateLimited(policy="failed-authentications", amount=10, window_seconds=300, retry_after=42)
    return Answer(429, json.dumps(problem_json(error, "req_1")).encode())


def context() -> CliContext:
    """A CLI that talks to this server."""
    settings = ClientSettings(url="http://127.0.0.1:1", service_token="s")
    return CliContext(connect=lambda: RemoteOperations(settings, Channel.CLI, refuse))


def test_the_wait_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """What was too much, and how long to wait."""
    assert run(["workflow", "list"], context()) == FAILED
    said = capsys.readouterr()
    assert said.out == ""
    assert "More than 10 in 300 s (failed authentications)." in said.err
    assert "Try again in 42 s." in said.err


def test_the_wait_is_a_number_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    """``--json`` has it as ``retry_after``."""
    run(["--json", "workflow", "list"], context())
    assert json.loads(capsys.readouterr().err) == {
        "code": "rate_limited",
        "detail": "More than 10 in 300 s (failed authentications).",
        "hint": "Try again in 42 s.",
        "retry_after": 42,
        "request_id": "req_1",
    }
