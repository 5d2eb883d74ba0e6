"""Agents that speak AG-UI for the runner conformance suite: functions, objects, and what a server answers with."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any

from tests.conformance.long_text import LONG_PIECE, LONG_PIECES
from tests.conformance.runner_workflows import CLEANED, RELEASE

Json = dict[str, Any]
FINISHED: Json = {"type": "RUN_FINISHED", "threadId": "thr_1", "runId": "trn_1"}


def said(text: str) -> Json:
    """More text."""
    return {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": text}


def asked(given: Json) -> str:
    """What the visitor said."""
    content = given["messages"][-1]["content"]
    return content if isinstance(content, str) else json.dumps(content)


def echoes(given: dict[str, Any]) -> Iterator[Json]:
    yield {"type": "RUN_STARTED", "threadId": given["threadId"], "runId": given["runId"]}
    yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
    for piece in ("You", " said: ", "", asked(given)):
        yield said(piece)
    yield {"type": "TEXT_MESSAGE_END", "messageId": "m1"}
    usage = [{"provider": "test", "model": "echo", "inputTokens": 4, "outputTokens": 2}]
    yield FINISHED | {"usage": usage}


async def echoes_async(given: dict[str, Any]) -> AsyncIterator[Json]:
    for event in echoes(given):
        yield event
        await asyncio.sleep(0)


async def echoes_as_text(given: dict[str, Any]) -> AsyncIterator[str]:
    """Encoded for the wire, as endpoints yield them."""
    for event in echoes(given):
        yield f"data: {json.dumps(event)}\n\n"


async def returns_stream(given: dict[str, Any]) -> AsyncIterator[Json]:
    return echoes_async(given)


def returns_list(given: dict[str, Any]) -> list[Json]:
    return list(echoes(given))


class Response:
    """Stands for a streaming response of a framework."""

    def __init__(self, body: AsyncIterator[str]) -> None:
        self.body_iterator = body


async def responds(given: dict[str, Any]) -> Response:
    return Response(echoes_as_text(given))


class Agent:
    """An object with ``run``, and one that makes agents."""

    async def run(self, given: dict[str, Any]) -> AsyncIterator[Json]:
        async for event in echoes_async(given):
            yield event


class Busy(Agent):
    """Keeps something of its run, so that it is cloned for each."""

    def __init__(self) -> None:
        self.is_clone = self.is_used = False

    def clone(self) -> "Busy":
        made = Busy()
        made.is_clone = True
        return made

    async def run(self, given: dict[str, Any]) -> AsyncIterator[Json]:
        assert self.is_clone, "the object that all share"
        assert not self.is_used
        self.is_used = True
        async for event in echoes_async(given):
            yield event


agent, busy = Agent(), Busy()


def make_agent() -> Agent:
    return Agent()


def hangs(given: dict[str, Any]) -> Iterator[Json]:
    yield said("a")
    RELEASE.wait()


async def hangs_async(given: dict[str, Any]) -> AsyncIterator[Json]:
    yield said("a")
    try:
        await asyncio.Event().wait()
    finally:
        CLEANED.set()


async def hangs_silently(given: dict[str, Any]) -> AsyncIterator[Json]:
    await asyncio.Event().wait()
    yield FINISHED


def works_for_ever(given: dict[str, Any]) -> Iterator[Json]:
    try:
        while True:
            yield said("x")
    finally:
        CLEANED.set()


async def works_for_ever_async(given: dict[str, Any]) -> AsyncIterator[Json]:
    try:
        while True:
            yield said("x")
    finally:
        CLEANED.set()


async def fails(given: dict[str, Any]) -> AsyncIterator[Json]:
    if given:
        raise LookupError(asked(given))
    yield FINISHED


async def says_error(given: dict[str, Any]) -> AsyncIterator[Json]:
    yield {"type": "RUN_ERROR", "message": f"cannot answer {asked(given)}"}


async def fails_late(given: dict[str, Any]) -> AsyncIterator[Json]:
    yield said("a")
    raise LookupError(asked(given))


async def says_error_late(given: dict[str, Any]) -> AsyncIterator[Json]:
    yield said("a")
    yield {"type": "RUN_ERROR", "message": f"cannot answer {asked(given)}"}


async def is_empty(given: dict[str, Any]) -> AsyncIterator[Json]:
    yield FINISHED


async def is_long(given: dict[str, Any]) -> AsyncIterator[Json]:
    for _ in range(LONG_PIECES):
        yield said(LONG_PIECE)
    yield FINISHED


async def reflects(given: dict[str, Any]) -> AsyncIterator[Json]:
    """What it was given, as its answer."""
    yield said(json.dumps(given))
    yield FINISHED


async def goes_on(given: dict[str, Any]) -> AsyncIterator[Json]:
    """Never ends, although its run is over."""
    yield said("whole")
    yield FINISHED
    await asyncio.Event().wait()


async def talks_on(given: dict[str, Any]) -> AsyncIterator[Json]:
    yield said("whole")
    yield FINISHED
    while True:
        yield said("more")


def talks_on_sync(given: dict[str, Any]) -> Iterator[Json]:
    yield said("whole")
    yield FINISHED
    while True:
        yield said("more")


def takes_two(given: Json, other: str) -> Iterator[Json]:
    yield FINISHED


def gives_number(given: dict[str, Any]) -> int:
    return 7


class LangGraphAgent(Agent):
    """Stands for LangGraph's bridge."""

    def __init__(self, checkpointer: object) -> None:
        self.graph = SimpleNamespace(checkpointer=checkpointer)


LangGraphAgent.__module__ = "ag_ui_langgraph.agent"
bridge = LangGraphAgent(checkpointer=object())
bridge_without_memory = LangGraphAgent(checkpointer=None)


def make_bridge_without_memory() -> Agent:
    return LangGraphAgent(checkpointer=False)


def makes_nothing() -> None:
    return None


class Two:
    """Its ``run`` is no agent's."""

    def run(self, given: Json, other: str) -> None: ...


two = Two()
number = 7

BEHAVIOURS: dict[str, Callable[[Json], AsyncIterator[Json]]] = {
    "echo": echoes_async,
    "reflect": reflects,
    "hangs": hangs_async,
    "hangs-silently": hangs_silently,
    "works-for-ever": works_for_ever_async,
    "fails": says_error,
    "fails-late": says_error_late,
    "empty": is_empty,
    "long": is_long,
    "goes-on": goes_on,
}
