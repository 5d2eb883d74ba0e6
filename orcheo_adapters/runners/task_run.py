"""A run as a task of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from attrs import frozen

from orcheo_adapters.system.running import Running, call_in, mark_task
from orcheo_core.domain.run import RunEvent
from orcheo_core.ports.run_thread import RunThread
from orcheo_core.ports.runner import CODE_FAILED, Run, RunFailed, RunSink, RunTimedOut, text_of

_FAREWELL = 1.0
"""Seconds a stopped workflow has to clean up before it is left to itself."""


@frozen(kw_only=True)
class TimeLimits:
    """Seconds that one run has."""

    whole: float
    """From its beginning to its end, whatever it says."""
    silence: float
    """Since it last said anything: text, a step, progress."""


class Writer:
    """What a workflow writes to: the sink itself, until the run is over; then nothing is heard any more."""

    text: Callable[[str], bool]
    event: Callable[[RunEvent], bool]
    """Mostly the sink's own methods, as text comes by the thousand pieces."""

    def __init__(self, sink: RunSink) -> None:
        """Pass everything on to ``sink``."""
        self._sink = sink
        self._is_closed = False
        self.room: Callable[[], Awaitable[None]] = sink.room
        self.listen()

    def listen(self) -> None:
        """Notice the next thing that is said; :attr:`has_heard` tells of it."""
        self.has_heard = False
        self.text, self.event = self._first_text, self._first_event

    def _first_text(self, text: str) -> bool:
        self.hear()
        return self.text(text)

    def _first_event(self, event: RunEvent) -> bool:
        self.hear()
        return self.event(event)

    def hear(self) -> None:
        """Something was said."""
        self.has_heard = True
        if not self._is_closed:
            self.text, self.event = self._sink.text, self._sink.event

    def thread(self) -> RunThread | None:
        """See :meth:`RunSink.thread`. It is written to without this writer, which hears of it by :meth:`hear`."""
        return self._sink.thread()

    async def put(self, event: RunEvent) -> None:
        """Write ``event``, and wait if others are to have their turn."""
        if not self.event(event):
            await self.room()

    def close(self) -> None:
        """Hear nothing any more; a workflow that talks on is made to wait, which is where it can be cancelled."""
        self._is_closed = True
        self.text = self.event = _ignore
        self.room = _pause


def _ignore(_said: object) -> bool:
    return False


async def _pause() -> None:
    await asyncio.sleep(0)


Work = Callable[[Writer], Awaitable[None]]


class TaskRun(Run):
    """Does its work in the task that executes it, which stop and time-out interrupt there and nowhere else.

    A workflow that does not let itself be interrupted is abandoned: its turn ends without it.
    """

    def __init__(self, work: Work, limits: TimeLimits, running: Running) -> None:
        """Prepare ``work``, which writes what the workflow says; nothing happens yet."""
        self._work = work
        self._limits = limits
        self._running = running
        self._ends_at = 0.0
        self._heard_at = 0.0
        self._is_stopped = False
        self._error: RunTimedOut | None = None
        self._writer: Writer | None = None
        self._task: asyncio.Task[None] | None = None
        """The task that executes this, while the workflow is at work in it."""
        self._timer: asyncio.TimerHandle | None = None
        self._abandon: Callable[[Exception | None], None] | None = None

    def stop(self) -> None:
        """See :meth:`Run.stop`. Blocking work in a thread is abandoned there."""
        self._interrupt()

    def when_over(self, call: Callable[[], None]) -> None:
        """See :meth:`Run.when_over`."""
        self._running.when_over(partial(call_in, asyncio.get_running_loop(), call))

    async def execute(self, sink: RunSink) -> None:
        """See :meth:`Run.execute`."""
        if self._was_stopped():
            return
        loop = asyncio.get_running_loop()
        self._task, self._writer, self._abandon = asyncio.current_task(), Writer(sink), sink.abandoned
        self._heard_at = loop.time()
        self._ends_at = self._heard_at + self._limits.whole
        self._timer = loop.call_at(self._next_look(self._heard_at), self._look_at_time, self._writer)
        self._running.task = self._task
        mark_task(self._task, self._running)
        try:
            with self._running:
                await self._work(self._writer)
        except BaseException as error:
            if not self._is_interruption(error):
                raise
        finally:
            self._timer.cancel()
            self._writer.close()
            self._writer = self._timer = self._abandon = None  # the sink holds this run: no circle for the collector
            task, self._task = self._task, None
            mark_task(task, None)
            inside = self._running.own_cancellations + self._is_stopped
            if inside and task is not None:
                await _take_back(task, inside)
        if self._error is not None:
            raise self._error

    async def execute_apart(self, sink: RunSink) -> None:
        """See :meth:`Run.execute_apart`."""
        outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = asyncio.ensure_future(self.execute(_Awaited(sink, outcome)))
        task.add_done_callback(lambda done: _settle(outcome, None if done.cancelled() else done.exception()))
        try:
            await outcome
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_FAREWELL)

    def _is_interruption(self, error: BaseException) -> bool:
        """Whether this is how the workflow takes our interruption; it may raise anything then.

        What ends the process must not do so from within a workflow.
        """
        if self._is_stopped:
            return True
        is_cancelled = isinstance(error, asyncio.CancelledError) and self._task is not None and self._task.cancelling()
        is_own = self._running.own_cancellations > 0
        if (is_own or not is_cancelled) and not isinstance(error, Exception):
            raise RunFailed(CODE_FAILED, f"The workflow ended itself with {text_of(error, repr)}.") from error
        return False

    def _was_stopped(self) -> bool:
        return self._is_stopped

    def _look_at_time(self, writer: Writer) -> None:
        """End the run, or look again when its time can be up: one timer for all that it says."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if writer.has_heard:
            self._heard_at = now
            writer.listen()
        if now >= self._ends_at:
            self._error = RunTimedOut(f"the answer was not complete after {self._limits.whole:g} s")
        elif now >= self._heard_at + self._limits.silence:
            self._error = RunTimedOut(f"the workflow said nothing for {self._limits.silence:g} s")
        else:
            self._timer = loop.call_at(self._next_look(now), self._look_at_time, writer)
            return
        self._interrupt()

    def _next_look(self, now: float) -> float:
        """Often enough that silence is noticed an eighth late at most."""
        return min(self._ends_at, self._heard_at + self._limits.silence, now + self._limits.silence / 8)

    def _interrupt(self) -> None:
        """Once only: a second one would break into the workflow's clean-up (and leave the tasks of a graph running)."""
        if self._is_stopped:
            return
        self._is_stopped = True
        if self._task is not None and self._writer is not None and self._timer is not None:
            self._writer.close()
            self._task.cancel()
            self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(_FAREWELL, self._leave_behind)

    def _leave_behind(self) -> None:
        if self._abandon is not None:
            self._abandon(self._error)


async def _take_back(task: asyncio.Task[None], count: int) -> None:
    """Let the cancellations that were asked for inside the run come, and nothing after it be hit by them.

    A workflow may cancel its task, or be stopped by what it wrote itself, and then return before it waits again.
    """
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        if task.cancelling() > count:  # from outside, as at the end of the server
            raise
    finally:
        for _ in range(count):
            task.uncancel()


class _Awaited(RunSink):
    """A sink whose owner waits for ``outcome``."""

    def __init__(self, sink: RunSink, outcome: "asyncio.Future[None]") -> None:
        self._sink = sink
        self._outcome = outcome

    def text(self, text: str) -> bool:
        return self._sink.text(text)

    def event(self, event: RunEvent) -> bool:
        return self._sink.event(event)

    async def room(self) -> None:
        await self._sink.room()

    def thread(self) -> RunThread | None:
        return self._sink.thread()

    def abandoned(self, error: Exception | None) -> None:
        _settle(self._outcome, error)


def _settle(outcome: "asyncio.Future[None]", error: BaseException | None) -> None:
    if outcome.done():
        return
    if error is None:
        outcome.set_result(None)
    else:
        outcome.set_exception(error)
