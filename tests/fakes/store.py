"""A store that can be told to fail."""

from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.errors import StorageUnavailable
from orcheo_core.ports.unit_of_work import Store, UnitOfWork


class FailingStore(Store):
    """Memory behind; while ``failing`` no commit lands."""

    def __init__(self) -> None:
        self.failing = False
        self._store = MemoryStore()

    def begin(self) -> UnitOfWork:
        change = self._store.begin()
        land = change.commit

        async def commit() -> None:
            if self.failing:
                raise StorageUnavailable
            await land()

        change.commit = commit  # type: ignore[method-assign]  # this unit of work is ours
        return change

    async def check(self) -> None:
        await self._store.check()

    async def close(self) -> None:
        await self._store.close()
