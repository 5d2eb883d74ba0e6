"""A store that can be told to fail, or to lie about the audit."""

from collections.abc import Awaitable, Callable, Sequence

from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.domain.audit import AuditLink
from orcheo_core.domain.budget import Per
from orcheo_core.domain.items import Item
from orcheo_core.domain.space import StoreSpace
from orcheo_core.ports.unit_of_work import Store, UnitOfWork


async def _nothing(*_key: object) -> None:
    """What is found before it is there."""


class FailingStore(Store):
    """Another store behind; while there is an ``error`` no commit lands."""

    def __init__(self, store: Store | None = None) -> None:
        self.error: Exception | None = None
        self.begin_error: Exception | None = None
        """Raised where a unit of work begins, as by a store that does not answer."""
        self.has_reserve = False
        """Whether changes that must land do so in spite of the error."""
        self.forged_links: Sequence[AuditLink] | None = None
        self.item_error: Exception | None = None
        """Raised where an item is staged, as for one that cannot be encoded."""
        self.before_commit: list[Callable[[], Awaitable[object]]] = []
        """What others do right before the next commits land, one each."""
        self.overlooks = 0
        """How many look-ups of a turn by its key come too early to find it."""
        self._store = store or MemoryStore()

    def begin(self) -> UnitOfWork:
        if self.begin_error is not None:
            raise self.begin_error
        change = self._store.begin()
        land = change.commit

        async def commit(*, must_land: bool = False) -> None:
            if self.error is not None and not (must_land and self.has_reserve):
                raise self.error
            if self.before_commit:
                in_between, *rest = self.before_commit
                self.before_commit = []  # what they commit is not come between
                await in_between()
                self.before_commit = rest
            await land(must_land=must_land)

        if self.item_error is not None:
            change.items.save = self._refuse_item  # type: ignore[method-assign]  # this unit of work is ours
        if self.overlooks:
            self.overlooks -= 1
            change.turns.find_by_key = _nothing  # type: ignore[method-assign, assignment]  # as above
        if self.forged_links is not None:
            change.audit.chain = self._forged  # type: ignore[method-assign]  # this unit of work is ours
        change.commit = commit  # type: ignore[method-assign]  # this unit of work is ours
        return change

    async def _forged(self, *, after: int, limit: int) -> Sequence[AuditLink]:
        return (self.forged_links or ())[after : after + limit]

    def kept_bytes(self, per: Per = Per.SERVER, key: str = "") -> int:
        return self._store.kept_bytes(per, key)

    async def newest_ids(self) -> Sequence[str]:
        return await self._store.newest_ids()

    def _refuse_item(self, item: Item) -> None:
        if self.item_error is not None:
            raise self.item_error

    async def check(self) -> None:
        await self._store.check()

    async def space(self) -> StoreSpace:
        return await self._store.space()

    async def tidy(self, *, erase: bool = False) -> None:
        if self.error is not None and erase:
            raise self.error
        await self._store.tidy(erase=erase)

    async def close(self) -> None:
        await self._store.close()
