"""One request at a time on a connection."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from tests.http.live import Live, serving

pytestmark = pytest.mark.network
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\nbody"


class Held:
    """Answers each request once ``go`` is set, and counts them."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0
        self.begun = asyncio.Event()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.asked += 1
        self.begun.set()
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def held() -> Held:
    """The application."""
    return Held()


@pytest.fixture
async def live(held: Held) -> AsyncIterator[Live]:
    """It listens."""
    async with serving(held) as running:
        yield running


@pytest.mark.parametrize(
    "more", [GET, GET * 5_000, b"GET /he", POST, b"no HTTP"], ids=["one", "many", "part", "post", "junk"]
)
@pytest.mark.parametrize("first", [GET, POST], ids=["get", "post"])
async def test_what_comes_behind_a_request_is_not_read(live: Live, held: Held, first: bytes, more: bytes) -> None:
    """The first one is answered, whole, and the connection is closed: the client sends the rest over another one.

    Findings: one request at a time.
    """
    held.go.set()
    answer = await live.ask(first + more)
    assert (answer.status, answer.raw.count(b"HTTP/1.1"), answer.raw[-2:], held.asked) == (200, 1, b"ok", 1)


async def test_requests_during_an_answer_are_thrown_away(live: Live, held: Held) -> None:
    """They come in chunks of their own, more than one. Findings: one request at a time."""
    async with live.connection() as connection:
        connection.send(GET)
        await held.begun.wait()
        for _ in range(3):
            connection.send(GET * 100)
            await connection.writer.drain()
        await live.deadline_passes()
        held.go.set()
        answer = await connection.to_the_end()
    assert (answer.raw.count(b"HTTP/1.1"), held.asked) == (1, 1)


async def test_one_after_the_other_share_a_connection(live: Live, held: Held) -> None:
    """As browsers and proxies use them."""
    held.go.set()
    async with live.connection() as connection:
        for each in (GET, POST, GET):
            connection.send(each)
            assert (await connection.until(b"ok")).startswith(b"HTTP/1.1 200")
    assert held.asked == 3
