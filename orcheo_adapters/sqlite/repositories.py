"""The repositories of what owners keep, and of what the server does: workflows, tokens, chat sessions, the audit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from orcheo_adapters.sqlite.removal import SHOWN_OF_WORKFLOW, SHOWN_WORKFLOW, remove_workflow
from orcheo_adapters.sqlite.repository import SqliteRepository, or_else
from orcheo_adapters.sqlite.statements import Lookup, Statement, changed_one
from orcheo_adapters.sqlite.table import MOMENT, marks, moment_of, to_micros
from orcheo_adapters.sqlite.tables import (
    AUDIT,
    CHAT_SESSIONS,
    DELIVERIES,
    OWNER_SESSIONS,
    PUBLISH_TOKENS,
    SERVICE_TOKENS,
    SPENT_IDS,
    WORKFLOWS,
)
from orcheo_core.domain.actor import Actor
from orcheo_core.domain.audit import AuditEntry, AuditFilter, AuditLink, body_of
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


def _of_audit(wanted: AuditFilter) -> tuple[str, tuple[Any, ...]]:
    """The rules of a filter of the audit."""
    rules: list[tuple[str, tuple[Any, ...]]] = []
    if wanted.actors is not None:
        rules.append((f"actor IN ({marks(wanted.actors)})", tuple(wanted.actors)))
    if wanted.workflows is not None:
        some = marks(wanted.workflows)
        rules.append((f"(workflow_id IN ({some}) OR handle IN ({some}))", (*wanted.workflows,) * 2))
    if wanted.act is not None:
        rules.append(("act = ?", (wanted.act,)))
    if wanted.since is not None:
        rules.append(("at >= ?", (to_micros(wanted.since),)))
    if wanted.until is not None:
        rules.append(("at < ?", (to_micros(wanted.until),)))
    values = tuple(value for _, given in rules for value in given)
    return " AND ".join(rule for rule, _ in rules) or "1", values


def _of_logins(ended: EndedLogins) -> tuple[str, tuple[str, ...]]:
    column, value = ("sid", ended.session) if ended.session else ("sub", ended.sub)
    return f"issuer = ? AND {column} = ?", (ended.issuer, value)


def _of_owner(owner: str | None) -> tuple[str, tuple[str, ...]]:
    return ("1", ()) if owner is None else ("owner = ?", (owner,))


class SqliteWorkflowRepository(SqliteRepository, WorkflowRepository):
    """See the port."""

    async def find(self, ref: str) -> Workflow | None:
        return self._find_cached(
            WORKFLOWS, ref, f"{'id' if ref.startswith('wf_') else 'handle'} = ? AND {SHOWN_WORKFLOW}"
        )

    async def page(self, wanted: WorkflowFilter, query: PageQuery) -> Page[Workflow]:
        where, values = _of_owner(wanted.owner)
        where += f" AND {SHOWN_WORKFLOW}"
        if wanted.is_public is not None:
            where += f" AND published_at IS {'NOT NULL' if wanted.is_public else 'NULL'}"
        if not wanted.include_archived:
            where += " AND archived_at IS NULL"
        where += " AND instr(folded(handle || ' ' || name), ?)" * len(wanted.words)
        if wanted.words:  # each of them is folded: 10,000 take a tenth of a second
            return await self._long_page(WORKFLOWS, where, (*values, *wanted.words), query)
        return self._page(WORKFLOWS, where, values, query)

    def add(self, workflow: Workflow) -> None:
        self._stage((WORKFLOWS.insert, WORKFLOWS.row(workflow)))

    def save(self, workflow: Workflow) -> None:
        values = (*WORKFLOWS.row(workflow), workflow.id, workflow.revision - 1)
        self._stage(Statement(WORKFLOWS.update("id = ? AND revision = ?"), values, changed_one, ("workflows", None)))

    def remove(self, workflow: Workflow) -> None:
        self.check_unchanged(workflow)
        for each in remove_workflow(workflow.id):
            self._stage(each)

    _UNCHANGED = Lookup("SELECT 1 FROM workflows WHERE id = ? AND revision = ?", or_else(ConcurrentChange))
    _PUBLISHED = Lookup("SELECT 1 FROM workflows WHERE id = ? AND publication_number = ?", or_else(ChatUnavailable))

    def check_unchanged(self, workflow: Workflow) -> None:
        self._stage((self._UNCHANGED, (workflow.id, workflow.revision)))

    def check_publication(self, workflow: Workflow) -> None:
        self._stage((self._PUBLISHED, (workflow.id, workflow.publication_number)))


class SqlitePublishTokenRepository(SqliteRepository, PublishTokenRepository):
    """See the port."""

    async def find(self, public_id: str) -> PublishToken | None:
        return self._find_cached(PUBLISH_TOKENS, public_id, f"public_id = ? AND {SHOWN_OF_WORKFLOW}")

    async def live(self, workflow_id: str, now: datetime) -> Sequence[PublishToken]:
        where = f"workflow_id = ? AND (ends_at IS NULL OR NOT is_final AND ends_at > ?) AND {SHOWN_OF_WORKFLOW}"
        return self._all(PUBLISH_TOKENS, where, (workflow_id, to_micros(now)))

    async def latest(self, workflow_id: str) -> PublishToken | None:
        where = f"workflow_id = ? AND {SHOWN_OF_WORKFLOW} ORDER BY issued_at DESC, public_id DESC LIMIT 1"
        return self._find(PUBLISH_TOKENS, where, (workflow_id,))

    def save(self, publish_token: PublishToken) -> None:
        touches = (PUBLISH_TOKENS.name, publish_token.public_id)
        self._stage(Statement(PUBLISH_TOKENS.replace, PUBLISH_TOKENS.row(publish_token), touches=touches))

    def make_ends_final(self, now: datetime) -> None:
        sql = "UPDATE publish_tokens SET is_final = 1 WHERE is_final = 0 AND ends_at <= ?"
        self._stage(Statement(sql, (to_micros(now),), touches=("publish_tokens", None)))


class SqliteServiceTokenRepository(SqliteRepository, ServiceTokenRepository):
    """See the port."""

    async def find(self, public_id: str) -> ServiceToken | None:
        return self._find_cached(SERVICE_TOKENS, public_id, "public_id = ?")

    async def any_besides(self, public_id: str, now: datetime) -> bool:
        sql = (
            "SELECT 1 FROM service_tokens WHERE public_id != ? "
            "AND (expires_at IS NULL OR expires_at > ?) AND (ended_at IS NULL OR NOT is_final AND ended_at > ?) LIMIT 1"
        )
        return bool(self._database.read(sql, (public_id, *(to_micros(now),) * 2)))

    async def page(self, owner: str | None, *, limit: int, after: ServiceToken | None) -> Page[ServiceToken]:
        where, values = _of_owner(owner)
        bound: tuple[Any, ...] = (*values, limit + 1)
        if after is not None:
            where += " AND (issued_at, public_id) < (?, ?)"
            bound = (*values, to_micros(after.issued_at), after.public_id, limit + 1)
        found = self._all(SERVICE_TOKENS, f"{where} ORDER BY issued_at DESC, public_id DESC LIMIT ?", bound)
        return Page(entries=tuple(found[:limit]), has_more=len(found) > limit)

    def save(self, service_token: ServiceToken) -> None:
        touches = (SERVICE_TOKENS.name, service_token.public_id)
        self._stage(Statement(SERVICE_TOKENS.replace, SERVICE_TOKENS.row(service_token), touches=touches))

    def used(self, public_id: str, at: datetime) -> None:
        sql = "UPDATE service_tokens SET last_used_at = ? WHERE public_id = ?"
        self._stage(Statement(sql, (to_micros(at), public_id), touches=("service_tokens", public_id)))

    def end(self, service_token: ServiceToken, at: datetime, *, is_final: bool) -> None:
        sql = "UPDATE service_tokens SET ended_at = ?, is_final = ? WHERE public_id = ? AND ended_at IS ?"
        before = to_micros(service_token.ended_at) if service_token.ended_at else None
        values = (to_micros(at), int(is_final), service_token.public_id, before)
        self._stage(Statement(sql, values, changed_one, ("service_tokens", service_token.public_id)))

    def make_ends_final(self, now: datetime) -> None:
        sql = "UPDATE service_tokens SET is_final = 1 WHERE is_final = 0 AND ended_at <= ?"
        self._stage(Statement(sql, (to_micros(now),), touches=("service_tokens", None)))


class SqliteOwnerSessionRepository(SqliteRepository, OwnerSessionRepository):
    """See the port."""

    async def find(self, public_id: str) -> OwnerSession | None:
        return self._find_cached(OWNER_SESSIONS, public_id, "public_id = ?")

    async def opened(self, of: Actor | EndedLogins, since: datetime, *, limit: int) -> Sequence[OwnerSession]:
        where, values = ("owner = ?", (of.name,)) if isinstance(of, Actor) else _of_logins(of)
        where += " AND opened_at > ? AND ended_at IS NULL ORDER BY opened_at DESC, public_id DESC LIMIT ?"
        return self._all(OWNER_SESSIONS, where, (*values, to_micros(since), limit))

    def add(self, owner_session: OwnerSession) -> None:
        self._stage((OWNER_SESSIONS.insert, OWNER_SESSIONS.row(owner_session)))

    def open(self, owner_session: OwnerSession) -> None:
        values = (*OWNER_SESSIONS.row(owner_session), owner_session.public_id)
        sql = OWNER_SESSIONS.update("public_id = ? AND opened_at IS NULL")
        self._stage(Statement(sql, values, changed_one, ("owner_sessions", owner_session.public_id)))

    def used(self, public_id: str, at: datetime) -> None:
        sql = "UPDATE owner_sessions SET seen_at = ? WHERE public_id = ?"
        self._stage(Statement(sql, (to_micros(at), public_id), touches=("owner_sessions", public_id)))

    def end(self, public_id: str, at: datetime) -> None:
        sql = "UPDATE owner_sessions SET ended_at = ? WHERE public_id = ? AND ended_at IS NULL"
        self._stage(Statement(sql, (to_micros(at), public_id), touches=("owner_sessions", public_id)))

    def remove_older(self, before: datetime, *, tickets_only: bool) -> None:
        sql = "DELETE FROM owner_sessions WHERE issued_at < ? AND (opened_at IS NULL OR NOT ?)"
        self._stage(Statement(sql, (to_micros(before), tickets_only), touches=("owner_sessions", None)))


_FEW = 64
_IS_FEW = f"(SELECT count(*) <= {_FEW} FROM (SELECT 1 FROM chat_sessions WHERE workflow_id = ?1 LIMIT {_FEW + 1}))"  # noqa: S608 - ours
_END_FEW = (
    "UPDATE chat_sessions SET ended_at = ?2 "  # noqa: S608 - ours
    f"WHERE workflow_id = CASE WHEN {_IS_FEW} THEN ?1 END AND ended_at IS NULL"  # or each row would ask it
)
_END_MANY = (
    "UPDATE workflows SET chats_ended_at = ?2, "  # noqa: S608 - ours
    "chats_ended_to = (SELECT max(id) FROM chat_sessions WHERE workflow_id = ?1) "
    f"WHERE id = ?1 AND NOT {_IS_FEW}"
)
"""Ends many by one row, as a change of theirs would keep others waiting, and takes space that a full disk lacks.

Those that are opened later have a higher id.
"""
_ENDED_TOGETHER = "FROM workflows WHERE workflows.id = chat_sessions.workflow_id AND chat_sessions.id <= chats_ended_to"


class SqliteChatSessionRepository(SqliteRepository, ChatSessionRepository):
    """See the port."""

    async def find(self, chat_session_id: str) -> ChatSession | None:
        return self._database.cache.get(CHAT_SESSIONS.name, chat_session_id, lambda: self._read(chat_session_id))

    def _read(self, chat_session_id: str) -> ChatSession | None:
        ended_at = f"(SELECT chats_ended_at {_ENDED_TOGETHER})"
        sql = f"SELECT {CHAT_SESSIONS.columns}, {ended_at} FROM chat_sessions WHERE id = ? AND {SHOWN_OF_WORKFLOW}"  # noqa: S608 - ours
        for *row, end in self._database.read(sql, (chat_session_id,)):
            chat_session = CHAT_SESSIONS.value(tuple(row))
            return chat_session if end is None else chat_session.ended(moment_of(end))
        return None

    def save(self, chat_session: ChatSession) -> None:
        touches = (CHAT_SESSIONS.name, chat_session.id)
        self._stage(Statement(CHAT_SESSIONS.replace, CHAT_SESSIONS.row(chat_session), touches=touches))

    _OPEN = Lookup(
        "SELECT 1 FROM chat_sessions WHERE id = ? AND ended_at IS NULL "  # noqa: S608 - ours
        f"AND NOT EXISTS (SELECT 1 {_ENDED_TOGETHER}) AND {SHOWN_OF_WORKFLOW}",
        or_else(ChatSessionEnded),
    )

    def check_open(self, chat_session_id: str) -> None:
        self._stage((self._OPEN, (chat_session_id,)))

    def end_all(self, workflow_id: str, at: datetime) -> None:
        values = (workflow_id, to_micros(at))
        self._stage(Statement(_END_MANY, values))
        self._stage(Statement(_END_FEW, values, touches=("chat_sessions", None)))

    async def any_expired(self, before: datetime) -> bool:
        return bool(
            self._database.read("SELECT 1 FROM chat_sessions WHERE expires_at < ? LIMIT 1", (to_micros(before),))
        )

    def remove_expired(self, before: datetime, limit: int) -> None:
        sql = "DELETE FROM chat_sessions WHERE id IN (SELECT id FROM chat_sessions WHERE expires_at < ? LIMIT ?)"
        self._stage(Statement(sql, (to_micros(before), limit), touches=("chat_sessions", None)))


class SqliteSpentIdRepository(SqliteRepository, SpentIdRepository):
    """See the port."""

    async def of(self, purpose: str) -> Sequence[SpentId]:
        return self._all(SPENT_IDS, "purpose = ? ORDER BY at, id", (purpose,))

    def save(self, spent: SpentId) -> None:
        self._stage(Statement(SPENT_IDS.replace, SPENT_IDS.row(spent)))

    def remove_older(self, purpose: str, before: datetime) -> None:
        # Looks at all rows of the purpose, 100,000 at most. With an index by time many took longer, and each one more.
        sql = "DELETE FROM spent_ids WHERE purpose = ? AND at < ?"
        self._stage(Statement(sql, (purpose, to_micros(before)), touches=("spent_ids", None)))


class SqliteDeliveryRepository(SqliteRepository, DeliveryRepository):
    """See the port."""

    async def sum(self) -> DeliverySum:
        counts = "count(*), count(*) FILTER (WHERE attempts > 0), coalesce(max(attempts), 0)"
        ((waiting, failing, attempts),) = self._database.read(f"SELECT {counts} FROM webhook_deliveries")  # noqa: S608
        return DeliverySum(waiting=waiting, failing=failing, attempts=attempts)

    async def due(self, now: datetime, limit: int, *, unless_beyond: datetime | None = None) -> Sequence[Delivery]:
        where = "due_at <= ? OR due_at > ? ORDER BY due_at, id LIMIT ?"
        return self._all(DELIVERIES, where, (to_micros(now), MOMENT.kept(unless_beyond), limit))

    def add(self, delivery: Delivery, *, most: int) -> None:
        row = DELIVERIES.row(delivery)
        sql = (
            f"INSERT OR IGNORE INTO webhook_deliveries ({DELIVERIES.columns}) SELECT {marks(row)} "  # noqa: S608 - ours
            "WHERE (SELECT count(*) FROM webhook_deliveries) < ?"
        )
        self._stage(Statement(sql, (*row, most)))

    def put_off(self, delivery: Delivery) -> None:
        values = (delivery.attempts, to_micros(delivery.due_at), delivery.id)
        self._stage(Statement("UPDATE webhook_deliveries SET attempts = ?, due_at = ? WHERE id = ?", values))

    def remove(self, delivery_id: str) -> None:
        self._stage(Statement("DELETE FROM webhook_deliveries WHERE id = ?", (delivery_id,)))

    def remove_older(self, before: datetime) -> None:
        sql = "DELETE FROM webhook_deliveries WHERE created_at < ?"
        self._stage(Statement(sql, (to_micros(before),), touches=("webhook_deliveries", None)))


class SqliteAuditRepository(SqliteRepository, AuditRepository):
    """See the port."""

    def append(self, entry: AuditEntry) -> None:
        self._stage((AUDIT.insert, AUDIT.row(entry)))
        last = "SELECT link FROM audit_chain ORDER BY number DESC LIMIT 1"
        sql = f"INSERT INTO audit_chain (entry_id, link) SELECT ?, audit_link(coalesce(({last}), ''), ?)"
        self._stage(Statement(sql, (entry.id, body_of(entry))))

    async def find(self, entry_id: str) -> AuditEntry | None:
        return self._find(AUDIT, "id = ?", (entry_id,))

    async def page(self, query: PageQuery, wanted: AuditFilter = AuditFilter()) -> Page[AuditEntry]:  # noqa: B008 - a value
        where, values = _of_audit(wanted)
        return await self._long_page(AUDIT, where, values, query)

    async def chain(self, *, after: int, limit: int) -> Sequence[AuditLink]:
        sql = (
            f"SELECT number, link, {AUDIT.columns} FROM audit_chain LEFT JOIN audit ON id = entry_id "  # noqa: S608 - ours
            "WHERE number > ? ORDER BY number LIMIT ?"
        )
        found = await self._database.in_thread(self._database.read_long, sql, (after, limit))
        return [
            AuditLink(number=number, link=link, entry=None if entry[0] is None else AUDIT.value(tuple(entry)))
            for number, link, *entry in found
        ]

    async def size(self) -> int:
        found = await self._database.in_thread(self._database.read_long, "SELECT count(*) FROM audit")
        return int(found[0][0])
