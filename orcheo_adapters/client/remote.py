"""Operations of a server, asked for from another process: what the CLI and the MCP server use."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

from attrs import frozen

from orcheo_adapters.client.settings import ClientSettings
from orcheo_core.domain.actor import Channel
from orcheo_core.errors import (
    FieldError,
    MalformedRequest,
    NotFoundError,
    OperationNotFound,
    OrcheoError,
    ScopeMissing,
    UnavailableError,
)

if TYPE_CHECKING:
    import ssl

CONNECT_SECONDS = 10.0
"""A server that is there takes a connection, and begins to speak TLS, in less."""

TIMEOUT_SECONDS = 120.0
"""Longer than any operation but those of :data:`_PATIENT`."""

_PATIENT = tuple(f"/api/operations/workflows.{name}" for name in ("ask", "check"))
"""Answered within the time that a workflow may take, which the server keeps."""
_PERHAPS_PATIENT = tuple(f"/api/operations/workflows.{name}" for name in ("add", "edit"))
"""So are these where they are to check the workflow first."""


_ABOUT_TOKENS = ("service_token_invalid", "service_token_revoked", "service_token_expired", ScopeMissing.code)
"""Codes of refusals for which it matters where the service token is from."""
OTHER_VERSION = "The server is of another version. `orcheo doctor` names both; install the same one on both sides."
_PORTS = {"http": 80, "https": 443}
_NOTHING_THERE = {404, 405}
_OF_NO_OPERATION = {NotFoundError.code, "method_not_allowed", None}
"""Codes of answers with these statuses that come from elsewhere than an operation; a gateway may give none."""


class ServerUnreachable(UnavailableError):
    """No server answers at this address."""

    code = "server_unreachable"
    summary = "The Orcheo server does not answer."
    hint = "Start it with `orcheo serve`, or set ORCHEO_URL to where it runs."


class AnswerUnreadable(UnavailableError):
    """The server answered without what this program needs."""

    code = "answer_unreadable"
    summary = "The server's answer cannot be read."
    hint = OTHER_VERSION


class RemoteProblem(OrcheoError):
    """A problem that the server answered, with its own code, hint and status."""

    summary = "The server refused the request."

    def __init__(self, problem: dict[str, Any], status: int) -> None:
        """Take over what the problem document says."""
        super().__init__(str(problem.get("detail") or self.summary), hint=str(problem.get("hint") or self.hint))
        self.code = str(problem.get("code") or OrcheoError.code)  # type: ignore[misc]  # the server's word counts
        self.status = status
        self.request_id = str(problem.get("request_id") or "")
        self.retry_after = problem["retry_after"] if isinstance(problem.get("retry_after"), int) else None
        self.fields = tuple(_field_errors(problem.get("errors")))


def problem_of(error: OrcheoError) -> dict[str, Any]:
    """What the CLI and the MCP server tell of an error: the parts of a problem that are there."""
    problem: dict[str, Any] = {"code": error.code, "detail": error.detail, "hint": error.hint}
    if fields := getattr(error, "fields", ()):
        problem["errors"] = [{"path": each.path, "message": each.message} for each in fields]
    for name in ("retry_after", "request_id"):
        if value := getattr(error, name, None):
            problem[name] = value
    return problem


def part_of(result: dict[str, Any]) -> tuple[str, str | None]:
    """The content of one part of a document, and where the next begins; raises :class:`AnswerUnreadable`."""
    content = result.get("content")
    if not isinstance(content, str):
        raise AnswerUnreadable("The server's answer has no content.")
    return content, result.get("next_after")


def _field_errors(errors: object) -> Iterator[FieldError]:
    for each in errors if isinstance(errors, list) else ():
        if isinstance(each, dict):
            yield FieldError(str(each.get("path")), str(each.get("message")))


class Operations(Protocol):
    """Carries out operations by name: over HTTP here, in memory in tests."""

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of an operation as JSON values; raises :class:`OrcheoError`."""

    def question(self, name: str, arguments: dict[str, Any]) -> str | None:  # noqa: ARG002 - the port's
        """What to ask before this operation, None for nothing; raises what it would be refused with."""
        return None

    def version(self) -> str | None:
        """The server's version, if it says so; raises :class:`OrcheoError`."""
        return None

    def ready(self) -> None:
        """Return when the server says that it is ready; raises :class:`OrcheoError`."""
        return


@frozen
class Answer:
    """What a server answered to one request."""

    status: int
    body: bytes
    location: str = ""
    """Where it redirects to, if it does."""

    @property
    def is_success(self) -> bool:
        """Whether the request was carried out."""
        return 200 <= self.status < 300


Send = Callable[[str, str, Mapping[str, str], bytes | None], Answer]
"""Sends method, URL, headers and body; raises :class:`OSError` or :class:`http.client.HTTPException`."""


class RemoteOperations(Operations):
    """Asks a server over HTTP."""

    def __init__(self, settings: ClientSettings, channel: Channel, send: Send | None = None) -> None:
        """Ask the server of these settings; ``send`` takes the place of the network."""
        self._settings = settings
        self._channel = channel
        self._send = send or send_over_http

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See :class:`Operations`.

        Raises :class:`ServerUnreachable`, :class:`RemoteProblem`, and :class:`MalformedRequest` for broken text.
        """
        return self._request("POST", f"/api/operations/{name}", _encoded(arguments))

    def question(self, name: str, arguments: dict[str, Any]) -> str | None:
        """See :class:`Operations`; raises as :meth:`perform`."""
        answer = self._request("POST", f"/api/operations/{name}/question", _encoded(arguments))
        if "question" not in answer:
            raise AnswerUnreadable("The server's answer does not say what to ask you first. Nothing was changed.")
        return None if answer["question"] is None else str(answer["question"])

    def version(self) -> str | None:
        """See :class:`Operations`."""
        about = self._request("GET", "/openapi.json", None).get("info")
        return str(about["version"]) if isinstance(about, dict) and "version" in about else None

    def ready(self) -> None:
        """See :class:`Operations`."""
        self._request("GET", "/readyz", None)

    def _request(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        from http.client import HTTPException

        headers = {
            "authorization": f"Bearer {self._settings.service_token}",
            "content-type": "application/json",
            "orcheo-channel": self._channel.value,
        }
        try:
            answer = self._send(method, self._settings.url + path, headers, body)
        except (OSError, ValueError, HTTPException) as error:
            message = (
                f"The Orcheo server at {self._settings.url} does not answer: {_reason(error, self._settings.url)}."
            )
            raise ServerUnreachable(message) from None
        return self._result(answer)

    def _result(self, answer: Answer) -> dict[str, Any]:
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            self._check_path(answer.status, None)
            raise _foreign(answer, self._settings.url)
        if not answer.is_success:
            self._check_path(answer.status, document.get("code"))
            problem = RemoteProblem(document, answer.status)
            if problem.code == OperationNotFound.code:
                problem.hint = OTHER_VERSION  # type: ignore[misc]  # as in the root class
            if self._settings.origin and problem.code in _ABOUT_TOKENS:
                problem.hint = f"{problem.hint} {self._settings.origin}"  # type: ignore[misc]  # as in the root class
            raise problem
        return document

    def _check_path(self, status: int, code: object) -> None:
        """Say that the path of the address is the likely reason when there is nothing behind it."""
        parts = urlsplit(self._settings.url)
        if parts.path and status in _NOTHING_THERE and code in _OF_NO_OPERATION:
            raise ServerUnreachable(
                f"There is no Orcheo API under {self._settings.url}: ORCHEO_URL has the path {parts.path}.",
                hint=f"Set ORCHEO_URL to the server's address without a path: {parts.scheme}://{parts.netloc}",
            )


def send_over_http(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    """One request on a connection of its own; no redirect is followed, as it would take the service token along.

    The standard library's client: a command is over in the time in which a larger one is imported.
    """
    from http.client import HTTPConnection, HTTPSConnection

    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection = (
        HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=_system_trust())
        if parts.scheme == "https"
        else HTTPConnection(host, port, timeout=CONNECT_SECONDS)
    )
    try:
        connection.connect()
        connection.sock.settimeout(None if _runs_a_workflow(parts.path, body) else TIMEOUT_SECONDS)
        connection.request(method, parts.path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(), answer.getheader("location", ""))
    finally:
        connection.close()


def _runs_a_workflow(path: str, body: bytes | None) -> bool:
    if not path.endswith(_PERHAPS_PATIENT):
        return path.endswith(_PATIENT)
    return bool(json.loads(body or b"{}").get("check"))


def _system_trust() -> "ssl.SSLContext":
    """The certificates that this system trusts; Python's own list is empty on some of them."""
    import ssl

    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _encoded(arguments: dict[str, Any]) -> bytes:
    try:
        return json.dumps(arguments, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MalformedRequest(
            "An argument cannot be read as UTF-8 text.",
            hint="Use a UTF-8 locale, such as LC_ALL=C.UTF-8, and write the argument in it.",
        ) from None


def _foreign(answer: Answer, url: str) -> ServerUnreachable:
    """Why this is not the answer of an Orcheo server, as far as it shows.

    A redirect is often the one to https://; one to the same server is that of a login page or a proxy in front of it.
    """
    from orcheo_adapters.connection_faults import NEEDS_HTTPS, was_sent_to_tls

    if was_sent_to_tls(answer.body):
        return ServerUnreachable(f"The Orcheo server at {url} does not answer: {NEEDS_HTTPS}.")
    host, to = urlsplit(url).hostname, _origin(_whole(answer.location, url))
    if to and 300 <= answer.status < 400:
        if to == _origin(url):
            return ServerUnreachable(
                f"Something in front of the Orcheo server at {host} answers in its place (status {answer.status}): "
                "it redirects to another page of the same address, as a login page or a proxy does.",
                hint="Let requests under /api/ pass there, or set ORCHEO_URL to the Orcheo server's own address.",
            )
        return ServerUnreachable(
            f"The server at {host} redirects to {to}, where the service token is not sent without your word.",
            hint=f"If your Orcheo server is there, set ORCHEO_URL={to}",
        )
    return ServerUnreachable(f"The server at {host} is not an Orcheo server (status {answer.status}).")


def _whole(location: str, url: str) -> str:
    """Where a redirect leads from ``url``, which may be said with a path alone; empty for what is not an address."""
    try:
        return urljoin(f"{url}/", location) if location else ""
    except ValueError:
        return ""


def _origin(location: str) -> str:
    """Of an absolute URL, without the port that its scheme has anyhow; empty for anything else."""
    try:
        parts = urlsplit(location)
        port = f":{parts.port}" if parts.port and parts.port != _PORTS.get(parts.scheme) else ""
    except ValueError:
        return ""
    plain = parts.scheme in {"http", "https"} and bool(parts.hostname) and location.isascii() and location.isprintable()
    return f"{parts.scheme}://{parts.hostname}{port}" if plain else ""


def _reason(error: Exception, url: str) -> str:
    """In words, with what to do where that is known."""
    from orcheo_adapters.connection_faults import PERHAPS_HTTPS, what_failed

    reason = what_failed(error, trust="name the certificate authority in SSL_CERT_FILE").rstrip(".")
    is_closed = isinstance(error, ConnectionResetError) and url.startswith("http://")
    return f"{reason}; {PERHAPS_HTTPS}" if is_closed else reason
