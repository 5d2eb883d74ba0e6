"""Connections of the real process: how they are served, and how they end when the server is told to stop."""

import asyncio
import itertools
import logging
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.types import Receive, Scope, Send

from orcheo_adapters.http import serving
from orcheo_adapters.http.deadlines import Deadlines
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_adapters.http.serving import http_server
from orcheo_adapters.server import process
from orcheo_adapters.server.process import repeated
from orcheo_core.errors import StorageUnavailable
from tests.app_server import TestServer
from tests.http.live import Connection, Live
from tests.http.live import serving as live_serving
from tests.http.process import server_process

pytestmark = pytest.mark.network

STREAMS = 100
"""As many as a busy machine tells within the time for running answers; five times as many on one that is not."""
BODY = (
    b'{"type": "threads.create", "params": {"input": {"content": [{"type": "input_text", "text": "Hello"}],'
    b' "attachments": [], "inference_options": {}}}}'
)


async def begin(connection: Connection, credential: str) -> None:
    """Ask for a turn, and read its stream up to the first piece of the answer."""
    head = "POST /api/chatkit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {credential}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    connection.send(head.encode() + BODY)
    await connection.until(b'"delta":"before "')


async def rest_of(connection: Connection) -> bytes:
    """What comes after the signal, to the end."""
    return (await connection.to_the_end()).raw


async def test_streams_end_with_a_final_event_and_the_process_ends_by_itself(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Each visitor is told that the server restarts, no stream is just cut, and the exit is a clean one.

    How long it takes is in the report: two seconds at most, on a machine that does nothing else.
    """
    with server_process(tmp_path, ORCHEO_LIMITS="off") as server:
        credential = server.publish("endless")
        live = Live(server.port)
        connections = [live.connection() for _ in range(STREAMS)]
        opened = await asyncio.gather(*(each.__aenter__() for each in connections))
        await asyncio.gather(*(begin(each, credential) for each in opened))
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        ends = await asyncio.gather(*(rest_of(each) for each in opened))
        told = time.monotonic() - began
        code = await asyncio.to_thread(server.process.wait, 60)
        gone = time.monotonic() - began
        for each in connections:
            await each.__aexit__(None, None, None)
    for end in ends:
        *_, last, nothing = end.removesuffix(b"\r\n0\r\n\r\n").split(b"\n\n")
        assert last.startswith(b'data: {"type":"error"')
        assert b"restarting" in last
        assert nothing == b""
        assert end.endswith(b"\r\n0\r\n\r\n")
    record_property("all told after", f"{told:.2f} s")
    record_property("process gone after", f"{gone:.2f} s")
    assert code == 0
    assert not [line for line in server.log if "ended without waiting" in line]


async def test_the_exit_waits_for_no_silent_connection(tmp_path: Path) -> None:
    """Neither one that says nothing nor one that stopped within its request keeps the process."""
    with server_process(tmp_path) as server:
        live = Live(server.port)
        async with live.connection() as silent, live.connection() as partial, live.connection() as idle:
            partial.send(b"POST /api/chatkit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n{")
            idle.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await idle.until(b'{"status":"ok"}')
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(server.process.wait, 60) == 0
            assert time.monotonic() - began < Deadlines().head_seconds, "the connections ended by their own deadlines"
            assert (await silent.to_the_end()).raw == b""


def test_answers_on_an_open_connection_are_not_held_back(tmp_path: Path) -> None:
    """Headers and body go out in two writes; Nagle's algorithm would hold the second for 40 ms each time."""
    with server_process(tmp_path) as server, server.client() as client:
        client.get("/healthz")
        took = []
        for _ in range(50):
            began = time.monotonic()
            client.get("/healthz")
            took.append(time.monotonic() - began)
        assert min(took) < 0.035


async def stop_while_telling(is_telling: Callable[[], bool], may_end: asyncio.Event) -> bytes:
    """What a client gets whose stream ends when it may, from a server that is asked to stop at once."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await may_end.wait()
        await send({"type": "http.response.body", "body": b"last", "more_body": False})

    listener, listening = socket.create_server(("127.0.0.1", 0)), asyncio.Event()
    server = http_server(
        app,
        deadlines=Deadlines(),
        security_headers=SecurityHeaders(),
        on_ready=listening.set,
        on_stop=lambda: None,
        is_telling=is_telling,
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await listening.wait()
    async with Live(listener.getsockname()[1]).connection() as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await connection.until(b"first")
        server.should_exit = True
        rest = await connection.reader.read()
    await running
    return rest


@pytest.mark.parametrize("path", ["/api/workflows", "/api/chatkit"])
async def test_a_request_that_is_cut_off_at_a_stop_is_told_so(
    app_server: TestServer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Its body never comes; the answer is a problem that says when to try again, not a bare error."""
    monkeypatch.setattr(serving, "GRACE_SECONDS", 0.02)
    credential = (await app_server.publish())["publish_token"] if path == "/api/chatkit" else app_server.owner_token
    fields = f"Content-Type: application/json\r\nAuthorization: Bearer {credential}\r\nContent-Length: 9\r\n"
    async with live_serving(app_server.orcheo.app, deadlines=Deadlines()) as live:
        reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
        writer.write(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}\r\n".encode())
        async with live.connection() as other:
            other.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await other.until(b'{"status":"ok"}')
    answer = await Connection(reader, writer).to_the_end()
    writer.close()
    assert (answer.status, answer.code) == (503, "server_stopping")


async def test_a_stream_is_not_cut_off_while_its_end_is_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow disk may put it off for longer than other requests get."""
    monkeypatch.setattr(serving, "GRACE_SECONDS", 0.02)
    may_end, asked = asyncio.Event(), itertools.count()

    def is_telling() -> bool:
        if next(asked) < 5:
            return True
        may_end.set()
        return False

    assert b"last" in await stop_while_telling(is_telling, may_end)


async def test_ends_that_never_come_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the streams are cut off as before. Findings: the process ends in time."""
    monkeypatch.setattr(serving, "GRACE_SECONDS", 0.02)
    monkeypatch.setattr(serving, "TELLING_SECONDS", 0.05)
    assert b"last" not in await stop_while_telling(lambda: True, asyncio.Event())


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Answer nothing."""


async def test_the_server_goes_through_a_tick_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one does while a workflow has replaced the clock; the signal to stop still counts."""
    server = http_server(
        _nothing,
        deadlines=Deadlines(),
        security_headers=SecurityHeaders(),
        on_ready=lambda: None,
        on_stop=lambda: None,
    )
    monkeypatch.setattr(time, "time", lambda: 1 / 0)
    assert await server.on_tick(10) is False
    server.should_exit = True
    assert await server.on_tick(20) is True


class _Broken(logging.Handler):
    """Raises where others write."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.calls += 1
        raise OSError


async def test_regular_work_continues_although_its_failure_cannot_be_logged() -> None:
    """Or no text would become durable any more."""
    handler, log = _Broken(), logging.getLogger("orcheo.server")
    again = asyncio.Event()

    async def work() -> None:
        if handler.calls:
            again.set()
        raise ValueError

    log.addHandler(handler)
    try:
        async with repeated("a test", 0.0, work):
            await again.wait()
    finally:
        log.removeHandler(handler)


async def test_what_fails_again_and_again_is_written_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    """With its traceback once at most, and with none where it says what is wrong: the log may be on the full disk."""
    rounds = iter([StorageUnavailable("full")] * 100 + [None] + [ValueError("a")] * 11 + [ValueError("b")])
    over = asyncio.Event()

    async def work() -> None:
        error = next(rounds, None)
        if error is not None:
            raise error
        if next(rounds, None) is None:
            over.set()

    async with repeated("a test", 0.0, work):
        await over.wait()
    what = "the regular work on a test failed; it is done again in 0 s"
    told = [(each.getMessage(), bool(each.exc_info)) for each in caplog.records]
    assert told == [
        (f"{what}: StorageUnavailable: full", False),
        (f"{what} (10 times in a row now): StorageUnavailable: full", False),
        (f"{what} (100 times in a row now): StorageUnavailable: full", False),
        (what, True),
        (f"{what} (10 times in a row now): ValueError: a", False),
        (what, True),
    ]


async def test_what_fails_at_the_end_keeps_nothing_else_from_its_end(caplog: pytest.LogCaptureFixture) -> None:
    """Findings: on a full disk the last counts cannot be written; what runners have started must end all the same."""
    ended = []

    async def end() -> None:
        ended.append("one")

    async def fail() -> None:
        raise StorageUnavailable("The disk is full.")

    part = SimpleNamespace(wait=end, write=fail, close=end)
    core = SimpleNamespace(tally=part)
    await process._drain(SimpleNamespace(background=part, core=core, runners=part))  # type: ignore[arg-type]
    assert ended == ["one", "one"]
    assert "The disk is full." in caplog.text
