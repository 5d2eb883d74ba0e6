"""Operations over HTTP: what is sent, and what is made of every kind of answer."""

import json
import socket
import ssl
from collections.abc import Callable, Mapping
from http.client import BadStatusLine, RemoteDisconnected
from typing import Any, NoReturn

import pytest
from attrs import frozen

from orcheo_adapters.client.remote import (
    TIMEOUT_SECONDS,
    Answer,
    AnswerUnreadable,
    RemoteOperations,
    RemoteProblem,
    ServerUnreachable,
    problem_of,
)
from orcheo_adapters.client.settings import ClientSettings
from orcheo_adapters.connection_faults import NEEDS_HTTPS
from orcheo_core.domain.actor import Channel
from orcheo_core.errors import FieldError, InvalidInput, MalformedRequest, OrcheoError, WorkflowNotFound
from tests.sync_server import build_sync_server

SETTINGS = ClientSettings(url="https://chat.example.org/orcheo", service_token="orc_st_x")
PROBLEM = {"code": "not_published", "detail": "It is private.", "hint": "Publish it.", "request_id": "req_1"}

PERHAPS_NO_TLS = "it does not begin to speak TLS; if it speaks plain HTTP, http:// is meant"
TRUST = "name the certificate authority in SSL_CERT_FILE"
_SAID_OF_HTTP = (
    b"<center>The plain HTTP request was sent to HTTPS port</center>",
    b"Client sent an HTTP request to an HTTPS server.\n",
    b"You're speaking plain HTTP to an SSL-enabled server port.",
)


@frozen
class Sent:
    """One request as it would go out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


def answering(handle: Callable[[Sent], Answer]) -> RemoteOperations:
    """Operations of a server that answers so."""
    return RemoteOperations(SETTINGS, Channel.MCP, lambda *request: handle(Sent(*request)))


def answer(status: int, content: object = b"") -> RemoteOperations:
    """Operations of a server that always answers this: bytes, or something to write as JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return answering(lambda _: Answer(status, body))


def failing(error: Exception) -> RemoteOperations:
    """Operations of a server that is not reached."""

    def handle(_request: Sent) -> Answer:
        raise error

    return answering(handle)


def untrusted() -> ssl.SSLCertVerificationError:
    """What the TLS library says of a certificate that nothing vouches for."""
    words = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)"
    return ssl.SSLCertVerificationError(1, words)


def without_tls() -> ssl.SSLError:
    """What the TLS library says of a server that speaks plain HTTP."""
    error = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)")
    error.reason = "WRONG_VERSION_NUMBER"
    return error


def problem(**changes: Any) -> RemoteProblem:
    """What a problem of the server becomes."""
    with pytest.raises(RemoteProblem) as caught:
        answer(409, PROBLEM | changes).perform("workflows.rotate_publish_token", {})
    return caught.value


def test_an_operation_is_one_request() -> None:
    """Its address, its credential, its channel, its arguments."""
    seen: list[Sent] = []

    def handle(request: Sent) -> Answer:
        seen.append(request)
        return Answer(200, b'{"done": true}')

    assert answering(handle).perform("workflows.show", {"ref": "é"}) == {"done": True}
    (sent,) = seen
    assert (sent.method, sent.url) == ("POST", f"{SETTINGS.url}/api/operations/workflows.show")
    assert sent.headers["authorization"] == "Bearer orc_st_x"
    assert sent.headers["orcheo-channel"] == "mcp"
    assert json.loads(sent.body or b"") == {"ref": "é"}


def test_a_problem_keeps_the_words_of_the_server() -> None:
    """Code, detail, hint, status and request id."""
    caught = problem()
    assert (caught.code, caught.detail, caught.hint) == ("not_published", "It is private.", "Publish it.")
    assert (caught.status, caught.request_id) == (409, "req_1")


def test_a_problem_lists_wrong_fields() -> None:
    """With their paths."""
    assert problem(errors=[{"path": "ref", "message": "must be a string"}]).fields == (
        FieldError("ref", "must be a string"),
    )


@pytest.mark.parametrize("said", [{}, {"ask": "Publish echo?"}])
def test_a_question_that_is_not_said_is_not_taken_for_none(said: dict[str, Any]) -> None:
    """What would be asked about is not done without asking."""
    with pytest.raises(AnswerUnreadable, match="does not say what to ask you first"):
        answer(200, said).question("workflows.publish", {"ref": "echo"})


def test_an_operation_that_the_server_does_not_have_is_a_matter_of_versions() -> None:
    """This program asks for nothing that it does not know itself."""
    assert problem(code="operation_not_found").hint.startswith("The server is of another version. `orcheo doctor`")


@pytest.mark.parametrize("errors", [None, "many", 5, ["one"], {"path": "ref"}])
def test_a_strange_list_of_wrong_fields_is_passed_over(errors: object) -> None:
    """The detail is there all the same."""
    assert problem(errors=errors).fields == ()


@pytest.mark.parametrize(
    ("code", "is_named"), [("scope_missing", True), ("service_token_expired", True), ("not_published", False)]
)
def test_a_refused_token_is_said_to_be_the_one_in_use(code: str, is_named: bool) -> None:
    """One that `orcheo login` saved comes before the local owner token, which would do."""
    settings = ClientSettings(url="http://a.example", service_token="orc_st_x", origin="It was saved.")
    body = json.dumps({"code": code, "detail": "No.", "hint": "Use another."}).encode()
    with pytest.raises(RemoteProblem) as caught:
        RemoteOperations(settings, Channel.CLI, lambda *_: Answer(403, body)).perform("workflows.list", {})
    assert caught.value.hint == ("Use another. It was saved." if is_named else "Use another.")


@pytest.mark.parametrize(
    "said", [Answer(404, b"<html>"), Answer(404, b'{"code": "not_found"}'), Answer(405, b"{}")], ids=str
)
def test_a_path_in_the_address_is_named_when_nothing_is_there(said: Answer) -> None:
    """An address of a chat was pasted, for example; the hint has the one to set."""
    settings = ClientSettings(url="http://a.example:81/chat/echo", service_token="orc_st_x")
    operations = RemoteOperations(settings, Channel.CLI, lambda *_: said)
    with pytest.raises(ServerUnreachable, match="ORCHEO_URL has the path /chat/echo") as caught:
        operations.perform("workflows.list", {})
    assert caught.value.hint.endswith(" without a path: http://a.example:81")


@pytest.mark.parametrize("said", [(404, {"code": "workflow_not_found"}), (403, {"code": "not_found"}), (502, {})])
def test_a_path_behind_which_a_server_answers_is_right(said: tuple[int, dict[str, str]]) -> None:
    """Some proxies put a server under one."""
    settings = ClientSettings(url="http://a.example/orcheo", service_token="orc_st_x")
    operations = RemoteOperations(settings, Channel.CLI, lambda *_: Answer(said[0], json.dumps(said[1]).encode()))
    with pytest.raises(RemoteProblem):
        operations.perform("workflows.list", {})


def test_a_refusal_without_words_gets_ours() -> None:
    """A gateway may answer JSON of its own."""
    with pytest.raises(RemoteProblem) as caught:
        answer(503, {}).perform("workflows.list", {})
    assert (caught.value.code, caught.value.detail) == ("internal_error", "The server refused the request.")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b"<h1>Hello</h1>"),
        (200, b'["a list"]'),
        (200, b"\xff{"),
        (200, b"[" * 100_000),
        (204, b""),
        (307, b""),
        (502, b"<h1>Bad gateway</h1>"),
        (500, b"Internal Server Error"),
    ],
)
def test_an_answer_that_is_not_orcheos(status: int, content: bytes) -> None:
    """A wrong address, or a proxy in front of a server that is down; a redirect is not followed with the token."""
    with pytest.raises(ServerUnreachable) as caught:
        answer(status, content).perform("workflows.list", {})
    said = f"The server at chat.example.org is not an Orcheo server (status {status})."
    assert caught.value.detail == said
    assert "ORCHEO_URL" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (TimeoutError("timed out"), "timed out"),
        (
            RemoteDisconnected("Remote end closed connection without response"),
            "Remote end closed connection without response",
        ),
        (
            untrusted(),
            f"its certificate is not trusted; {TRUST} (certificate verify failed: self-signed certificate)",
        ),
        (
            without_tls(),
            "it does not speak TLS, which https:// needs; perhaps http:// is meant (wrong version number)",
        ),
        (BadStatusLine("\x15\x03\x01\x00\x02\x02P"), NEEDS_HTTPS),
        (
            TimeoutError("_ssl.c:989: The handshake operation timed out"),
            f"{PERHAPS_NO_TLS} (The handshake operation timed out)",
        ),
        (BadStatusLine("SSH-2.0-OpenSSH"), "what it answers is not HTTP; check the host and the port"),
        (OSError(), "no reason is given (OSError)"),
    ],
)
def test_a_server_that_is_not_reached(error: Exception, reason: str) -> None:
    """The address and the reason are said, in words."""
    with pytest.raises(ServerUnreachable) as caught:
        failing(error).perform("workflows.list", {})
    assert caught.value.detail == f"The Orcheo server at {SETTINGS.url} does not answer: {reason}."


@pytest.mark.parametrize(
    ("url", "is_advised"), [("http://chat.example.org", True), ("https://chat.example.org", False)]
)
@pytest.mark.parametrize("error", [RemoteDisconnected("No."), ConnectionResetError(104, "No.")])
def test_a_server_that_reads_http_and_leaves_may_want_tls(error: Exception, url: str, *, is_advised: bool) -> None:
    """A server with TLS often closes the connection without a word."""

    def leave(*_request: object) -> Answer:
        raise error

    operations = RemoteOperations(ClientSettings(url=url, service_token="orc_st_x"), Channel.CLI, leave)
    with pytest.raises(ServerUnreachable) as caught:
        operations.perform("workflows.list", {})
    assert ("must begin with https://" in caught.value.detail) is is_advised


@pytest.mark.parametrize("said", _SAID_OF_HTTP)
def test_a_web_server_that_wants_tls_is_told_as_such(said: bytes) -> None:
    """It answers in HTTP that it speaks another protocol."""
    with pytest.raises(ServerUnreachable) as caught:
        answer(400, said).perform("workflows.list", {})
    assert caught.value.detail == f"The Orcheo server at {SETTINGS.url} does not answer: {NEEDS_HTTPS}."


@pytest.mark.parametrize(
    ("location", "to"),
    [
        ("https://orcheo.example.org/api", "https://orcheo.example.org"),
        ("//orcheo.example.org/", "https://orcheo.example.org"),
        ("http://chat.example.org/", "http://chat.example.org"),
        ("https://u:p@chat.example.org:8443/", "https://chat.example.org:8443"),
        ("", ""),
        ("https://[", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_a_redirect_says_where_the_server_may_be(location: str, to: str) -> None:
    """Most often http:// leads to https://; the service token is not sent along."""
    with pytest.raises(ServerUnreachable) as caught:
        answering(lambda _: Answer(308, b"Moved", location)).perform("workflows.list", {})
    if to:
        assert caught.value.detail.startswith(f"The server at chat.example.org redirects to {to}, ")
        assert caught.value.hint.endswith(f"set ORCHEO_URL={to}")
    else:
        assert "is not an Orcheo server (status 308)" in caught.value.detail


@pytest.mark.parametrize(
    "location", ["https://chat.example.org/oauth2/start", "https://CHAT.example.org:443/", "/login", "login?to=/"]
)
def test_a_redirect_to_the_same_server_is_that_of_a_login_page(location: str) -> None:
    """``ORCHEO_URL`` is that address already, so it is not what has to be set."""
    with pytest.raises(ServerUnreachable) as caught:
        answering(lambda _: Answer(302, b"Found", location)).perform("workflows.list", {})
    assert caught.value.detail.startswith("Something in front of the Orcheo server at chat.example.org answers in its")
    assert caught.value.hint.startswith("Let requests under /api/ pass there, or set ORCHEO_URL to the")
    assert "https://" not in caught.value.hint


class Connection:
    """Like one of the standard library; keeps how long it may wait for an answer."""

    waits: float | None

    def __init__(self, *_address: object, **_options: object) -> None:
        self.sock = self

    def connect(self) -> None: ...

    def settimeout(self, seconds: float | None) -> None:
        type(self).waits = seconds

    def request(self, *_request: object, **_more: object) -> None: ...

    def getresponse(self) -> NoReturn:
        raise RemoteDisconnected("No.")

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("name", "arguments", "waits"),
    [
        ("workflows.ask", {"ref": "echo", "text": "Hello"}, None),
        ("workflows.check", {"ref": "echo"}, None),
        ("workflows.add", {"handle": "echo", "check": True}, None),
        ("workflows.edit", {"ref": "echo", "check": True}, None),
        ("workflows.add", {"handle": "check"}, TIMEOUT_SECONDS),
        ("workflows.edit", {"ref": "echo", "name": '"check": true', "check": False}, TIMEOUT_SECONDS),
        ("workflows.list", {}, TIMEOUT_SECONDS),
    ],
)
def test_only_what_runs_a_workflow_is_waited_for_without_end(
    name: str, arguments: dict[str, Any], waits: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is suspended keeps no other command, and no assistant, for ever."""
    monkeypatch.setattr("http.client.HTTPConnection", Connection)
    settings = ClientSettings(url="http://127.0.0.1:8000/orcheo", service_token="orc_st_x")
    with pytest.raises(ServerUnreachable):
        RemoteOperations(settings, Channel.CLI).perform(name, arguments)
    assert Connection.waits == waits


def test_an_argument_that_is_not_text() -> None:
    """Bytes on the command line that are not UTF-8 arrive as lone surrogates, which JSON cannot carry."""
    with pytest.raises(MalformedRequest, match="UTF-8"):
        answer(200, {}).perform("workflows.show", {"ref": "\udcff"})


def test_a_wrong_service_token() -> None:
    """The server's own words, and its status for the exit code."""
    with build_sync_server() as app_server, pytest.raises(RemoteProblem) as caught:
        app_server.operations(token="orc_st_wrong").perform("workflows.list", {})
    assert (caught.value.code, caught.value.status) == ("service_token_invalid", 401)


def test_a_server_says_that_it_is_ready() -> None:
    """Return means yes."""
    with build_sync_server() as app_server:
        app_server.operations().ready()


def test_a_server_that_is_not_ready() -> None:
    """Its problem says why."""
    with pytest.raises(RemoteProblem, match="It is private"):
        answer(503, PROBLEM).ready()


@pytest.mark.network
def test_a_port_where_nobody_listens() -> None:
    """Over a real socket."""
    settings = ClientSettings(url="http://127.0.0.1:1", service_token="orc_st_x")
    with pytest.raises(ServerUnreachable, match="does not answer: Connection refused"):
        RemoteOperations(settings, Channel.CLI).perform("workflows.list", {})


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (WorkflowNotFound("None."), {"code": "workflow_not_found", "detail": "None.", "hint": WorkflowNotFound.hint}),
        (
            InvalidInput(FieldError("ref", "must be a string"), hint="Correct it."),
            {
                "code": "invalid_input",
                "detail": "ref: must be a string",
                "hint": "Correct it.",
                "errors": [{"path": "ref", "message": "must be a string"}],
            },
        ),
        (RemoteProblem(PROBLEM, 409), PROBLEM),
    ],
)
def test_what_is_told_of_an_error(error: OrcheoError, told: dict[str, Any]) -> None:
    """The parts of a problem that are there, whether it is ours or the server's."""
    assert problem_of(error) == told


@pytest.mark.parametrize(
    ("about", "said"), [({"info": {"version": "1.2"}}, "1.2"), ({"info": {}}, None), ({"info": []}, None), ({}, None)]
)
def test_the_version_of_the_server(about: dict[str, Any], said: str | None) -> None:
    """It stands in the description of its routes; another program may have one without."""
    assert answer(200, about).version() == said
