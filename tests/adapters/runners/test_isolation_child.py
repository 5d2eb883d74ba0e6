"""The program in a workflow's own process, served in the test's process over a socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from threading import Event
from typing import Any

import orjson
import pytest
from attrs import asdict, evolve, field, frozen

from orcheo_adapters.runners.isolation import child
from orcheo_adapters.runners.isolation.frames import MOST_FROM_CHILD, WINDOW, FrameReader, Kind, cost, frame
from orcheo_adapters.runners.isolation.messages import decode_event, decode_failure, encode_request
from orcheo_core.domain.run import ProgressNote, RunRequest, SentFile
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from tests.conformance.runner_kinds import CONTEXT

Frame = tuple[Kind, int, bytes]


@frozen
class Parent:
    """The server's end."""

    connection: socket.socket
    served: "asyncio.Task[None]"
    reader: FrameReader = field(factory=lambda: FrameReader(MOST_FROM_CHILD))
    frames: "asyncio.Queue[Frame]" = field(factory=asyncio.Queue)

    async def send(self, kind: Kind, number: int, payload: bytes = b"") -> None:
        """One frame."""
        await asyncio.get_running_loop().sock_sendall(self.connection, frame(kind, number, payload))

    async def run(self, number: int, name: str, text: str = "hi", files: tuple[SentFile, ...] = ()) -> None:
        """Begin a run of a workflow."""
        module, _, call = name.rpartition(":")
        spec = RunnerSpec(kind="python", target=f"tests.conformance.{module or 'runner_workflows'}:{call}")
        context = evolve(CONTEXT, attachments=files)
        await self.send(Kind.RUN, number, encode_request(RunRequest(spec=spec, text=text, context=context)))

    async def ask(self, what: str, target: str = "tests.conformance.runner_workflows:returns") -> Frame:
        """The answer to a question."""
        spec = RunnerSpec(kind="python", target=target)
        await self.send(Kind.ASK, 9, orjson.dumps([what, asdict(spec), ["thr_1"]]))
        return await self.next()

    async def next(self) -> Frame:
        """The next frame."""
        while self.frames.empty():
            data = await asyncio.get_running_loop().sock_recv(self.connection, 65_536)
            for each in self.reader.feed(data):
                self.frames.put_nowait(each)
        return self.frames.get_nowait()

    async def until(self, *last: Kind) -> list[Frame]:
        """All frames to one of these kinds."""
        frames = [await self.next()]
        while frames[-1][0] not in last:
            frames.append(await self.next())
        return frames


@pytest.fixture
async def parent(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parent]:
    """A server whose workflow's process is this one."""
    monkeypatch.setattr(child, "_FAREWELL_SECONDS", 0.0)
    ours, theirs = socket.socketpair()
    for each in (ours, theirs):
        each.setblocking(False)
    ended = Event()
    setup: dict[str, Any] = {"kind": "python", "cpu_seconds": None}
    served = asyncio.create_task(child.serve(theirs, setup, end=lambda _status: ended.set()))
    yield Parent(ours, served)
    ours.close()
    await served
    assert await asyncio.to_thread(ended.wait, 5)
    theirs.close()


async def test_a_run_says_its_pieces_and_its_end(parent: Parent) -> None:
    """Each piece is a frame of its own."""
    await parent.run(1, "streams_async")
    pieces = [(Kind.TEXT, 1, each) for each in (b"You", b" said: ", b"hi")]
    assert await parent.until(Kind.DONE) == [*pieces, (Kind.DONE, 1, b"")]


async def test_events_and_failures_are_told(parent: Parent) -> None:
    """In order; a failure has its reason."""
    await parent.run(1, "says_events")
    first, *_ = await parent.until(Kind.DONE)
    assert decode_event(first[2]) == ProgressNote(text="looking", icon="search")
    await parent.run(2, "fails")
    ((kind, number, payload),) = await parent.until(Kind.FAILED)
    assert (kind, number) == (Kind.FAILED, 2)
    assert "LookupError: hi" in str(decode_failure(payload))


async def test_a_run_waits_when_nothing_is_taken_and_continues_when_it_is(parent: Parent) -> None:
    """At the window; a stop ends it."""
    await parent.run(1, "works_for_ever_async")
    said = 0
    while said < WINDOW:
        said += cost((await parent.next())[2])
    await parent.send(Kind.PING, 0)
    assert (await parent.until(Kind.PONG))[:-1] == []
    await parent.send(Kind.CREDIT, 1, WINDOW.to_bytes(4, "big"))
    assert (await parent.next())[0] is Kind.TEXT
    await parent.send(Kind.STOP, 1)
    assert (await parent.until(Kind.DONE))[-1] == (Kind.DONE, 1, b"")
    await parent.send(Kind.STOP, 1)
    await parent.send(Kind.CREDIT, 77, b"\0")


async def test_a_long_text_is_sent_in_parts(parent: Parent) -> None:
    """And is whole."""
    await parent.run(1, "is_long_at_once")
    credit, said = 0, 0
    while True:
        kind, _, payload = await parent.next()
        if kind is Kind.DONE:
            break
        said += len(payload)
        credit = cost(payload)
        await parent.send(Kind.CREDIT, 1, credit.to_bytes(4, "big"))
    assert said >= 1_000_000


@pytest.mark.parametrize("name", ["runner_hostile:knows"])
async def test_attachments_are_asked_for(parent: Parent, name: str) -> None:
    """By their place; they come in parts."""
    sent = SentFile(name="a", mime_type="text/plain", size=3, read=lambda: b"")
    await parent.run(1, name, files=(sent,))
    kind, run, payload = await parent.next()
    number, position = orjson.loads(payload)
    assert (kind, run, position) == (Kind.WANT, 1, 0)
    await parent.send(Kind.FILE, 12_345, b"+late")
    await parent.send(Kind.FILE, number, b"+ab")
    await parent.send(Kind.FILE, number, b".c")
    text, _ = await parent.until(Kind.DONE)
    assert b"b'abc'" in text[2]


async def test_an_attachment_can_be_lost(parent: Parent) -> None:
    """The workflow sees an error."""
    sent = SentFile(name="a", mime_type="text/plain", size=3, read=lambda: b"")
    await parent.run(1, "runner_hostile:cannot_read", files=(sent,))
    number, _ = orjson.loads((await parent.next())[2])
    await parent.send(Kind.FILE, number, b"!")
    text, _ = await parent.until(Kind.DONE)
    assert text[2] == b"the server could not read this attachment"


async def test_questions_are_answered(parent: Parent) -> None:
    """By the runner that is inside."""
    kind, number, advice = await parent.ask("check")
    assert (kind, number) == (Kind.REPLY, 9)
    assert b"without the earlier ones" in advice
    assert await parent.ask("takes_actions") == (Kind.REPLY, 9, b"false")
    assert await parent.ask("forget") == (Kind.REPLY, 9, b"null")
    kind, _, payload = await parent.ask("check", "nowhere.at.all:answer")
    assert kind is Kind.FAILED
    assert isinstance(decode_failure(payload), InvalidInput)
