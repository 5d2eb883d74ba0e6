"""Bounds of connections to services: the HTTP client reads interim responses (``100 Continue`` and its like) without
end, reads all that has arrived before anything else runs, and would take the last file descriptor."""

import ssl
from contextvars import ContextVar
from typing import Any

import anyio._backends._asyncio  # noqa: F401 - the first connection would import it while all chats wait
import httpcore2
import httpx2
from httpcore2 import AsyncNetworkBackend, AsyncNetworkStream

from orcheo_adapters.system.descriptors import OUTGOING_SHARE, is_reserved

HEAD_LIMIT = 64 * 1024
"""Bytes of the head of an answer with all interim responses before it; the last read may go beyond."""

_READ_BYTES = 16 * 1024
"""Of one read of a body: its parts are passed on one by one (:class:`BoundedBody`)."""

_HEAD_BYTES = 1024
"""Of one read of a head, which may be some 60 interim responses: they are parsed before anything else runs."""

_head_left: ContextVar[int | None] = ContextVar("head_left", default=None)
"""Bytes that the head may still have; None while no head is awaited."""


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Reads in small pieces, and gives a service up whose head does not end."""

    def __init__(self, **options: Any) -> None:
        """Take the options of the transport that it is."""
        super().__init__(**options)
        # An option of the pool that the transport does not have.
        self._pool._network_backend = _Network(self._pool._network_backend)  # noqa: SLF001 - see above

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        before = _head_left.set(HEAD_LIMIT)
        try:
            return await super().handle_async_request(request)
        finally:
            _head_left.reset(before)


class _Network(AsyncNetworkBackend):
    def __init__(self, inner: AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(self, *args: Any, **options: Any) -> AsyncNetworkStream:
        stream = await self._inner.connect_tcp(*args, **options)
        connection = stream.get_extra_info("socket")
        if connection is not None and is_reserved(connection.fileno(), OUTGOING_SHARE):
            await stream.aclose()
            message = "This server has too few file descriptors left for one more connection."
            raise httpcore2.ConnectError(message)
        return _Stream(stream)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Stream(AsyncNetworkStream):
    def __init__(self, inner: AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as the library asks
        left = _head_left.get()
        if left is not None and left <= 0:
            message = f"The head of the answer has more than {HEAD_LIMIT:,} bytes."
            raise httpcore2.RemoteProtocolError(message)
        data = await self._inner.read(min(max_bytes, _READ_BYTES if left is None else _HEAD_BYTES), timeout)
        if left is not None:
            _head_left.set(left - len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as the library asks
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as the library asks
    ) -> AsyncNetworkStream:
        return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
