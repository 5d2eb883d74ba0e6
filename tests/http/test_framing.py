"""Rules of HTTP that a server must not bend: version, Host, framing, methods, redirects (RFC 9110, RFC 9112)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from tests.app_server import TestServer
from tests.http.live import Live, serving

pytestmark = pytest.mark.network

CLOSE = b"Connection: close\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\n"


@pytest.fixture
async def live(app_server: TestServer) -> AsyncIterator[Live]:
    """The real application on a socket."""
    async with serving(app_server.orcheo.app) as server:
        yield server


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (HEALTH, 400, "not_http"),
        (HEALTH + b"Host: x\r\nHost: y\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\r\nHost: x\r\n", 400, "not_http"),
        (HEALTH + b"Host: [\r\n", 400, "not_http"),
        (HEALTH + b"Host: a b\r\n", 400, "not_http"),
        (HEALTH + b"Host: x/y\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\r\nTransfer-Encoding: xchunked\r\n", 501, "transfer_coding_unknown"),
        (HEALTH + b"Host: x\r\nTransfer-Encoding: gzip, chunked\r\n", 501, "transfer_coding_unknown"),
        (b"GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", 400, "not_http"),
        (b"GET /healthz HTTP/2.0\r\nHost: x\r\n", 505, "http_version_unknown"),
        (b"GET /healthz\r\nHost: x\r\n", 400, "not_http"),
        (b"FETCH /healthz HTTP/1.1\r\nHost: x\r\n", 501, "method_unknown"),
        (HEALTH + b"Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\r\nContent-Length: 1, 1\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\r\nContent-Length: +1\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\r\nContent-Length: -1\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\r\nContent-Length: 0x1\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\r\nContent-Length: \r\n", 400, "not_http"),
        (HEALTH + b"Host : x\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\r\nA: b\r\n c\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\r\nA: b\x00c\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400, "not_http"),
        (HEALTH + b"Host: x\nA: b\r\n", 400, "not_http"),
    ],
)
async def test_a_request_against_the_rules_is_refused(live: Live, head: bytes, status: int, code: str) -> None:
    """Each fault has the status that the RFCs give it, as a problem with a code. Findings: strict framing."""
    answer = await live.ask(head + CLOSE)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    "host", [b"x", b"chat.example.org:8700", b"[::1]:8700", b"127.0.0.1", b"xn--bcher-kva.example"]
)
async def test_a_host_of_any_valid_form_is_read(live: Live, host: bytes) -> None:
    """Names, addresses of both kinds, with a port or without."""
    assert (await live.ask(HEALTH + b"Host: " + host + b"\r\n" + CLOSE)).status == 200


async def test_http_1_0_needs_no_host(live: Live) -> None:
    """That version did not have the header yet."""
    answer = await live.ask(b"GET /healthz HTTP/1.0\r\n\r\n")
    assert answer.status == 200
    assert answer.raw.endswith(b'{"status":"ok"}')


async def _three_parts(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for part in (b"one ", b"", b"two\r\n", b"0\r\n\r\n"):
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("more", [b"", b"Connection: keep-alive\r\n"])
async def test_a_stream_for_http_1_0_is_not_chunked(more: bytes) -> None:
    """Such a client would read the sizes as part of the body; its end is the end of the connection."""
    async with serving(_three_parts) as live:
        answer = await live.ask(b"GET / HTTP/1.0\r\n" + more + b"\r\n")
    head, _, body = answer.raw.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert body == b"one two\r\n0\r\n\r\n"


async def test_a_method_that_an_address_does_not_take(live: Live) -> None:
    """``Allow`` names the methods of all routes with this path."""
    answer = await live.ask(b"PUT /api/workflows HTTP/1.1\r\nHost: x\r\n" + CLOSE)
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    answer = await live.ask(b"PUT /api/workflows/x HTTP/1.1\r\nHost: x\r\n" + CLOSE)
    assert answer.headers["allow"] == "DELETE, GET, HEAD, PATCH"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        (b"/chat/echo/", "/chat/echo"),
        (b"/chat/echo/?a=b%20c", "/chat/echo?a=b%20c"),
        (b"/healthz/", "/healthz"),
        (b"/chat/%C3%A9/", "/chat/%C3%A9"),
    ],
)
async def test_a_slash_too_many_leads_to_the_address_on_the_host_that_was_asked(
    live: Live, path: bytes, location: str
) -> None:
    """Behind a proxy the server knows neither the scheme nor the host that the visitor used.

    Findings: known names only.
    """
    answer = await live.ask(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE)
    assert (answer.status, answer.headers["location"]) == (308, location)


async def test_a_message_sent_with_a_slash_too_many_stays_on_the_host(live: Live) -> None:
    """308 keeps method and body."""
    answer = await live.ask(b"POST /api/chatkit/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + CLOSE)
    assert (answer.status, answer.headers["location"]) == (308, "/api/chatkit")


@pytest.mark.parametrize("path", [b"//evil.example/", b"//chat", b"/nothing/", b"/chat/a/b/"])
async def test_no_redirect_leads_to_where_nothing_is(live: Live, path: bytes) -> None:
    """Least of all to another host, as a location that begins with two slashes would."""
    answer = await live.ask(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE)
    assert answer.status == 404


@pytest.mark.parametrize("origin", [b"http://[", b"http://[::1", b"https://[x]y", b"null", b"\xff"])
@pytest.mark.parametrize("path", [b"/api/chat/one/session", b"/auth/logout", b"/api/chatkit"])
async def test_an_origin_that_cannot_be_read_is_another_site(live: Live, path: bytes, origin: bytes) -> None:
    """It is refused as such, not a fault of the server. Findings: no header raises."""
    head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nContent-Type: application/json\r\n"
    answer = await live.ask(head + b"Origin: " + origin + b"\r\nContent-Length: 2\r\n" + CLOSE + b"{}")
    assert (answer.status, answer.code) == (403, "cross_site_request")


PARSED = [
    "accept", "accept-encoding", "accept-language", "authorization", "content-length", "content-type", "cookie",
    "expect", "host", "idempotency-key", "if-match", "if-none-match", "last-event-id", "orcheo-resume", "orcheo-ticket",
    "origin", "range", "sec-fetch-site", "transfer-encoding", "x-forwarded-for", "x-request-id",
]  # fmt: skip
PLACES = [
    b"GET /healthz",
    b"GET /api/chat/one",
    b"POST /api/chatkit",
    b"POST /api/chat/one/session",
    b"GET /api/workflows",
]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(PLACES),
    headers=st.lists(
        st.tuples(st.sampled_from(PARSED), st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=30)),
        max_size=4,
    ),
)
def test_no_header_of_a_stranger_raises(app_server: TestServer, place: bytes, headers: list[tuple[str, str]]) -> None:
    """Whatever stands in a header that the server reads, the answer is not a 5xx of the server's own fault.

    Findings: no header raises.
    """
    lines = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers)

    async def ask() -> int:
        async with serving(app_server.orcheo.app) as live:
            return (await live.ask(place + b" HTTP/1.1\r\nHost: x\r\n" + lines + CLOSE)).status

    assert asyncio.run(ask()) not in {500, 502, 503, 504}


# --- what stands around the chunks of a body -------------------------------------------------------------------------

CHUNKED = b"POST /x HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\nTransfer-Encoding: chunked\r\n" + CLOSE


async def _headers_and_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the names of the headers and the length of the body."""
    size, more = 0, True
    while more:
        part = await receive()
        more, size = part.get("more_body", False), size + len(part.get("body", b""))
    names = b",".join(name for name, _ in scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%b;%d" % (names, size)})


async def test_a_trailer_is_no_header() -> None:
    """Behind a body anyone could say what a proxy says in front of it. Findings: strict framing."""
    async with serving(_headers_and_body) as live:
        answer = await live.ask(CHUNKED + b"2\r\n{}\r\n0\r\nX-Forwarded-For: 192.0.2.2\r\nOrigin: x\r\n\r\n")
    assert b"host,x-forwarded-for,transfer-encoding,connection;2" in answer.raw


@pytest.mark.parametrize(
    "more",
    [
        b"0\r\nX: " + b"y" * 400_000,
        b"0\r\n" + b"X: y\r\n" * 200,
        b"2;" + b"x" * 400_000,
        b"".join(b"1;" + b"x" * 99 + b"\r\na\r\n" for _ in range(4_000)),
    ],
    ids=["trailer", "trailers", "extension", "extensions"],
)
async def test_what_stands_around_chunks_is_bounded(more: bytes) -> None:
    """It would be kept in memory, and none of it counts as body. Findings: strict framing."""
    async with serving(_headers_and_body) as live:
        answer = await live.ask(CHUNKED + more)
    assert (answer.status, answer.code) == (431, "headers_too_large")


async def test_small_chunks_are_taken() -> None:
    """They need more bytes around them than in them."""
    async with serving(_headers_and_body) as live:
        answer = await live.ask(CHUNKED + b"1\r\na\r\n" * 60_000 + b"0\r\n\r\n")
    assert b";60000" in answer.raw


async def test_many_headers_are_too_many(live: Live) -> None:
    """However short they are; 100 are enough for everyone."""
    many = b"a:b\r\n" * 98
    assert (await live.ask(HEALTH + b"Host: x\r\n" + many + CLOSE)).status == 200
    answer = await live.ask(HEALTH + b"Host: x\r\n" + many + b"a:b\r\n" + CLOSE)
    assert (answer.status, answer.code) == (431, "headers_too_large")
    async with live.connection() as connection:
        connection.send(HEALTH + b"Host: x\r\n" + many * 2)
        assert (await connection.to_the_end()).status == 431
