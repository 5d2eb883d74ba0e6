"""Connections that are silent, slow, too large or no HTTP, over real sockets with short deadlines."""

import asyncio
import logging
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from attrs import evolve
from starlette.types import Receive, Scope, Send

from orcheo_adapters.http.connections import Connections
from orcheo_adapters.http.deadlines import Deadlines
from tests import workflows
from tests.app_server import TestServer
from tests.http.live import QUICK, Answer, Connection, Live, serving

pytestmark = pytest.mark.network

HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
CLOSE = b"Connection: close\r\n\r\n"
POST = b"POST /api/chatkit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
async def live(app_server: TestServer) -> AsyncIterator[Live]:
    """The whole application on a socket."""
    async with serving(app_server.orcheo.app) as running:
        yield running


def assert_refused(answer: Answer, status: int, code: str) -> None:
    """A problem with all headers that other answers have, and the connection is closed."""
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"].startswith("req_")


def test_the_deadlines_are_those_of_the_security_page() -> None:
    """Header 10 s, body 30 s, headers of 16 KiB."""
    real = Deadlines()
    assert (real.head_seconds, real.body_seconds, real.head_bytes) == (10, 30, 16_384)


async def test_a_silent_connection_is_closed(live: Live) -> None:
    """Without a word, as nothing was asked."""
    assert (await live.ask(b"")).raw == b""


async def test_a_connection_that_stops_within_the_headers_is_told_so(live: Live) -> None:
    """408, and closed."""
    assert_refused(await live.ask(HEAD), 408, "request_timed_out")


@pytest.mark.parametrize("data", [HEAD + b"X: " + b"y" * 99, b"\r\n", b"G"], ids=["headers", "empty lines", "method"])
async def test_a_connection_that_drips_is_closed(live: Live, data: bytes) -> None:
    """Each byte comes well within the deadline, and none of them moves it."""
    async with live.connection() as connection:
        answer = await connection.drip(data)
    assert answer.status in {0, 400, 408}


async def test_a_second_request_that_drips_is_closed(live: Live) -> None:
    """A good first request earns no patience."""
    async with live.connection() as connection:
        connection.send(HEAD + b"\r\n")
        await connection.until(b'{"status":"ok"}')
        assert_refused(await connection.drip(HEAD + b"X: " + b"y" * 99), 408, "request_timed_out")


async def test_empty_lines_do_not_keep_an_idle_connection(live: Live) -> None:
    """HTTP ignores them between requests; the deadline does not."""
    async with live.connection() as connection:
        connection.send(HEAD + b"\r\n")
        await connection.until(b'{"status":"ok"}')
        assert (await connection.drip(b"\r\n")).raw == b""


@pytest.mark.parametrize("length", [b"Content-Length: 99", b"Transfer-Encoding: chunked"])
async def test_a_body_that_does_not_come_is_told_so(live: Live, app_server: TestServer, length: bytes) -> None:
    """Whether its length is announced or not."""
    await app_server.publish()
    credential = b"Authorization: Bearer " + (await app_server.grant()).encode()
    answer = await live.ask(POST + credential + b"\r\n" + length + b"\r\n\r\n")
    assert_refused(answer, 408, "request_timed_out")


async def test_a_body_that_drips_is_told_so(live: Live, app_server: TestServer) -> None:
    """It has one deadline as a whole."""
    await app_server.publish()
    credential = b"Authorization: Bearer " + (await app_server.grant()).encode()
    async with live.connection() as connection:
        connection.send(POST + credential + b"\r\nContent-Length: 9999\r\n\r\n")
        assert_refused(await connection.drip(b" "), 408, "request_timed_out")


async def test_a_body_nobody_waits_for_any_more_ends_with_the_connection(live: Live) -> None:
    """The refusal comes at once; the body that drips on afterwards has the same deadline."""
    async with live.connection() as connection:
        connection.send(POST + b"Content-Length: 9999\r\n\r\n")
        answer = await connection.drip(b" ")
    assert (answer.status, answer.raw.count(b"HTTP/1.1")) == (401, 1)


@pytest.mark.parametrize("lines", [b"\r\n", b"\r\n" * 10_000, b"\n" * 10_000], ids=["one", "many", "bare"])
async def test_empty_lines_before_the_first_request_raise_nothing(
    live: Live, lines: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """They are skipped (RFC 9112, section 2.2), and the request behind them is answered."""
    async with live.connection() as connection:
        connection.send(lines)
        await asyncio.sleep(0)
        connection.send(HEAD + CLOSE)
        assert (await connection.to_the_end()).status == 200
    assert not caplog.records


async def test_an_idle_connection_is_closed(live: Live) -> None:
    """After its answer, without a word."""
    async with live.connection() as connection:
        connection.send(HEAD + b"\r\n")
        await connection.until(b'{"status":"ok"}')
        assert (await connection.to_the_end()).raw == b""


async def test_requests_in_time_share_a_connection(live: Live) -> None:
    """One after the other."""
    async with live.connection() as connection:
        for _ in range(5):
            connection.send(HEAD + b"\r\n")
            await connection.until(b'{"status":"ok"}')


async def test_a_stream_may_last_longer_than_any_deadline(live: Live, app_server: TestServer) -> None:
    """Deadlines are for requests; answers take the time that they take."""
    workflows.close_gate("slow")
    await app_server.publish(call="held")
    grant = (await app_server.grant()).encode()
    body = b"""{"type": "threads.create", "params": {"input": {
        "content": [{"type": "input_text", "text": "slow"}], "attachments": [], "inference_options": {}}}}"""
    async with live.connection() as connection:
        head = b"Authorization: Bearer %b\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (grant, len(body))
        connection.send(POST + head + body)
        await connection.until(b'"delta":"before "')
        await live.deadline_passes()
        await live.deadline_passes()
        workflows.open_gate("slow")
        assert b'"before after"' in (await connection.to_the_end()).raw


@pytest.mark.parametrize("count", [1, 300], ids=["one header", "many headers"])
async def test_headers_that_are_too_large(live: Live, count: int) -> None:
    """Whole or in pieces; just below the limit they pass."""
    each = 17_000 // count
    large = b"".join(b"X-%d: %b\r\n" % (number, b"y" * each) for number in range(count))
    assert_refused(await live.ask(HEAD + large + CLOSE), 431, "headers_too_large")
    fitting = b"X: " + b"y" * 15_000 + b"\r\n"
    assert (await live.ask(HEAD + fitting + CLOSE)).status == 200


async def test_headers_that_never_end(live: Live) -> None:
    """They are refused as soon as they are too large, not when their time is over."""
    async with live.connection() as connection:
        connection.send(HEAD)
        for _ in range(30):
            connection.send(b"y" * 1_000)
            await connection.writer.drain()
        assert_refused(await connection.to_the_end(), 431, "headers_too_large")


async def test_an_address_that_is_too_long(live: Live) -> None:
    """The request line counts as well."""
    answer = await live.ask(b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE)
    assert_refused(answer, 431, "headers_too_large")


async def test_a_body_that_is_too_large(live: Live, app_server: TestServer) -> None:
    """Announced or not: 413, which the client can read although it is still sending."""
    await app_server.publish()
    grant = (await app_server.grant()).encode()
    head = POST + b"Authorization: Bearer " + grant + b"\r\n" + CLOSE[:-2]
    large = b" " * 600_000
    announced = await live.ask(head + b"Content-Length: 600000\r\n\r\n" + large)
    chunked = await live.ask(head + b"Transfer-Encoding: chunked\r\n\r\n927c0\r\n" + large + b"\r\n0\r\n\r\n")
    for answer in (announced, chunked):
        assert (answer.status, answer.code) == (413, "body_too_large")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["TLS", "prose", "two lengths"],
)
async def test_what_is_no_http_is_told_so(live: Live, data: bytes) -> None:
    """A problem like any other. Findings: strict framing."""
    assert_refused(await live.ask(data), 400, "not_http")


async def test_a_length_may_begin_with_any_number_of_zeros(live: Live) -> None:
    """It is a valid number (RFC 9110, section 8.6), of more digits than Python would read."""
    head = b"POST /api/chat/none/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    answer = await live.ask(head + b"Content-Length: " + b"0" * 5_000 + b"2\r\n\r\n{}")
    assert (answer.status, answer.code) == (404, "chat_unavailable")


async def test_an_upgrade_does_not_leave_the_deadlines_behind(live: Live) -> None:
    """There are no web sockets here: it is a request like any other."""
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n"
    answer = await live.ask(HEAD + upgrade)
    assert answer.status != 101


async def test_many_slow_connections_do_not_keep_others_out(app_server: TestServer) -> None:
    """300 of them, and an honest request is still answered."""
    async with serving(app_server.orcheo.app, evolve(QUICK, head_seconds=3, linger_seconds=60)) as live:
        slow = [asyncio.create_task(live.ask(HEAD)) for _ in range(300)]
        assert (await live.ask(HEAD + CLOSE)).status == 200
        assert {each.status for each in await asyncio.gather(*slow)} == {408}


async def test_a_client_that_does_not_read_is_cut() -> None:
    """Otherwise an answer that no one takes would be kept for ever."""
    gone = asyncio.Event()

    async def endless(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        watching = asyncio.ensure_future(receive())
        while not watching.done():
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
            await asyncio.sleep(0)
        gone.set()

    async with serving(endless, QUICK) as live, live.connection() as connection:
        connection.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a reading transport
        connection.send(HEAD + b"\r\n")
        async with asyncio.timeout(60):
            await gone.wait()


FILE = b"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n" + CLOSE


async def _takes(_scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body, then say how long it was."""
    size, more = 0, True
    while more:
        part = await receive()
        if part["type"] == "http.disconnect":
            return
        size, more = size + len(part["body"]), part["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % size})


async def _drip(connection: Connection, data: bytes) -> None:
    for each in data:
        connection.send(bytes([each]))
        await asyncio.sleep(0.001)


async def test_a_large_body_over_a_slow_line_has_time_by_what_has_come() -> None:
    """It takes several times as long as a body may that does not come."""
    slow = evolve(QUICK, body_seconds=0.3, body_rate=100)
    async with serving(_takes, slow) as live, live.connection() as connection:
        connection.send(FILE)
        await _drip(connection, b"x" * 2_000)
        assert b"\r\n2000\r\n" in (await connection.to_the_end()).raw


async def _answers_at_once(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.mark.parametrize(
    ("framing", "part"),
    [
        (b"Content-Length: 900000000000\r\n\r\n", b"x" * 4_096),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n%b\r\n" % (b"x" * 4_096)),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 700),
    ],
    ids=["announced", "chunks", "small chunks"],
)
async def test_a_body_without_end_is_not_read_on_once_its_request_is_answered(framing: bytes, part: bytes) -> None:
    """By what has come it would earn time for ever; the connection ends behind the answer.

    Findings: one request at a time.
    """
    patient = evolve(QUICK, body_seconds=60, linger_seconds=60, answered_bytes=20_000)
    async with serving(_answers_at_once, patient) as live, live.connection() as connection:
        connection.send(b"POST /x HTTP/1.1\r\nHost: x\r\n" + framing)
        assert (await connection.until(b"ok")).startswith(b"HTTP/1.1 200")
        for _ in range(10):
            connection.send(part)
        assert (await connection.to_the_end()).raw == b""


async def test_whoever_still_reads_a_refused_body_learns_that_it_is_gone() -> None:
    """A client that waits for leave to send its body (``Expect: 100-continue``) gets none behind our last words."""
    told = asyncio.Queue[object]()

    async def reads(_scope: Scope, receive: Receive, _send: Send) -> None:
        try:
            told.put_nowait((await receive())["type"])
        except RuntimeError as error:
            told.put_nowait(error)

    async with serving(reads, QUICK) as live:
        head = b"POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert_refused(await live.ask(head + b"no size\r\n"), 400, "not_http")
        assert await told.get() == "http.disconnect"


async def _flood(connection: Connection) -> None:
    while True:
        connection.send(b"x" * 65_536)
        await connection.writer.drain()


async def test_a_flood_behind_a_refusal_is_cut() -> None:
    """A client has time to read why it is refused, but not to send whatever it likes."""
    patient = evolve(QUICK, linger_seconds=60, answered_bytes=1_000, linger_bytes=100_000)
    async with serving(_answers_at_once, patient) as live, live.connection() as connection:
        connection.send(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000000\r\n\r\n")
        await connection.until(b"ok")
        with pytest.raises(ConnectionError):
            await _flood(connection)


async def test_an_idle_connection_keeps_nothing_of_a_body_that_its_answer_did_not_read() -> None:
    """Such as that of a request that was refused. Findings: one request at a time."""
    asked = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + bytes(60_000)
    patient = evolve(QUICK, idle_seconds=60)
    async with serving(_answers_at_once, patient) as live, AsyncExitStack() as idle:
        tracemalloc.start()
        idle.callback(tracemalloc.stop)
        for _ in range(20):
            connection = await idle.enter_async_context(live.connection())
            connection.send(asked)
            await connection.until(b"ok")
        assert tracemalloc.get_traced_memory()[0] < 20 * 30_000


async def test_what_is_left_of_a_small_body_behind_its_answer_ends_no_connection() -> None:
    """The next request has its answer over the same one."""
    patient = evolve(QUICK, body_seconds=60, answered_bytes=20_000)
    async with serving(_answers_at_once, patient) as live, live.connection() as connection:
        for _ in range(3):
            connection.send(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 15000\r\n\r\n")
            await connection.until(b"ok")
            connection.send(b"x" * 15_000)


async def test_a_body_that_stops_half_way_is_told_so() -> None:
    """What has come of it earns some time, then it is over."""
    async with serving(_takes, evolve(QUICK, body_rate=5_000)) as live, live.connection() as connection:
        connection.send(FILE + b"x" * 1_000)
        assert_refused(await connection.to_the_end(), 408, "request_timed_out")


async def _large(_scope: Scope, receive: Receive, send: Send) -> None:
    """An answer of a megabyte, or as it is asked for."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % LARGE)]})
    await send({"type": "http.response.body", "body": b"x" * LARGE})


class Watched(Connections):
    """Knows when a connection is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.is_left = asyncio.Event()

    def leave(self, key: str) -> None:
        super().leave(key)
        self.is_left.set()


LARGE = 8 * 1024 * 1024


@pytest.mark.parametrize("end", [b"\r\n", CLOSE], ids=["kept", "closed"])
async def test_an_answer_that_is_not_read_to_its_end_is_given_up(end: bytes) -> None:
    """Also after the server has written all of it: what the system does not buffer lies in its memory."""
    connections = Watched()
    async with serving(_large, QUICK, connections) as live, live.connection() as connection:
        connection.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a reading transport
        connection.send(HEAD + end)
        async with asyncio.timeout(60):
            await connections.is_left.wait()


async def test_a_client_that_reads_slowly_gets_the_whole_answer() -> None:
    """A pause between two parts is shorter than the time that each part earns."""
    async with serving(_large, QUICK) as live, live.connection() as connection:
        connection.send(HEAD + CLOSE)
        read = 0
        while part := await connection.reader.read(256 * 1024):
            read += len(part)
            await asyncio.sleep(0.01)
    assert read > LARGE


async def test_a_flood_of_upgrades_writes_no_log(caplog: pytest.LogCaptureFixture, live: Live) -> None:
    """Nor does anything else that strangers may send against the rules."""
    upgrade = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    for data in (
        HEAD + upgrade,
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n" + CLOSE,
        b"\x16\x03\x01",
        b"GET / HTTP/9.9\r\n\r\n",
    ):
        for _ in range(5):
            await live.ask(data)
    assert [each for each in caplog.records if each.levelno >= logging.INFO] == []


async def test_a_client_that_goes_while_it_is_answered_is_no_error() -> None:
    """Its system answers the last words with a reset; as an error in the log it would be a way to fill the disk."""
    client = socket.socket()
    sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def outlives_its_client(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        assert client.recv(65_536).startswith(b"HTTP/1.1 200")
        client.close()
        try:
            await send({"type": "http.response.body", "body": b"ok"})
        except OSError as error:
            sent.set_exception(error)
        else:
            sent.set_result(None)

    async with serving(outlives_its_client, QUICK) as live:
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", live.port))
        client.send(b"POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\nx")
        await sent
