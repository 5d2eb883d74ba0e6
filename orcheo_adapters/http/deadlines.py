"""HTTP/1.1 connections with deadlines and strict framing: uvicorn by itself waits for ever for a request to arrive.

One request at a time: what a client sends behind a request that is not answered yet (pipelining) is thrown away, and
the connection ends with the answer, so that the client sends the rest over another one (RFC 9112, section 9.3.2). Read
at once, a chunk of small requests would cost a hundred times its size in memory.

Each connection is in one of two phases, waiting for a head or for a body, and has one deadline for it. What arrives
does not move that of a head, and moves that of a body by its size, so that dripping bytes gain nothing. A client that
reads an answer must read on in the same way.
"""

import asyncio
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, ClassVar

from attrs import frozen
from httptools import HttpParserError, HttpParserInvalidMethodError, HttpParserUpgrade
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from orcheo_adapters.http.outlet import ConnectionOutlet, head_of
from orcheo_adapters.http.problems import (
    CodingUnknown,
    HeadersTooLarge,
    HttpVersionUnknown,
    MethodUnknown,
    NotHttp,
    RequestTimedOut,
    problem_response,
)
from orcheo_adapters.http.request_id import new_request_id
from orcheo_adapters.http.scope import IS_WHOLE, MORE_HEADERS, OPEN_OUTLET, TAKE_BODY
from orcheo_adapters.http.security_headers import Header, SecurityHeaders
from orcheo_core.errors import OrcheoError


@frozen(kw_only=True)
class Deadlines:
    """How long a connection may take for what, and how large the head may be."""

    head_seconds: float = 10.0
    """From the first moment, or the first byte of a later request, to the end of its headers."""
    body_seconds: float = 30.0
    """From the end of the headers to the end of the body, and more as the body comes:"""
    body_rate: int = 16 * 1024
    """This number of bytes earns another second, so that a large file may come over a slow line."""
    idle_seconds: float = 15.0
    """Between two requests."""
    unread_seconds: float = 30.0
    """For a client to read on, once more waits for it than the system buffers, or once the connection is closed."""
    least_read: int = 16 * 1024
    """Bytes that a client must read in that time to be given as much again."""
    answered_bytes: int = 256 * 1024
    """Of a body that may still come when its request is answered; more ends the connection, which is not read on."""
    linger_seconds: float = 2.0
    """For a client to read why it is refused, before the connection is cut."""
    linger_bytes: int = 16 * 1024 * 1024
    """What is taken from it in that time: a file that is refused has room, a flood has not."""
    head_bytes: int = 16 * 1024
    """Also of what may stand around the chunks of a body: extensions and trailers."""
    headers: int = 100
    """Each costs some hundred bytes of memory, however short it is."""


_READ_AT_ONCE = 64 * 1024
"""asyncio reads 256 KiB, which would lie in memory for each connection whose request waits."""
_CHUNK_BYTES = 20
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ ")
"""How a request line begins (RFC 9110, section 9.1)."""
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::[0-9]*)?")
"""A host with a port or without (RFC 9110, section 7.2)."""


class GuardedProtocol(HttpToolsProtocol):
    """Refuses what is slow, large or not HTTP/1.1, and closes the connection."""

    deadlines: ClassVar[Deadlines] = Deadlines()
    security_headers: ClassVar[SecurityHeaders] = SecurityHeaders()

    def __init__(self, *args: Any, on_lost: Callable[[], None] = lambda: None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._on_lost = on_lost
        self.timeout_keep_alive = self.deadlines.idle_seconds  # type: ignore[assignment]  # parts of a second as well
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._in_head = False
        self.in_body = False
        self._head_bytes = 0
        self._begins_like_a_request = False
        self._is_complete = False
        """Whether a whole request has come, and nothing of the next one."""
        self._closing = False
        self._sent_more = False
        self._body_began = 0.0
        self._body_bytes = 0
        self._framing_bytes = 0
        """Bytes that came since the headers and are not of the body, less what its chunks need."""
        self._answered_bytes = 0
        self._dropped_bytes = 0
        self._left_unread = 0
        self._outlet: ConnectionOutlet | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        with suppress(AttributeError):  # uvloop has a number of its own
            transport.max_size = _READ_AT_ONCE  # type: ignore[attr-defined]  # of asyncio's transports
        self._arm(self.deadlines.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._forgive()
        self._on_lost()
        super().connection_lost(exc)
        if self._outlet is not None:
            self._outlet.gone()

    def open_outlet(self, headers: tuple[Header, ...], on_room: Callable[[], None]) -> ConnectionOutlet | None:
        """The way of a streamed body straight to this connection; None where ASGI has to take care of its framing."""
        scope: Scope = self.cycle.scope  # type: ignore[assignment]  # with names of our own in it
        if scope["method"] == "HEAD" or scope["http_version"] != "1.1":
            return None
        more = [*self.server_state.default_headers, *scope.get(MORE_HEADERS, ())]
        head = head_of(headers, self.security_headers, more)
        self._outlet = ConnectionOutlet(self.cycle, head, on_room)
        return self._outlet

    def take_body(self) -> bytes | None:
        """The body of the request under way if all of it has come; uvicorn's ``receive`` then has nothing of it."""
        cycle = self.cycle
        if cycle.more_body or cycle.disconnected:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        if self.flow.read_paused:
            self.flow.resume_reading()
        return body

    def data_received(self, data: bytes) -> None:
        if self._closing or self._sent_more:
            self._drop(len(data))
            return
        if self.in_body:
            self._framing_bytes += len(data)
            if not self._is_answering() and self._is_unwanted(len(data)):
                return
        else:
            self._head_bytes = len(data) + (self._head_bytes if self._in_head else 0)
            self._begins_like_a_request = _METHOD.match(data) is not None
        self._is_complete = False
        self._parse(data)
        if self._is_complete and not self.headers:  # few requests come in pieces
            return
        if self._deadline is None and not (self._is_complete or self._closing):
            self._arm(self._body_time() if self.in_body else self.deadlines.head_seconds)
        if self._has_too_much():
            self._refuse(HeadersTooLarge())

    def _drop(self, size: int) -> None:
        """Count what comes while the client may read why it is refused; a flood is cut."""
        self._dropped_bytes += size
        if self._dropped_bytes > self.deadlines.linger_bytes:
            self.transport.abort()

    def _is_unwanted(self, size: int) -> bool:
        """Count what comes of the body of an answered request; whether the connection has ended over it."""
        self._answered_bytes += size
        if self._answered_bytes > self.deadlines.answered_bytes:
            self.linger()
        return self._closing

    def _has_too_much(self) -> bool:
        """Whether a head or the framing of a body, which may both come for ever, has become too large by now."""
        # Before the first request there is no list of headers: empty lines may stand in front of it.
        size = self._head_bytes if self._in_head else self._framing_bytes if self.in_body else 0
        return size > self.deadlines.head_bytes or len(self.headers or ()) > self.deadlines.headers

    def _parse(self, data: bytes) -> None:
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except HttpParserError:
            if self._sent_more:
                self._end_with_this_answer()
            else:
                self.send_400_response("Invalid HTTP request received.")
        except HttpParserUpgrade:
            pass  # answered like any other request; a line in the log for each would be a stranger's to write

    def _end_with_this_answer(self) -> None:
        """Read no more until the answer is out, then close."""
        self._disarm()
        self.flow.pause_reading()
        if self.cycle.keep_alive:
            self.cycle.keep_alive = False
            self.cycle.transport = _LingeringAnswer(self)  # type: ignore[assignment]  # has all that a cycle uses

    def on_message_begin(self) -> None:
        if self._is_answering():
            self._sent_more = True
            raise _SecondRequest
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._closing:
            return
        self._in_head, self.in_body = False, True
        self._body_began, self._body_bytes, self._framing_bytes = self.loop.time(), 0, 0
        self._answered_bytes = 0
        if self._deadline is not None:
            self._disarm()
        limit, most = self.deadlines.head_bytes, self.deadlines.headers
        if len(self.headers) > most or (self._head_bytes > limit and self._size_of_head() > limit):
            self._refuse(HeadersTooLarge())
            return
        if (fault := self._fault()) is not None:
            self._refuse(fault)
            return
        scope: Scope = self.scope  # type: ignore[assignment]  # with names of our own in it
        scope[OPEN_OUTLET], scope[TAKE_BODY] = self.open_outlet, self.take_body
        super().on_headers_complete()
        self.headers = []  # trailers come here; they do not count as headers of the request (RFC 9110, section 6.5.1)
        if not self.cycle.keep_alive:
            last = _LastAnswer if self.parser.get_http_version() == "1.1" else _AnswerTo10
            self.cycle.transport = last(self)  # type: ignore[assignment]  # has all that a cycle uses

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        self._framing_bytes -= len(body)
        if not self._closing:
            super().on_body(body)

    def on_chunk_header(self) -> None:
        """Called by the parser; a chunk has a size of up to 16 digits, and two line ends."""
        self._framing_bytes -= _CHUNK_BYTES

    def _body_time(self) -> float:
        """How long the rest of the body may take from now on, by what has come of it."""
        whole = self.deadlines.body_seconds + self._body_bytes / self.deadlines.body_rate
        return self._body_began + whole - self.loop.time()

    def on_message_complete(self) -> None:
        if self._closing:
            return
        self.in_body = False
        self._is_complete = True
        if self._deadline is not None:
            self._disarm()
        self.scope[IS_WHOLE] = True  # type: ignore[literal-required]  # a name of our own
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.cycle.body.clear()  # what the answer did not need would lie here as long as the connection is idle
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        is_method = isinstance(sys.exc_info()[1], HttpParserInvalidMethodError) and self._begins_like_a_request
        self._refuse(MethodUnknown() if is_method else NotHttp(msg))

    def _fault(self) -> OrcheoError | None:
        """What is wrong with version, Host or framing (RFC 9112, sections 2.3, 3.2 and 6)."""
        version = self.parser.get_http_version()
        if version not in {"1.0", "1.1"}:
            return HttpVersionUnknown() if version > "1.1" else NotHttp()
        hosts, codings = [], []
        for name, value in self.headers:
            if name == b"host":
                hosts.append(value)
            elif name == b"transfer-encoding":
                codings.append(value.strip().lower())
        if len(hosts) > 1 or (not hosts and version == "1.1"):
            return NotHttp("A request must have exactly one Host header.")
        if hosts and not _HOST.fullmatch(hosts[0]):
            return NotHttp("The Host header is not a host with an optional port.")
        if codings and version == "1.0":
            return NotHttp("HTTP/1.0 has no Transfer-Encoding.")
        return CodingUnknown() if codings not in ([], [b"chunked"]) else None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_reader()
        if self._outlet is not None:
            self._outlet.full()

    def _wait_for_reader(self) -> None:
        """Cut the connection in a while, unless the client reads on."""
        self._forgive()
        self._left_unread = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(self.deadlines.unread_seconds, self._not_read)

    def _not_read(self) -> None:
        self._unread = None
        if self._left_unread - self.transport.get_write_buffer_size() < self.deadlines.least_read:
            self.transport.abort()
        else:
            self._wait_for_reader()

    def close(self) -> None:
        """Close the connection once its client has read what waits for it, but not for ever."""
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._wait_for_reader()

    def timeout_keep_alive_handler(self) -> None:
        if not self.transport.is_closing():
            self.close()

    def resume_writing(self) -> None:
        self._forgive()
        super().resume_writing()
        if self._outlet is not None:
            self._outlet.room()

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._too_late)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _forgive(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _too_late(self) -> None:
        self._deadline = None
        if self.in_body and (left := self._body_time()) > 0:
            self._arm(left)
        elif self._is_answering() and not self.in_body:
            # The next request of this connection waits for its turn, not we for it.
            self._arm(self.deadlines.head_seconds)
        elif self._in_head or (self.in_body and self._is_answering()):
            self._refuse(RequestTimedOut())
        else:
            self.close()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, error: OrcheoError) -> None:
        """Say why, unless an answer was begun, and close."""
        if self._closing or self.transport.is_closing():
            return
        if not (self._is_answering() and self.cycle.response_started):
            self.transport.write(self._refusal(error))
        if self._is_answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.linger()

    def linger(self) -> None:
        """Close, but take for a moment what the client still sends: cut at once, it would lose our last words."""
        self._closing = True
        if self.cycle is not None:
            self.cycle.waiting_for_100_continue = False  # or reading on would write after the end
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            with suppress(OSError):  # the client has reset the connection; the loop says so in a moment
                self.transport.write_eof()
        self._disarm()
        self._deadline = self.loop.call_later(self.deadlines.linger_seconds, self.transport.abort)

    def _refusal(self, error: OrcheoError) -> bytes:
        request_id = new_request_id()
        answer = problem_response(error, request_id)
        status = HTTPStatus(answer.status_code)
        more = (b"x-request-id", request_id.encode("ascii")), (b"connection", b"close")
        headers = self.security_headers.added_to([*self.server_state.default_headers, *answer.raw_headers], *more)
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode("ascii"), *(b"%b: %b" % each for each in headers)]
        return b"\r\n".join([*lines, b"", bytes(answer.body)])


class _LastAnswer:
    """The transport that the last response of a connection writes to."""

    def __init__(self, protocol: GuardedProtocol) -> None:
        self._protocol = protocol
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        """Close, and linger when the client has not sent all of its request yet."""
        if self._protocol.in_body:
            self._protocol.linger()
        else:
            self._protocol.close()


class _SecondRequest(Exception):
    """Stops the parser, whatever else is in the chunk that it reads."""


class _LingeringAnswer(_LastAnswer):
    """The same, where the client has sent more than will be read."""

    def close(self) -> None:
        self._protocol.linger()


class _AnswerTo10(_LastAnswer):
    """The same for a client of HTTP/1.0: a body without a length ends with the connection (RFC 9112, section 6.3).

    uvicorn frames such a body as chunks, one a write, which these clients would read as part of it.
    """

    def __init__(self, protocol: GuardedProtocol) -> None:
        super().__init__(protocol)
        self._is_chunked: bool | None = None
        self.write = self._write_plainly  # type: ignore[assignment]  # the same signature, as a method

    def _write_plainly(self, data: bytes) -> None:
        write = self._protocol.transport.write
        if self._is_chunked is None:  # the first write is the head
            head = data.replace(b"transfer-encoding: chunked\r\n", b"")
            self._is_chunked = head != data
            write(head)
        elif not self._is_chunked:
            write(data)
        elif data and not data.startswith(b"0\r\n"):
            size, _, chunk = data.partition(b"\r\n")
            write(chunk[: int(size, 16)])


def guarded_protocol(deadlines: Deadlines, security_headers: SecurityHeaders) -> type[GuardedProtocol]:
    """A protocol for uvicorn with these deadlines and headers."""
    return type("Guarded", (GuardedProtocol,), {"deadlines": deadlines, "security_headers": security_headers})
