"""A turn's events as server-sent events: heartbeats, and clients that go away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from attrs import define, field

from orcheo_adapters.http.sse import TurnStream
from orcheo_core.domain.thread_events import Progress, SequencedEvent, ThreadEvent

FIRST = SequencedEvent(number=1, event=Progress(text="one"))
SECOND = SequencedEvent(number=2, event=Progress(text="two"))
HEARTBEAT = b": still here\n\n"
NEVER = 3600.0


def frame(event: ThreadEvent, number: int | None) -> bytes:
    """An event in few letters."""
    assert isinstance(event, Progress)
    return f"{number or '-'} {event.text};".encode()


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


@define
class Silence:
    """A turn that says one thing, then nothing until it may."""

    may_go_on: asyncio.Event = field(factory=asyncio.Event)

    async def batches(self) -> AsyncIterator[Sequence[SequencedEvent]]:
        """The events."""
        yield [FIRST]
        await self.may_go_on.wait()
        yield [SECOND]


def stream(
    silence: Silence, *, seconds: float = NEVER, numbered: bool = False, on_gone: Callable[[], None] | None = None
) -> TurnStream:
    """The answer that is tested."""
    return TurnStream(silence.batches(), frame=frame, numbered=numbered, on_gone=on_gone, heartbeat_seconds=seconds)


def answering(answer: TurnStream, client: Client) -> "asyncio.Task[None]":
    """The server at work."""
    return asyncio.create_task(answer({"type": "http"}, client.receive, client.send))


async def test_a_silent_stream_is_kept_open_by_comments() -> None:
    """They come until the turn goes on; parsers of server-sent events skip them."""
    silence, client = Silence(), Client()
    task = answering(stream(silence, seconds=0.001), client)
    assert [await client.heard.get() for _ in range(3)] == [b"- one;", HEARTBEAT, HEARTBEAT]
    silence.may_go_on.set()
    await task
    assert [part for part in client.parts if part != HEARTBEAT] == [b"- one;", b"- two;", b""]
    assert (client.status, client.ended) == (200, True)


async def test_a_stream_that_is_not_silent_has_no_comments() -> None:
    """Before the time is up there is nothing but events."""
    silence, client = Silence(), Client()
    silence.may_go_on.set()
    await answering(stream(silence, numbered=True), client)
    assert client.parts == [b"1 one;", b"2 two;", b""]


async def test_events_that_are_ready_together_go_out_in_one_write() -> None:
    """One write for a batch."""

    async def batches() -> AsyncIterator[Sequence[SequencedEvent]]:
        yield [FIRST, SECOND]

    client = Client()
    await answering(TurnStream(batches(), frame=frame, numbered=False, on_gone=None), client)
    assert client.parts == [b"- one;- two;", b""]


async def test_a_client_that_goes_away_is_told_of() -> None:
    """One that cannot resume has no use for the rest of its turn."""
    silence, client, told = Silence(), Client(), list[str]()
    task = answering(stream(silence, on_gone=lambda: told.append("gone")), client)
    await client.heard.get()
    client.gone.set()
    await task
    assert told == ["gone"]
    assert (client.parts, client.ended) == ([b"- one;"], False)


async def test_a_client_that_can_resume_just_goes() -> None:
    """Nobody is told; the turn runs on and can be followed again."""
    silence, client = Silence(), Client()
    task = answering(stream(silence), client)
    await client.heard.get()
    client.gone.set()
    await task
    assert client.parts == [b"- one;"]


async def test_a_stream_that_ends_by_itself_tells_nobody() -> None:
    """The client left nothing early."""
    silence, client, told = Silence(), Client(), list[str]()
    silence.may_go_on.set()
    await answering(stream(silence, on_gone=lambda: told.append("gone")), client)
    assert told == []
