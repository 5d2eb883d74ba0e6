"""A run as a task that feeds its reader."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from orcheo_adapters.runners.feed import Feed
from orcheo_core.domain.run import RunEvent
from orcheo_core.ports.runner import Run, RunTimedOut

_FAREWELL = 1.0
"""Seconds a stopped workflow has to clean up before it is left to itself."""

Work = Callable[[Feed], Awaitable[None]]


class TaskRun(Run):
    """Does its work in a task of its own: stop and time-out cancel that task, never the reader."""

    def __init__(self, work: Work, *, time_limit: float) -> None:
        """Prepare ``work``, which puts what the workflow says into a feed; nothing happens yet."""
        self._work = work
        self._time_limit = time_limit
        self._stopped = False
        self._cancelled = False
        self._feed: Feed | None = None
        self._task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """See :meth:`Run.stop`. Blocking work in a thread is abandoned there."""
        self._stopped = True
        if self._feed and self._task:
            self._feed.close()
            self._cancel(self._task)

    async def batches(self) -> AsyncIterator[Sequence[RunEvent]]:
        """See :meth:`Run.batches`."""
        if self._stopped:
            return
        self._feed = feed = Feed()
        self._task = task = asyncio.create_task(self._execute(feed))
        timer = asyncio.get_running_loop().call_later(self._time_limit, self._time_out, feed, task)
        try:
            async for batch in feed.read():
                yield batch
        finally:
            timer.cancel()
            feed.close()
            if not task.done():
                self._cancel(task)
                await asyncio.wait({task}, timeout=_FAREWELL)

    def _time_out(self, feed: Feed, task: asyncio.Task[None]) -> None:
        feed.end(RunTimedOut(f"no end of the answer after {self._time_limit:g} s"))
        self._cancel(task)

    def _cancel(self, task: asyncio.Task[None]) -> None:
        """Once only: a second one would break into the workflow's clean-up (and leave the tasks of a graph running)."""
        if not self._cancelled:
            self._cancelled = True
            task.cancel()

    async def _execute(self, feed: Feed) -> None:
        """Never raises: how the workflow ended is for the reader, not for the event loop."""
        try:
            await self._work(feed)
        except Exception as error:  # noqa: BLE001 - whatever a workflow raises is the reader's to see
            feed.end(error)
        except BaseException as error:  # noqa: BLE001 - sys.exit() in a workflow must not end the server
            feed.end(RuntimeError(f"the workflow ended itself with {error!r}"))
        else:
            feed.end()
