"""A small client for one job: POST, read the stream to its end, say how long things took."""

import asyncio
import time
from collections.abc import AsyncIterator

from attrs import frozen

from bench.workflow import REQUEST

_END = b"0\r\n\r\n"


@frozen
class TurnTimes:
    """Seconds from sending the request to the first event, and to the end of the stream."""

    first: float
    whole: float


class Visitor:
    """One connection that is kept open."""

    def __init__(self, port: int, credential: str, address: str = "127.0.0.1") -> None:
        """Talk to ``port`` on loopback, from ``address`` there."""
        self._port = port
        self._address = address
        head = (
            "POST /api/chatkit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {credential}\r\nContent-Length: {len(REQUEST)}\r\n\r\n"
        )
        self._request = head.encode() + REQUEST

    async def connect(self) -> None:
        """Open the connection."""
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._port, limit=2**20, local_addr=(self._address, 0)
        )

    async def turn(self) -> TurnTimes:
        """One turn to its end."""
        began = time.perf_counter()
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        received = await self._reader.read(65_536)
        first = time.perf_counter() - began
        while not received.endswith(_END):
            received = received[-len(_END) :] + await self._reader.read(65_536)
        return TurnTimes(first=first, whole=time.perf_counter() - began)

    async def begin(self) -> None:
        """Connect, ask, and return with the first event; the stream stays open."""
        await self.connect()
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        await self._reader.read(65_536)

    async def chunks(self) -> AsyncIterator[bytes]:
        """One turn, as its bytes arrive."""
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        chunk = b""
        while not chunk.endswith(_END):
            chunk = await self._reader.read(65_536)
            yield chunk

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


async def load(port: int, credential: str, *, clients: int, turns: int, address: str = "127.0.0.1") -> list[TurnTimes]:
    """This many turns in all, by this many clients at once."""
    visitors = [Visitor(port, credential, address) for _ in range(clients)]
    for visitor in visitors:
        await visitor.connect()
    share = turns // clients
    times = await asyncio.gather(*(_many(visitor, share) for visitor in visitors))
    for visitor in visitors:
        visitor.close()
    return [each for some in times for each in some]


async def _many(visitor: Visitor, turns: int) -> list[TurnTimes]:
    return [await visitor.turn() for _ in range(turns)]
