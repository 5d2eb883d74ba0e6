"""A run in a process of its own, as the server hears it."""

import asyncio
from typing import Any, cast

import pytest

from orcheo_adapters.runners.isolation.frames import Kind
from orcheo_adapters.runners.isolation.messages import encode_event
from orcheo_adapters.runners.isolation.remote_run import RemoteRun
from orcheo_adapters.runners.isolation.worker import Worker
from orcheo_adapters.runners.task_run import Writer
from orcheo_core.domain.run import ContextKept, RunEvent
from orcheo_core.ports.runner import RunTooLong


class Process:
    """What is sent to it; a run that is asked to stop does so at once."""

    def __init__(self) -> None:
        """Nothing was sent."""
        self.sent: list[Kind] = []
        self.run: RemoteRun | None = None

    def send(self, kind: Kind, number: int, _payload: bytes = b"") -> None:
        """Keep what it is."""
        self.sent.append(kind)
        if kind is Kind.STOP and self.run is not None:
            assert number == self.run.number
            self.run.take(Kind.DONE, b"")

    def leave(self, number: int) -> None:
        """Nothing more of it is of interest."""


class Reader:
    """Has room once, takes one event, and refuses all others."""

    def __init__(self) -> None:
        """Nothing came."""
        self.heard = 0

    def event(self, _event: RunEvent) -> bool:
        """Take the first one, after which there is no room."""
        self.heard += 1
        if self.heard > 1:
            message = "too much"
            raise RunTooLong(message)
        return False

    async def room(self) -> None:
        """At once."""
        await asyncio.sleep(0)


async def test_a_run_that_is_refused_is_stopped_and_heard_no_more() -> None:
    """Thousands of its events may wait: looked at one after the other, they would keep all chats waiting."""
    process, reader = Process(), Reader()
    run = process.run = RemoteRun(cast(Worker, process), 1, (), cast(Writer, cast(Any, reader)))
    for _ in range(100):
        assert run.take(Kind.EVENT, encode_event(ContextKept([])))
    with pytest.raises(RunTooLong, match="too much"):
        await run.talk()
    assert reader.heard == 2
    assert process.sent == [Kind.STOP]
