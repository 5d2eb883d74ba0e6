"""A store in this process's memory: the same rules as the others, gone with the process."""

from collections.abc import Callable, Sequence

from attrs import asdict

from orcheo_adapters.memory import conversations, repositories
from orcheo_adapters.memory.tables import Tables, Undo, Write
from orcheo_adapters.memory.usage import MemoryUsageRepository
from orcheo_core.domain.budget import Per
from orcheo_core.domain.space import StoreSpace, TableSpace
from orcheo_core.ports.unit_of_work import Store, UnitOfWork

_NAMES = {"deliveries": "webhook_deliveries", "audit_links": "audit_chain"}


class MemoryUnitOfWork(UnitOfWork):
    """Collects writes; commit carries them out without letting anything else run in between."""

    def __init__(self, tables: Tables) -> None:
        """Over these tables."""
        self._tables = tables
        self._staged: list[Write] = []
        self._told: list[Callable[[], None]] = []
        self.workflows = repositories.MemoryWorkflowRepository(tables, self._staged.append)
        self.publish_tokens = repositories.MemoryPublishTokenRepository(tables, self._staged.append)
        self.service_tokens = repositories.MemoryServiceTokenRepository(tables, self._staged.append)
        self.owner_sessions = repositories.MemoryOwnerSessionRepository(tables, self._staged.append)
        self.chat_sessions = repositories.MemoryChatSessionRepository(tables, self._staged.append)
        self.threads = conversations.MemoryThreadRepository(tables, self._staged.append)
        self.items = conversations.MemoryItemRepository(tables, self._staged.append)
        self.turns = conversations.MemoryTurnRepository(tables, self._staged.append)
        self.usage = MemoryUsageRepository(tables, self._staged.append)
        self.attachments = conversations.MemoryAttachmentRepository(tables, self._staged.append)
        self.feedback = conversations.MemoryFeedbackRepository(tables, self._staged.append)
        self.spent_ids = repositories.MemorySpentIdRepository(tables, self._staged.append)
        self.deliveries = repositories.MemoryDeliveryRepository(tables, self._staged.append)
        self.audit = repositories.MemoryAuditRepository(tables, self._staged.append)

    def after_commit(self, tell: Callable[[], None]) -> None:
        """See the port."""
        self._told.append(tell)

    async def commit(self, *, must_land: bool = False) -> None:  # noqa: ARG002 - no disk, no reserve
        """See the port."""
        done: list[Undo] = []
        try:
            for write in self._staged:
                for undo in write(self._tables):
                    done.append(undo)  # noqa: PERF402 - what was done before an error must be known
        except BaseException:
            for undo in reversed(done):
                undo()
            raise
        self._staged.clear()
        told, self._told = self._told, []
        for tell in told:
            tell()


class MemoryStore(Store):
    """Keeps everything until the process ends."""

    def __init__(self) -> None:
        """Empty."""
        self._tables = Tables()

    def begin(self) -> UnitOfWork:
        """See the port."""
        return MemoryUnitOfWork(self._tables)

    async def newest_ids(self) -> Sequence[str]:
        """See the port."""
        tables = self._tables
        kinds = (tables.workflows, tables.chat_sessions, tables.threads, tables.items, tables.turns)
        others = (tables.attachments, tables.audit)
        return [max(each.rows) for each in (*kinds, *others) if each.rows]

    async def check(self) -> None:
        """See the port; memory always answers."""

    def kept_bytes(self, per: Per = Per.SERVER, key: str = "") -> int:  # noqa: ARG002 - nothing of it on a disk
        """See the port."""
        return 0

    async def space(self) -> StoreSpace:
        """See the port; the tables are named as in a database."""
        tables = asdict(self._tables, recurse=False).items()
        counts = (TableSpace(name=_NAMES.get(name, name), rows=len(table.rows)) for name, table in tables)
        return StoreSpace(tables=tuple(counts))

    async def tidy(self, *, erase: bool = False) -> None:
        """See the port; memory is searched as it is, and keeps nothing of what was removed."""

    async def close(self) -> None:
        """See the port; there is nothing to release."""
