"""A turn's frames as server-sent events: heartbeats, and clients that go away."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import define, field

from orcheo_adapters.http.heartbeats import Heartbeats
from orcheo_adapters.http.sse import ON_GONE, TurnStream
from orcheo_core.domain.thread_events import Progress
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
    return TurnStream(turn, heartbeats=Heartbeats(seconds), numbered=numbered, on_gone=on_gone)


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


async def test_our_own_server_tells_by_a_callback() -> None:
    """No task waits for the client to go, and the callback is taken back at the end."""
    turn, client, told = live_turn(FIRST), Client(), list[str]()
    callbacks: list[Any] = []
    tasks = len(asyncio.all_tasks())
    task = answering(stream(turn, on_gone=lambda: told.append("gone")), client, **{ON_GONE: callbacks.append})
    await client.heard.get()
    assert len(asyncio.all_tasks()) == tasks + 1
    callbacks[0]()
    await task
    assert told == ["gone"]
    assert callbacks[1:] == [None]


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
