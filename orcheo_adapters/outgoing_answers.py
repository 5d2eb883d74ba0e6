"""The body of an answer from others: so many bytes and no more, and others have their turn while it is read."""

import asyncio
from collections.abc import AsyncIterator

import httpx2

_LEAST_PART = 64
"""Bytes of the limit that each part takes: a chunk of one byte costs as much time as a larger one."""

_PARTS_AT_ONCE = 16
"""Parts after which the event loop does something else. One read can hold 2,700 chunks of one byte, and none of them
is waited for: parsing them all takes a tenth of a second for each answer that comes in at the same time."""


class BoundedBody(httpx2.AsyncByteStream):
    """A body of at most ``limit`` bytes; raises ``too_large`` beyond it, or ends there when that is None."""

    def __init__(self, inner: httpx2.AsyncByteStream, *, limit: int, too_large: Exception | None) -> None:
        """Read from ``inner``."""
        self._inner = inner
        self._limit = limit
        self._too_large = too_large

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left, parts = self._limit, 0
        async for part in self._inner:
            left -= max(len(part), _LEAST_PART)
            if left < 0 and self._too_large is not None:
                raise self._too_large
            if left < 0:
                return
            yield part
            parts += 1
            if parts == _PARTS_AT_ONCE:
                parts = 0
                await asyncio.sleep(0)

    async def aclose(self) -> None:
        await self._inner.aclose()
