"""From a workflow in a thread of its own to the event loop."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import RunEvent

_CAPACITY = 256
"""A workflow is at most this many run events ahead of the event loop."""


class FeedClosed(BaseException):
    """Nothing is read any more: a signal to the workflow, like GeneratorExit."""


async def write_from_thread(talk: Callable[[Callable[[RunEvent], None]], None], writer: Writer) -> None:
    """Run ``talk`` in a thread and write what it puts; raises what it raises."""
    feed = ThreadFeed()
    talking = in_thread(partial(talk, feed.put))
    talking.add_done_callback(feed.end)
    try:
        async for batch in feed.read():
            for event in batch:
                if not writer.event(event):
                    await writer.room()
        await talking
    finally:
        feed.close()
        talking.cancel()  # it ends by FeedClosed, which is of no interest any more


class ThreadFeed:
    """A bounded queue of run events: a thread puts, the event loop reads.

    Events that are ready are read in one go: a thousand of them wake the event loop a handful of times.
    """

    def __init__(self) -> None:
        """Open, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._events: deque[RunEvent] = deque()
        self._news = asyncio.Event()
        self._places = threading.Semaphore(_CAPACITY)
        self._is_woken = False
        self._is_ended = False
        self._is_closed = False

    def put(self, event: RunEvent) -> None:
        """Pass ``event`` on, in the thread; raises :class:`FeedClosed` when nothing is read any more."""
        self._places.acquire()
        if self._is_closed:
            raise FeedClosed
        self._events.append(event)
        if not self._is_woken:
            self._is_woken = True
            try:
                self._loop.call_soon_threadsafe(self._news.set)
            except RuntimeError as error:  # the loop is closed, and the reader with it
                raise FeedClosed from error

    def end(self, _talked: Any = None) -> None:
        """Nothing more will come."""
        self._is_ended = True
        self._news.set()

    def close(self) -> None:
        """Nothing more will be read."""
        self._is_closed = True
        self._places.release()

    async def read(self) -> AsyncIterator[Sequence[RunEvent]]:
        """Everything that is put, in batches of what is there, to the end."""
        is_last = False
        while not is_last:
            await self._news.wait()
            is_last = self._is_ended
            self._news.clear()
            self._is_woken = False
            batch = [self._events.popleft() for _ in range(len(self._events))]
            if batch:
                self._places.release(len(batch))
                yield batch
