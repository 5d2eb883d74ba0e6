"""A run in a workflow's own process, as the server sees it."""

import asyncio
from collections import deque
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING

from orcheo_adapters.runners.isolation.exchange import Exchange
from orcheo_adapters.runners.isolation.frames import MOST_FROM_CHILD, WINDOW, BrokenProtocol, Kind, cost
from orcheo_adapters.runners.isolation.messages import decode_event, decode_failure, loads
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_adapters.system.running import current_run
from orcheo_core.domain.run import SentFile

if TYPE_CHECKING:
    from orcheo_adapters.runners.isolation.worker import Worker

FAREWELL_SECONDS = 1.0
"""Time for a run to end when it was stopped, as for runs in the server's process."""
_FILE_PART = 1024 * 1024
_MOST_WANTED = 64
"""Questions for attachments that may wait in one run."""
_MOST_UNREAD = 16 * 2**20
"""A process that takes nothing gets no further attachment."""
_FILE_PAUSE_SECONDS = 0.1
"""Time until the next attachment is tried for a process that takes nothing."""


class RemoteRun(Exchange):
    """A run in the process: what it says is written at once, or waits until there is room."""

    def __init__(self, worker: "Worker", number: int, files: tuple[SentFile, ...], writer: Writer) -> None:
        """Begin to listen."""
        self.number = number
        self._worker = worker
        self._files = files
        self._writer = writer
        self._running = current_run()
        self._waiting: deque[tuple[Kind, bytes]] = deque()
        self._waits = 0
        self._taken = 0
        self._is_full = False
        self._is_left = False
        self._is_over = False
        self._error: Exception | None = None
        self._wanted: deque[tuple[int, SentFile]] = deque()
        self._news = asyncio.Event()

    async def talk(self) -> None:
        """Pass on what the run says, to its end; raises what it raises. After a stop it is given a moment to end."""
        try:
            while not self._is_left and not (self._is_over and not self._waiting):
                await self._news.wait()
                self._news.clear()
                while self._is_full:
                    await self._writer.room()
                    self._is_full = False
                    self._pass_on_waiting()
        finally:
            if not self._is_over:
                await self._stop()
            self._worker.leave(self.number)
        if self._error is not None:
            raise self._error
        self._worker.was_useful = True

    async def _stop(self) -> None:
        """Ask the run to stop; one that does not costs its process."""
        self._is_left = True
        self._waiting.clear()
        self._worker.send(Kind.STOP, self.number)
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                while not self._is_over:
                    await self._news.wait()
                    self._news.clear()
        except TimeoutError:
            pass
        finally:
            if not self._is_over:
                self._keep_left()
                self._worker.retire(self.number)

    def _keep_left(self) -> None:
        if self._running is not None:
            self._worker.keep_left(self.number, self._running)

    def take(self, kind: Kind, payload: bytes) -> bool:
        """See the base class."""
        if kind is Kind.TEXT or kind is Kind.EVENT:
            self._hear(kind, payload)
        elif kind is Kind.WANT:
            self._want(payload)
        elif self._is_over:
            return False
        elif kind is Kind.DONE:
            self._end(None)
        elif kind is Kind.FAILED:
            self._end(decode_failure(payload))
        else:
            if kind is Kind.LEFT:
                self._keep_left()
            return False  # one of these is meant for each run, and bounded as frames of no meaning are
        return True

    def fail(self, error: Exception) -> None:
        """See the base class."""
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        if not self._is_over:
            self._is_over, self._error = True, self._error or error
            self._news.set()

    def _hear(self, kind: Kind, payload: bytes) -> None:
        if self._is_over:
            message = "something after the end of its answer"
            raise BrokenProtocol(message)
        if not self._is_full and not self._waiting:
            self._pass_on(kind, payload)
            return
        self._waits += cost(payload)
        if self._waits > WINDOW + MOST_FROM_CHILD:
            message = "more than it was allowed to"
            raise BrokenProtocol(message)
        self._waiting.append((kind, payload))

    def _pass_on_waiting(self) -> None:
        while self._waiting and not self._is_full:
            kind, payload = self._waiting.popleft()
            self._waits -= cost(payload)
            self._pass_on(kind, payload)

    def _pass_on(self, kind: Kind, payload: bytes) -> None:
        self._taken += cost(payload)
        if self._taken >= WINDOW // 4:
            self._worker.send(Kind.CREDIT, self.number, self._taken.to_bytes(4, "big"))
            self._taken = 0
        if not payload:
            message = "an empty piece"
            raise BrokenProtocol(message)
        if self._is_left:
            return
        if kind is Kind.TEXT:
            may_continue = self._writer.text(payload.decode("utf-8", "replace"))
        else:
            may_continue = self._write_event(payload)
        if not may_continue:
            self._is_full = True
            self._news.set()

    def _write_event(self, payload: bytes) -> bool:
        event = decode_event(payload)
        try:
            return self._writer.event(event)
        except Exception as error:  # noqa: BLE001 - in the server's process it would come to the run, too
            self._is_left, self._error = True, error
            self._waiting.clear()  # nothing of it is heard any more, and it may be thousands of events
            self._news.set()
            return True

    def _want(self, payload: bytes) -> None:
        """Send an attachment."""
        try:
            number, position = loads(payload)
            sent = self._files[position]
        except (ValueError, TypeError, IndexError) as error:
            message = "a question for an attachment that was not sent"
            raise BrokenProtocol(message) from error
        if len(self._wanted) >= _MOST_WANTED or not isinstance(number, int) or not 0 <= number < 2**32:
            message = "too many questions for attachments"
            raise BrokenProtocol(message)
        self._wanted.append((number, sent))
        if len(self._wanted) == 1:
            self._read_file()

    def _read_file(self) -> None:
        """One after the other, and none while the process has not taken the one before."""
        if self._worker.unread > _MOST_UNREAD:
            self._worker.later(_FILE_PAUSE_SECONDS, self._read_file)
            return
        number, sent = self._wanted[0]
        in_thread(sent.read).add_done_callback(partial(self._send_file, number), context=Context())

    def _send_file(self, number: int, reading: "asyncio.Future[bytes]") -> None:
        send = partial(self._worker.send, Kind.FILE, number)
        if reading.cancelled() or reading.exception() is not None:
            send(b"!")
        else:
            data = reading.result()
            for at in range(0, len(data), _FILE_PART):
                send(b"+" + data[at : at + _FILE_PART])
            send(b".")
        self._wanted.popleft()
        if self._wanted and not self._is_over:
            self._read_file()
