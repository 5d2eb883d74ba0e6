"""The repositories of what visitors leave behind, in memory."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from orcheo_adapters.memory.repository import (
    MemoryRepository,
    check_new,
    check_thread,
    check_workflow,
    drop_threads,
)
from orcheo_adapters.memory.tables import Tables, Undo, Write, page_of
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.budget import KEPT_BYTES, Claim, Per, Unit
from orcheo_core.domain.component_items import HiddenItem
from orcheo_core.domain.feedback import Feedback
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import ALL, Page, PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter, ThreadSum, searchable_text
from orcheo_core.domain.turn import Turn, TurnStatus, TurnSum
from orcheo_core.domain.usage import Usage
from orcheo_core.errors import ConcurrentChange, TurnInProgress
from orcheo_core.ports.repositories.attachments import AttachmentRepository
from orcheo_core.ports.repositories.feedback import FeedbackRepository
from orcheo_core.ports.repositories.items import ItemRepository
from orcheo_core.ports.repositories.threads import ThreadRepository
from orcheo_core.ports.repositories.turns import TurnRepository
from orcheo_core.ports.unit_of_work import DuplicateTurn

T = TypeVar("T")
Stage = Callable[[Write], None]


class MemoryThreadRepository(MemoryRepository, ThreadRepository):
    """See the port."""

    async def find(self, thread_id: str) -> Thread | None:
        return self._tables.threads.rows.get(thread_id)

    async def page(self, wanted: ThreadFilter, query: PageQuery) -> Page[Thread]:
        threads = filter(wanted.admits, self._tables.threads.rows.values())
        return page_of(
            (each for each in threads if self._says(each, wanted.words) and self._ended(each, wanted)), query
        )

    async def sum_up(self, wanted: ThreadFilter) -> ThreadSum:
        moments = [each.updated_at for each in self._tables.threads.rows.values() if wanted.admits(each)]
        return ThreadSum(count=len(moments), newest=max(moments, default=None))

    def _ended(self, thread: Thread, wanted: ThreadFilter) -> bool:
        turns = self._tables.turns.rows.values()
        return not wanted.is_failed or any(
            each.thread_id == thread.id and each.status is TurnStatus.FAILED for each in turns
        )

    def _says(self, thread: Thread, words: tuple[str, ...]) -> bool:
        if not words:
            return True
        texts = (searchable_text(each) for each in self._tables.items.rows.values() if each.thread_id == thread.id)
        return any(all(word in text for word in words) for text in texts)

    def add(self, thread: Thread) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            check_workflow(tables, thread.workflow_id)
            check_new(tables.threads, thread.id)
            yield tables.threads.put(thread.id, thread)

        self._stage(write)

    def save(self, thread: Thread) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            check_thread(tables, thread.id)
            yield tables.threads.put(thread.id, thread)

        self._stage(write)

    def remove(self, thread_id: str, *, untouched_since: datetime | None = None) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            thread = tables.threads.rows.get(thread_id)
            if thread is not None and ThreadFilter(untouched_since=untouched_since).admits(thread):
                yield from drop_threads(tables, {thread_id})

        self._stage(write)


class MemoryItemRepository(MemoryRepository, ItemRepository):
    """See the port."""

    async def find(self, thread_id: str, item_id: str) -> Item | None:
        item = self._tables.items.rows.get(item_id)
        return item if item is not None and item.thread_id == thread_id else None

    async def page(self, thread_id: str, query: PageQuery, *, hidden: bool = False) -> Page[Item]:
        items = (each for each in self._tables.items.rows.values() if each.thread_id == thread_id)
        return page_of((each for each in items if hidden or not isinstance(each, HiddenItem)), query)

    async def classes_after(self, thread_id: str, item_id: str) -> Mapping[str, type[Item]]:
        items = [each for each in self._tables.items.rows.values() if each.thread_id == thread_id and each.id > item_id]
        return {each.id: type(each) for each in sorted(items, key=lambda each: each.id)}

    def save(self, item: Item) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            check_thread(tables, item.thread_id)
            yield tables.items.put(item.id, item)

        self._stage(write)

    def remove(self, thread_id: str, first_id: str, last_id: str, *, only: type[Item] | None = None) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            for each in [each for each in tables.items.rows.values() if each.thread_id == thread_id]:
                if first_id <= each.id <= last_id and only in {None, type(each)}:
                    yield tables.items.drop(each.id)
                    yield tables.feedback.drop(each.id)

        self._stage(write)


class MemoryTurnRepository(MemoryRepository, TurnRepository):
    """See the port."""

    async def latest(self, thread_id: str) -> Turn | None:
        turns = [each for each in self._tables.turns.rows.values() if each.thread_id == thread_id]
        return max(turns, key=lambda turn: turn.id, default=None)

    async def find_by_key(self, workflow_id: str, subject: Subject, idempotency_key: str) -> Turn | None:
        return _find_by_key(self._tables, (workflow_id, subject, idempotency_key))

    async def page(self, thread_id: str, query: PageQuery, only: Collection[str] | None = None) -> Page[Turn]:
        turns = [each for each in self._tables.turns.rows.values() if each.thread_id == thread_id]
        return page_of((each for each in turns if only is None or each.id in only), query)

    async def sum_up(self, workflow_id: str, *, since: datetime | None = None) -> TurnSum:
        turns = [each for each in self._tables.turns.rows.values() if each.workflow_id == workflow_id]
        wanted = sorted((each for each in turns if since is None or each.started_at >= since), key=lambda each: each.id)
        failed = [each for each in wanted if each.status is TurnStatus.FAILED]
        return TurnSum(
            turns=len(wanted),
            failed=len(failed),
            visitors=len({each.subject for each in wanted if not each.subject.is_owner}),
            usage=sum((each.usage for each in wanted if each.usage), Usage()),
            latest_at=max((each.started_at for each in wanted), default=None),
            latest_failed=failed[-1] if failed else None,
        )

    async def running(self) -> Sequence[Turn]:
        return [each for each in self._tables.turns.rows.values() if each.is_running]

    def add(self, turn: Turn) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            key = turn.idempotency_key
            if key is not None and _find_by_key(tables, (turn.workflow_id, turn.subject, key)):
                raise DuplicateTurn
            if any(each.thread_id == turn.thread_id and each.is_running for each in tables.turns.rows.values()):
                raise TurnInProgress
            check_new(tables.turns, turn.id)
            check_thread(tables, turn.thread_id)
            yield tables.turns.put(turn.id, turn)

        self._stage(write)

    def save(self, turn: Turn) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            if turn.id not in tables.turns.rows:
                raise ConcurrentChange
            yield tables.turns.put(turn.id, turn)

        self._stage(write)


def _find_by_key(tables: Tables, wanted: tuple[str, Subject, str]) -> Turn | None:
    turns = tables.turns.rows.values()
    return next((each for each in turns if (each.workflow_id, each.subject, each.idempotency_key) == wanted), None)


class MemoryAttachmentRepository(MemoryRepository, AttachmentRepository):
    """See the port."""

    async def find(self, attachment_id: str) -> Attachment | None:
        return self._tables.attachments.rows.get(attachment_id)

    async def ids(self, *, workflow_id: str, thread_id: str | None = None) -> Sequence[str]:
        rows = self._tables.attachments.rows.values()
        return [each.id for each in rows if each.workflow_id == workflow_id and thread_id in {None, each.thread_id}]

    async def unsent(self, before: datetime, limit: int) -> Sequence[str]:
        rows = self._tables.attachments.rows.values()
        found = [each for each in rows if each.thread_id is None and each.created_at < before]
        return [each.id for each in sorted(found, key=lambda each: each.created_at)[:limit]]

    def add(self, attachment: Attachment, claims: Sequence[Claim] = ()) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            for each in claims:
                _check_room(tables, each)
            check_new(tables.attachments, attachment.id)
            check_workflow(tables, attachment.workflow_id)
            address = next((each.key for each in claims if each.budget.per is Per.ADDRESS), "")
            yield tables.announced_from.put(attachment.id, address)
            yield from _put_attachment(tables, attachment)

        self._stage(write)

    def save(self, attachment: Attachment) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            if attachment.id not in tables.attachments.rows:
                raise ConcurrentChange
            yield from _put_attachment(tables, attachment)

        self._stage(write)

    def remove(self, attachment_id: str) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            found = tables.attachments.rows.get(attachment_id)
            if found is not None and found.thread_id is None:
                yield tables.attachments.drop(attachment_id)
                yield tables.announced_from.drop(attachment_id)

        self._stage(write)


def _check_room(tables: Tables, claim: Claim) -> None:
    """Look whether there is room for one more attachment, among the unsent ones or all of them."""
    rows = tables.attachments.rows.values()
    counted = (each for each in rows if each.thread_id is None or claim.budget.resource is KEPT_BYTES)
    held = [each.size for each in counted if _has(tables, each, claim)]
    if not claim.fits(sum(held) if claim.budget.resource.unit is Unit.BYTES else len(held)):
        raise claim.refusal


def _has(tables: Tables, attachment: Attachment, claim: Claim) -> bool:
    """Whether the holder of the claim has this attachment."""
    keys = {
        Per.ADDRESS: tables.announced_from.rows.get(attachment.id),
        Per.WORKFLOW: attachment.workflow_id,
        Per.SERVER: claim.key,
    }
    return keys.get(claim.budget.per, attachment.subject.key) == claim.key


def _put_attachment(tables: Tables, attachment: Attachment) -> Iterator[Undo]:
    if attachment.thread_id is not None:
        check_thread(tables, attachment.thread_id)
        yield tables.announced_from.drop(attachment.id)
    yield tables.attachments.put(attachment.id, attachment)


class MemoryFeedbackRepository(MemoryRepository, FeedbackRepository):
    """See the port."""

    async def of_thread(self, thread_id: str, span: tuple[str, str] = ALL) -> Sequence[Feedback]:
        first, last = span
        given = [each for each in self._tables.feedback.rows.values() if each.thread_id == thread_id]
        return sorted((each for each in given if first <= each.item_id <= last), key=lambda each: each.item_id)

    def save(self, feedback: Feedback) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            if feedback.item_id not in tables.items.rows:
                raise ConcurrentChange
            yield tables.feedback.put(feedback.item_id, feedback)

        self._stage(write)
