"""HTTP to identity providers: short waits, small answers, JSON only, no redirects."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import httpx2
import orjson
from attrs import frozen

from orcheo_adapters.connection_faults import what_failed
from orcheo_adapters.outgoing import Outgoing
from orcheo_adapters.outgoing_answers import BoundedBody
from orcheo_adapters.system.logs import get_logger
from orcheo_core.errors import IdentityProviderUnavailable

ANSWER_LIMIT = 1_000_000
"""Bytes of one answer; key sets with certificates are the largest."""

MOST_AT_ONCE = 32
"""Requests under way to one host. Anyone can begin them, from many addresses: while the host does not answer, each
would hold a file descriptor."""

TIME_LIMIT = 15.0
"""Seconds for a whole answer: one that drips in byte by byte would keep a visitor who signs in waiting for months."""
_TIMEOUT = httpx2.Timeout(10.0, connect=5.0)
_LOG = get_logger("login")


@frozen(kw_only=True)
class ProviderAnswer:
    """A status and the JSON object that came with it."""

    status: int
    document: dict[str, Any]


class ProviderHttp:
    """Asks identity providers; every method raises :class:`IdentityProviderUnavailable` without a usable answer."""

    def __init__(
        self,
        transport: httpx2.AsyncBaseTransport | None = None,
        *,
        outgoing: Outgoing | None = None,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        """Ask over ``transport``; over the network, as ``outgoing`` says, when none is given."""
        self._time_limit = time_limit
        self._given_transport = transport
        self._outgoing = outgoing or Outgoing()
        self._under_way: Counter[str] = Counter()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The object at ``url``; any status but 200 is refused."""
        answer = await self._send("GET", url, headers=headers or {})
        if answer.status != httpx2.codes.OK:
            raise _unavailable(url, f"status {answer.status}")
        return answer.document

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> ProviderAnswer:
        """What the provider says to a form."""
        return await self._send("POST", url, headers=headers, data=form)

    async def _send(self, method: str, url: str, **request: Any) -> ProviderAnswer:
        try:
            with self._counted(httpx2.URL(url).host):
                return await self._answer(method, url, **request)
        except (httpx2.HTTPError, OSError, TypeError, ValueError) as error:
            raise _unavailable(url, what_failed(error)) from None

    async def _answer(self, method: str, url: str, **request: Any) -> ProviderAnswer:
        async with (
            asyncio.timeout(self._time_limit),
            await self._client(url) as client,
            client.stream(method, url, **request) as response,
        ):
            if response.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
                raise _unavailable(url, f"status {response.status_code}")
            return ProviderAnswer(
                status=response.status_code, document=_object(response.status_code, await _read(response))
            )

    @contextmanager
    def _counted(self, host: str) -> Iterator[None]:
        if self._under_way[host] >= MOST_AT_ONCE:
            message = f"{MOST_AT_ONCE} requests to {host} are under way already"
            raise ValueError(message)
        self._under_way[host] += 1
        try:
            yield
        finally:
            self._under_way[host] -= 1

    async def _client(self, url: str) -> httpx2.AsyncClient:
        asked = httpx2.URL(url)
        proxy, is_tls = self._outgoing.proxy_for(asked), asked.scheme == "https"
        transport = self._given_transport or await self._outgoing.connections(proxy, is_tls=is_tls)
        headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "orcheo"}
        return httpx2.AsyncClient(
            transport=transport, timeout=_TIMEOUT, headers=headers, follow_redirects=False, trust_env=False
        )


async def _read(response: httpx2.Response) -> bytes:
    body = cast(httpx2.AsyncByteStream, response.stream)
    parts = BoundedBody(body, limit=ANSWER_LIMIT, too_large=ValueError("the answer is too large"))
    return b"".join([part async for part in parts])


def _object(status: int, body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        message = f"status {status}, and the answer is not a JSON object"
        raise TypeError(message)
    return document


def _unavailable(url: str, why: str) -> IdentityProviderUnavailable:
    _LOG.warning("the identity provider gave no usable answer at %s: %s", url.partition("?")[0], why)
    return IdentityProviderUnavailable()
