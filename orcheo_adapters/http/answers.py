"""Answers that wait for their reader, and hold a part of a budget until they are sent or the client is gone.

What a client does not read lies in the server's memory: a file is read piece by piece as the client takes it, and a
long document counts until the last of it has left.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping

from attrs import frozen
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_adapters.wire.chatkit_items import Json
from orcheo_core.domain.budget import ANSWER_BYTES, Holders
from orcheo_core.errors import NotFoundError
from orcheo_core.services.shared.holding import Hold, Holding

NO_STORE = {"cache-control": "no-store"}
_SMALL = 64 * 1024
"""A connection buffers as much anyway."""


@frozen
class HeldAnswer:
    """An answer with what it holds, which is released at its end, however it ends."""

    answer: ASGIApp
    hold: Hold

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        with self.hold:
            await self.answer(scope, receive, send)


async def held(hold: Hold, answer: Awaitable[ASGIApp]) -> ASGIApp:
    """``answer`` with what it holds; released at once when there is no answer."""
    try:
        return HeldAnswer(await answer, hold)
    except BaseException:
        hold.release()
        raise


def body_answer(body: bytes, media_type: str, *, holding: Holding, holders: Holders, is_done: bool = False) -> ASGIApp:
    """A body as an answer; a long one counts for these holders until it is read.

    Raises :class:`BudgetExceeded`, but not where what was asked for is done: then it only counts.
    """
    if len(body) <= _SMALL:
        return Response(body, headers=NO_STORE, media_type=media_type)
    hold = (holding.count if is_done else holding.hold)(ANSWER_BYTES, holders, len(body))
    return HeldAnswer(_AwaitedResponse(body, headers=NO_STORE, media_type=media_type), hold)


def json_answer(document: Json, *, holding: Holding, holders: Holders, is_done: bool = False) -> ASGIApp:
    """A JSON document as an answer; see :func:`body_answer`."""
    return body_answer(encode_json(document), "application/json", holding=holding, holders=holders, is_done=is_done)


class _AwaitedResponse(Response):
    """A response that returns when the client has read it, all but what the connection buffers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as its base has it
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})  # waits for room


class FileAnswer:
    """A file that is read or made as the client reads.

    It stops when the client goes away, and when that of which it is made is deleted. The last piece is sent as such: a
    client that knows the length sends its next request as soon as it has all bytes, and a request that comes before the
    end of an answer closes the connection.
    """

    def __init__(self, first: bytes, rest: AsyncIterator[bytes], *, headers: Mapping[str, str]) -> None:
        """Send ``first`` and ``rest``, of which ``headers`` may say the length."""
        self._first = first
        self._rest = rest
        self._headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        gone = asyncio.ensure_future(_wait_until_gone(receive))
        piece = self._first
        try:
            async for following in self._rest:
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = following
        except NotFoundError:  # deleted in between: the server closes the connection, as the answer has no end
            return
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": piece, "more_body": False})


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
