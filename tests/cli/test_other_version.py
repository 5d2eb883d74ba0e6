"""Servers of another version: an answer without a field is shown as far as it goes, and never lost."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import field, frozen

from orcheo_adapters.client.known_workflows import KnownWorkflows, RememberingOperations
from orcheo_adapters.client.remote import Operations
from orcheo_cli.context import CliContext
from orcheo_cli.doctor import examine
from orcheo_cli.results import print_result
from tests.cli.command_line import CommandLine
from tests.cli.test_doctor import settings
from tests.sync_server import SyncTestServer

_SECRETS = ("publish_token", "service_token", "identity_secret", "client_secret")


@pytest.fixture
def results(sync_server: SyncTestServer) -> list[dict[str, Any]]:
    """What a server answers to commands of each kind."""
    published = sync_server.publish()
    sync_server.add("other")
    thread_id = sync_server.chat("other")
    ask = sync_server.result
    return [
        published,
        ask("workflows.list"),
        ask("workflows.show", ref="other"),
        ask("workflows.rotate_identity_secret", ref="echo"),
        ask("workflows.open_chat_session", ref="echo"),
        ask("workflows.ask", ref="echo", text="Hello"),
        ask("tokens.create", scopes=["workflows:read"]),
        ask("tokens.list"),
        ask("threads.list", ref="other"),
        ask("threads.show", id=thread_id),
        ask("audit.list"),
        ask("server.space"),
        ask("webhook.show"),
    ]


def without_each(value: Any) -> Iterator[Any]:
    """The same JSON without one of its fields, for each field in it."""
    if isinstance(value, list):
        yield from ([changed, *value[1:]] for first in value[:1] for changed in without_each(first))
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        yield {other: each for other, each in value.items() if other != name}
        yield from (value | {name: changed} for changed in without_each(inner))


def test_a_field_that_is_missing_ends_no_command(
    results: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever it is; and a secret, which is shown only once, is shown."""
    for result in results:
        for answered in without_each(result):
            print_result(answered)
            said = capsys.readouterr()
            assert said.out
            assert "None" not in said.out
            assert "Traceback" not in said.err
            assert all(answered[name] in said.out for name in _SECRETS if answered.get(name))


@pytest.mark.parametrize("answered", [{}, {"workflows": 3}, {"workflows": ["echo"]}, {"details": {}}, {"thread": 1}])
def test_an_answer_of_another_form_is_shown_as_json(
    answered: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """With a word on why, and what to do."""
    print_result(answered)
    said = capsys.readouterr()
    assert said.out.startswith("{")
    assert said.err.startswith("The answer is shown as JSON, as it is not of the form that this command knows.")
    assert "`orcheo doctor` names both" in said.err


def test_a_state_that_was_not_said_is_not_guessed(
    sync_server: SyncTestServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A workflow is not called private because nothing says that it is public."""
    sync_server.publish()
    listed = sync_server.result("workflows.list")
    del listed["workflows"][0]["is_public"]
    print_result(listed)
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["echo", "unknown"]


def test_a_use_that_was_not_said_is_not_called_never(
    sync_server: SyncTestServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor an end; with both said, a service token that was not used and does not end says so."""
    sync_server.result("tokens.create", scopes=["workflows:read"])
    listed = sync_server.result("tokens.list", limit=1)
    print_result(listed)
    assert capsys.readouterr().out.count("never") == 2
    del listed["service_tokens"][0]["last_used_at"]
    del listed["service_tokens"][0]["expires_at"]
    print_result(listed)
    assert "never" not in capsys.readouterr().out


@frozen
class _Other(Operations):
    """A server of another version."""

    answer: dict[str, Any] = field(factory=dict)

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return self.answer

    def question(self, name: str, arguments: dict[str, Any]) -> str | None:
        return None


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("workflow", "list"), {"workflows": [{"id": "wf_1", "handle": "echo"}], "next_after": None}),
        (("workflow", "list"), {"workflows": [{"handle": "echo"}]}),
        (("workflow", "show", "echo"), {"handle": "echo"}),
        (("workflow", "remove", "echo"), {"message": "Removed echo."}),
        (("workflow", "remove", "echo"), {"workflow": "echo", "message": "Removed echo."}),
    ],
)
def test_what_cannot_be_kept_is_shown_all_the_same(
    known: KnownWorkflows, words: tuple[str, ...], answer: dict[str, Any]
) -> None:
    """And what was kept before is still there."""
    known.learn([_whole("wf_1")])
    said = CommandLine(connect=lambda: RememberingOperations(_Other(answer), known))(*words)
    assert (said.code, said.err) == (0, "")
    assert "echo" in said.out
    assert [each.workflow["id"] for each in known.all()] == ["wf_1"]


def _whole(name: str) -> dict[str, Any]:
    texts = dict.fromkeys(("handle", "name", "owner", "created_at", "updated_at"), "x")
    return {"id": name, "is_public": True, "require_login": False, **texts}


@pytest.fixture
def known(tmp_path: Any) -> KnownWorkflows:
    """Nothing yet."""
    return KnownWorkflows.locate("http://127.0.0.1:1", {"ORCHEO_CACHE_DIR": str(tmp_path)}, token_id="")


@pytest.mark.parametrize("words", [("audit", "export"), ("thread", "export", "thr_1")], ids=" ".join)
@pytest.mark.parametrize("answer", [{}, {"content": None}, {"next_after": "aud_1"}])
def test_a_document_without_its_content_is_an_error(words: tuple[str, ...], answer: dict[str, Any]) -> None:
    """An empty file would pass for an empty document."""
    said = CommandLine(connect=lambda: _Other(answer))(*words)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Error: The server's answer has no content.\nHint:  The server is of another version.")


def test_the_doctor_reads_what_it_can(tmp_path: Any) -> None:
    """What it cannot read is a finding of its own."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    found = examine(CliContext(connect=lambda: _Other({"workflows": [{}]})), settings(folder), tmp_path)
    unread = {each.subject for each in found if each.found == "the server's answer cannot be read"}
    assert unread == {"Workflows", "Webhook"}
