"""Operations of a server, asked for from another process: what the CLI and the MCP server use."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from orcheo_adapters.client_settings import ClientSettings
from orcheo_core.domain.actor import Channel
from orcheo_core.errors import FieldError, MalformedRequest, OrcheoError, UnavailableError

if TYPE_CHECKING:
    import httpx2

TIMEOUT_SECONDS = 60.0
"""Longer than any operation; the longest is a probe turn."""

_ERRNO = re.compile(r"^\[Errno -?\d+\] ")


class ServerUnreachable(UnavailableError):
    """Nobody answers at the server's address."""

    code = "server_unreachable"
    summary = "The Orcheo server does not answer."
    hint = "Start it with `orcheo serve`, or set ORCHEO_URL to where it runs."


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


def _field_errors(errors: object) -> Iterator[FieldError]:
    for each in errors if isinstance(errors, list) else ():
        if isinstance(each, dict):
            yield FieldError(str(each.get("path")), str(each.get("message")))


class Operations(Protocol):
    """Carries out operations by name: over HTTP here, in memory in tests."""

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of an operation as JSON values; raises :class:`OrcheoError`."""


class RemoteOperations(Operations):
    """Asks a server over HTTP."""

    def __init__(
        self, settings: ClientSettings, channel: Channel, transport: "httpx2.BaseTransport | None" = None
    ) -> None:
        """Ask the server of these settings; ``transport`` takes the place of the network."""
        self._settings = settings
        self._channel = channel
        self._transport = transport

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See :class:`Operations`.

        Raises :class:`ServerUnreachable`, :class:`RemoteProblem`, and :class:`MalformedRequest` for what is no text.
        """
        return _result(self._send("POST", f"/api/operations/{name}", arguments))

    def ready(self) -> None:
        """Return when the server says that it is ready; raises like :meth:`perform`."""
        _result(self._send("GET", "/readyz", None))

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> "httpx2.Response":
        import httpx2

        headers = {
            "authorization": f"Bearer {self._settings.service_token}",
            "orcheo-channel": self._channel.value,
        }
        try:
            with httpx2.Client(transport=self._transport, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
                return client.request(method, self._settings.url + path, json=body, headers=headers)
        except UnicodeEncodeError:
            raise MalformedRequest(
                "An argument cannot be read as UTF-8 text.",
                hint="Use a UTF-8 locale, such as LC_ALL=C.UTF-8, and write the argument in it.",
            ) from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            message = f"The Orcheo server at {self._settings.url} does not answer: {_reason(error)}."
            raise ServerUnreachable(message) from None


def _reason(error: Exception) -> str:
    """In words, without the error number in front."""
    return _ERRNO.sub("", str(error) or type(error).__name__).rstrip(".")


def _result(response: "httpx2.Response") -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        message = f"What answers at {response.url.host} is not an Orcheo server (status {response.status_code})."
        raise ServerUnreachable(message)
    if not response.is_success:
        raise RemoteProblem(document, response.status_code)
    return document
