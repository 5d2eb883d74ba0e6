"""A sink that remembers what a run said, and lets a test read it as it comes."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from itertools import count

from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.run import RunEvent, TextDelta, ThreadChange
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.thread_events import ItemEvent, PartDelta
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.ports.run_thread import RunThread
from orcheo_core.ports.runner import Run, RunSink
from orcheo_core.turns.draft import TurnDraft
from orcheo_core.turns.run_thread import DraftThread

_NOW = datetime(2026, 11, 27, tzinfo=UTC)


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

    def thread(self) -> RunThread:
        """A thread that is nowhere else; text that is written to it is heard as if it was said."""
        numbers = count()

        def stamp() -> ItemBase:
            return ItemBase(id=f"msg_{next(numbers):04}", thread_id="thr_1", turn_id="trn_1", created_at=_NOW)

        thread = Thread(id="thr_1", workflow_id="wf_1", subject=Subject("anon:vis_1"), created_at=_NOW, updated_at=_NOW)
        draft = TurnDraft(thread=thread, stamp=stamp, limits=PartLimits())

        def say(event: ItemEvent | ThreadChange) -> bool:
            draft.apply(event)
            return self.text(event.delta) if isinstance(event, PartDelta) else True

        return DraftThread(draft=draft, new_id=draft.new_id, say=say)

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
