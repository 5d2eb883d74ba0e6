"""Background work that waits until a test lets it run."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

from orcheo_adapters.system.background import AsyncioBackground
from orcheo_core.ports.background import Background, Wake

Work = Coroutine[Any, Any, None]


class FakeBackground(Background):
    """Collects work; :meth:`run_all` carries it out, one after the other, where the test can see it."""

    def __init__(self) -> None:
        """Nothing has been started yet."""
        self._waiting: list[tuple[str, Work]] = []

    @property
    def names(self) -> list[str]:
        """What waits, by name, in the order it was started."""
        return [name for name, _ in self._waiting]

    def start(self, work: Work, *, name: str) -> None:
        """See the port; nothing happens before :meth:`run_all`."""
        self._waiting.append((name, work))

    @property
    def soon(self) -> Callable[[Callable[[], None]], object]:
        """See the port."""
        return lambda call: asyncio.get_running_loop().call_soon(call)

    async def woken(self, follow: Callable[[Wake], None], leave: Callable[[Wake], None]) -> None:
        """See the port; what waits is carried out, as nothing else would call."""
        called = asyncio.Event()
        follow(called.set)
        await self.run_all()
        await called.wait()
        leave(called.set)

    async def pause(self) -> None:
        """See the port."""
        await asyncio.sleep(0)

    def interruptible(self) -> AbstractAsyncContextManager[Callable[[], None]]:
        """See the port."""
        return AsyncioBackground().interruptible()

    async def run_all(self) -> None:
        """Carry out everything that waits, and what that starts; errors reach the test."""
        while self._waiting:
            _, work = self._waiting.pop(0)
            await work

    def drop_all(self) -> None:
        """Let go of what waits, as a process does that is killed."""
        for _, work in self._waiting:
            work.close()
        self._waiting.clear()
