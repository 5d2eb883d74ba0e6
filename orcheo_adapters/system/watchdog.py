"""Notices when the event loop is blocked, and says by whom."""

import asyncio
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from orcheo_adapters.system.logs import get_logger
from orcheo_adapters.system.running import CallbackOf, Running, left_threads, run_of

BLOCKED_SECONDS = 1.0
"""A loop that does not come round for this long is blocked."""
LONG_SECONDS = 10.0
"""After a block of this length the server is degraded for a while."""
DEGRADED_SECONDS = 60.0
_BEAT_SECONDS = 0.25
_DEEPEST = 20
_LOG = get_logger("watchdog")


class Watchdog:
    """A thread that expects a sign of life from the event loop.

    A process that stands still as a whole, because the machine sleeps or code holds the interpreter's lock, blocks this
    thread too; such time is not counted, because it is not known whose it was.
    """

    def __init__(self, *, blocked_after: float = BLOCKED_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` counts seconds."""
        self._blocked_after = blocked_after
        self._clock = clock
        self._last_beat = clock()
        self._block: _Block | None = None
        self._long_block: tuple[float, float] | None = None

    @property
    def recent_long_block(self) -> float | None:
        """Seconds of a long block that ended less than a minute ago; None when there was none."""
        if self._long_block is None or self._clock() - self._long_block[0] > DEGRADED_SECONDS:
            return None
        return self._long_block[1]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the running event loop."""
        loop, ident = asyncio.get_running_loop(), threading.get_ident()
        is_over = threading.Event()

        def beat() -> None:
            self.beat()
            if not is_over.is_set():
                loop.call_later(_BEAT_SECONDS, beat)

        self._last_beat = self._clock()
        beat()
        thread = threading.Thread(target=self._watch, args=(loop, ident, is_over), name="orcheo-watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, ident: int, is_over: threading.Event) -> None:
        expected = self._clock() + _BEAT_SECONDS
        while not is_over.wait(_BEAT_SECONDS):
            now = self._clock()
            self.excuse(now - expected - _BEAT_SECONDS)
            frame = sys._current_frames().get(ident)  # noqa: SLF001 - the only way to another thread's stack
            self.look(frame, asyncio.current_task(loop))
            expected = self._clock() + _BEAT_SECONDS

    def excuse(self, seconds: float) -> None:
        """The watching thread did not run either for so long: the machine slept, or was busy with others."""
        self._last_beat += max(0.0, seconds)

    def beat(self) -> None:
        """The loop comes round."""
        now, before = self._clock(), self._last_beat
        self._last_beat = now
        if self._block is not None:
            block, self._block = self._block, None
            block.end(now - before)
            if now - before >= LONG_SECONDS:
                self._long_block = now, now - before

    def look(self, frame: FrameType | None, task: "asyncio.Task[Any] | None") -> None:
        """Report a block, once; ``frame`` is what the loop's thread executes, for ``task`` if it is for one."""
        seconds = self._clock() - self._last_beat
        if self._block is None and seconds >= self._blocked_after and frame is not None:
            self._block = _Block(task, list(_above_the_loop(frame)))
            self._block.begin(seconds)


class LeftThreads:
    """Tells the log when more threads than before outlive the runs that started them."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._before: Counter[tuple[str, str]] = Counter()
        self._reported: Counter[tuple[str, str]] = Counter()

    async def look(self) -> None:
        """Count them; a thread that has a moment to end is not left behind, so only the second look counts."""
        now = left_threads()
        for (workflow_id, name), count in (now & self._before).items():
            if count > self._reported[workflow_id, name]:
                what = "1 thread" if count == 1 else f"{count} threads"
                extra = {"workflow_id": workflow_id}
                _LOG.warning("the workflow %s has left %s at work", name, what, extra=extra)
        self._reported = (self._reported & now) | (now & self._before)
        self._before = now


class _Block:
    """One time in which the loop does not come round."""

    def __init__(self, task: "asyncio.Task[Any] | None", frames: list[FrameType]) -> None:
        self._running = running = run_of(task) or _run_of_callback(frames)
        summary = traceback.StackSummary.extract((one, one.f_lineno) for one in reversed(frames[:_DEEPEST]))
        self._stack = "".join(summary.format()).rstrip()
        who = "a callback" if task is None else "the server"
        self._who = who if running is None else f"the workflow {running.name}"
        self._extra = {"workflow_id": running.workflow_id} if running else {}

    def begin(self, seconds: float) -> None:
        if self._running is not None:
            self._running.conducts.blocked(self._running.workflow_id)
            self._running.conducts.blocked_for(self._running.workflow_id, seconds)
        text = "%s has blocked the event loop for %.1f s, so every chat waits:\n%s"
        _LOG.warning(text, self._who, seconds, self._stack, extra=self._extra)

    def end(self, seconds: float) -> None:
        if self._running is not None:
            self._running.conducts.blocked_for(self._running.workflow_id, seconds)
        _LOG.warning("%s blocked the event loop for %.1f s; it runs again", self._who, seconds, extra=self._extra)


def _above_the_loop(frame: FrameType) -> Iterator[FrameType]:
    each: FrameType | None = frame
    while each is not None and each.f_code.co_name != "run_forever":
        yield each
        each = each.f_back


def _run_of_callback(frames: list[FrameType]) -> Running | None:
    for each in frames:
        if each.f_code is CallbackOf.__call__.__code__:
            found: CallbackOf = each.f_locals["self"]
            return found.running
    return None
