"""Bounds of connections to services: the HTTP client reads interim responses (``100 Continue`` and its like) without
end, reads all that has arrived before anything else runs, and would take the last file descriptor.

Faults of the outgoing proxy are raised as the proxy's: the client words them like those of the service."""

import errno
import os
import ssl
from contextvars import ContextVar
from typing import Any

import anyio._backends._asyncio  # noqa: F401 - the first connection would import it while all chats wait
import httpcore2
import httpx2
from httpcore2 import AsyncNetworkBackend, AsyncNetworkStream

from orcheo_adapters.connection_faults import PERHAPS_HTTPS, TLS_ALERT, own_words, what_failed
from orcheo_adapters.outgoing import CAME_THROUGH, PROXY_SETTINGS
from orcheo_adapters.system.descriptors import OUTGOING_SHARE, is_reserved

HEAD_LIMIT = 64 * 1024
"""Bytes of the head of an answer with all interim responses before it; the last read may go beyond."""

_READ_BYTES = 4 * 1024
"""Of one read of a body: its parts are passed on one by one (:class:`BoundedBody`), and what is read of one answer is
worked on before anything else runs. It may be thousands of lines, and there may be dozens of answers."""

_HEAD_BYTES = 1024
"""Of one read of a head, which may be some 60 interim responses: they are parsed before anything else runs."""

_PASSWORD_NEEDED = 407

_head_left: ContextVar[int | None] = ContextVar("head_left", default=None)
"""Bytes that the head may still have; None while no head is awaited."""

_is_past_proxy: ContextVar[bool] = ContextVar("is_past_proxy", default=False)
"""Whether the service itself was written to, through the tunnel of a proxy."""

_NO_PROXY_FOR_TLS = frozenset({400, 404, 405, 501})
"""What a web server answers to ``CONNECT``, and a proxy that leads to plain HTTP only."""

_WITHOUT_A_WORD = ("Server disconnected without", os.strerror(errno.ECONNRESET))


class ProxyBrokeOff(httpx2.ProxyError, httpx2.RemoteProtocolError):
    """The proxy closed the connection, or what it said is not HTTP: both a fault of the proxy and of the protocol."""


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
        before, was_past = _head_left.set(HEAD_LIMIT), _is_past_proxy.set(False)
        try:
            response = await super().handle_async_request(request)
        except httpx2.ProxyError as error:
            raise httpx2.ProxyError(self._fault(own_words(error)), request=request) from error
        except (httpx2.RemoteProtocolError, httpx2.ReadError) as error:
            if self._proxy is not None and not _is_past_proxy.get():
                kind = ProxyBrokeOff if isinstance(error, httpx2.RemoteProtocolError) else httpx2.ProxyError
                raise kind(self._fault(what_failed(error)), request=request) from error
            raise _perhaps_tls(error, request) from error
        finally:
            _head_left.reset(before)
            _is_past_proxy.reset(was_past)
        if self._proxy and request.url.scheme == "http":
            if response.status_code == _PASSWORD_NEEDED:
                await response.aclose()
                raise httpx2.ProxyError(self._fault(str(_PASSWORD_NEEDED)), request=request)
            response.extensions[CAME_THROUGH] = _shown(self._proxy.url)
        return response

    def _fault(self, said: str) -> str:
        """``said`` is a status, or why there is none."""
        proxy, status = self._proxy, int(said[:3]) if said[:3].isdecimal() else 0
        shown = f"the outgoing proxy {_shown(proxy.url)}" if proxy else "the outgoing proxy"
        if status == _PASSWORD_NEEDED:
            has_one = proxy is not None and proxy.raw_auth is not None
            wants = "does not take the name and password" if has_one else "asks for a name and password"
            return f"{shown} {wants} ({said.strip()}): correct {PROXY_SETTINGS}, as in http://name:password@proxy:3128"
        if status in _NO_PROXY_FOR_TLS:
            refused = f"{shown} does not lead to https:// ({said.strip()})"
            return f"{refused}: unless it is an HTTP proxy, correct {PROXY_SETTINGS}"
        if status == httpx2.codes.FORBIDDEN:
            return f"{shown} does not allow it ({said.strip()}): have it allow the host, or list the host in NO_PROXY"
        if status:
            return f"{shown} does not lead there ({said.strip()}): check the host and the port, or list it in NO_PROXY"
        return f"{shown} cannot be used ({said}): correct {PROXY_SETTINGS}, or list the host in NO_PROXY"


def _perhaps_tls(error: httpx2.TransportError, request: httpx2.Request) -> httpx2.TransportError:
    """The error, with the advice for one whose service may want TLS: nothing of an answer has come."""
    words = own_words(error)
    if request.url.scheme != "http" or not words.startswith(_WITHOUT_A_WORD):
        return error
    return type(error)(f"{words.rstrip('.')}; {PERHAPS_HTTPS}", request=request)


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
        if self._proxy is None:
            return _Stream(stream, is_past_proxy=True)
        return _Stream(stream, is_to_proxy=self._proxy.url.scheme == "https")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Stream(AsyncNetworkStream):
    def __init__(self, inner: AsyncNetworkStream, *, is_to_proxy: bool = False, is_past_proxy: bool = False) -> None:
        """With ``is_to_proxy`` the proxy is the other side of the TLS that comes next."""
        self._inner = inner
        self._is_to_proxy = is_to_proxy
        self._is_past_proxy = is_past_proxy

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as the library asks
        left = _head_left.get()
        if left is not None and left <= 0:
            message = f"The head of the answer has more than {HEAD_LIMIT:,} bytes."
            raise httpcore2.RemoteProtocolError(message)
        data = await self._inner.read(min(max_bytes, _READ_BYTES if left is None else _HEAD_BYTES), timeout)
        if left is not None:
            if left == HEAD_LIMIT and data.startswith(TLS_ALERT):  # the library says nothing of what it has read
                message = f"illegal status line: {data[:7]!r}"
                raise httpcore2.RemoteProtocolError(message)
            _head_left.set(left - len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as the library asks
        _is_past_proxy.set(self._is_past_proxy)
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
            stream = await self._inner.start_tls(ssl_context, server_hostname, timeout)
            return _Stream(stream, is_past_proxy=not self._is_to_proxy)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            if not self._is_to_proxy:
                raise
            raise httpcore2.ProxyError(what_failed(error)) from error

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
