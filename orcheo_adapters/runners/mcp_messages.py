"""What a client hears of an MCP server: the answers that it asked for, and only so much else.

The package ``mcp`` starts a task for each message that a server sends of its own, keeps it until its answer is taken,
and compares results with the schema that the server names, whose patterns may take for ever.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, cast

import httpx2
from attrs import define

from orcheo_adapters.runners.loose_json import MOST_VALUES
from orcheo_adapters.runners.pieces import at
from orcheo_core.domain.json_values import has_more_values, value_marks

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

MOST_LISTED = 1_000
"""Tools of one list, and parts of one result; further ones are left out."""

_EVENT_ENDS = (b"\n\n", b"\r\r", b"\n\r")

_MOST_REQUESTS = 100
"""Of one server in one turn, such as pings; further ones are not answered."""

_LONGEST_WORDS = 1_000
"""Characters of the id and method of a request, and of an error; what comes with them is not read."""


@asynccontextmanager
async def heard(transport: "AbstractAsyncContextManager[TransportStreams]") -> "AsyncIterator[TransportStreams]":
    """The streams of ``transport``, and of what comes in only what a client of tools needs."""
    async with transport as (incoming, outgoing):
        yield _Heard(incoming), outgoing


async def refuse_too_many_values(response: httpx2.Response) -> None:
    """Look at JSON before the package does, which would parse any number of values while all chats wait.

    Raises :class:`ValueError`; a stream of events raises it when such an event comes.
    """
    kind = response.headers.get("content-type", "").lower()
    if kind.startswith("application/json"):
        check_values(await response.aread())
    elif kind.startswith("text/event-stream"):
        response.stream = _Events(cast(httpx2.AsyncByteStream, response.stream))


async def refuse_news(request: httpx2.Request) -> None:
    """Raise :class:`ValueError` for the stream of what a server sends of its own, which has no end."""
    if request.method == "GET" and "last-event-id" not in request.headers:
        message = "Only answers are wanted"
        raise ValueError(message)


def check_values(document: bytes) -> None:
    """Raise :class:`ValueError` for a message that would take long to parse."""
    if has_more_values(document, MOST_VALUES):
        raise _too_many()


def _too_many() -> ValueError:
    return ValueError(f"A message has more than {MOST_VALUES:,} values")


class _Events(httpx2.AsyncByteStream):
    """A stream of server-sent events, none of which has too many commas and brackets."""

    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count, before = 0, b""
        async for part in self._inner:
            seen = before + part
            end = max(seen.rfind(each) for each in _EVENT_ENDS)
            count = value_marks(seen[end:]) if end >= 0 else count + value_marks(part)
            if count > MOST_VALUES:
                raise _too_many()
            before = part[-1:]
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


@define(eq=False)
class _Heard:
    """A stream of messages, as the package reads it."""

    _incoming: Any
    _requests_left: int = _MOST_REQUESTS

    @property
    def last_context(self) -> Any:
        """See ``ContextReceiveStream`` of the package."""
        return getattr(self._incoming, "last_context", None)

    async def receive(self) -> Any:
        """The next message that is passed on."""
        while (passed := self._passed(await self._incoming.receive())) is None:
            pass
        return passed

    def _passed(self, item: Any) -> Any:
        from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

        match at(item, "message"):
            case JSONRPCNotification():
                return None
            case JSONRPCRequest() as request:
                self._requests_left -= 1
                request.params = None
                is_wanted = self._requests_left >= 0 and len(f"{request.id}{request.method}") <= _LONGEST_WORDS
                return item if is_wanted else None
            case JSONRPCResponse() as response:
                response.result = _shortened(response.result)
            case JSONRPCError(error=error):
                error.message, error.data = error.message[:_LONGEST_WORDS], None
        return item

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        from anyio import EndOfStream

        try:
            return await self.receive()
        except EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Close the stream below."""
        await self._incoming.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()


def _shortened(result: Any) -> Any:
    """Without what is not needed: schemas of results, and more parts than anyone reads."""
    if not isinstance(result, dict):
        return result
    shorter = {name: each[:MOST_LISTED] if isinstance(each, list) else each for name, each in result.items()}
    if isinstance(tools := shorter.get("tools"), list):
        shorter["tools"] = [
            {name: value for name, value in each.items() if name != "outputSchema"} if isinstance(each, dict) else each
            for each in tools
        ]
    return shorter
