"""HTTP to services that owners name: only to checked addresses, without redirects, and only so much of an answer.

Each request resolves the host anew, checks every address it has, and connects to a checked one; the Host header and
the name in TLS stay those of the URL. So a name that changes its address between check and use gains nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cached_property
from typing import cast

import httpx2

from orcheo_adapters.runners.addresses import AddressRefused, AllowedAddresses, check_addresses, literal_addresses
from orcheo_core.errors import FieldError, InvalidInput

ANSWER_LIMIT = 10 * 1024 * 1024
"""Bytes of one answer (security.md)."""

_MAX_PORT = 65_535
_PORTS = {"http": 80, "https": 443}
_TIMEOUT = httpx2.Timeout(30.0, connect=10.0)
_NO_POOL = httpx2.Limits(max_keepalive_connections=0)
"""Connections are not kept: one to a shared address must never serve another host name."""

Resolve = Callable[[str, int], Awaitable[list[str]]]


class AnswerTooLarge(Exception):
    """A service sent more than :data:`ANSWER_LIMIT`."""


class AnswerEncoded(Exception):
    """A service sent a compressed answer, although none was asked for: its size could not be limited."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order in which the operating system would try them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [cast(str, address[0]) for *_, address in found]


class GuardedHttp:
    """Makes HTTP clients that keep within bounds."""

    def __init__(
        self, allowed: AllowedAddresses, *, resolve: Resolve = resolve, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        """Look hosts up with ``resolve``; reach what is open, and what is ``allowed``.

        TLS is verified by ``ssl_context``, by the usual certificate authorities when none is given.
        """
        self._allowed = allowed
        self._resolve = resolve
        self._given_ssl_context = ssl_context

    def check_url(self, text: str) -> None:
        """Raise :class:`InvalidInput` (path ``target``) for what is no URL, or names a closed address."""
        url = _parse(text)
        host, port = _host(url), _port(url)
        try:
            check_addresses(host, port, literal_addresses(host), self._allowed)
        except AddressRefused as error:
            raise _invalid(str(error)) from None

    def client(self) -> httpx2.AsyncClient:
        """A client for one run, to be closed after it."""
        inner = httpx2.AsyncHTTPTransport(verify=self._ssl_context, limits=_NO_POOL, trust_env=False)
        transport = _GuardedTransport(inner, self._allowed, self._resolve)
        headers = {"accept-encoding": "identity", "user-agent": "orcheo"}
        return httpx2.AsyncClient(
            transport=transport, timeout=_TIMEOUT, headers=headers, follow_redirects=False, trust_env=False
        )

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        return self._given_ssl_context or httpx2.create_ssl_context(trust_env=False)


class _GuardedTransport(httpx2.AsyncBaseTransport):
    def __init__(self, inner: httpx2.AsyncHTTPTransport, allowed: AllowedAddresses, resolve: Resolve) -> None:
        self._inner = inner
        self._allowed = allowed
        self._resolve = resolve

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host, port = _host(request.url), _port(request.url)
        try:
            found = await self._resolve(host, port)
        except OSError as error:
            message = f"the host {host!r} has no address: {error.strerror or error}"
            raise httpx2.ConnectError(message, request=request) from error
        checked = check_addresses(host, port, found, self._allowed)
        response = await self._try_each(request, checked, host)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise AnswerEncoded(f"the answer is encoded as {response.headers['content-encoding']!r}")
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Limited(cast(httpx2.AsyncByteStream, response.stream)),
            extensions=response.extensions,
        )

    async def _try_each(self, request: httpx2.Request, addresses: list[str], host: str) -> httpx2.Response:
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_redirected(request, address, host))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await self._inner.handle_async_request(_redirected(request, addresses[-1], host))

    async def aclose(self) -> None:
        await self._inner.aclose()


def _redirected(request: httpx2.Request, address: str, host: str) -> httpx2.Request:
    """The same request, to this very address."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


class _Limited(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = ANSWER_LIMIT
        async for part in self._inner:
            left -= len(part)
            if left < 0:
                raise AnswerTooLarge(f"the answer has more than {ANSWER_LIMIT:,} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


def _parse(text: str) -> httpx2.URL:
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise _invalid(f"is not a URL: {error}") from None
    if url.scheme not in _PORTS or not url.host:
        raise _invalid("must be a URL that begins with https:// or http://")
    if url.port is not None and not 0 < url.port <= _MAX_PORT:
        raise _invalid(f"must have a port from 1 to {_MAX_PORT}")
    if url.userinfo or url.fragment:
        raise _invalid("must not hold a name, a password or a #fragment")
    return url


def _invalid(message: str) -> InvalidInput:
    return InvalidInput(FieldError("target", message), hint="For example: https://workflow.example.org/answer.")


def _host(url: httpx2.URL) -> str:
    return url.raw_host.decode("ascii")


def _port(url: httpx2.URL) -> int:
    return url.port or _PORTS[url.scheme]
