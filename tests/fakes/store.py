"""A store that can be told to fail."""

from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.ports.unit_of_work import Store, UnitOfWork


class FailingStore(Store):
    """Memory behind; while there is an ``error`` no commit lands."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self._store = MemoryStore()

    def begin(self) -> UnitOfWork:
        change = self._store.begin()
        land = change.commit

        async def commit() -> None:
            if self.error is not None:
                raise self.error
            await land()

        change.commit = commit  # type: ignore[method-assign]  # this unit of work is ours
        return change

    async def check(self) -> None:
        await self._store.check()

    async def tidy(self, *, erase: bool = False) -> None:
        await self._store.tidy(erase=erase)

    async def close(self) -> None:
        await self._store.close()
