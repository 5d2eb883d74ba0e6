"""The store over SQLite."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orcheo_adapters.sqlite import repositories
from orcheo_adapters.sqlite.database import SqliteDatabase, Statement
from orcheo_adapters.sqlite.search import catch_up
from orcheo_core.ports.unit_of_work import Store, UnitOfWork


class SqliteUnitOfWork(UnitOfWork):
    """Collects statements; commit hands them to the writer. Repositories are made when they are first asked for."""

    workflows: repositories.SqliteWorkflowRepository
    publish_tokens: repositories.SqlitePublishTokenRepository
    service_tokens: repositories.SqliteServiceTokenRepository
    chat_sessions: repositories.SqliteChatSessionRepository
    threads: repositories.SqliteThreadRepository
    items: repositories.SqliteItemRepository
    turns: repositories.SqliteTurnRepository
    attachments: repositories.SqliteAttachmentRepository
    feedback: repositories.SqliteFeedbackRepository
    audit: repositories.SqliteAuditRepository

    def __init__(self, database: SqliteDatabase) -> None:
        """Over this database."""
        self._database = database
        self._staged: list[Statement] = []
        self._told: tuple[Callable[[], None], ...] = ()

    def __getattr__(self, name: str) -> Any:
        cls = SqliteUnitOfWork.__annotations__.get(name)
        if cls is None:
            raise AttributeError(name)
        repository = self.__dict__[name] = cls(self._database, self._staged.append)
        return repository

    def after_commit(self, tell: Callable[[], None]) -> None:
        """See the port."""
        self._told = (*self._told, tell)

    async def commit(self) -> None:
        """See the port."""
        if self._staged:
            await self._database.write(tuple(self._staged))
            self._staged.clear()
        told, self._told = self._told, ()
        for tell in told:
            tell()


class SqliteStore(Store):
    """Everything in one database file."""

    def __init__(self, path: Path, *, synchronous: str = "FULL") -> None:
        """Open ``path``, made when it is not there; see :class:`SqliteDatabase` for what can be wrong with it."""
        self._database = SqliteDatabase(path, explain=repositories.explain_integrity, synchronous=synchronous)

    def begin(self) -> UnitOfWork:
        """See the port."""
        return SqliteUnitOfWork(self._database)

    async def check(self) -> None:
        """See the port."""
        await self._database.check()

    async def tidy(self, *, erase: bool = False) -> None:
        """See the port."""
        await catch_up(self._database)
        await self._database.erase_remains(force=erase)

    async def close(self) -> None:
        """See the port."""
        await asyncio.to_thread(self._database.close)
