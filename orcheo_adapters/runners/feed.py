"""From a workflow at its own pace to the one who reads what it says."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Sequence

from orcheo_core.domain.run import RunEvent

_CAPACITY = 256
"""A workflow is at most so many run events ahead of its reader."""


class FeedClosed(BaseException):
    """Nobody reads any more: a signal to the writer, like GeneratorExit."""


class Feed:
    """A bounded line of run events with one writer (on the event loop, or in a thread) and one reader.

    Events that are ready are passed on in one go: a thousand of them cost a handful of task switches.
    """

    def __init__(self) -> None:
        """Open, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._events: deque[RunEvent] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._places = threading.Semaphore(_CAPACITY)
        self._is_threaded = False
        self._woken = False
        self._ended = False
        self._closed = False
        self._error: BaseException | None = None

    async def put(self, event: RunEvent) -> None:
        """Pass on ``event``; waits only when the reader is far behind."""
        if not self.offer(event):
            await self.room()

    def offer(self, event: RunEvent) -> bool:
        """Pass on ``event``; False when the reader is far behind and the writer should wait for :meth:`room`."""
        self._events.append(event)
        self._news.set()
        return len(self._events) < _CAPACITY

    async def room(self) -> None:
        """Return when the reader has caught up."""
        while len(self._events) >= _CAPACITY:
            self._room.clear()
            await self._room.wait()

    def put_from_thread(self, event: RunEvent) -> None:
        """Pass on ``event`` from another thread; raises :class:`FeedClosed` when nobody reads any more."""
        self._is_threaded = True
        self._places.acquire()
        if self._closed or self._ended:
            raise FeedClosed
        self._events.append(event)
        if not self._woken:
            self._woken = True
            self._wake_reader()

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will come; the reader gets what is there, then ``error``. The first end counts."""
        if not self._ended:
            self._ended, self._error = True, error
        self._news.set()

    def close(self) -> None:
        """Nothing more will be read, not even what is there."""
        self._closed = True
        self._news.set()
        self._room.set()
        self._places.release()

    async def read(self) -> AsyncIterator[Sequence[RunEvent]]:
        """Everything that was put, in batches of what is there, to the end; raises the error it ended with."""
        while not self._closed:
            ended = self._ended
            self._news.clear()
            self._woken = False
            if batch := self._take():
                yield batch
            if ended and not self._events:
                break
            # a writer that is always ahead must not keep the event loop from its other work
            await (asyncio.sleep(0) if self._events else self._news.wait())
        if self._error is not None and not self._closed:
            raise self._error

    def _take(self) -> list[RunEvent]:
        batch = [self._events.popleft() for _ in range(len(self._events))]
        if batch and self._is_threaded:
            self._places.release(len(batch))
        self._room.set()
        return batch

    def _wake_reader(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError as error:  # the loop is gone, and the reader with it
            raise FeedClosed from error
