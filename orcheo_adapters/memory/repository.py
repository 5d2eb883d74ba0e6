"""What the repositories in memory share: the rules that a database would keep."""

from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from orcheo_adapters.memory.tables import Table, Tables, Undo, Write
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import ConcurrentChange, HandleTaken

T = TypeVar("T")
Stage = Callable[[Write], None]


class MemoryRepository:
    """Reads from the tables, stages writes."""

    def __init__(self, tables: Tables, stage: Stage) -> None:
        """Read ``tables``; hand writes to ``stage``."""
        self._tables = tables
        self._stage = stage


def check_new(table: Table[T], key: str) -> None:
    if key in table.rows:
        raise ConcurrentChange


def check_handle(tables: Tables, workflow: Workflow, *, but: str | None) -> None:
    if any(each.handle == workflow.handle and each.id != but for each in tables.workflows.rows.values()):
        raise HandleTaken


def check_revision(tables: Tables, workflow_id: str, expected: int) -> None:
    stored = tables.workflows.rows.get(workflow_id)
    if stored is None or stored.revision != expected:
        raise ConcurrentChange


def check_workflow(tables: Tables, workflow_id: str) -> None:
    if workflow_id not in tables.workflows.rows:
        raise ConcurrentChange


def check_thread(tables: Tables, thread_id: str) -> None:
    if thread_id not in tables.threads.rows:
        raise ConcurrentChange


def drop_belongings(tables: Tables, workflow_id: str) -> Iterator[Undo]:
    yield from drop_threads(
        tables, {key for key, each in tables.threads.rows.items() if each.workflow_id == workflow_id}
    )
    for table in (tables.publish_tokens, tables.chat_sessions, tables.attachments, tables.refusals):
        for key in [key for key, each in table.rows.items() if each.workflow_id == workflow_id]:
            yield table.drop(key)
            yield tables.announced_from.drop(key)


def drop_threads(tables: Tables, thread_ids: Collection[str]) -> Iterator[Undo]:
    for thread_id in thread_ids:
        yield tables.threads.drop(thread_id)
    for table in (tables.items, tables.turns, tables.attachments, tables.feedback):
        for key in [key for key, each in table.rows.items() if each.thread_id in thread_ids]:
            yield table.drop(key)
