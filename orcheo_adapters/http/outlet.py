"""Where the body of a stream goes: straight to the connection, or through ASGI under any other server.

ASGI makes a message, a coroutine and a system call of each part, the head first. Written to the connection itself, a
stream begins with one system call for head and first frames, and a later frame leaves from the callback that brings
it, without a task switch.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from starlette.types import Receive, Scope, Send

from orcheo_adapters.http.scope import OPEN_OUTLET
from orcheo_adapters.http.security_headers import Header, SecurityHeaders

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_BUFFERED = 64 * 1024
"""As much may wait for an ASGI message, as much as a connection buffers."""


class Outlet(Protocol):
    """The way of one response body to its client."""

    is_gone: bool
    """Whether the client went away before the end."""

    @property
    @abstractmethod
    def has_room(self) -> bool:
        """Whether more can be written now; if not, ``on_room`` is called when it can, but never after the end."""

    @abstractmethod
    def begin(self) -> None:
        """Send the head, unless it is sent already: there may be no part of the body for a while."""

    @abstractmethod
    def write(self, body: bytes) -> None:
        """Send a part of the body, and the head before the first one."""

    @abstractmethod
    def end(self, body: bytes) -> None:
        """Send the last part of the body."""

    @abstractmethod
    async def closed(self) -> None:
        """Return after the end, or when the client is gone."""


def open_outlet(
    scope: Scope, receive: Receive, send: Send, *, headers: tuple[Header, ...], on_room: Callable[[], None]
) -> Outlet:
    """An outlet for a response with status 200, these headers and a body of unknown length."""
    outlet: Outlet | None = scope[OPEN_OUTLET](headers, on_room) if OPEN_OUTLET in scope else None
    return outlet or AsgiOutlet(receive, send, headers=headers, on_room=on_room)


class ConnectionOutlet(Outlet):
    """Writes chunks (RFC 9112, section 7.1) to the connection that the request came over."""

    __slots__ = ("_cycle", "_done", "_head", "_on_room", "has_room", "is_gone")

    has_room: bool

    def __init__(self, cycle: "RequestResponseCycle", head: bytes, on_room: Callable[[], None]) -> None:
        """Answer the request of uvicorn's ``cycle``, whose record of the response is kept as its own ``send`` does."""
        self.is_gone = cycle.disconnected
        self.has_room = not cycle.flow.write_paused
        self._cycle = cycle
        self._head = head
        self._on_room: Callable[[], None] | None = on_room
        self._done: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """See the base class."""
        if self._head and self.has_room:
            self._cycle.transport.write(self._taken_head())

    def write(self, body: bytes) -> None:
        """See the base class."""
        chunk = b"%x\r\n%b\r\n" % (len(body), body)
        self._cycle.transport.write(self._taken_head() + chunk if self._head else chunk)

    def end(self, body: bytes) -> None:
        """See the base class."""
        cycle = self._cycle
        try:
            chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
            cycle.transport.write(self._taken_head() + chunk if self._head else chunk)
            cycle.response_complete = True
            cycle.message_event.set()
            if not cycle.keep_alive:
                cycle.transport.close()
            cycle.on_response()
        finally:  # a function that a workflow has replaced must not leave the request waiting for its end
            self._close()

    async def closed(self) -> None:
        """See the base class."""
        if self._on_room is not None and not self.is_gone:
            self._done = asyncio.get_running_loop().create_future()
            await self._done

    def full(self) -> None:
        """The client does not read what was written."""
        self.has_room = False

    def room(self) -> None:
        """The client has read on."""
        if self._on_room is not None:
            self.has_room = True
            self._on_room()

    def gone(self) -> None:
        """The connection is lost."""
        if self._on_room is not None:
            self.is_gone = True
            self._close()

    def _taken_head(self) -> bytes:
        head, self._head = self._head, b""
        cycle = self._cycle
        cycle.response_started = cycle.chunked_encoding = True
        cycle.waiting_for_100_continue = False
        return head if cycle.keep_alive else head[:-2] + b"connection: close\r\n\r\n"

    def _close(self) -> None:
        self.has_room = False
        self._on_room = None  # who wrote here holds this outlet too: without the circle no collector is needed
        if self._done is not None and not self._done.done():
            self._done.set_result(None)


@lru_cache(64)
def _constant_lines(headers: tuple[Header, ...], security_headers: SecurityHeaders) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + _lines(security_headers.added_to(headers))


def _lines(headers: Iterable[Header]) -> bytes:
    return b"".join(map(b"%b: %b\r\n".__mod__, headers))


def head_of(headers: tuple[Header, ...], security_headers: SecurityHeaders, more: list[Header]) -> bytes:
    """The head of a response with status 200 whose body comes in chunks."""
    return _constant_lines(headers, security_headers) + _lines(more) + b"transfer-encoding: chunked\r\n\r\n"


class AsgiOutlet(Outlet):
    """Sends ASGI messages from the request's task; what is written before one is sent goes with it."""

    def __init__(
        self, receive: Receive, send: Send, *, headers: tuple[Header, ...], on_room: Callable[[], None]
    ) -> None:
        """Answer by ``send``; ``receive`` says when the client is gone."""
        self.is_gone = False
        self._receive = receive
        self._send = send
        self._headers = headers
        self._on_room = on_room
        self._body = b""
        self._is_sending = True
        self._is_last = False
        self._news = asyncio.Event()

    @property
    def has_room(self) -> bool:
        """See the base class."""
        return not (self._is_sending or self._is_last) and len(self._body) < _BUFFERED

    def begin(self) -> None:
        """See the base class; :meth:`closed` sends it."""

    def write(self, body: bytes) -> None:
        """See the base class."""
        self._body += body
        self._news.set()

    def end(self, body: bytes) -> None:
        """See the base class."""
        self._is_last = True
        self.write(body)

    async def closed(self) -> None:
        """See the base class."""
        watching, is_over = asyncio.ensure_future(self._wait_until_gone()), False
        try:
            await self._send({"type": "http.response.start", "status": 200, "headers": list(self._headers)})
            self._give_room()
            while not (self.is_gone or is_over):
                await self._news.wait()
                self._news.clear()
                is_over = await self._send_part()
        finally:
            watching.cancel()

    async def _send_part(self) -> bool:
        """Send what was written, if anything; return whether it was the last part."""
        body, self._body, is_last = self._body, b"", self._is_last
        if not (body or is_last):
            return False
        self._is_sending = True
        await self._send({"type": "http.response.body", "body": body, "more_body": not is_last})
        if not (is_last or self.is_gone):
            self._give_room()
        return is_last

    def _give_room(self) -> None:
        self._is_sending = False
        self._on_room()

    async def _wait_until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        self._news.set()
