"""HTTP to services that owners name: only to checked addresses, without redirects, and only so much of an answer.

Each request looks the host up again, checks every address it has, and connects to a checked one; the Host header and
the name in TLS stay those of the URL. So a name that changes its address between check and use gains nothing.
Where a proxy leads to the service, the proxy looks the host up: then it decides what can be reached by name, and what
is written as an address is still checked here. Addresses that the operator allows are reached without the proxy.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import cast

import httpx2

from orcheo_adapters.outgoing import Outgoing
from orcheo_adapters.outgoing_answers import BoundedBody
from orcheo_adapters.runners.addresses import AddressRefused, AllowedAddresses, check_addresses, known_addresses
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.ports.runner import RunFailed

ANSWER_LIMIT = 10 * 1024 * 1024
"""Bytes of one answer."""

ERROR_LIMIT = 1024 * 1024
"""Bytes of an answer with the status of an error that are read; it is parsed as a whole, while all chats wait."""

IDLE_SECONDS = 60.0
"""Seconds without use after which a client is closed."""

REST_SECONDS = 0.2
"""Time for the last bytes after a whole answer: a connection is kept only when its answer was read to the end."""

_MAX_PORT = 65_535
_ERRORS = 400
_PORTS = {"http": 80, "https": 443}
_TIMEOUT = httpx2.Timeout(None, connect=10.0, write=30.0)
"""The time limit of the run ends the wait for an answer: a model that is loaded first is silent for minutes."""

Resolve = Callable[[str, int], Awaitable[list[str]]]


class AnswerTooLarge(RunFailed):
    """A service sent more than :data:`ANSWER_LIMIT`."""

    def __init__(self) -> None:
        """The limit is part of the reason."""
        super().__init__(code="answer_too_large", reason=f"The answer has more than {ANSWER_LIMIT:,} bytes")


class AnswerEncoded(RunFailed):
    """A service sent a compressed answer, although none was asked for: its size could not be limited."""

    def __init__(self, encoding: str) -> None:
        """Name the encoding."""
        super().__init__(
            code="answer_encoded",
            reason=f"The answer is encoded as {encoding!r}, although no compression was asked for",
        )


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order in which the operating system would try them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [cast(str, address[0]) for *_, address in found]


class _Lent:
    """A client, how many runs use it, and the timer that closes it when none does."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.users = 0
        self.timer: asyncio.TimerHandle | None = None


class GuardedHttp:
    """Makes HTTP clients that keep within bounds, and lends them."""

    def __init__(
        self,
        allowed: AllowedAddresses,
        *,
        outgoing: Outgoing | None = None,
        resolve: Resolve = resolve,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Look hosts up with ``resolve``; reach what is open, and what is ``allowed``."""
        self._allowed = allowed
        self._outgoing = outgoing or Outgoing()
        self._resolve = resolve
        self._idle_seconds = idle_seconds
        self._lent: dict[Hashable, _Lent] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def check_url(self, text: str) -> None:
        """Raise :class:`InvalidInput` (path ``target``) for anything but a URL, and for a closed address."""
        url = _parse(text)
        host, port = _host(url), _port(url)
        try:
            check_addresses(host, port, known_addresses(host), self._allowed)
        except AddressRefused as error:
            raise _invalid(
                str(error), hint="Choose another address, or allow this one and start the server again."
            ) from None

    @asynccontextmanager
    async def lent(self, key: Hashable) -> AsyncIterator[httpx2.AsyncClient]:
        """A client for one run.

        Runs with the same ``key``, which stands for one workflow, share the client and its open connections. No cookie
        is kept.
        """
        lent = self._lent.get(key)
        if lent is None:
            lent = self._lent[key] = _Lent(self.client())
        lent.users += 1
        if lent.timer is not None:
            lent.timer.cancel()
        try:
            yield lent.client
        finally:
            lent.users -= 1
            if lent.users == 0:
                loop = asyncio.get_running_loop()
                lent.timer = loop.call_later(self._idle_seconds, self._drop, key, lent)

    def client(self) -> httpx2.AsyncClient:
        """A client, to be closed by the caller."""
        headers = {"accept-encoding": "identity", "user-agent": "orcheo"}
        return httpx2.AsyncClient(
            transport=_GuardedTransport(self._outgoing, self._allowed, self._resolve),
            timeout=_TIMEOUT,
            headers=headers,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all clients."""
        for key, lent in [*self._lent.items()]:
            self._drop(key, lent)
        await asyncio.gather(*self._closing)

    def _drop(self, key: Hashable, lent: _Lent) -> None:
        self._lent.pop(key, None)
        if lent.timer is not None:
            lent.timer.cancel()
        task = asyncio.get_running_loop().create_task(lent.client.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _GuardedTransport(httpx2.AsyncBaseTransport):
    def __init__(self, outgoing: Outgoing, allowed: AllowedAddresses, resolve: Resolve) -> None:
        self._outgoing = outgoing
        self._allowed = allowed
        self._resolve = resolve
        self._pools: dict[tuple[str, str, str | None], httpx2.AsyncHTTPTransport] = {}
        self._has_answered = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._send(request)
        except httpx2.RemoteProtocolError:
            if not self._has_answered:
                raise
            response = await self._send(request)  # the service closed a connection that was kept for too long
        self._has_answered = True
        encoding = response.headers.get("content-encoding", "identity")
        if encoding.lower() != "identity":
            await response.aclose()
            raise AnswerEncoded(encoding)
        answer = httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_bounded(response),
            extensions=response.extensions,
        )
        answer.encoding = "utf-8"  # of those that a service could name, some take a minute for 1 MiB (punycode)
        return answer

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        host, port = _host(request.url), _port(request.url)
        proxy = None if self._allowed.name(host, port) else self._outgoing.proxy_for(request.url)
        if proxy is not None:
            check_addresses(host, port, known_addresses(host), self._allowed)
            pool = await self._pool(request.url, proxy)
            return await pool.handle_async_request(request)
        try:
            found = await self._resolve(host, port)
        except OSError as error:
            message = f"the host {host!r} has no address: {error.strerror or error}"
            raise httpx2.ConnectError(message, request=request) from error
        return await self._try_each(request, check_addresses(host, port, found, self._allowed), host)

    async def _try_each(self, request: httpx2.Request, addresses: list[str], host: str) -> httpx2.Response:
        pool = await self._pool(request.url, None)
        for address in addresses[:-1]:
            try:
                return await pool.handle_async_request(_redirected(request, address, host))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await pool.handle_async_request(_redirected(request, addresses[-1], host))

    async def _pool(self, url: httpx2.URL, proxy: str | None) -> httpx2.AsyncHTTPTransport:
        """Connections of this host alone: one to a shared address must never serve another name."""
        key = url.scheme, _host(url), proxy
        if key not in self._pools:
            made = await self._outgoing.connections(proxy, is_tls=url.scheme == "https")
            self._pools.setdefault(key, made)  # another request may have been quicker
        return self._pools[key]

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()


def _redirected(request: httpx2.Request, address: str, host: str) -> httpx2.Request:
    """The same request, to this very address."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _bounded(response: httpx2.Response) -> BoundedBody:
    """An error that is longer is cut: its first part says why."""
    is_error = response.status_code >= _ERRORS
    return BoundedBody(
        cast(httpx2.AsyncByteStream, response.stream),
        limit=ERROR_LIMIT if is_error else ANSWER_LIMIT,
        too_large=None if is_error else AnswerTooLarge(),
    )


def _parse(text: str) -> httpx2.URL:
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise _invalid(f"is not a URL: {error}") from None
    if url.scheme not in _PORTS or not url.host:
        message = "must be a URL that begins with https:// or http://"
        if text and "://" not in text:
            raise _invalid(message, hint=f"Begin it with one of them: http://{text} or https://{text}")
        raise _invalid(message)
    if url.port is not None and not 0 < url.port <= _MAX_PORT:
        raise _invalid(f"must have a port from 1 to {_MAX_PORT}")
    if url.userinfo or url.fragment:
        raise _invalid("must not hold a name, a password or a #fragment")
    return url


def _invalid(message: str, *, hint: str = "For example: https://workflow.example.org/answer.") -> InvalidInput:
    return InvalidInput(FieldError("target", message), hint=hint)


def _host(url: httpx2.URL) -> str:
    return url.raw_host.decode("ascii")


def _port(url: httpx2.URL) -> int:
    return url.port or _PORTS[url.scheme]
