"""What every request passes, in one pass over its headers, and the short way to the chat.

A request gets an id; a name that the server does not go by, a body that is too large and a write of another site's page
are refused before anything reads them; every response gets the headers for browsers. The chat's two routes, which are
asked for most, are answered right here: router, middleware and exception stack cost as much as a quarter of a turn.
"""

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orcheo_adapters.auth.attachment_tickets import TICKET_HEADER
from orcheo_adapters.http.chatkit import chatkit, follow_thread
from orcheo_adapters.http.cross_site import AllowedOrigins
from orcheo_adapters.http.hosts import KnownHosts
from orcheo_adapters.http.outlet import MORE_HEADERS
from orcheo_adapters.http.problems import CrossSiteRequest, ErrorAnswers, answer_to, on_crash, on_gone, problem_response
from orcheo_adapters.http.request_id import request_id_of, set_request_id
from orcheo_adapters.http.requests import HEADERS
from orcheo_adapters.http.security_headers import Header, SecurityHeaders
from orcheo_core.errors import BodyTooLarge, MalformedRequest, OrcheoError

BODY_LIMIT = 256 * 1024
"""Bytes of a request body."""

_CHATKIT = "/api/chatkit"
CHATKIT_BODY_LIMIT = 512 * 1024
"""Bytes of a ChatKit request: the longest message of a visitor fits in any script."""

_UPLOADS = "/api/chatkit/attachments"
UPLOAD_SLACK = 16 * 1024
"""Bytes that a form may need around its file."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_VISITORS_ROUTES = ("/api/chatkit", "/api/chat/", "/assets/", "/chatkit.js")
"""What pages of allowed origins may read: the visitors' requests, and the chat element with what it loads."""
_THREADS, _EVENTS = "/api/chatkit/threads/", "/events"
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, POST, PUT"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, idempotency-key, last-event-id, orcheo-resume, orcheo-ticket",
    ),
    (b"access-control-max-age", b"600"),
]
_EXPOSED = (b"access-control-expose-headers", b"ratelimit, ratelimit-policy, retry-after, x-request-id")

Endpoint = Callable[[Request], Awaitable[ASGIApp]]


class FrontDoor:
    """The outermost ASGI application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: KnownHosts,
        allowed: AllowedOrigins,
        security_headers: SecurityHeaders,
        errors: ErrorAnswers,
        upload_limit: int,
    ) -> None:
        """Stand before ``app``, which has all routes."""
        self._app = app
        self._hosts = hosts
        self._allowed = allowed
        self._security_headers = security_headers
        self._errors = errors
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, refuse it, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        headers = scope[HEADERS] = dict(reversed(scope["headers"]))  # of a name that comes twice the first counts
        more = [(b"x-request-id", set_request_id(scope).encode("ascii"))]
        is_readable = self._add_cors(more, path, headers)
        scope[MORE_HEADERS] = more

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._security_headers.added_to(message["headers"], *more)
            await send(message)

        if (unknown := self._hosts.refusal(path, headers.get(b"host"))) is not None:
            await answer_to(Request(scope), unknown)(scope, receive, send_with_headers)
            return
        if is_readable and method == "OPTIONS" and b"access-control-request-method" in headers:
            await send_with_headers({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
            return
        limit = self._limit_of(path)
        refusal = _over(limit, headers.get(b"content-length")) or self._cross_site(scope, method, headers)
        if refusal is not None:
            await problem_response(refusal, request_id_of(scope))(scope, receive, send_with_headers)
            return
        receive = _counting(receive, limit, headers)
        endpoint = _short_way(scope, path, method)
        if endpoint is None:
            await self._app(scope, receive, send_with_headers)
        else:
            await self._answer(endpoint, scope, receive, send_with_headers)

    def _add_cors(self, more: list[Header], path: str, headers: dict[bytes, bytes]) -> bool:
        """Name an allowed origin on the visitors' routes (Fetch standard, section 3.2); whether there is one.

        A shared cache must keep answers for different origins apart, so each says that it varies.
        """
        if not self._allowed.origins or not path.startswith(_VISITORS_ROUTES):
            return False
        more.append((b"vary", b"origin"))
        origin = headers.get(b"origin", b"")
        if origin.decode("latin-1") not in self._allowed.origins:
            return False
        more += ((b"access-control-allow-origin", origin), _EXPOSED)
        return True

    def _limit_of(self, path: str) -> int:
        if path.startswith(_UPLOADS):
            return self._upload_limit
        return CHATKIT_BODY_LIMIT if path == _CHATKIT else BODY_LIMIT

    def _cross_site(self, scope: Scope, method: str, headers: dict[bytes, bytes]) -> OrcheoError | None:
        """Why a write is refused that only a cookie vouches for: it must come from our own pages, as JSON.

        A request with a bearer credential or an upload's ticket needs no cookie: no other site's page can send it
        without being allowed to.
        """
        if method in _SAFE or b"cookie" not in headers or TICKET_HEADER.encode("ascii") in headers:
            return None
        if headers.get(b"authorization", b"").lower().startswith(b"bearer "):
            return None
        if self._allowed.comes_from_elsewhere(Headers(scope=scope)):
            return CrossSiteRequest()
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
            return MalformedRequest("A request with a cookie must be sent with `Content-Type: application/json`.")
        return None

    async def _answer(self, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the exception stack of the application would."""
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except OrcheoError as error:
            response = await self._errors.answer(request, error)
        except ClientDisconnect as error:
            response = await on_gone(request, error)
        except Exception as error:  # noqa: BLE001 - an unexpected error: all of it goes to the log
            response = await on_crash(request, error)
        await response(scope, receive, send)


def _short_way(scope: Scope, path: str, method: str) -> Endpoint | None:
    if path == _CHATKIT:
        return chatkit if method == "POST" else None
    if method == "GET" and path.startswith(_THREADS) and path.endswith(_EVENTS):
        thread_id = path[len(_THREADS) : -len(_EVENTS)]
        if thread_id and "/" not in thread_id:
            scope["path_params"] = {"thread_id": thread_id}
            return follow_thread
    return None


def _over(limit: int, announced: bytes | None) -> BodyTooLarge | None:
    return _too_large(limit) if announced and announced.isdigit() and int(announced) > limit else None


def _counting(receive: Receive, limit: int, headers: dict[bytes, bytes]) -> Receive:
    """Refuse what goes over the limit without having been announced; no server reads more than was announced."""
    if b"content-length" in headers:
        return receive
    left = limit

    async def counting() -> Message:
        nonlocal left
        part = await receive()
        left -= len(part.get("body", b""))
        if left < 0:
            raise _too_large(limit)
        return part

    return counting


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request body is larger than {limit} bytes.")
