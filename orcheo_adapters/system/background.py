"""Background work as asyncio tasks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from orcheo_adapters.system.logs import get_logger
from orcheo_core.ports.background import Background, Wake

_LOG = get_logger("background")
_Result = TypeVar("_Result")


class AsyncioBackground(Background):
    """Runs work on the event loop and holds on to it until it is done."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """See the port."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    @property
    def soon(self) -> Callable[[Callable[[], None]], object]:
        """See the port."""
        return asyncio.get_running_loop().call_soon

    async def woken(self, follow: Callable[[Wake], None], leave: Callable[[Wake], None]) -> None:
        """See the port."""
        called = asyncio.Event()
        follow(called.set)
        try:
            await called.wait()
        finally:
            leave(called.set)

    async def pause(self) -> None:
        """See the port."""
        await asyncio.sleep(0)

    @asynccontextmanager
    async def interruptible(self) -> AsyncIterator[Callable[[], None]]:
        """See the port."""
        task = asyncio.current_task()
        is_over = is_interrupted = is_felt = False

        def interrupt() -> None:
            nonlocal is_interrupted
            if task is not None and not (is_over or is_interrupted):
                is_interrupted = True
                task.cancel()

        try:
            yield interrupt
        except asyncio.CancelledError:
            is_felt = True
            raise
        finally:
            is_over = True
            if is_interrupted and task is not None:
                if not is_felt:  # by what it did itself, so it is still to come
                    with suppress(asyncio.CancelledError):
                        await asyncio.sleep(0)
                task.uncancel()

    async def together(self, *works: Coroutine[Any, Any, _Result]) -> list[_Result]:
        """See the port."""
        return list(await asyncio.gather(*works))

    async def wait(self) -> None:
        """Return when nothing runs any more, including work that was started in between."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("background work failed", exc_info=error, extra={"turn_id": task.get_name()})
