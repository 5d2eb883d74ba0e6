"""The repositories of what owners keep, and of what the server does, in memory."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from attrs import evolve

from orcheo_adapters.memory.repository import (
    MemoryRepository,
    check_handle,
    check_new,
    check_revision,
    check_workflow,
    drop_belongings,
)
from orcheo_adapters.memory.tables import Tables, Undo, Write, page_of
from orcheo_core.domain.actor import Actor
from orcheo_core.domain.audit import AuditEntry, AuditFilter, AuditLink, body_of, link_of
from orcheo_core.domain.chat_session import ChatSession
from orcheo_core.domain.delivery import Delivery, DeliverySum
from orcheo_core.domain.login import EndedLogins
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.publish_token import PublishToken
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.spent_id import SpentId
from orcheo_core.domain.workflow import Workflow, WorkflowFilter
from orcheo_core.errors import ChatSessionEnded, ChatUnavailable, ConcurrentChange
from orcheo_core.ports.repositories.audit import AuditRepository
from orcheo_core.ports.repositories.chat_sessions import ChatSessionRepository
from orcheo_core.ports.repositories.deliveries import DeliveryRepository
from orcheo_core.ports.repositories.owner_sessions import OwnerSessionRepository
from orcheo_core.ports.repositories.publish_tokens import PublishTokenRepository
from orcheo_core.ports.repositories.service_tokens import ServiceTokenRepository
from orcheo_core.ports.repositories.spent_ids import SpentIdRepository
from orcheo_core.ports.repositories.workflows import WorkflowRepository

T = TypeVar("T")
Stage = Callable[[Write], None]


def _by_issue(token: ServiceToken) -> tuple[datetime, str]:
    return token.issued_at, token.public_id


class MemoryWorkflowRepository(MemoryRepository, WorkflowRepository):
    """See the port."""

    async def find(self, ref: str) -> Workflow | None:
        rows = self._tables.workflows.rows
        return rows.get(ref) or next((each for each in rows.values() if each.handle == ref), None)

    async def page(self, wanted: WorkflowFilter, query: PageQuery) -> Page[Workflow]:
        return page_of(filter(wanted.admits, self._tables.workflows.rows.values()), query)

    def add(self, workflow: Workflow) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            check_handle(tables, workflow, but=None)
            check_new(tables.workflows, workflow.id)
            yield tables.workflows.put(workflow.id, workflow)

        self._stage(write)

    def save(self, workflow: Workflow) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            check_revision(tables, workflow.id, workflow.revision - 1)
            check_handle(tables, workflow, but=workflow.id)
            yield tables.workflows.put(workflow.id, workflow)

        self._stage(write)

    def remove(self, workflow: Workflow) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            check_revision(tables, workflow.id, workflow.revision)
            yield tables.workflows.drop(workflow.id)
            yield from drop_belongings(tables, workflow.id)

        self._stage(write)

    def check_unchanged(self, workflow: Workflow) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            check_revision(tables, workflow.id, workflow.revision)
            yield from ()

        self._stage(write)

    def check_publication(self, workflow: Workflow) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            stored = tables.workflows.rows.get(workflow.id)
            if stored is None or stored.publication_number != workflow.publication_number:
                raise ChatUnavailable
            yield from ()

        self._stage(write)


class MemoryPublishTokenRepository(MemoryRepository, PublishTokenRepository):
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
            check_workflow(tables, publish_token.workflow_id)
            yield tables.publish_tokens.put(publish_token.public_id, publish_token)

        self._stage(write)

    def make_ends_final(self, now: datetime) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            for each in tuple(tables.publish_tokens.rows.values()):
                if each.ends_at is not None and each.ends_at <= now:
                    yield tables.publish_tokens.put(each.public_id, evolve(each, is_final=True))

        self._stage(write)


class MemoryServiceTokenRepository(MemoryRepository, ServiceTokenRepository):
    """See the port."""

    async def find(self, public_id: str) -> ServiceToken | None:
        return self._tables.service_tokens.rows.get(public_id)

    async def any_besides(self, public_id: str, now: datetime) -> bool:
        rows = self._tables.service_tokens.rows.values()
        return any(each.public_id != public_id and each.is_live(now) for each in rows)

    async def page(self, owner: str | None, *, limit: int, after: ServiceToken | None) -> Page[ServiceToken]:
        rows = self._tables.service_tokens.rows.values()
        found = sorted((each for each in rows if owner in {None, each.owner.name}), key=_by_issue, reverse=True)
        behind = [each for each in found if after is None or _by_issue(each) < _by_issue(after)]
        return Page(entries=tuple(behind[:limit]), has_more=len(behind) > limit)

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


class MemoryOwnerSessionRepository(MemoryRepository, OwnerSessionRepository):
    """See the port."""

    async def find(self, public_id: str) -> OwnerSession | None:
        return self._tables.owner_sessions.rows.get(public_id)

    async def opened(self, of: Actor | EndedLogins, since: datetime, *, limit: int) -> Sequence[OwnerSession]:
        rows = self._tables.owner_sessions.rows.values()
        found = [(each.opened_at, each) for each in rows if each.is_of(of) and each.ended_at is None]
        dated = [(at, each.public_id, each) for at, each in found if at is not None and at > since]
        return [each for *_, each in sorted(dated, key=lambda one: one[:2], reverse=True)][:limit]

    def add(self, owner_session: OwnerSession) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            check_new(tables.owner_sessions, owner_session.public_id)
            yield tables.owner_sessions.put(owner_session.public_id, owner_session)

        self._stage(write)

    def open(self, owner_session: OwnerSession) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            stored = tables.owner_sessions.rows.get(owner_session.public_id)
            if stored is None or stored.opened_at is not None:
                raise ConcurrentChange
            yield tables.owner_sessions.put(stored.public_id, owner_session)

        self._stage(write)

    def used(self, public_id: str, at: datetime) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            stored = tables.owner_sessions.rows.get(public_id)
            if stored is not None:
                yield tables.owner_sessions.put(public_id, evolve(stored, seen_at=at))

        self._stage(write)

    def end(self, public_id: str, at: datetime) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            stored = tables.owner_sessions.rows.get(public_id)
            if stored is not None and stored.ended_at is None:
                yield tables.owner_sessions.put(public_id, evolve(stored, ended_at=at))

        self._stage(write)

    def remove_older(self, before: datetime, *, tickets_only: bool) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            for each in tuple(tables.owner_sessions.rows.values()):
                if each.issued_at < before and not (tickets_only and each.opened_at is not None):
                    yield tables.owner_sessions.drop(each.public_id)

        self._stage(write)


class MemoryChatSessionRepository(MemoryRepository, ChatSessionRepository):
    """See the port."""

    async def find(self, chat_session_id: str) -> ChatSession | None:
        return self._tables.chat_sessions.rows.get(chat_session_id)

    def save(self, chat_session: ChatSession) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            check_workflow(tables, chat_session.workflow_id)
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

    async def any_expired(self, before: datetime) -> bool:
        return any(each.expires_at < before for each in self._tables.chat_sessions.rows.values())

    def remove_expired(self, before: datetime, limit: int) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            expired = [each.id for each in tables.chat_sessions.rows.values() if each.expires_at < before]
            for each in expired[:limit]:
                yield tables.chat_sessions.drop(each)

        self._stage(write)


class MemorySpentIdRepository(MemoryRepository, SpentIdRepository):
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


class MemoryDeliveryRepository(MemoryRepository, DeliveryRepository):
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


class MemoryAuditRepository(MemoryRepository, AuditRepository):
    """See the port."""

    def append(self, entry: AuditEntry) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            check_new(tables.audit, entry.id)
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
