"""The store over SQLite."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from orcheo_adapters.sqlite import repositories
from orcheo_adapters.sqlite.database import SqliteDatabase, Statement
from orcheo_adapters.sqlite.search import catch_up
from orcheo_adapters.sqlite.space import give_back, space_of
from orcheo_adapters.system.reserve import Reserve
from orcheo_core.domain.space import StoreSpace
from orcheo_core.ports.unit_of_work import Store, UnitOfWork

R = TypeVar("R")
_WITH_IDS = ("workflows", "chat_sessions", "threads", "items", "turns", "attachments", "audit")


class _Lazily(Generic[R]):
    """A repository that is made when it is first asked for: most changes use two or three of them."""

    def __init__(self, make: Callable[[SqliteDatabase, Callable[[Statement], None]], R]) -> None:
        self._make = make

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, change: "SqliteUnitOfWork", _owner: type) -> R:
        made = change.__dict__[self._name] = self._make(change.database, change.stage)
        return made


class SqliteUnitOfWork(UnitOfWork):
    """Collects statements; commit hands them to the database."""

    workflows = _Lazily(repositories.SqliteWorkflowRepository)
    publish_tokens = _Lazily(repositories.SqlitePublishTokenRepository)
    service_tokens = _Lazily(repositories.SqliteServiceTokenRepository)
    chat_sessions = _Lazily(repositories.SqliteChatSessionRepository)
    threads = _Lazily(repositories.SqliteThreadRepository)
    items = _Lazily(repositories.SqliteItemRepository)
    turns = _Lazily(repositories.SqliteTurnRepository)
    attachments = _Lazily(repositories.SqliteAttachmentRepository)
    feedback = _Lazily(repositories.SqliteFeedbackRepository)
    spent_ids = _Lazily(repositories.SqliteSpentIdRepository)
    deliveries = _Lazily(repositories.SqliteDeliveryRepository)
    audit = _Lazily(repositories.SqliteAuditRepository)

    def __init__(self, database: SqliteDatabase) -> None:
        """Over this database."""
        self.database = database
        self._staged: list[Statement] = []
        self.stage = self._staged.append
        self._told: tuple[Callable[[], None], ...] = ()

    def after_commit(self, tell: Callable[[], None]) -> None:
        """See the port."""
        self._told = (*self._told, tell)

    async def commit(self, *, must_land: bool = False) -> None:
        """See the port."""
        if self._staged:
            write = self.database.write_from_reserve if must_land else self.database.write
            await write(tuple(self._staged))
            self._staged.clear()
        told, self._told = self._told, ()
        for tell in told:
            tell()


class SqliteStore(Store):
    """Everything in one database file."""

    def __init__(self, path: Path, *, synchronous: str = "FULL", reserve: Reserve | None = None) -> None:
        """Open ``path``, made when it is not there; see :class:`SqliteDatabase` for what can be wrong with it.

        ``reserve`` is space on the same disk for changes that must land.
        """
        self._database = SqliteDatabase(
            path, explain=repositories.explain_integrity, synchronous=synchronous, reserve=reserve
        )

    def begin(self) -> UnitOfWork:
        """See the port."""
        return SqliteUnitOfWork(self._database)

    async def newest_ids(self) -> Sequence[str]:
        """See the port."""
        newest = (self._database.read(f"SELECT max(id) FROM {table}") for table in _WITH_IDS)  # noqa: S608 - ours
        return [rows[0][0] for rows in newest if rows[0][0]]

    async def check(self) -> None:
        """See the port."""
        await self._database.check()

    async def tidy(self, *, erase: bool = False) -> None:
        """See the port."""
        await catch_up(self._database)
        await self._database.fill_reserve()
        await self._database.erase_remains(force=erase)
        await give_back(self._database)

    async def space(self) -> StoreSpace:
        """See the port."""
        return await asyncio.to_thread(space_of, self._database.read_apart, self._database.path)

    async def close(self) -> None:
        """See the port."""
        await asyncio.to_thread(self._database.close)
