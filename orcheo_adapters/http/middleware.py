"""What every request passes: an id, a size limit for bodies, headers for browsers. Plain ASGI, as it costs least."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orcheo_adapters.http.problems import problem_response
from orcheo_adapters.http.request_id import request_id_of, set_request_id
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_core.errors import BodyTooLarge

BODY_LIMIT = 256 * 1024
"""Bytes of a request body (security.md)."""

_CHATKIT = "/api/chatkit"
CHATKIT_BODY_LIMIT = 512 * 1024
"""Bytes of a ChatKit request: the longest message of a visitor fits in any script."""

_UPLOADS = "/api/chatkit/attachments"
UPLOAD_SLACK = 16 * 1024
"""Bytes that a form may need around its file."""


_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


class RequestIds:
    """Gives each request an id and each answer the headers that no answer of ours is without."""

    def __init__(self, app: ASGIApp, headers: SecurityHeaders) -> None:
        """Wrap ``app``."""
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = (b"x-request-id", set_request_id(scope).encode("ascii"))

        async def send_with_headers(answer: Message) -> None:
            if answer["type"] == "http.response.start":
                answer["headers"] = self._headers.added_to(answer["headers"], request_id)
            await send(answer)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses request bodies over a limit, whether their length is announced or not; uploads have their own."""

    def __init__(self, app: ASGIApp, *, upload_limit: int, limit: int = BODY_LIMIT) -> None:
        """Wrap ``app``."""
        self._app = app
        self._limit = limit
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it before anything reads it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        if self._announced(scope) > limit:
            await problem_response(_too_large(limit), request_id_of(scope))(scope, receive, send)
        else:
            await self._app(scope, _counting(receive, limit), send)

    def _limit_of(self, path: str) -> int:
        if path.startswith(_UPLOADS):
            return self._upload_limit
        return CHATKIT_BODY_LIMIT if path == _CHATKIT else self._limit

    @staticmethod
    def _announced(scope: Scope) -> int:
        for name, text in scope["headers"]:
            if name == b"content-length":
                return int(text) if text.isdigit() else 0
        return 0


def _counting(receive: Receive, limit: int) -> Receive:
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
