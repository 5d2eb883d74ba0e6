"""From targets to what has these names, in threads: importing a module may take seconds, or never end."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from orcheo_adapters.runners.target import invalid_target
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.errors import OrcheoError
from orcheo_core.ports.runner import RunFailed, text_of

_Found = TypeVar("_Found")

IMPORT_SECONDS = 110.0
"""Time for an import while an owner waits: frameworks take long on a busy machine. Our clients wait for 120 s."""


class Lookups(Generic[_Found]):
    """Looks each target up in one thread, however many turns wait for it; what was found is kept."""

    def __init__(self, look_up: Callable[[str], _Found], *, seconds: float = IMPORT_SECONDS) -> None:
        """``look_up`` imports a target; it raises :class:`InvalidInput` when that cannot be executed."""
        self._look_up = look_up
        self._seconds = seconds
        self._known: dict[str, _Found] = {}
        self._under_way: dict[str, asyncio.Future[_Found]] = {}

    async def known(self, target: str) -> _Found:
        """What the target names, imported when it is asked for first: a running server sees no later changes."""
        found = self._known.get(target)
        if found is None:
            found = self._known[target] = await self._looked_up(target)
        return found

    async def fresh(self, target: str) -> _Found:
        """What the target names now; :class:`InvalidInput` also when the import takes too long."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._looked_up(target)
        except TimeoutError:
            raise invalid_target(
                f"importing {target!r} did not end within {self._seconds:g} s",
                hint="Move what takes long, such as loading a model, from the module into the callable. The import "
                "continues in its thread; try again when it may be done.",
            ) from None

    async def _looked_up(self, target: str) -> _Found:
        """Wait for the one thread that imports this target; leaving early does not stop it."""
        future = self._under_way.get(target)
        if future is None or future.get_loop() is not asyncio.get_running_loop():
            future = self._under_way[target] = in_thread(lambda: self._look_at(target))
            future.add_done_callback(lambda done: self._ended(target, done))
        return await asyncio.shield(future)

    def _look_at(self, target: str) -> _Found:
        """Objects of the owner's module may raise whatever they like when they are looked at."""
        try:
            return self._look_up(target)
        except (OrcheoError, RunFailed):
            raise
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            raise invalid_target(
                f"looking at {target!r} failed with {type(error).__name__}: {text_of(error)}",
                hint="Name an object that can be inspected, such as a plain function.",
            ) from error

    def _ended(self, target: str, future: "asyncio.Future[_Found]") -> None:
        if self._under_way.get(target) is future:
            del self._under_way[target]
        if not future.cancelled():
            future.exception()  # all who waited may have left, and asyncio complains of errors that are never looked at
