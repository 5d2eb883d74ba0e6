"""The repositories of the memory backend."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from attrs import evolve

from orcheo_adapters.memory.tables import Table, Tables, Undo, Write, page_of
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.audit import AuditEntry, AuditFilter, AuditLink, body_of, link_of
from orcheo_core.domain.budget import Claim, Per, Unit
from orcheo_core.domain.chat_session import ChatSession
from orcheo_core.domain.component_items import HiddenItem
from orcheo_core.domain.delivery import Delivery, DeliverySum
from orcheo_core.domain.feedback import Feedback
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.publish_token import PublishToken
from orcheo_core.domain.run import Usage
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.spent_id import SpentId
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter, ThreadSum, searchable_text
from orcheo_core.domain.turn import Turn, TurnStatus, TurnSum
from orcheo_core.domain.workflow import Workflow, WorkflowFilter
from orcheo_core.errors import ChatSessionEnded, ChatUnavailable, ConcurrentChange, HandleTaken, TurnInProgress
from orcheo_core.ports import repositories as ports
from orcheo_core.ports.unit_of_work import DuplicateTurn

T = TypeVar("T")
Stage = Callable[[Write], None]


class MemoryRepository:
    """Reads from the tables, stages writes."""

    def __init__(self, tables: Tables, stage: Stage) -> None:
        """Read ``tables``; hand writes to ``stage``."""
        self._tables = tables
        self._stage = stage


class MemoryWorkflowRepository(MemoryRepository, ports.WorkflowRepository):
    """See the port."""

    async def find(self, ref: str) -> Workflow | None:
        rows = self._tables.workflows.rows
        return rows.get(ref) or next((each for each in rows.values() if each.handle == ref), None)

    async def page(self, wanted: WorkflowFilter, query: PageQuery) -> Page[Workflow]:
        return page_of(filter(wanted.admits, self._tables.workflows.rows.values()), query)

    def add(self, workflow: Workflow) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            _check_handle(tables, workflow, but=None)
            _check_new(tables.workflows, workflow.id)
            yield tables.workflows.put(workflow.id, workflow)

        self._stage(write)

    def save(self, workflow: Workflow) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            _check_revision(tables, workflow.id, workflow.revision - 1)
            _check_handle(tables, workflow, but=workflow.id)
            yield tables.workflows.put(workflow.id, workflow)

        self._stage(write)

    def remove(self, workflow: Workflow) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            _check_revision(tables, workflow.id, workflow.revision)
            yield tables.workflows.drop(workflow.id)
            yield from _drop_belongings(tables, workflow.id)

        self._stage(write)

    def check_unchanged(self, workflow: Workflow) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            _check_revision(tables, workflow.id, workflow.revision)
            yield from ()

        self._stage(write)

    def check_publication(self, workflow: Workflow) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            stored = tables.workflows.rows.get(workflow.id)
            if stored is None or stored.publication_number != workflow.publication_number:
                raise ChatUnavailable
            yield from ()

        self._stage(write)


def _check_new(table: Table[T], key: str) -> None:
    if key in table.rows:
        raise ConcurrentChange


def _check_handle(tables: Tables, workflow: Workflow, *, but: str | None) -> None:
    if any(each.handle == workflow.handle and each.id != but for each in tables.workflows.rows.values()):
        raise HandleTaken


def _check_revision(tables: Tables, workflow_id: str, expected: int) -> None:
    stored = tables.workflows.rows.get(workflow_id)
    if stored is None or stored.revision != expected:
        raise ConcurrentChange


def _check_workflow(tables: Tables, workflow_id: str) -> None:
    if workflow_id not in tables.workflows.rows:
        raise ConcurrentChange


def _check_thread(tables: Tables, thread_id: str) -> None:
    if thread_id not in tables.threads.rows:
        raise ConcurrentChange


def _drop_belongings(tables: Tables, workflow_id: str) -> Iterator[Undo]:
    for thread_id in [key for key, each in tables.threads.rows.items() if each.workflow_id == workflow_id]:
        yield from _drop_thread(tables, thread_id)
    for table in (tables.publish_tokens, tables.chat_sessions, tables.attachments):
        for key in [key for key, each in table.rows.items() if each.workflow_id == workflow_id]:
            yield table.drop(key)
            yield tables.announced_from.drop(key)


def _drop_thread(tables: Tables, thread_id: str) -> Iterator[Undo]:
    yield tables.threads.drop(thread_id)
    for table in (tables.items, tables.turns, tables.attachments, tables.feedback):
        for key in [key for key, each in table.rows.items() if each.thread_id == thread_id]:
            yield table.drop(key)


class MemoryPublishTokenRepository(MemoryRepository, ports.PublishTokenRepository):
    """See the port."""

    async def find(self, public_id: str) -> PublishToken | None:
        return self._tables.publish_tokens.rows.get(public_id)

    async def live(self, workflow_id: str, now: datetime) -> Sequence[PublishToken]:
        rows = self._tables.publish_tokens.rows.values()
        return [each for each in rows if each.workflow_id == workflow_id and each.is_live(now)]

    async def latest(self, workflow_id: str) -> PublishToken | None:
        tokens = [each for each in self._tables.publish_tokens.rows.values() if each.workflow_id == workflow_id]
        return max(tokens, key=lambda token: (token.issued_at, token.public_id), default=None)

    def save(self, publish_token: PublishToken) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            _check_workflow(tables, publish_token.workflow_id)
            yield tables.publish_tokens.put(publish_token.public_id, publish_token)

        self._stage(write)

    def make_ends_final(self, now: datetime) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            for each in tuple(tables.publish_tokens.rows.values()):
                if each.ends_at is not None and each.ends_at <= now:
                    yield tables.publish_tokens.put(each.public_id, evolve(each, is_final=True))

        self._stage(write)


class MemoryServiceTokenRepository(MemoryRepository, ports.ServiceTokenRepository):
    """See the port."""

    async def find(self, public_id: str) -> ServiceToken | None:
        return self._tables.service_tokens.rows.get(public_id)

    async def any_besides(self, public_id: str, now: datetime) -> bool:
        rows = self._tables.service_tokens.rows.values()
        return any(each.public_id != public_id and each.is_live(now) for each in rows)

    async def page(self, owner: str | None, query: PageQuery) -> Page[ServiceToken]:
        rows = self._tables.service_tokens.rows.values()
        return page_of((each for each in rows if owner in {None, each.owner.name}), query)

    def save(self, service_token: ServiceToken) -> None:
        self._stage(lambda tables: [tables.service_tokens.put(service_token.public_id, service_token)])

    def used(self, public_id: str, at: datetime) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            stored = tables.service_tokens.rows.get(public_id)
            if stored is not None:
                yield tables.service_tokens.put(public_id, evolve(stored, last_used_at=at))

        self._stage(write)

    def make_ends_final(self, now: datetime) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            for each in tuple(tables.service_tokens.rows.values()):
                if each.ended_at is not None and each.ended_at <= now:
                    yield tables.service_tokens.put(each.public_id, evolve(each, is_final=True))

        self._stage(write)

    def end(self, service_token: ServiceToken, at: datetime, *, is_final: bool) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            stored = tables.service_tokens.rows.get(service_token.public_id)
            if stored is None or stored.ended_at != service_token.ended_at:
                raise ConcurrentChange
            yield tables.service_tokens.put(stored.public_id, evolve(stored, ended_at=at, is_final=is_final))

        self._stage(write)


class MemoryChatSessionRepository(MemoryRepository, ports.ChatSessionRepository):
    """See the port."""

    async def find(self, chat_session_id: str) -> ChatSession | None:
        return self._tables.chat_sessions.rows.get(chat_session_id)

    def save(self, chat_session: ChatSession) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            _check_workflow(tables, chat_session.workflow_id)
            yield tables.chat_sessions.put(chat_session.id, chat_session)

        self._stage(write)

    def check_open(self, chat_session_id: str) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            stored = tables.chat_sessions.rows.get(chat_session_id)
            if stored is None or stored.ended_at is not None:
                raise ChatSessionEnded
            yield from ()

        self._stage(write)

    def end_all(self, workflow_id: str, at: datetime) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            for each in list(tables.chat_sessions.rows.values()):
                if each.workflow_id == workflow_id:
                    yield tables.chat_sessions.put(each.id, each.ended(at))

        self._stage(write)

    def remove_expired(self, before: datetime) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            for each in list(tables.chat_sessions.rows.values()):
                if each.expires_at < before:
                    yield tables.chat_sessions.drop(each.id)

        self._stage(write)


class MemoryThreadRepository(MemoryRepository, ports.ThreadRepository):
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
            _check_workflow(tables, thread.workflow_id)
            _check_new(tables.threads, thread.id)
            yield tables.threads.put(thread.id, thread)

        self._stage(write)

    def save(self, thread: Thread) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            _check_thread(tables, thread.id)
            yield tables.threads.put(thread.id, thread)

        self._stage(write)

    def remove(self, thread_id: str, *, untouched_since: datetime | None = None) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            thread = tables.threads.rows.get(thread_id)
            if thread is not None and ThreadFilter(untouched_since=untouched_since).admits(thread):
                yield from _drop_thread(tables, thread_id)

        self._stage(write)


class MemoryItemRepository(MemoryRepository, ports.ItemRepository):
    """See the port."""

    async def find(self, thread_id: str, item_id: str) -> Item | None:
        item = self._tables.items.rows.get(item_id)
        return item if item is not None and item.thread_id == thread_id else None

    async def page(self, thread_id: str, query: PageQuery, *, hidden: bool = False) -> Page[Item]:
        items = (each for each in self._tables.items.rows.values() if each.thread_id == thread_id)
        return page_of((each for each in items if hidden or not isinstance(each, HiddenItem)), query)

    def save(self, item: Item) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            _check_thread(tables, item.thread_id)
            yield tables.items.put(item.id, item)

        self._stage(write)

    def remove(self, item_id: str) -> None:
        self._stage(lambda tables: [tables.items.drop(item_id), tables.feedback.drop(item_id)])


class MemoryTurnRepository(MemoryRepository, ports.TurnRepository):
    """See the port."""

    async def latest(self, thread_id: str) -> Turn | None:
        turns = [each for each in self._tables.turns.rows.values() if each.thread_id == thread_id]
        return max(turns, key=lambda turn: turn.id, default=None)

    async def find_by_key(self, workflow_id: str, subject: Subject, idempotency_key: str) -> Turn | None:
        return _find_by_key(self._tables, (workflow_id, subject, idempotency_key))

    async def of_thread(self, thread_id: str, turn_ids: Collection[str]) -> Sequence[Turn]:
        turns = [self._tables.turns.rows.get(each) for each in sorted(turn_ids)]
        return [each for each in turns if each is not None and each.thread_id == thread_id]

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
            _check_new(tables.turns, turn.id)
            _check_thread(tables, turn.thread_id)
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


class MemoryAttachmentRepository(MemoryRepository, ports.AttachmentRepository):
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
            _check_new(tables.attachments, attachment.id)
            _check_workflow(tables, attachment.workflow_id)
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
    """Look whether there is room for one more unsent attachment."""
    unsent = (each for each in tables.attachments.rows.values() if each.thread_id is None)
    held = [each.size for each in unsent if _has(tables, each, claim)]
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
        _check_thread(tables, attachment.thread_id)
        yield tables.announced_from.drop(attachment.id)
    yield tables.attachments.put(attachment.id, attachment)


class MemoryFeedbackRepository(MemoryRepository, ports.FeedbackRepository):
    """See the port."""

    async def of_thread(self, thread_id: str) -> Sequence[Feedback]:
        given = [each for each in self._tables.feedback.rows.values() if each.thread_id == thread_id]
        return sorted(given, key=lambda each: each.item_id)

    def save(self, feedback: Feedback) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            if feedback.item_id not in tables.items.rows:
                raise ConcurrentChange
            yield tables.feedback.put(feedback.item_id, feedback)

        self._stage(write)


class MemorySpentIdRepository(MemoryRepository, ports.SpentIdRepository):
    """See the port."""

    async def of(self, purpose: str) -> Sequence[SpentId]:
        found = [each for each in self._tables.spent_ids.rows.values() if each.purpose == purpose]
        return sorted(found, key=lambda spent: spent.at)

    def save(self, spent: SpentId) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            yield tables.spent_ids.put(f"{spent.purpose} {spent.id}", spent)

        self._stage(write)

    def remove_older(self, purpose: str, before: datetime) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            rows = tables.spent_ids.rows.items()
            for key in [key for key, each in rows if each.purpose == purpose and each.at < before]:
                yield tables.spent_ids.drop(key)

        self._stage(write)


class MemoryDeliveryRepository(MemoryRepository, ports.DeliveryRepository):
    """See the port."""

    async def sum(self) -> DeliverySum:
        waiting = self._tables.deliveries.rows.values()
        attempts = [each.attempts for each in waiting]
        return DeliverySum(
            waiting=len(attempts), failing=len(attempts) - attempts.count(0), attempts=max(attempts, default=0)
        )

    async def due(self, now: datetime, limit: int, *, unless_beyond: datetime | None = None) -> Sequence[Delivery]:
        beyond = unless_beyond or datetime.max.replace(tzinfo=UTC)
        found = [each for each in self._tables.deliveries.rows.values() if not now < each.due_at <= beyond]
        return sorted(found, key=lambda each: (each.due_at, each.id))[:limit]

    def add(self, delivery: Delivery, *, most: int) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            rows = tables.deliveries.rows
            if len(rows) < most and delivery.id not in rows:
                yield tables.deliveries.put(delivery.id, delivery)

        self._stage(write)

    def put_off(self, delivery: Delivery) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            if delivery.id in tables.deliveries.rows:
                yield tables.deliveries.put(delivery.id, delivery)

        self._stage(write)

    def remove(self, delivery_id: str) -> None:
        self._stage(lambda tables: [tables.deliveries.drop(delivery_id)])

    def remove_older(self, before: datetime) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            for key in [key for key, each in tables.deliveries.rows.items() if each.created_at < before]:
                yield tables.deliveries.drop(key)

        self._stage(write)


class MemoryAuditRepository(MemoryRepository, ports.AuditRepository):
    """See the port."""

    def append(self, entry: AuditEntry) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            _check_new(tables.audit, entry.id)
            yield tables.audit.put(entry.id, entry)
            links = tables.audit_links.rows
            link = link_of(next(reversed(links.values())).link if links else "", body_of(entry))
            number = len(links) + 1
            yield tables.audit_links.put(str(number), AuditLink(number=number, link=link, entry=entry))

        self._stage(write)

    async def find(self, entry_id: str) -> AuditEntry | None:
        return self._tables.audit.rows.get(entry_id)

    async def page(self, query: PageQuery, wanted: AuditFilter = AuditFilter()) -> Page[AuditEntry]:  # noqa: B008 - a value
        return page_of(filter(wanted.admits, self._tables.audit.rows.values()), query)

    async def chain(self, *, after: int, limit: int) -> Sequence[AuditLink]:
        return list(self._tables.audit_links.rows.values())[after : after + limit]

    async def size(self) -> int:
        return len(self._tables.audit.rows)
