"""The workflows of the runner conformance suite as Python callables, each behaviour in its sync and async form."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from orcheo_core.domain.items import Citation
from orcheo_core.domain.run import ProgressNote, RunContext, RunEvent, SourceCited, TextDelta
from orcheo_core.domain.sources import Source
from orcheo_core.ports.runner import RunFailed
from tests.conformance.long_text import LONG_PIECE, LONG_PIECES

RELEASE = threading.Event()
"""Lets abandoned threads go; set at the end of a test."""


class Cleaned(threading.Event):
    """Set by a workflow that was stopped and could clean up; a file tells it from one process to the other."""

    def set(self) -> None:
        super().set()
        if path := os.environ.get(CLEANED_FILE):
            Path(path).touch()


CLEANED_FILE = "ORCHEO_TEST_CLEANED"
CLEANED = Cleaned()


def returns(text: str) -> str:
    return f"You said: {text}"


async def returns_async(text: str) -> str:
    await asyncio.sleep(0)
    return f"You said: {text}"


def streams(text: str) -> Iterator[str]:
    yield from ("You", " said: ", "", text)


async def streams_async(text: str) -> AsyncIterator[str]:
    for piece in ("You", " said: ", "", text):
        yield piece
        await asyncio.sleep(0)


def streams_indirectly(text: str) -> Iterator[str]:
    return iter(("You", " said: ", "", text))


def streams_async_indirectly(text: str) -> AsyncIterator[str]:
    return streams_async(text)


async def returns_stream(text: str) -> AsyncIterator[str]:
    return streams_async(text)


class Workflow:
    """A callable object, and a method as a target."""

    async def __call__(self, text: str) -> str:
        return await returns_async(text)

    async def method(self, text: str) -> AsyncIterator[str]:
        async for piece in streams_async(text):
            yield piece


instance = Workflow()


def says_events(text: str) -> Iterator[RunEvent]:
    yield ProgressNote(text="looking", icon="search")
    yield TextDelta("found")
    yield SourceCited(Citation(source=Source(title="Tutorial", filename="docs/tutorial.md")))
    yield TextDelta(" it")


async def says_events_async(text: str) -> AsyncIterator[RunEvent]:
    for event in says_events(text):
        yield event


def hangs(text: str) -> Iterator[str]:
    yield "a"
    RELEASE.wait()
    yield "b"


async def hangs_async(text: str) -> AsyncIterator[str]:
    yield "a"
    try:
        await asyncio.Event().wait()
    finally:
        CLEANED.set()


def hangs_silently(text: str) -> str:
    RELEASE.wait()
    return "late"


async def hangs_silently_async(text: str) -> str:
    await asyncio.Event().wait()
    return "never"


async def hangs_stubbornly(text: str) -> AsyncIterator[str]:
    yield "a"
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        yield "b"


def works_for_ever(text: str) -> Iterator[str]:
    try:
        while True:
            yield "x"
    finally:
        CLEANED.set()


async def says_nothing_for_ever(text: str) -> AsyncIterator[str]:
    while True:
        yield ""


async def works_for_ever_async(text: str) -> AsyncIterator[str]:
    try:
        while True:
            yield "x"
    finally:
        CLEANED.set()


async def cleans_up_slowly(text: str) -> AsyncIterator[str]:
    try:
        while True:
            yield "x"
    finally:
        for _ in range(5):
            await asyncio.sleep(0)
        CLEANED.set()


def fails(text: str) -> str:
    raise LookupError(text)


async def fails_async(text: str) -> str:
    raise LookupError(text)


def fails_late(text: str) -> Iterator[str]:
    yield "a"
    raise LookupError(text)


async def fails_late_async(text: str) -> AsyncIterator[str]:
    yield "a"
    raise LookupError(text)


def exits(text: str) -> str:
    raise SystemExit(3)


async def exits_async(text: str) -> str:
    raise SystemExit(3)


def stops_iteration(text: str) -> str:
    raise StopIteration


async def cancels_itself(text: str) -> str:
    raise asyncio.CancelledError


def is_empty(text: str) -> None:
    return None


async def is_empty_async(text: str) -> str:
    return ""


def streams_nothing(text: str) -> Iterator[str]:
    yield ""


async def streams_nothing_async(text: str) -> AsyncIterator[str]:
    yield ""


def is_long(text: str) -> Iterator[str]:
    yield from [LONG_PIECE] * LONG_PIECES


async def is_long_async(text: str) -> AsyncIterator[str]:
    for _ in range(LONG_PIECES):
        yield LONG_PIECE


def is_long_at_once(text: str) -> str:
    return LONG_PIECE * LONG_PIECES


def knows_context(text: str, context: RunContext) -> str:
    return f"{text} in {context.thread_id}"


async def knows_context_by_name(text: str, *, context: RunContext) -> str:
    return f"{text} in {context.thread_id}"


def knows_second(text: str, about: RunContext) -> str:
    return f"{text} in {about.thread_id}"


def knows_no_context(text: str, tone: str = "calm") -> str:
    return f"{text} is {tone}"


def says_surrogates(text: str) -> str:
    return "\ud83d\ude00 \ud800"


def takes_nothing() -> str:
    return ""


def takes_config(config: object) -> object:
    """As a function that makes a graph does."""
    return config


def takes_much(text: str, context: RunContext, more: str) -> str:
    return ""


NO_CALLABLE = 7


def says_why(text: str) -> str:
    """Fails with words of its own."""
    raise RunFailed("search_down", f"No answer for {text}.", visitor_message="Try again in an hour.")


READERS: list[bool] = []
"""Whether the event loop's thread read what a workflow gave, each time that it was read."""


def _note_reader() -> None:
    READERS.append(threading.current_thread() is threading.main_thread())


class _Shown:
    """Has something to say, which may take for ever."""

    @property
    def content(self) -> str:
        _note_reader()
        return "said"


class _Raised(Exception):
    """Says what happened, which may take for ever."""

    def __str__(self) -> str:
        _note_reader()
        return "raised"


def shows_an_object(text: str) -> object:
    return _Shown()


def lists_objects(text: str) -> Iterator[object]:
    yield _Shown()


def raises_an_object(text: str) -> str:
    raise ValueError(text) from _Raised()


def yields_and_raises(text: str) -> Iterator[str]:
    yield text
    raise _Raised
