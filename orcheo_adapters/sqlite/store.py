"""The store over SQLite."""

import asyncio
from pathlib import Path

from orcheo_adapters.sqlite import repositories
from orcheo_adapters.sqlite.database import SqliteDatabase, Statement
from orcheo_core.ports.unit_of_work import Store, UnitOfWork


class SqliteUnitOfWork(UnitOfWork):
    """Collects statements; commit hands them to the writer."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over this database."""
        self._database = database
        self._staged: list[Statement] = []
        stage = self._staged.append
        self.workflows = repositories.SqliteWorkflowRepository(database, stage)
        self.publish_tokens = repositories.SqlitePublishTokenRepository(database, stage)
        self.service_tokens = repositories.SqliteServiceTokenRepository(database, stage)
        self.chat_sessions = repositories.SqliteChatSessionRepository(database, stage)
        self.threads = repositories.SqliteThreadRepository(database, stage)
        self.items = repositories.SqliteItemRepository(database, stage)
        self.turns = repositories.SqliteTurnRepository(database, stage)
        self.attachments = repositories.SqliteAttachmentRepository(database, stage)
        self.feedback = repositories.SqliteFeedbackRepository(database, stage)
        self.audit = repositories.SqliteAuditRepository(database, stage)

    async def commit(self) -> None:
        """See the port."""
        if self._staged:
            await self._database.write(tuple(self._staged))
            self._staged.clear()


class SqliteStore(Store):
    """Everything in one database file."""

    def __init__(self, path: Path, *, synchronous: str = "FULL") -> None:
        """Open ``path``, made when it is not there; see :class:`SqliteDatabase` for what can be wrong with it."""
        self._database = SqliteDatabase(path, explain=repositories.explain_integrity, synchronous=synchronous)

    def begin(self) -> UnitOfWork:
        """See the port."""
        return SqliteUnitOfWork(self._database)

    async def check(self) -> None:
        """See the port: asks the writer for an empty transaction."""
        await self._database.write((Statement("SELECT 1"),))

    async def close(self) -> None:
        """See the port."""
        await asyncio.to_thread(self._database.close)
