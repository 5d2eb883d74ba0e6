"""Writes what an agent gives, whatever it comes in: events, their text on the wire, iterators, a response."""

import asyncio
import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from orcheo_adapters.runners import loose_json
from orcheo_adapters.runners.agui.events import AgentEvents
from orcheo_adapters.runners.agui.wire import AgentNotUnderstood
from orcheo_adapters.runners.lines import ServerSentData
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.thread_feed import write_from_thread
from orcheo_core.domain.run import RunEvent, TextDelta

_AFTERWARDS = 1.0
"""Seconds that an agent has for what it does after ``RUN_FINISHED``, such as to save its session."""
_MOST_AFTERWARDS = 1_000
"""Events after that one which are read and ignored."""
_IN_VAIN = 32
"""After this many events that say nothing others have their turn: an agent may never pause by itself."""


class EventReader:
    """Makes run events of the pieces that an agent gives: events, or server-sent events as text or bytes."""

    def __init__(self, events: AgentEvents) -> None:
        """Read into ``events``."""
        self._events = events
        self._cut = ServerSentData(last_may_be_open=True)
        self._late = 0

    @property
    def is_over(self) -> bool:
        """Whether the agent has said that its run is over."""
        return self._events.is_over

    @property
    def has_enough(self) -> bool:
        """Whether more was given after the end than is read."""
        self._late += self._events.is_over
        return self._late > _MOST_AFTERWARDS

    def take(self, piece: Any) -> list[RunEvent]:
        """The run events of ``piece``; raises :class:`RunFailed` for what is not understood."""
        if not isinstance(piece, str | bytes):
            return self._events.take(piece)
        data = piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece
        return [said for payload in self._cut.push(data) for said in self.payload(payload)]

    def rest(self) -> list[RunEvent]:
        """What the end of the text on the wire ends."""
        return [said for payload in self._cut.end() for said in self.payload(payload)]

    def payload(self, data: bytes) -> list[RunEvent]:
        """The run events of one event as JSON."""
        if self._events.is_over:
            return []
        try:
            document = loose_json.loads(data)
        except ValueError as error:
            raise AgentNotUnderstood(f"an event is not JSON: {error}") from None
        return self._events.take(document)


async def write_answer(answer: Any, events: AgentEvents, writer: Writer) -> None:
    """Write what a call of an agent gave: a stream of events, sync or async, a list, or a response with a body.

    Events after the end of the run are read for a moment only, then the stream is closed.
    """
    while isinstance(answer, Awaitable):
        answer = await answer
    answer = getattr(answer, "body_iterator", answer)  # of a response of Starlette or FastAPI
    reader = EventReader(events)
    if isinstance(answer, AsyncIterable):
        await _write_async(answer, reader, writer)
    elif isinstance(answer, Iterator):
        await write_from_thread(partial(_put, answer, reader), writer)
    elif isinstance(answer, Iterable) and not isinstance(answer, str | bytes | dict):
        for piece in answer:
            await _write(reader.take(piece), writer)
    else:
        raise AgentNotUnderstood(f"it gave a {type(answer).__name__}, not a stream of events")
    await _write(reader.rest(), writer)


async def _write(said: Iterable[RunEvent], writer: Writer) -> None:
    for event in said:
        if not (writer.text(event.text) if type(event) is TextDelta else writer.event(event)):
            await writer.room()


async def _write_async(answer: AsyncIterable[Any], reader: EventReader, writer: Writer) -> None:
    in_vain = 0
    try:
        async with asyncio.timeout(None) as afterwards:
            async for piece in answer:
                in_vain += 1
                if said := reader.take(piece):
                    in_vain = 0
                    await _write(said, writer)
                if in_vain == _IN_VAIN:
                    in_vain = 0
                    await asyncio.sleep(0)
                if reader.is_over and afterwards.when() is None:
                    afterwards.reschedule(asyncio.get_running_loop().time() + _AFTERWARDS)
                if reader.is_over and reader.has_enough:
                    break
    except TimeoutError:
        if not reader.is_over:
            raise
    finally:
        await close(answer)


def _put(answer: Iterator[Any], reader: EventReader, put: Callable[[RunEvent], None]) -> None:
    """Pass events on, in the thread of an agent that may block."""
    try:
        for piece in answer:
            for event in reader.take(piece):
                put(event)
            if reader.is_over and reader.has_enough:
                break
    finally:
        closing = getattr(answer, "close", None)
        if callable(closing):
            with suppress(Exception):
                closing()


async def close(answer: Any) -> None:
    """Close what streams, so that a model stops too; an error of closing must not hide the one before."""
    closing = getattr(answer, "aclose", None)
    if callable(closing):
        with suppress(Exception):
            closed = closing()
            if inspect.isawaitable(closed):
                await closed
