"""A turn's frames as server-sent events: heartbeats, and clients that go away."""

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, cast

import pytest
from attrs import define, field

from orcheo_adapters.http.heartbeats import Heartbeats
from orcheo_adapters.http.outlet import ConnectionOutlet, head_of
from orcheo_adapters.http.scope import OPEN_OUTLET
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_adapters.http.sse import TurnStream
from orcheo_adapters.wire.chatkit_answers import ChatKitEncoder
from orcheo_adapters.wire.chatkit_items import AttachmentLinks
from orcheo_core.domain.thread_events import Progress
from orcheo_core.services.shared.holding import Hold
from orcheo_core.turns.live import LiveTurn
from tests.fakes.turn import live_turn

FIRST, SECOND = Progress(text="one"), Progress(text="two")
HEARTBEAT = b": still here\n\n"
NEVER = 3600.0


@define
class Client:
    """The other end of a stream; ``gone`` ends it from there."""

    parts: list[bytes] = field(factory=list)
    status: int = 0
    ended: bool = False
    gone: asyncio.Event = field(factory=asyncio.Event)
    heard: asyncio.Queue[bytes] = field(factory=asyncio.Queue)
    _request: list[dict[str, Any]] = field(factory=lambda: [{"type": "http.request", "body": b"", "more_body": False}])

    async def receive(self) -> dict[str, Any]:
        """The rest of the request, then nothing until the client goes."""
        if self._request:
            return self._request.pop()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        assert not self.ended, "nothing comes after the end"
        self.ended = not message["more_body"]
        self.parts.append(message["body"])
        self.heard.put_nowait(message["body"])


def stream(
    turn: LiveTurn, *, seconds: float = NEVER, numbered: bool = False, on_gone: Callable[[], None] | None = None
) -> TurnStream:
    """The answer that is tested."""
    return TurnStream(turn.relay, heartbeats=Heartbeats(seconds), numbered=numbered, on_gone=on_gone, hold=Hold((), 1))


def answering(answer: TurnStream, client: Client, **scope: Any) -> "asyncio.Task[None]":
    """The server at work."""
    return asyncio.create_task(answer({"type": "http", **scope}, client.receive, client.send))


async def test_a_silent_stream_is_kept_open_by_comments() -> None:
    """They come until the turn goes on; parsers of server-sent events skip them."""
    turn, client = live_turn(FIRST), Client()
    task = answering(stream(turn, seconds=0.001), client)
    assert [await client.heard.get() for _ in range(3)] == [b"one;", HEARTBEAT, HEARTBEAT]
    turn.end([SECOND])
    await task
    assert [part for part in client.parts if part != HEARTBEAT] == [b"one;", b"two;"]
    assert (client.status, client.ended) == (200, True)


async def test_one_timer_serves_all_streams() -> None:
    """It stops when the last of them has ended, and comes back with the next one."""
    heartbeats, beats = Heartbeats(0.001), asyncio.Queue[str]()
    members = [(heartbeats.join(beat), beat) for beat in (partial(beats.put_nowait, name) for name in "ab")]
    assert {await beats.get(), await beats.get()} == {"a", "b"}
    for slot, beat in members:
        heartbeats.leave(slot, beat)
    heartbeats.join(partial(beats.put_nowait, "c"))
    while await beats.get() != "c":
        pass


async def test_a_stream_that_is_not_silent_has_no_comments() -> None:
    """Before the time is up there is nothing but events; numbers come along for clients that can resume."""
    turn, client = live_turn(FIRST), Client()
    task = answering(stream(turn, numbered=True), client)
    await client.heard.get()
    turn.end([SECOND])
    await task
    assert client.parts == [b"id: 1\none;", b"id: 2\ntwo;"]


async def test_events_that_are_ready_together_go_out_in_one_write() -> None:
    """One write for all that were said since the last one."""
    turn, client = live_turn(FIRST, SECOND), Client()
    task = answering(stream(turn), client)
    await client.heard.get()
    turn.tell([FIRST])
    turn.end([SECOND])
    await task
    assert client.parts == [b"one;two;", b"one;two;"]


async def test_a_turn_that_is_over_is_sent_in_one_write() -> None:
    """A late follower waits for nothing."""
    turn, client = live_turn(FIRST, SECOND), Client()
    turn.end([])
    await answering(stream(turn), client)
    assert (client.parts, client.ended) == ([b"one;two;"], True)


async def test_a_client_that_goes_away_is_told_of() -> None:
    """One that cannot resume has no use for the rest of its turn."""
    turn, client, told = live_turn(FIRST), Client(), list[str]()
    task = answering(stream(turn, on_gone=lambda: told.append("gone")), client)
    await client.heard.get()
    client.gone.set()
    await task
    assert told == ["gone"]
    assert (client.parts, client.ended) == ([b"one;"], False)


@define
class Connection:
    """The end of a connection that our own protocol class writes to, with what uvicorn keeps of a response."""

    written: list[bytes] = field(factory=list)
    keep_alive: bool = True
    disconnected: bool = False
    response_started: bool = False
    response_complete: bool = False
    chunked_encoding: bool | None = None
    waiting_for_100_continue: bool = True
    write_paused: bool = False
    completed: int = 0
    closed: bool = False
    message_event: asyncio.Event = field(factory=asyncio.Event)
    outlets: list[ConnectionOutlet] = field(factory=list)

    @property
    def transport(self) -> "Connection":
        """Itself."""
        return self

    flow = transport

    def write(self, data: bytes) -> None:
        """Take bytes."""
        self.written.append(data)

    def close(self) -> None:
        """No more comes."""
        self.closed = True

    def on_response(self) -> None:
        """The response is complete."""
        self.completed += 1

    def open(self, headers: Any, on_room: Callable[[], None]) -> ConnectionOutlet:
        """What the protocol class puts into the scope."""
        self.outlets.append(ConnectionOutlet(cast(Any, self), head_of(headers, SecurityHeaders(), []), on_room))
        return self.outlets[-1]


class _BrokenAtItsEnd(Connection):
    """What uvicorn does with a complete response fails."""

    def on_response(self) -> None:
        message = "isinstance is broken"
        raise TypeError(message)


def writing(answer: TurnStream, connection: Connection) -> "asyncio.Task[None]":
    """Our own server at work."""
    return answering(answer, Client(), **{OPEN_OUTLET: connection.open})


async def test_our_own_server_needs_no_task_to_notice_that_a_client_goes() -> None:
    """Its protocol class calls."""
    turn, connection, told = live_turn(FIRST), Connection(), list[str]()
    tasks = len(asyncio.all_tasks())
    task = writing(stream(turn, on_gone=lambda: told.append("gone")), connection)
    await turns_of_the_loop()
    assert len(asyncio.all_tasks()) == tasks + 1
    connection.outlets[0].gone()
    await task
    assert told == ["gone"]
    assert not connection.response_complete


async def test_head_and_first_frames_are_one_write() -> None:
    """So are the last frames and the end of the body."""
    turn, connection = live_turn(FIRST), Connection()
    task = writing(stream(turn), connection)
    await turns_of_the_loop()
    turn.end([SECOND])
    await task
    begin, end = connection.written
    head, _, chunk = begin.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n")
    assert head.endswith(b"transfer-encoding: chunked")
    assert (chunk, end) == (b"4\r\none;\r\n", b"4\r\ntwo;\r\n0\r\n\r\n")
    assert (connection.response_complete, connection.completed, connection.closed) == (True, 1, False)


async def test_an_end_that_breaks_on_its_way_ends_the_request() -> None:
    """By a function that a workflow has replaced, say; it would wait for an end that has been."""
    turn, connection = live_turn(FIRST), _BrokenAtItsEnd()
    task = writing(stream(turn), connection)
    await turns_of_the_loop()
    with pytest.raises(TypeError, match="isinstance is broken"):
        turn.end([SECOND])
    await task
    turn.relay.break_off()
    assert connection.written[-1] == b"4\r\ntwo;\r\n0\r\n\r\n"


async def test_a_piece_that_comes_alone_passes_six_functions() -> None:
    """From the runner's hand to the connection; each one more would be paid for by every piece of every answer."""
    turn, connection = live_turn(), Connection()
    turn._encoder = ChatKitEncoder(AttachmentLinks(preview=str))
    task = writing(stream(turn), connection)
    turn.text("one")
    await turns_of_the_loop()
    passed: list[str] = []

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and "/orcheo_" in frame.f_code.co_filename:
            passed.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        turn.text("two")
        await turns_of_the_loop()
    finally:
        sys.setprofile(None)
    assert b'"two"' in connection.written[-1]
    assert passed == ["text", "pass_on", "text", "add", "_send_on", "write"]
    turn.end([])
    await task


async def test_a_stream_without_news_begins_with_its_head() -> None:
    """A client that comes back learns at once that the turn still runs."""
    turn, connection = live_turn(), Connection()
    task = writing(stream(turn), connection)
    await turns_of_the_loop()
    assert connection.written[0].endswith(b"transfer-encoding: chunked\r\n\r\n")
    turn.end([])
    await task
    assert connection.written[1:] == [b"0\r\n\r\n"]


async def test_a_connection_that_is_not_kept_says_so_and_is_closed() -> None:
    """With a turn that is over, in one write."""
    turn, connection = live_turn(FIRST), Connection(keep_alive=False)
    turn.end([])
    await writing(stream(turn), connection)
    head, _, body = connection.written[0].partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert body == b"4\r\none;\r\n0\r\n\r\n"
    assert connection.closed


async def test_a_client_that_does_not_read_is_not_written_to() -> None:
    """What it has missed goes out in one write when it reads on; heartbeats are left out.

    Findings: what is not read costs little.
    """
    turn, connection = live_turn(FIRST), Connection()
    task = writing(stream(turn, seconds=0.001), connection)
    await turns_of_the_loop()
    connection.outlets[0].full()
    written = len(connection.written)
    turn.tell([FIRST])
    turn.tell([SECOND])
    await asyncio.sleep(0.005)
    assert len(connection.written) == written
    connection.outlets[0].room()
    assert connection.written[-1] == b"8\r\none;two;\r\n"
    turn.end([])
    await task
    connection.outlets[0].room()
    connection.outlets[0].gone()
    assert not connection.outlets[0].is_gone
    assert not connection.outlets[0].has_room


async def turns_of_the_loop() -> None:
    """Everything that is ready has had its turn."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_client_that_can_resume_just_goes() -> None:
    """The turn runs on and can be followed again."""
    turn, client = live_turn(FIRST), Client()
    task = answering(stream(turn), client)
    await client.heard.get()
    client.gone.set()
    await task
    assert client.parts == [b"one;"]


async def test_a_stream_that_ends_by_itself_tells_nobody() -> None:
    """The client left nothing early."""
    turn, client, told = live_turn(FIRST), Client(), list[str]()
    task = answering(stream(turn, on_gone=lambda: told.append("gone")), client)
    await client.heard.get()
    turn.end([])
    await task
    assert told == []
