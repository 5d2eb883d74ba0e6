"""Errors on the wire: RFC 9457 problems, and the one table from error to HTTP status."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from attrs import frozen
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from orcheo_adapters.http.negotiation import wants_page
from orcheo_adapters.http.page_words import words_of
from orcheo_adapters.http.plain_pages import problem_page
from orcheo_adapters.http.request_id import request_id_of
from orcheo_adapters.http.scope import WORKFLOW
from orcheo_adapters.system.logs import get_logger
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_core.errors import (
    ActionFailed,
    ActionNotTaken,
    BodyTooLarge,
    BudgetExceeded,
    ConflictError,
    FieldError,
    ForbiddenError,
    InvalidError,
    InvalidInput,
    LoginAttemptExpired,
    LoginAttemptInvalid,
    MalformedRequest,
    NoAnswer,
    NotFoundError,
    OrcheoError,
    OwnerSessionEnded,
    OwnerSessionMissing,
    RateLimited,
    SharedBudgetExceeded,
    TranscriptionFailed,
    UnauthenticatedError,
    UnavailableError,
    WorkflowCheckFailed,
)
from orcheo_core.operations.words import for_programs
from orcheo_core.services.shared.tally import Tally


class MethodNotAllowed(InvalidError):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    summary = "This address does not accept this method."
    hint = "docs/reference/http.md lists the routes with their methods."


class CrossSiteRequest(ForbiddenError):
    """A browser sent this from another site's page, where our cookies must not count."""

    code = "cross_site_request"
    summary = "This request came from another site."
    hint = "Open the chat at its own address."


class ProofOfWorkNeeded(ForbiddenError):
    """Many anonymous visitors come at once: each further one solves the challenge that comes along."""

    code = "proof_of_work_needed"
    summary = "Many visitors are arriving, so each browser must solve a small computation first."
    hint = "Send the request again with the solution of the challenge as `proof`; the chat page does this by itself."

    def __init__(self, challenge: dict[str, Any]) -> None:
        """With a fresh challenge."""
        super().__init__()
        self.challenge = challenge


class NotHttp(InvalidError):
    """What came over the connection cannot be read as HTTP/1.1."""

    code = "not_http"
    summary = "The server cannot read this as an HTTP request."
    hint = "Send HTTP/1.1 without TLS to this port; a proxy in front of the server takes care of TLS."


class MethodUnknown(InvalidError):
    """A request method that the server does not know for any address (RFC 9110, section 15.6.2)."""

    code = "method_unknown"
    summary = "The server does not know this request method."
    hint = "docs/reference/http.md lists the routes with their methods."


class CodingUnknown(InvalidError):
    """A body in a transfer coding other than ``chunked`` (RFC 9112, section 6.1)."""

    code = "transfer_coding_unknown"
    summary = "The only transfer coding that this server reads is chunked."
    hint = "Send the body with a Content-Length, or with `Transfer-Encoding: chunked` alone."


class BodyCompressed(InvalidError):
    """A body in a content coding; to unpack it could take any amount of memory (RFC 9110, section 15.5.16)."""

    code = "body_compressed"
    summary = "This server reads request bodies only as they are, not compressed."
    hint = "Send the body without compression and without the header Content-Encoding."


class ContentChanged(InvalidError):
    """A client asked for a version of a file that the server does not have (RFC 9110, section 15.5.13)."""

    code = "content_changed"
    summary = "The content is not the version that If-Match names."
    hint = "Send the request without If-Match to get the current content."


class HttpVersionUnknown(InvalidError):
    """A request line with a version other than HTTP/1.0 and HTTP/1.1 (RFC 9110, section 15.6.6)."""

    code = "http_version_unknown"
    summary = "This server supports only HTTP/1.1 and HTTP/1.0."
    hint = "Send the request as HTTP/1.1; a proxy in front of the server may offer other versions."


class HeadersTooLarge(InvalidError):
    """More request line and headers than the server reads."""

    code = "headers_too_large"
    summary = "The headers of the request are too large."
    hint = "Send fewer or shorter headers; large cookies of other programs on the same host count too."


class RequestTimedOut(InvalidError):
    """The request did not arrive within the time that the server waits for one."""

    code = "request_timed_out"
    summary = "The request took too long to arrive."
    hint = "Send it again without pauses."


_STATUS: tuple[tuple[type[OrcheoError], int], ...] = (
    (WorkflowCheckFailed, 424),
    (NoAnswer, 424),
    (ActionFailed, 424),
    (TranscriptionFailed, 424),
    (ActionNotTaken, 424),
    (MethodNotAllowed, 405),
    (RequestTimedOut, 408),
    (HeadersTooLarge, 431),
    (NotHttp, 400),
    (ContentChanged, 412),
    (MethodUnknown, 501),
    (CodingUnknown, 501),
    (HttpVersionUnknown, 505),
    (BodyCompressed, 415),
    (MalformedRequest, 400),
    (ProofOfWorkNeeded, 428),
    (LoginAttemptInvalid, 400),
    (LoginAttemptExpired, 400),
    (BodyTooLarge, 413),
    (InvalidError, 422),
    (UnauthenticatedError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (RateLimited, 429),
    (SharedBudgetExceeded, 503),
    (BudgetExceeded, 429),
    (UnavailableError, 503),
)
"""The first family that an error belongs to gives its status; any other error is 500."""

OPENAI = "/v1/"
"""What the paths of OpenAI's own API begin with."""
MCP = "/mcp"
_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}

_LOG = get_logger("http")


def status_of(error: OrcheoError | type[OrcheoError]) -> int:
    """The HTTP status of an error."""
    cls = error if isinstance(error, type) else type(error)
    return next((status for family, status in _STATUS if issubclass(cls, family)), 500)


def problem_json(error: OrcheoError, request_id: str, say: Callable[[str], str] = str) -> dict[str, Any]:
    """The problem document of an error (RFC 9457, section 3); ``say`` puts its sentences into the client's words."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": error.summary,
        "status": status_of(error),
        "code": error.code,
        "detail": say(error.detail),
        "hint": say(error.hint),
        "request_id": request_id,
    }
    if isinstance(error, InvalidInput):
        document["errors"] = [_field_json(each, say) for each in error.fields]
    if isinstance(error, BodyTooLarge):
        document["limit"] = error.limit
    if isinstance(error, ProofOfWorkNeeded):
        document["challenge"] = error.challenge
    if isinstance(error, OwnerSessionMissing | OwnerSessionEnded) and error.providers is not None:
        document["providers"] = error.providers
    if isinstance(error, RateLimited | BudgetExceeded):
        document["retry_after"] = error.retry_after
        document["policy"] = error.policy
    return document


def _field_json(wrong: FieldError, say: Callable[[str], str]) -> dict[str, Any]:
    limit = {} if wrong.limit is None else {"limit": wrong.limit}
    return {"path": wrong.path, "message": say(wrong.message), **limit}


def problem_response(error: OrcheoError, request_id: str, say: Callable[[str], str] = for_programs) -> Response:
    """The answer that tells a client of an error."""
    headers = {"cache-control": "no-store", **_more_headers(error)}
    body = encode_json(problem_json(error, request_id, say))
    return Response(body, status_of(error), headers, media_type="application/problem+json")


def openai_error_response(error: OrcheoError) -> Response:
    """The same in the form that OpenAI's clients read; ``param`` names the first wrong field."""
    status = status_of(error)
    status = 400 if status == 422 else status
    fields = error.fields if isinstance(error, InvalidInput) else ()
    kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    document = {
        "message": f"{error.detail.removesuffix('.')}. {error.hint}",
        "type": kind,
        "param": fields[0].path if fields else None,
        "code": error.code,
    }
    headers = {"cache-control": "no-store", **_more_headers(error)}
    return Response(encode_json({"error": document}), status, headers, media_type="application/json")


def refusal_response(scope: Scope, error: OrcheoError) -> Response:
    """The answer for a program, in the form of the API that it has asked."""
    if scope["path"].startswith(OPENAI):
        return openai_error_response(error)
    # The CLI and orcheo-mcp know commands, and have words of their own; what is refused at /mcp is read by a person.
    is_for_people = scope["path"] == MCP or any(name == b"orcheo-channel" for name, _ in scope["headers"])
    say = str if is_for_people else for_programs
    return problem_response(error, request_id_of(scope), say)


def answer_to(request: Request, error: OrcheoError, *, title: str = "", more: str = "") -> Response:
    """The same as a page where a person looks at it in a browser.

    ``title``, the key of a phrase, and ``more``, HTML, are for that page alone.
    """
    request_id = request_id_of(request.scope)
    if request.scope["path"].startswith(OPENAI) or not wants_page(request.headers.get("accept", "")):
        return refusal_response(request.scope, error)
    page = problem_page(words_of(request), error, request_id, status_of(error), title=title, more=more)
    page.headers.update(_more_headers(error))
    return page


def _more_headers(error: OrcheoError) -> dict[str, str]:
    """What the status asks for: RFC 9110 sections 11.6.1 and 12.5.3, and draft-ietf-httpapi-ratelimit-headers."""
    if isinstance(error, UnauthenticatedError):
        return {"www-authenticate": 'Bearer realm="orcheo"'}
    if isinstance(error, RateLimited):
        return {
            "retry-after": str(error.retry_after),
            "ratelimit-policy": f'"{error.policy}";q={error.amount};w={error.window_seconds}',
            "ratelimit": f'"{error.policy}";r=0;t={error.retry_after}',
        }
    if isinstance(error, BudgetExceeded):
        return {"retry-after": str(error.retry_after)}
    if isinstance(error, BodyCompressed):
        return {"accept-encoding": "identity"}
    return {}


@frozen
class ErrorAnswers:
    """Answers the errors of the core's tree; refusals are counted for the audit."""

    tally: Tally

    async def answer(self, request: Request, error: Exception) -> Response:
        """The handler of such errors."""
        known = error if isinstance(error, OrcheoError) else OrcheoError()
        self.tally.count_refusal(known)
        if (ref := _workflow_of(request.scope)) is not None:
            await self.tally.count_visitor(known, ref)
        return answer_to(request, known)


_REF_LENGTH = 64


def _workflow_of(scope: Scope) -> str | None:
    """The workflow that a visitor's request is for: by its credential, else by its address."""
    known: str | None = scope.get(WORKFLOW)
    if known is None and scope["path"].startswith("/api/chat/"):
        known = scope.get("path_params", {}).get("ref")
    return known if known is None or len(known) <= _REF_LENGTH else None


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what routing itself refuses: an unknown address or method."""
    moved = _without_slash(request) if _is(error, 404) else None
    if moved is not None:
        return moved
    wrong_method = _is(error, 405)
    known = MethodNotAllowed() if wrong_method else NotFoundError()
    response = answer_to(request, known)
    if wrong_method:  # the router names the methods of the first route of this path only
        response.headers["allow"] = ", ".join(sorted(_methods_of(request)))
    return response


def _methods_of(request: Request) -> set[str]:
    matching = (each for each in _routes_of(request) if each.path_regex.match(request.scope["path"]))
    return {method for each in matching for method in each.methods or ()}


def _is(error: Exception, status: int) -> bool:
    return isinstance(error, HTTPException) and error.status_code == status


def _without_slash(request: Request) -> Response | None:
    """A redirect for an address that exists without its last slash.

    The location is a path: behind a proxy the server cannot know which scheme and host the client used.
    """
    path = request.scope["path"]
    shorter = path.removesuffix("/")
    if path == shorter or not any(route.path_regex.match(shorter) for route in _routes_of(request)):
        return None
    query = request.scope["query_string"].decode("latin-1")
    location = quote(shorter, safe="/%:@!$&'()*+,;=~-._") + (f"?{query}" if query else "")
    return Response(status_code=308, headers={"location": location})


def _routes_of(request: Request) -> Iterator[Route]:
    return (each for each in request.app.routes if isinstance(each, Route))


async def on_gone(request: Request, _error: Exception) -> Response:
    """The client left, or was sent away, before its request was complete; this answer is not read."""
    return problem_response(RequestTimedOut(), request_id_of(request.scope))


async def on_crash(request: Request, error: Exception) -> Response:
    """Answer an unexpected error: all of it goes to the log, none of it to the client."""
    request_id = request_id_of(request.scope)
    _LOG.error("request crashed", exc_info=error, extra={"request_id": request_id})
    return answer_to(request, OrcheoError())
