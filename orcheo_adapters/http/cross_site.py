"""Pages of other sites: what their requests may do, and which of them are let in (CSRF and CORS).

A browser says where a request comes from in ``Sec-Fetch-Site`` and ``Origin``; programs send neither. Origins that
the operator allows may use the visitors' routes with a chat grant. No answer ever allows them to send cookies.
"""

from urllib.parse import urlsplit

from attrs import frozen
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orcheo_adapters.auth.attachment_tickets import TICKET_HEADER
from orcheo_adapters.http.problems import CrossSiteRequest, problem_response
from orcheo_adapters.http.request_id import request_id_of
from orcheo_core.errors import MalformedRequest, OrcheoError

_OURS = frozenset({None, "same-origin", "none"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_VISITORS_ROUTES = ("/api/chatkit", "/api/chat/")
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, POST, PUT"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, idempotency-key, last-event-id, orcheo-resume, orcheo-ticket",
    ),
    (b"access-control-max-age", b"600"),
]
_EXPOSED = (b"access-control-expose-headers", b"ratelimit, ratelimit-policy, retry-after, x-request-id")


@frozen
class AllowedOrigins:
    """The other sites whose pages may use the visitors' routes: exact origins; and our own, as visitors know it."""

    origins: frozenset[str] = frozenset()
    own: str = ""

    def comes_from_elsewhere(self, headers: Headers) -> bool:
        """Whether a browser says that this request is of another site's page, one that is not allowed."""
        origin = headers.get("origin")
        if origin is not None and (origin == self.own or origin in self.origins):
            return False
        if headers.get("sec-fetch-site") not in _OURS:
            return True
        return origin is not None and _host_of(origin) != headers.get("host")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as http://[
        return None


class CrossSiteGuard:
    """Refuses writes that only a cookie vouches for unless they come from our own pages, as JSON.

    A request with a bearer credential or an upload's ticket needs no cookie: no other site's page can send it without
    being allowed to.
    """

    def __init__(self, app: ASGIApp, allowed: AllowedOrigins) -> None:
        """Wrap ``app``."""
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it before anything reads it."""
        error = self._refusal(scope) if scope["type"] == "http" and scope["method"] not in _SAFE else None
        if error is None:
            await self._app(scope, receive, send)
        else:
            await problem_response(error, request_id_of(scope))(scope, receive, send)

    def _refusal(self, scope: Scope) -> OrcheoError | None:
        headers = Headers(scope=scope)
        if "cookie" not in headers or TICKET_HEADER in headers or _is_bearer(headers):
            return None
        if self._allowed.comes_from_elsewhere(headers):
            return CrossSiteRequest()
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return MalformedRequest("A request with a cookie must be sent with `Content-Type: application/json`.")
        return None


def _is_bearer(headers: Headers) -> bool:
    return headers.get("authorization", "").lower().startswith("bearer ")


class Cors:
    """Answers preflights and names the allowed origin on the visitors' routes (Fetch standard, section 3.2)."""

    def __init__(self, app: ASGIApp, allowed: AllowedOrigins) -> None:
        """Wrap ``app``."""
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; what it answers can be read by a page of an allowed origin."""
        if not self._allowed.origins or scope["type"] != "http" or not scope["path"].startswith(_VISITORS_ROUTES):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        ours = self._headers(headers.get("origin"))

        async def send_with_headers(answer: Message) -> None:
            if answer["type"] == "http.response.start":
                answer["headers"] = [*answer["headers"], *ours]
            await send(answer)

        if len(ours) > 1 and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await send_with_headers({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._app(scope, receive, send_with_headers)

    def _headers(self, origin: str | None) -> list[tuple[bytes, bytes]]:
        """A shared cache must keep answers for different origins apart, so each says that it varies."""
        vary = (b"vary", b"origin")
        if origin not in self._allowed.origins or origin is None:
            return [vary]
        return [vary, (b"access-control-allow-origin", origin.encode("ascii")), _EXPOSED]
