"""A sink that remembers what a run said, and lets a test read it as it comes."""

import asyncio
from collections.abc import AsyncGenerator

from orcheo_core.domain.run import RunEvent, TextDelta
from orcheo_core.ports.runner import Run, RunSink


class FakeSink(RunSink):
    """Hands the events over one by one; the run waits until they are taken."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[RunEvent | None] = asyncio.Queue()

    def text(self, text: str) -> bool:
        return self.event(TextDelta(text))

    def event(self, event: RunEvent) -> bool:
        self._events.put_nowait(event)
        return False

    async def room(self) -> None:
        while not self._events.empty():  # noqa: ASYNC110 - the test takes them one by one
            await asyncio.sleep(0)

    def abandoned(self, error: Exception | None) -> None:
        """The run is executed apart."""

    async def said(self, run: Run) -> AsyncGenerator[RunEvent, None]:
        """Execute ``run``: its events as they come; leaving early cancels it."""
        running = asyncio.ensure_future(run.execute_apart(self))
        running.add_done_callback(lambda _: self._events.put_nowait(None))
        try:
            while (event := await self._events.get()) is not None:
                yield event
            await running
        finally:
            if not running.done():
                running.cancel()
                await asyncio.wait({running})
