"""Workflows that tests register."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from orcheo_core import (
    Citation,
    ContextKept,
    CutShort,
    ImageShown,
    NoticeGiven,
    ProgressNote,
    RunContext,
    Source,
    SourceCited,
    Step,
    StepKind,
    StepNoted,
    TextDelta,
    Usage,
    UsageReported,
    WidgetShown,
)
from orcheo_core.ports.runner import RunFailed, RunTimedOut

_gates: dict[str, tuple[asyncio.Event, asyncio.Event]] = {}


def close_gate(text: str) -> None:
    """The answer to ``text`` will stop half-way."""
    _gates[text] = (asyncio.Event(), asyncio.Event())


async def reached(text: str) -> None:
    """Return when the answer to ``text`` stands before its gate."""
    await _gates[text][0].wait()


def open_gate(text: str) -> None:
    """Let the answer to ``text`` go on."""
    _gates[text][1].set()


def echo(text: str) -> str:
    """The same again."""
    return text


async def twenty(_text: str) -> AsyncIterator[str]:
    """Twenty pieces without a pause."""
    for number in range(20):
        yield f"tok{number:02} "


async def held(text: str) -> AsyncIterator[str]:
    """One piece, then waits for its gate, then another."""
    yield "before "
    at_gate, may_pass = _gates[text]
    at_gate.set()
    await may_pass.wait()
    yield "after"


async def endless(_text: str) -> AsyncIterator[str]:
    """One piece, and then nothing until it is stopped."""
    yield "before "
    await asyncio.Event().wait()


async def rich(_text: str) -> AsyncIterator[TextDelta | ProgressNote | SourceCited]:
    """Every kind of run event."""
    yield ProgressNote(text="Looking it up", icon="search")
    yield TextDelta("Found.")
    yield SourceCited(Citation(source=Source(title="Manual", filename="manual.md"), index=6))
    yield SourceCited(Citation(source=Source(title="Site", url="https://example.org/")))


def silent(_text: str) -> None:
    """Says nothing."""


async def broken(_text: str) -> AsyncIterator[str]:
    """Fails half-way."""
    yield "half "
    message = "the secret reason"
    raise RuntimeError(message)


async def busy(_text: str) -> str:
    """Has to be asked again later."""
    raise RunFailed("endpoint_rate_limited", "429", retry_after=20, visitor_message="The workflow is busy.")


async def talkative(_text: str) -> AsyncIterator[str]:
    """Talks until it is stopped."""
    while True:
        yield "0123456789" * 4_000 + "!"


async def counted(text: str) -> AsyncIterator[str | UsageReported]:
    """Reports what it used in two parts."""
    yield UsageReported(Usage(input_tokens=len(text)))
    yield "counted"
    yield UsageReported(Usage(input_tokens=1, output_tokens=2))


def fails_for_a_reason(_text: str) -> str:
    """Fails because something else did."""
    message = "no such\nthing"
    things: dict[str, str] = {}
    try:
        return things["thing"]
    except KeyError as error:
        raise LookupError(message) from error


def repeats_the_text(text: str) -> str:
    """As code does that names the input which it cannot take."""
    raise ValueError(text)


def fails_without_words(_text: str) -> str:
    """Fails and says nothing about it."""
    raise ValueError


def takes_too_long(_text: str) -> str:
    """Ends as a run does whose time is up."""
    raise RunTimedOut("no time left")


def remembers(_text: str, context: RunContext) -> str:
    """What was said before."""
    return " | ".join(f"{past.said_by}: {past.text}" for past in context.history)


def recalls(text: str, history: list[dict[str, str]]) -> str:
    """The message with all before it."""
    return " | ".join([*(each["content"] for each in history), text])


SAID_TO_ALL: list[str] = []


def shares_its_memory(text: str) -> str:
    """Keeps what everyone said in one place, as an agent that is made once does."""
    SAID_TO_ALL.append(text)
    return " | ".join(SAID_TO_ALL)


IS_BUSY = [False]


async def serves_one_at_a_time(_text: str) -> AsyncIterator[str]:
    """Fails while it is used by someone else."""
    if IS_BUSY[0]:
        message = "this agent is already running"
        raise RuntimeError(message)
    IS_BUSY[0] = True
    try:
        yield "one moment, "
        for _ in range(20):
            await asyncio.sleep(0)
        yield "here it is"
    finally:
        IS_BUSY[0] = False


def knows_its_user(_text: str, context: RunContext) -> str:
    """What the app has said of its user."""
    return repr(dict(context.app_user.metadata)) if context.app_user else "nobody"


def wordless(_text: str) -> Iterator[WidgetShown | ImageShown | ContextKept]:
    """Nothing that is text."""
    yield WidgetShown(widget={"type": "Card", "children": []})
    yield ImageShown(url="data:image/png;base64,aGVsbG8=")
    yield ContextKept({"plan": "gold"})


def cut_off(_text: str) -> Iterator[StepNoted | TextDelta | NoticeGiven | CutShort]:
    """A thought, and an answer that is not whole."""
    yield StepNoted(index=0, step=Step(kind=StepKind.THOUGHT, content="How long may it be?"))
    yield TextDelta("Half an")
    yield NoticeGiven(message="It was cut off.")
    yield CutShort(code="cut_off", reason="The limit is 5 tokens.")
