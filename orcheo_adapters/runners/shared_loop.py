"""One event loop for all sync answers of a workflow.

Sync forms of async frameworks run an event loop themselves, each call in a thread of its own: a client that the first
call has bound to its loop would fail in the second. So the threads of a workflow are lent a loop that hands all work on
to one real loop, which runs in one thread of the workflow as long as the server does.
"""

import asyncio
import concurrent.futures
import contextvars
import threading
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_lent = threading.local()
_new_event_loop = asyncio.new_event_loop
_BORROWER: contextvars.ContextVar["LentLoop | None"] = contextvars.ContextVar("orcheo.borrower", default=None)


IDLE_SECONDS = 60.0


class SharedLoop:
    """The one loop; its thread begins when it is first used, and ends some time after it was used last.

    The loop itself stays, as clients of the workflow are bound to it: another thread runs it when it is used again.
    """

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        """Nothing runs yet; the thread ends between ``idle_seconds`` and twice that after the last use."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._thread_before: threading.Thread | None = None
        self._lock = threading.Lock()
        self._idle_seconds = idle_seconds
        self._borrowers: weakref.WeakSet[LentLoop] = weakref.WeakSet()
        self._was_used = False

    def real(self, borrower: "LentLoop") -> asyncio.AbstractEventLoop:
        """The loop, running for ``borrower``."""
        with self._lock:
            self._borrowers.add(borrower)
            self._was_used = True
            if self._loop is None:
                self._loop = _new_event_loop()
                self._loop.set_task_factory(_owned_task)
            if self._thread is None:
                given = self._loop, self._thread_before
                self._thread = threading.Thread(target=self._run, args=given, name="orcheo-shared-loop", daemon=True)
                self._thread.start()
                self._loop.call_soon_threadsafe(self._look_later)
            return self._loop

    def take_back(self, borrower: "LentLoop") -> None:
        """It needs the loop no more, but for tasks that still run."""
        if self._loop is not None:
            with self._lock:
                self._borrowers.discard(borrower)

    def lend(self) -> "LentLoop":
        """A loop for one answer."""
        return LentLoop(self)  # type: ignore[abstract]  # what is missing raises, as the base class has it

    def close(self) -> None:
        """End the loop and its thread; what still runs in it is left."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if thread is not None and loop is not None:
            loop.call_soon_threadsafe(loop.stop)
        elif self._thread_before is not None and loop is not None:
            self._thread_before.join()
            loop.close()

    def _run(self, loop: asyncio.AbstractEventLoop, before: threading.Thread | None) -> None:
        if before is not None:  # it may be about to leave the loop
            before.join()
        loop.run_forever()
        if self._loop is not loop:
            loop.close()

    def _look_later(self) -> None:
        asyncio.get_running_loop().call_later(self._idle_seconds, self._end_if_idle)

    def _end_if_idle(self) -> None:
        loop = asyncio.get_running_loop()
        with self._lock:
            if self._borrowers or self._was_used or asyncio.all_tasks(loop):
                self._was_used = False
                self._look_later()
            elif self._loop is loop:
                self._thread_before, self._thread = self._thread, None
                # The threads of the executor so far end with it, which nothing holds any more.
                loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(thread_name_prefix="asyncio"))
                loop.stop()


def _owned_task(loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> "asyncio.Task[Any]":
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **more)
    context = more.get("context")
    borrower = _BORROWER.get() if context is None else context.get(_BORROWER)
    if borrower is not None:
        borrower.own(task)
    return task


class LentLoop(asyncio.AbstractEventLoop):
    """What code in a thread finds as its event loop: it can run something to its end, and create tasks."""

    _nest_patched = True
    """``nest_asyncio.apply()`` leaves this loop as it is; it fails on others than asyncio's own otherwise."""

    def __init__(self, shared: SharedLoop) -> None:
        """Hand everything on to ``shared``."""
        self._shared = shared
        self._tasks: weakref.WeakSet[asyncio.Task[Any]] | None = None
        """What was begun for this borrower and for those that it started; most begin nothing."""

    def run(self, work: Callable[[], _Result]) -> _Result:
        """Do ``work`` in this thread, which finds this loop wherever it asks for one or makes a new one."""
        _install()
        _lent.loop = self
        asyncio.set_event_loop(self)
        try:
            return work()
        finally:
            _lent.loop = None
            asyncio.set_event_loop(None)

    def own(self, task: "asyncio.Task[Any]") -> None:
        """A task of the shared loop was begun for this borrower."""
        if self._tasks is None:
            self._tasks = weakref.WeakSet()
        self._tasks.add(task)

    def end(self) -> None:
        """Cancel what still runs for this answer, from any thread; a stop reaches the model this way."""
        if self._tasks:
            self._shared.real(self).call_soon_threadsafe(self._cancel_all)
        self._shared.take_back(self)

    def close(self) -> None:
        """As ``asyncio.run`` does at its end: nothing that was begun runs on."""
        self.end()

    def _cancel_all(self) -> None:
        for task in list(self._tasks or ()):
            task.cancel()

    def create_task(self, coro: Any, **more: Any) -> "asyncio.Task[Any]":
        """Begin ``coro`` on the shared loop."""
        context = (more.pop("context", None) or contextvars.copy_context()).copy()
        context.run(_BORROWER.set, self)
        loop = self._shared.real(self)
        return self._there(lambda: loop.create_task(coro, context=context, **more))

    def run_until_complete(self, future: Any) -> Any:
        """Wait in this thread for what runs on the shared loop; its result or its error."""
        task = self.create_task(future) if asyncio.iscoroutine(future) else future
        if not asyncio.isfuture(task):
            task = self.create_task(_awaiting(future))
        waiting: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._there(lambda: task.add_done_callback(lambda _done: waiting.set_result(None)))
        try:
            waiting.result()
        except BaseException:
            self.end()
            raise
        return task.result()

    def _there(self, call: Callable[[], _Result]) -> _Result:
        done: concurrent.futures.Future[_Result] = concurrent.futures.Future()

        def execute() -> None:
            try:
                done.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
                done.set_exception(error)

        self._shared.real(self).call_soon_threadsafe(execute)
        return done.result()

    def create_future(self) -> "asyncio.Future[Any]":
        """A future of the shared loop."""
        return self._shared.real(self).create_future()

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: Any, **more: Any) -> asyncio.Handle:  # type: ignore[override]  # as the shared loop has it
        """Hand it on."""
        return self._shared.real(self).call_soon_threadsafe(callback, *args, **more)

    call_soon = call_soon_threadsafe  # type: ignore[assignment]

    def run_in_executor(  # type: ignore[override]  # its types name each argument
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        """Hand it on."""
        return self._there(lambda: self._shared.real(self).run_in_executor(executor, func, *args))

    def time(self) -> float:
        """The shared loop's time."""
        return self._shared.real(self).time()

    def is_running(self) -> bool:
        """Not in this thread."""
        return False

    def is_closed(self) -> bool:
        """It never is."""
        return False

    def get_debug(self) -> bool:
        """It does not debug."""
        return False

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - as asyncio has it
        """All answers share what this would change."""

    def set_exception_handler(self, handler: Any) -> None:
        """All answers share what this would change."""

    async def shutdown_asyncgens(self) -> None:
        """Generators of other answers are at work in the same loop."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as asyncio has it
        """Other answers use it too."""


async def _awaiting(value: Any) -> Any:
    return await value


def _install() -> None:
    """Let a thread that was lent a loop find it where it would make a new one, as ``asyncio.run`` does."""
    if asyncio.new_event_loop is not _new_or_lent:
        asyncio.new_event_loop = asyncio.events.new_event_loop = _new_or_lent


def _new_or_lent() -> asyncio.AbstractEventLoop:
    return getattr(_lent, "loop", None) or _new_event_loop()
