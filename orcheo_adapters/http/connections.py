"""How many connections may be open, and how they begin: refused before anything is made for them, or at their pace.

There are fewer than the process has file descriptors, and not all for one address. Without a bound of its own the
accept loop meets the system's, and then writes tracebacks in place of answers. asyncio makes a transport and a task of
a connection before anyone can refuse it; here a refused one costs two system calls, and leaves nothing behind.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic

from attrs import field, frozen

from orcheo_adapters.http.client_address import THIS_MACHINE, TrustedProxies, address_key
from orcheo_adapters.http.pace import LONGEST_WAIT, Pace
from orcheo_adapters.system.descriptors import OWNERS_SHARE, RESERVE, descriptor_limit, is_reserved
from orcheo_adapters.system.logs import get_logger

MOST = 8_192
MOST_BY_ADDRESS = 512
"""What one other machine may have open: five megabytes of the server's memory, and up to 16 KiB more for each that has
sent a part of its headers. Bodies that come slowly have a budget of their own, ``request-bytes``."""
ACCEPTED_AT_ONCE = 64
BEGUN_AT_ONCE = 4
"""This many connections are taken from the system's queue, and begun, before other work of the server has its turn."""
_NO_ROOM_SECONDS = 0.5
"""Pause of the accept loop when the system has no descriptor or memory for a connection."""
_LOG_EVERY_SECONDS = 60.0
_LOG = get_logger("http")
_RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: closed with a reset, so that nothing of the connection stays in the system."""


@frozen(kw_only=True)
class ConnectionLimits:
    """How many connections may be open in all, and for one other machine; None is three quarters of all."""

    most: int = MOST
    most_by_address: int | None = MOST_BY_ADDRESS
    proxies: TrustedProxies = field(factory=TrustedProxies)
    """Their connections are those of many visitors, so they are not one machine's."""


class Connections:
    """Counts the open connections of one server, in all and by client address (IPv6: by /64 network)."""

    def __init__(
        self,
        descriptors: Callable[[], int] = descriptor_limit,
        seconds: Callable[[], float] = monotonic,
        *,
        limits: ConnectionLimits | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Stay below what ``descriptors`` says; ``seconds`` times the lines in the log."""
        self._descriptors = descriptors
        self._seconds = seconds
        self._limits = limits or ConnectionLimits()
        self._pace = Pace(None) if pace is None else pace
        self._open: Counter[str] = Counter()
        self._all = 0
        self._refused = 0
        self._said_at: float | None = None

    def enter(self, host: str, descriptor: int = 0) -> str | None:
        """Count one more connection; return the key to leave by, or None when there are too many.

        So there are when its ``descriptor`` is one of the last ones, as others need them: files, and connections to
        services and providers.
        """
        most = max(1, min(self._limits.most, self._descriptors() - RESERVE))
        key = address_key(host)
        most_of_it = self._most_by_address(host, key, most)
        share = OWNERS_SHARE if key in THIS_MACHINE else 0
        if is_reserved(descriptor, share) or self._all >= most + share or self._open[key] >= most_of_it:
            self._refuse(most, most_of_it)
            return None
        self._open[key] += 1
        self._all += 1
        return key

    def wait(self, host: str) -> float:
        """Seconds until a connection that was let in may begin."""
        wait = 0.0 if self._limits.proxies.may_be(host) else self._pace.wait(address_key(host))
        return wait if isinstance(wait, float) else LONGEST_WAIT

    def leave(self, key: str) -> None:
        """The connection is gone."""
        self._all -= 1
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    def _most_by_address(self, host: str, key: str, most: int) -> int:
        """Three quarters of all, so that one address leaves room; less for one machine that is not a proxy."""
        share = max(1, most * 3 // 4)
        limit = self._limits.most_by_address
        is_proxy = key in THIS_MACHINE or self._limits.proxies.may_be(host)
        return share if limit is None or is_proxy else min(share, limit)

    def _refuse(self, most: int, most_of_it: int) -> None:
        self._refused += 1
        now = self._seconds()
        if self._said_at is None or now - self._said_at >= _LOG_EVERY_SECONDS:
            text = "%d connections refused: %d are open; at most %d in all and %d for one address"
            _LOG.warning(text, self._refused, self._all, most, most_of_it)
            self._said_at, self._refused = now, 0


class Acceptor:
    """Takes connections from a listening socket and begins those that :class:`Connections` lets in."""

    def __init__(
        self,
        listener: socket.socket,
        connections: Connections,
        begin: Callable[[Callable[[], None]], asyncio.BaseProtocol],
    ) -> None:
        """Listen at once; ``begin`` makes the protocol of one connection, which calls what it is given at its end."""
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._connections = connections
        self._begin = begin
        self._waiting: dict[socket.socket, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._rest: asyncio.TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """Take no more connections, and drop those that have not begun."""
        self._loop.remove_reader(self._listener)
        if self._rest is not None:
            self._rest.cancel()
        for connection, timer in self._waiting.items():
            timer.cancel()
            connection.close()
        self._waiting.clear()

    def _listen(self) -> None:
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        begun = 0
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no descriptor or no memory for one more
                self._loop.remove_reader(self._listener)
                self._rest = self._loop.call_later(_NO_ROOM_SECONDS, self._listen)
                return
            begun += self._take(connection, address[0])
            if begun == BEGUN_AT_ONCE:
                return

    def _take(self, connection: socket.socket, host: str) -> bool:
        """Refuse a connection, let it wait, or begin it; whether it has begun."""
        key = self._connections.enter(host, connection.fileno())
        if key is None:
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            connection.close()
            return False
        connection.setblocking(False)
        if wait := self._connections.wait(host):
            self._waiting[connection] = self._loop.call_later(wait, self._start, connection, key)
            return False
        self._start(connection, key)
        return True

    def _start(self, connection: socket.socket, key: str) -> None:
        self._waiting.pop(connection, None)
        task = self._loop.create_task(self._serve(connection, key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: socket.socket, key: str) -> None:
        leave = partial(self._connections.leave, key)
        await self._loop.connect_accepted_socket(partial(self._begin, leave), connection)
