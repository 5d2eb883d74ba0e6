"""The event loop of the server, which neither ends because of a workflow nor waits for one that does not end."""

import asyncio
import logging
import os
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import Context
from functools import partial
from types import FunctionType, MethodType
from typing import Any, NoReturn, TypeVar

import uvloop

from orcheo_adapters.system.connecting import connected, looked_up_at_once
from orcheo_adapters.system.forks import runs_forever, starts_programs
from orcheo_adapters.system.logs import get_logger
from orcheo_adapters.system.running import (
    SHARED_THREADS,
    CallbackOf,
    Running,
    call_in,
    current_run,
    lent_to,
    mark_task,
    run_in,
)
from orcheo_adapters.system.running_loop import ALREADY_RUNNING, kept_running, none_at_work

T = TypeVar("T")
_LAST_WORDS_SECONDS = 2.0
"""How long what is still at work may take to end, once the server is done."""
_WORKFLOW_THREADS = 32
"""Threads for what one workflow hands to the loop's executor (``asyncio.to_thread``)."""
_MOST_EXECUTORS = 64
"""Workflows whose idle threads are kept."""
_IDLE_SECONDS = 60.0
"""Threads of a workflow end after it has used none for so long, or for twice as long at most."""
_MOST_FAULTS = 100
"""With more faults of the loop itself, each within a second of the one before, the server ends."""
_LOG = get_logger("server")

_call_soon, _call_later = uvloop.Loop.call_soon, uvloop.Loop.call_later
"""Looked up once: each piece of each answer passes them."""
_WRITTEN_IN_PYTHON = frozenset({FunctionType, MethodType, partial})
"""What people leave with a future; steps of tasks are of other types."""


class ServerTask(asyncio.Task[T]):
    """A task of the server: runs cannot cancel it, except for the one that is at work in it."""

    def cancel(self, msg: Any | None = None) -> bool:
        """See asyncio. Code that cancels all tasks of the loop must not end other visitors' requests and turns."""
        running = current_run()
        if running is None:
            return super().cancel(msg)
        if running.task is not self:
            _LOG.warning("the workflow %s tried to cancel a task of the server", running.name)
            return False
        running.own_cancellations += 1
        return super().cancel(msg)

    def uncancel(self) -> int:
        """See asyncio: what limits the time inside a run takes its cancellation back."""
        running = current_run()
        if running is not None and running.task is self and running.own_cancellations:
            running.own_cancellations -= 1
        return super().uncancel()


def _make_task(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> "asyncio.Future[Any]":
    running = current_run()
    if running is None:
        return ServerTask(work, loop=loop, **options)
    task = asyncio.Task(work, loop=loop, **options)
    mark_task(task, running)
    return task


def _of_the_run(callback: Callable[..., object]) -> Callable[..., object]:
    running = current_run()
    return callback if running is None else CallbackOf(running, callback)


class ServerLoop(uvloop.Loop):
    """Keeps running where uvloop would end: when a task or a callback raises SystemExit or KeyboardInterrupt.

    uvloop, as a turn takes a fifth less processor time on it than on asyncio's own loop (``docs/performance.md``).

    A workflow may call ``sys.exit()`` in a task or a callback of its own. The task that waits for it gets the
    exception; the loop's other work has nothing to do with it. Nor can it stop the loop, also not by a callback from a
    thread of its own, change how the loop works, cancel tasks of the server, or use up the threads of its executor.
    What reports the exception of a callback may raise as well, by what the workflow has replaced.
    """

    _main: "asyncio.Task[Any] | None" = None
    _nest_patched = True
    """``nest_asyncio.apply()`` leaves this loop as it is; it fails on others than asyncio's own otherwise."""

    def __init__(self, set_back: Callable[[], object] = lambda: None, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        """Tell tasks of the server from those of workflows; ``set_back`` undoes what they have done to the process."""
        super().__init__()
        self._set_back = set_back
        self._idle_seconds = idle_seconds
        self._faults: list[float] = []
        self._executors: dict[str, ThreadPoolExecutor] = {}
        self._busy: Counter[str] = Counter()
        self._used: set[str] = set()
        """Workflows that have used their threads since the last look for idle ones."""
        self.set_task_factory(_make_task)

    def stop(self) -> None:
        """See asyncio; asked by a run it does nothing."""
        if _is_servers("stop"):
            super().stop()

    def set_task_factory(self, factory: Any) -> None:
        """See asyncio; asked by a run it does nothing, as the server's tasks are made by it too."""
        if _is_servers("change"):
            super().set_task_factory(factory)

    def set_exception_handler(self, handler: Any) -> None:
        """See asyncio; asked by a run it does nothing, as the server's errors go there too."""
        if _is_servers("change"):
            super().set_exception_handler(handler)

    def set_default_executor(self, executor: Any) -> None:
        """See asyncio; asked by a run it does nothing, as the server works with it too."""
        if _is_servers("change"):
            super().set_default_executor(executor)

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's
        """See asyncio; asked by a run it does nothing, as it makes all slow."""
        if _is_servers("change"):
            super().set_debug(enabled)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as the loop has it
        """See asyncio; asked by a run it does nothing, as the executor is not its own."""
        if _is_servers("stop"):
            await super().shutdown_default_executor(timeout)

    async def shutdown_asyncgens(self) -> None:
        """See asyncio; asked by a run it does nothing, as it would close the generators of all."""
        if _is_servers("stop"):
            await super().shutdown_asyncgens()

    def call_soon(  # type: ignore[override]  # typeshed's has a TypeVarTuple
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """See asyncio: a callback of a run is known by its frame. Steps of tasks come here too and stay."""
        if context is None:
            callback = _of_the_run(callback)
        elif type(callback) in _WRITTEN_IN_PYTHON and (running := run_in(context)) is not None:
            callback = CallbackOf(running, callback)
        return _call_soon(self, callback, *args, context=context)

    def call_later(  # type: ignore[override]  # typeshed's has a TypeVarTuple
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """See asyncio: a callback of a run is known by its frame."""
        if context is None:
            callback = _of_the_run(callback)
        return _call_later(self, delay, callback, *args, context=context)

    def call_soon_threadsafe(  # type: ignore[override]  # typeshed's has a TypeVarTuple
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """See asyncio: what a thread of a run has done here belongs to that run."""
        if context is None:
            callback = _of_the_run(callback)
        return super().call_soon_threadsafe(callback, *args, context=context)

    def add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:  # type: ignore[override]  # see above
        """See asyncio: a callback of a run is known by its frame."""
        super().add_reader(fd, _of_the_run(callback), *args)

    def add_writer(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:  # type: ignore[override]  # see above
        """See asyncio: a callback of a run is known by its frame."""
        super().add_writer(fd, _of_the_run(callback), *args)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """See asyncio: what a callback met may come from what a workflow has changed, which is set back first."""
        self._set_back()
        if "handle" in context:  # of a callback, which is over
            none_at_work(self)
        super().call_exception_handler(context)

    def run_until_complete(self, future: Generator[Any, None, T] | Awaitable[T]) -> T:
        """See asyncio: an exit of the future itself still ends the loop."""
        self._refuse_nesting()
        self._main = future if isinstance(future, ServerTask) else None
        return super().run_until_complete(future)

    def run_in_executor(self, executor: Executor | None, func: Callable[..., T], *args: Any) -> "asyncio.Future[T]":  # type: ignore[override]  # typeshed's has a TypeVarTuple
        """See asyncio: what a run has done in a thread is known to be its own, and keeps none of the server's busy."""
        running = current_run()
        if running is None:
            return super().run_in_executor(executor, func, *args)  # type: ignore[return-value]  # uvloop's stub is wrong
        if executor is None:
            executor = self._executor_of(running.workflow_id)

        if not isinstance(executor, ThreadPoolExecutor):  # of processes: what belongs to this one cannot go there
            return super().run_in_executor(executor, func, *args)  # type: ignore[return-value]  # see above

        def work() -> T:
            with lent_to(running):
                return func(*args)

        begun = executor.submit(work)
        running.begin_part()
        self._busy[running.workflow_id] += 1
        begun.add_done_callback(partial(self._end_part, running))
        return asyncio.wrap_future(begun, loop=self)

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        """See asyncio: in a thread of the run's own."""
        found = looked_up_at_once(host, port, family, type, proto, flags)
        if found is not None:
            return found
        ask = partial(socket.getaddrinfo, host, port, family, type, proto, flags)
        return await self.run_in_executor(None, ask)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        """See asyncio: a name is looked up as :meth:`getaddrinfo` does. One address is tried after the other."""
        for only_asyncio_has in ("happy_eyeballs_delay", "interleave"):
            options.pop(only_asyncio_has, None)
        if not host or options.get("local_addr") or looked_up_at_once(host, None, 0, socket.SOCK_STREAM, 0, 0):
            return await super().create_connection(protocol_factory, host, port, **options)
        if options.get("ssl") and options.get("server_hostname") is None:
            options["server_hostname"] = host
        lookup = {name: options.pop(name, 0) for name in ("family", "proto", "flags")}
        sock = await connected(self, host, port, **lookup)
        try:
            return await super().create_connection(protocol_factory, sock=sock, **options)
        except BaseException:
            sock.close()
            raise

    @starts_programs
    async def subprocess_exec(self, protocol_factory: Any, *args: Any, **options: Any) -> Any:
        """See asyncio."""
        return await super().subprocess_exec(protocol_factory, *args, **options)

    @starts_programs
    async def subprocess_shell(self, protocol_factory: Any, *args: Any, **options: Any) -> Any:
        """See asyncio."""
        return await super().subprocess_shell(protocol_factory, *args, **options)

    def _end_part(self, running: Running, _begun: object) -> None:
        running.end_part()
        call_in(self, partial(self._busy.subtract, (running.workflow_id,)))

    def _executor_of(self, workflow_id: str) -> ThreadPoolExecutor:
        """That of a workflow; threads that are idle are kept for a few workflows only, those used last."""
        executor = self._executors.pop(workflow_id, None)
        if executor is None:
            self._end_threads_of(self._idle[: max(0, len(self._executors) - _MOST_EXECUTORS + 1)])
            executor = ThreadPoolExecutor(_WORKFLOW_THREADS, SHARED_THREADS)
            if not self._executors:
                self._look_later()
        self._executors[workflow_id] = executor
        self._used.add(workflow_id)
        return executor

    @property
    def _idle(self) -> list[str]:
        return [each for each in self._executors if self._busy[each] <= 0]

    def _end_idle_threads(self) -> None:
        self._end_threads_of([each for each in self._idle if each not in self._used])
        self._used.clear()
        if self._executors:
            self._look_later()

    def _look_later(self) -> None:
        self.call_later(self._idle_seconds, self._end_idle_threads, context=Context())  # it belongs to no run

    def _end_threads_of(self, workflow_ids: list[str]) -> None:
        for each in workflow_ids:
            self._executors.pop(each).shutdown(wait=False)
            del self._busy[each]

    def _refuse_nesting(self) -> None:
        """A workflow that asks for it must neither be taken for the server nor for a fault of the loop."""
        if self.is_running():
            raise RuntimeError(ALREADY_RUNNING)

    @runs_forever
    def run_forever(self) -> None:
        """See asyncio."""
        self._refuse_nesting()
        while True:
            try:
                super().run_forever()
            except (SystemExit, KeyboardInterrupt) as error:
                if self._main is None or self._main.done() or self._main.cancelling():
                    raise  # the server itself exits, or the operator presses Ctrl-C once more
                _LOG.error("a workflow tried to end the server", exc_info=error)
            except Exception as error:
                self._set_back()  # first: what is done here may need what was replaced
                if self._main is None or self._main.done() or self._is_beyond_repair():
                    raise
                _LOG.error("the event loop failed, and continues", exc_info=error)
            else:
                return

    def _is_beyond_repair(self) -> bool:
        now = time.monotonic()
        if self._faults and now - self._faults[-1] > 1:
            self._faults.clear()
        self._faults.append(now)
        return len(self._faults) > _MOST_FAULTS


def _is_servers(act: str) -> bool:
    """Whether the server itself wants this; a run that does is named in the log."""
    running = current_run()
    if running is not None:
        _LOG.warning("the workflow %s tried to %s the event loop", running.name, act)
    return running is None


def run_server_loop(
    main: Coroutine[Any, Any, None],
    *,
    set_back: Callable[[], object] = lambda: None,
    idle_seconds: float = _IDLE_SECONDS,
) -> None:
    """Run ``main`` to its end, then end the process even if tasks of workflows do not let themselves be cancelled.

    ``set_back`` undoes what workflows have done to the process; it is called when the loop fails by it. Threads that
    workflows have not used for ``idle_seconds`` end.
    """
    make_loop = partial(ServerLoop, set_back, idle_seconds=idle_seconds)
    with kept_running(ServerLoop), asyncio.Runner(loop_factory=make_loop) as runner:
        failure: BaseException | None = None
        try:
            runner.run(main)
        except BaseException as error:
            failure = error
            raise
        finally:
            if stuck := runner.run(_cancel_the_rest()):
                _end_without(stuck, failure)


def _end_without(stuck: list[str], failure: BaseException | None) -> NoReturn:
    """End the process here: closing the loop would wait for these tasks for ever."""
    _LOG.warning("ended without waiting for %d tasks of workflows: %s", len(stuck), ", ".join(stuck))
    if failure is not None:
        _LOG.error("the server failed", exc_info=failure)
    logging.shutdown()
    os._exit(0 if failure is None else 1)


async def _cancel_the_rest() -> list[str]:
    """Cancel all other tasks; what of them is still there a moment later."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    stuck = (await asyncio.wait(rest, timeout=_LAST_WORDS_SECONDS))[1] if rest else set()
    return sorted(f"{task.get_name()} ({getattr(task.get_coro(), '__qualname__', '?')})" for task in stuck)
