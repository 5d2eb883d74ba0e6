"""The store over SQLite."""

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from typing import Generic, TypeVar

from orcheo_adapters.sqlite import conversations, repositories
from orcheo_adapters.sqlite.database import SqliteDatabase
from orcheo_adapters.sqlite.removal import sweep
from orcheo_adapters.sqlite.repository import SqliteRepository, explain_integrity
from orcheo_adapters.sqlite.search import catch_up
from orcheo_adapters.sqlite.space import KeptBytes, give_back, space_of
from orcheo_adapters.sqlite.statements import Part
from orcheo_adapters.sqlite.usage import SqliteUsageRepository
from orcheo_adapters.system.reserve import Reserve
from orcheo_core.domain.budget import Per
from orcheo_core.domain.space import StoreSpace
from orcheo_core.ports.unit_of_work import Store, UnitOfWork

R = TypeVar("R", bound=SqliteRepository)
_SWEEP_SECONDS = 60.0
"""Time for what is removed in slices; what is left then waits for the next round of housekeeping."""
_WITH_IDS = ("workflows", "chat_sessions", "threads", "items", "turns", "attachments", "audit")


class _Lazily(Generic[R]):
    """A repository that is made when it is first asked for: most changes use two or three of them."""

    def __init__(self, kind: type[R]) -> None:
        self._kind = kind

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, change: "SqliteUnitOfWork", _owner: type) -> R:
        made = change.__dict__[self._name] = self._kind.__new__(self._kind)
        made._database, made._stage = change.database, change.stage  # noqa: SLF001 - saves a call, six times a turn
        return made


class SqliteUnitOfWork(UnitOfWork):
    """Collects statements; commit hands them to the database."""

    workflows = _Lazily(repositories.SqliteWorkflowRepository)
    publish_tokens = _Lazily(repositories.SqlitePublishTokenRepository)
    service_tokens = _Lazily(repositories.SqliteServiceTokenRepository)
    owner_sessions = _Lazily(repositories.SqliteOwnerSessionRepository)
    chat_sessions = _Lazily(repositories.SqliteChatSessionRepository)
    threads = _Lazily(conversations.SqliteThreadRepository)
    items = _Lazily(conversations.SqliteItemRepository)
    turns = _Lazily(conversations.SqliteTurnRepository)
    usage = _Lazily(SqliteUsageRepository)
    attachments = _Lazily(conversations.SqliteAttachmentRepository)
    feedback = _Lazily(conversations.SqliteFeedbackRepository)
    spent_ids = _Lazily(repositories.SqliteSpentIdRepository)
    deliveries = _Lazily(repositories.SqliteDeliveryRepository)
    audit = _Lazily(repositories.SqliteAuditRepository)

    def __init__(self, database: SqliteDatabase) -> None:
        """Over this database."""
        self.database = database
        self._staged: list[Part] = []
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
        self._database = SqliteDatabase(path, explain=explain_integrity, synchronous=synchronous, reserve=reserve)
        self._kept_bytes = KeptBytes(self._database)

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
        is_swept = await sweep(self._database, seconds=inf if erase else _SWEEP_SECONDS)
        await catch_up(self._database)
        await self._database.fill_reserve()
        if not is_swept:  # cleaning the whole index after each part of it would take most of the time
            return
        await self._database.erase_remains(force=erase)
        await give_back(self._database)
        await self._database.forget_pages()

    def kept_bytes(self, per: Per = Per.SERVER, key: str = "") -> int:
        """See the port."""
        return self._kept_bytes.now() if per is Per.SERVER else self._kept_bytes.of(per, key)

    async def space(self) -> StoreSpace:
        """See the port."""
        return await self._database.in_thread(space_of, self._database.read_long, self._database.path)

    async def close(self) -> None:
        """See the port."""
        await asyncio.to_thread(self._database.close)
