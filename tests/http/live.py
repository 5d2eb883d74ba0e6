"""A server on a loopback socket within the test's own loop, and clients that send what they like."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from attrs import frozen
from starlette.types import ASGIApp

from orcheo_adapters.http.connections import Connections
from orcheo_adapters.http.deadlines import Deadlines
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_adapters.http.serving import http_server

QUICK = Deadlines(head_seconds=0.2, body_seconds=0.2, idle_seconds=0.2, unread_seconds=0.2, linger_seconds=2)
PACE_SECONDS = 0.02
"""How long a dripping client waits between two bytes."""


@frozen
class Answer:
    """What came back over a raw connection."""

    raw: bytes

    @property
    def status(self) -> int:
        """The status of the first answer; 0 when there was none."""
        return int(self.raw.split(b" ", 2)[1]) if self.raw.startswith(b"HTTP/1.1 ") else 0

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the first answer."""
        lines = self.raw.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")[1:]
        return {name: value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def code(self) -> str:
        """The code of the problem in the first answer."""
        code: str = orjson.loads(self.raw.partition(b"\r\n\r\n")[2])["code"]
        return code


@frozen
class Connection:
    """One connection to the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        """Send these bytes soon."""
        self.writer.write(data)

    async def until(self, end: bytes) -> bytes:
        """What comes up to and with ``end``."""
        return await self.reader.readuntil(end)

    async def to_the_end(self) -> Answer:
        """All that comes until the server closes."""
        return Answer(await self.reader.read())

    async def drip(self, data: bytes) -> Answer:
        """Send ``data`` byte by byte, over and over, until the server closes; returns what it said."""
        said = b""
        for position in range(100_000):
            self.send(data[position % len(data) :][:1])
            try:
                async with asyncio.timeout(PACE_SECONDS):
                    part = await self.reader.read(65_536)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            if not part:
                break
            said += part
        return Answer(said)


@frozen
class Live:
    """A running server."""

    port: int

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A raw connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Connection(reader, writer)
        finally:
            writer.close()

    async def ask(self, data: bytes) -> Answer:
        """Send these bytes, and read until the server closes."""
        async with self.connection() as connection:
            connection.send(data)
            return await connection.to_the_end()

    async def deadline_passes(self) -> None:
        """Return once a connection that says nothing was closed: the longest deadline for requests is over."""
        async with self.connection() as connection:
            await connection.to_the_end()


@asynccontextmanager
async def serving(
    app: ASGIApp,
    deadlines: Deadlines = QUICK,
    connections: Connections | None = None,
    *,
    buffer: int | None = None,
) -> AsyncIterator[Live]:
    """Serve ``app`` on a port of loopback; the system takes ``buffer`` bytes of an answer that is not read."""
    listener = socket.create_server(("127.0.0.1", 0))
    if buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    listening = asyncio.Event()
    server = http_server(
        app,
        deadlines=deadlines,
        security_headers=SecurityHeaders(),
        on_ready=listening.set,
        on_stop=lambda: None,
        connections=connections,
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await listening.wait()
    try:
        yield Live(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await running
