"""What every request passes: an id, a size limit for bodies, headers for browsers. Plain ASGI, as it costs least."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orcheo_adapters.http.problems import problem_response
from orcheo_adapters.http.request_id import request_id_of, set_request_id
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_core.errors import BodyTooLarge

BODY_LIMIT = 256 * 1024
"""Bytes of a request body (security.md; attachments, when they come, go elsewhere)."""


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
    """Refuses request bodies over :data:`BODY_LIMIT`, whether their length is announced or not."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        """Wrap ``app``."""
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it before anything reads it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._announced(scope) > self._limit:
            await self._refuse(scope, receive, send)
        else:
            await self._app(scope, self._counting(receive), send)

    @staticmethod
    def _announced(scope: Scope) -> int:
        text = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        return int(text) if text.isdigit() else 0

    def _counting(self, receive: Receive) -> Receive:
        left = self._limit

        async def counting() -> Message:
            nonlocal left
            part = await receive()
            left -= len(part.get("body", b""))
            if left < 0:
                raise BodyTooLarge(f"The request body is larger than {self._limit} bytes.")
            return part

        return counting

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = BodyTooLarge(f"The request body is larger than {self._limit} bytes.")
        await problem_response(error, request_id_of(scope))(scope, receive, send)
