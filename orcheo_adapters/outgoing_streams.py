"""Bounds of connections to services: the HTTP client reads interim responses (``100 Continue`` and its like) without
end, reads all that has arrived before anything else runs, and would take the last file descriptor.

What the outgoing proxy did wrong is told as the proxy's fault: the client words it like a fault of the service."""

import ssl
from contextvars import ContextVar
from typing import Any

import anyio._backends._asyncio  # noqa: F401 - the first connection would import it while all chats wait
import httpcore2
import httpx2
from httpcore2 import AsyncNetworkBackend, AsyncNetworkStream

from orcheo_adapters.outgoing import what_failed
from orcheo_adapters.system.descriptors import OUTGOING_SHARE, is_reserved

HEAD_LIMIT = 64 * 1024
"""Bytes of the head of an answer with all interim responses before it; the last read may go beyond."""

_READ_BYTES = 16 * 1024
"""Of one read of a body: its parts are passed on one by one (:class:`BoundedBody`)."""

_HEAD_BYTES = 1024
"""Of one read of a head, which may be some 60 interim responses: they are parsed before anything else runs."""

_PASSWORD_NEEDED = 407

_head_left: ContextVar[int | None] = ContextVar("head_left", default=None)
"""Bytes that the head may still have; None while no head is awaited."""


_SETTINGS = "ORCHEO_OUTGOING_PROXY (or HTTP_PROXY, HTTPS_PROXY, ALL_PROXY)"


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Reads in small pieces, and gives a service up whose head does not end."""

    def __init__(self, *, proxy: httpx2.Proxy | None = None, **options: Any) -> None:
        """Take the options of the transport that it is."""
        super().__init__(proxy=proxy, **options)
        self._proxy = proxy
        # An option of the pool that the transport does not have.
        self._pool._network_backend = _Network(self._pool._network_backend, proxy)  # noqa: SLF001 - see above

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises :class:`httpx2.ProxyError` for a fault of the proxy, in words for owners and operators."""
        before = _head_left.set(HEAD_LIMIT)
        try:
            response = await super().handle_async_request(request)
        except httpx2.ProxyError as error:
            raise httpx2.ProxyError(self._fault(str(error)), request=request) from error
        finally:
            _head_left.reset(before)
        if self._proxy and request.url.scheme == "http" and response.status_code == _PASSWORD_NEEDED:
            await response.aclose()
            raise httpx2.ProxyError(self._fault(str(_PASSWORD_NEEDED)), request=request)
        return response

    def _fault(self, said: str) -> str:
        """``said`` is a status, or why there is none."""
        proxy = self._proxy
        shown = f"the outgoing proxy {_shown(proxy.url)}" if proxy else "the outgoing proxy"
        if said.startswith(str(_PASSWORD_NEEDED)):
            wants = (
                "does not take the name and password" if proxy and proxy.raw_auth else "asks for a name and password"
            )
            return f"{shown} {wants} ({said.strip()}): correct {_SETTINGS}, as in http://name:password@proxy:3128"
        if said[:3].isdecimal():
            return f"{shown} does not lead there ({said.strip()})"
        return f"{shown} cannot be used ({said}): correct {_SETTINGS}, or list the host in NO_PROXY"


def _shown(proxy: httpx2.URL) -> str:
    """Without the password, which :class:`httpx2.Proxy` has taken out already."""
    return str(proxy).rstrip("/")


class _Network(AsyncNetworkBackend):
    def __init__(self, inner: AsyncNetworkBackend, proxy: httpx2.Proxy | None) -> None:
        self._inner = inner
        self._proxy = proxy

    async def connect_tcp(self, *args: Any, **options: Any) -> AsyncNetworkStream:
        try:
            stream = await self._inner.connect_tcp(*args, **options)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            if self._proxy is None:
                raise
            raise httpcore2.ProxyError(what_failed(error)) from error
        connection = stream.get_extra_info("socket")
        if connection is not None and is_reserved(connection.fileno(), OUTGOING_SHARE):
            await stream.aclose()
            message = "This server has too few file descriptors left for one more connection."
            raise httpcore2.ConnectError(message)
        return _Stream(stream, is_to_proxy=self._proxy is not None and self._proxy.url.scheme == "https")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Stream(AsyncNetworkStream):
    def __init__(self, inner: AsyncNetworkStream, *, is_to_proxy: bool = False) -> None:
        """With ``is_to_proxy`` the proxy is the other side of the TLS that comes next."""
        self._inner = inner
        self._is_to_proxy = is_to_proxy

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
        try:
            return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout))
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            if not self._is_to_proxy:
                raise
            raise httpcore2.ProxyError(what_failed(error)) from error

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
