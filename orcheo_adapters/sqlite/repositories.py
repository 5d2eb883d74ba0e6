"""The repositories over SQLite: plain SQL, as these are the hot paths."""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from orcheo_adapters.sqlite import rows
from orcheo_adapters.sqlite.database import ManyRows, Row, SqliteDatabase, Statement, changed_one
from orcheo_adapters.sqlite.item_bodies import HIDDEN
from orcheo_adapters.sqlite.search import catch_up, items_with
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.audit import AuditEntry, AuditFilter, AuditLink, body_of
from orcheo_core.domain.budget import Claim, Per, Unit
from orcheo_core.domain.chat_session import ChatSession
from orcheo_core.domain.delivery import Delivery, DeliverySum
from orcheo_core.domain.feedback import Feedback
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.publish_token import PublishToken
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.spent_id import SpentId
from orcheo_core.domain.subject import OWNER_PREFIX, Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter, ThreadSum
from orcheo_core.domain.turn import Turn, TurnSum
from orcheo_core.domain.workflow import Workflow, WorkflowFilter
from orcheo_core.errors import ChatSessionEnded, ChatUnavailable, ConcurrentChange, HandleTaken, TurnInProgress
from orcheo_core.ports import repositories as ports
from orcheo_core.ports.unit_of_work import DuplicateTurn

T = TypeVar("T")
Stage = Callable[[Statement], None]


def explain_integrity(error: sqlite3.IntegrityError) -> Exception:
    """The rule of the domain behind a broken constraint.

    A missing parent was removed in between; an id in use was taken in between. Anything else is a bug.
    """
    text = str(error)
    if "workflows.handle" in text:
        return HandleTaken()
    if text.endswith("turns.thread_id"):
        return TurnInProgress()
    if text.startswith(("FOREIGN KEY", "UNIQUE")):
        return ConcurrentChange()
    return error


class SqliteRepository:
    """Reads rows, stages statements."""

    def __init__(self, database: SqliteDatabase, stage: Stage) -> None:
        """Read ``database``; hand statements to ``stage``."""
        self._database = database
        self._stage = stage

    def _find(self, sql: str, values: Sequence[Any], build: Callable[[Row], T]) -> T | None:
        found = self._database.read(sql, values)
        return build(found[0]) if found else None

    def _find_cached(self, table: str, key: str, sql: str, build: Callable[[Row], T]) -> T | None:
        return self._database.cache.get(table, key, lambda: self._find(sql, (key,), build))

    def _page(
        self,
        table: str,
        where: str,
        values: Sequence[Any],
        query: PageQuery,
        build: Callable[[Row], T],
        key: str = "id",
        *,
        slow: bool = False,
    ) -> Page[T]:
        order, behind = ("DESC", "<") if query.newest_first else ("ASC", ">")
        cursor = f" AND {key} {behind} ?" if query.after is not None else ""
        after = () if query.after is None else (query.after,)
        sql = f"SELECT {table} WHERE {where}{cursor} ORDER BY {key} {order} LIMIT ?"
        bound, is_cut = (*values, *after, query.limit + 1), False
        if query.most_bytes is not None:
            found, is_cut = self._database.read_some(sql, bound, query.most_bytes)
        else:
            found = (self._database.read_apart if slow else self._database.read)(sql, bound)
        entries = tuple(build(row) for row in found[: query.limit])
        return Page(entries=entries, has_more=is_cut or len(found) > query.limit)

    def _put(self, table: str, row: Row) -> None:
        self._stage(_insert(table, len(row)).of(row))


@cache
def _insert(table: str, width: int) -> ManyRows:
    """Add rows of all columns."""
    marks = ", ".join("?" * width)
    sql = f"INSERT INTO {table} VALUES "  # noqa: S608 - the table is ours
    return ManyRows(f"{sql}({marks})", f"{sql}{{}}", width=width)


def _or_else(error: type[Exception]) -> Callable[[sqlite3.Cursor], None]:
    """Raise ``error`` unless a row was found."""

    def check(cursor: sqlite3.Cursor) -> None:
        if cursor.fetchone() is None:
            raise error

    return check


def _of_filter(wanted: ThreadFilter) -> tuple[str, tuple[Any, ...]]:
    """The rules of a filter but for its words."""
    given: dict[str, Any] = {
        "workflow_id = ?": wanted.workflow_id,
        "subject = ?": wanted.subject.key if wanted.subject else None,
        "updated_at < ?": rows.to_micros(wanted.untouched_since) if wanted.untouched_since else None,
    }
    rules = {rule: value for rule, value in given.items() if value is not None}
    if wanted.is_failed:
        rules["id IN (SELECT thread_id FROM turns WHERE workflow_id = ? AND status = 'failed')"] = wanted.workflow_id
    return " AND ".join(rules) or "1", tuple(rules.values())


def _of_audit(wanted: AuditFilter) -> tuple[str, tuple[Any, ...]]:
    """The rules of a filter of the audit."""
    rules: list[tuple[str, tuple[Any, ...]]] = []
    if wanted.actors is not None:
        rules.append((f"actor IN ({_marks(wanted.actors)})", tuple(wanted.actors)))
    if wanted.workflows is not None:
        marks = _marks(wanted.workflows)
        rules.append((f"(workflow_id IN ({marks}) OR handle IN ({marks}))", (*wanted.workflows,) * 2))
    if wanted.act is not None:
        rules.append(("act = ?", (wanted.act,)))
    if wanted.since is not None:
        rules.append(("at >= ?", (rows.to_micros(wanted.since),)))
    if wanted.until is not None:
        rules.append(("at < ?", (rows.to_micros(wanted.until),)))
    values = tuple(value for _, given in rules for value in given)
    return " AND ".join(rule for rule, _ in rules) or "1", values


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


def _of_owner(owner: str | None) -> tuple[str, tuple[str, ...]]:
    return ("1", ()) if owner is None else ("owner = ?", (owner,))


class SqliteWorkflowRepository(SqliteRepository, ports.WorkflowRepository):
    """See the port."""

    _SELECT = f"SELECT {rows.WORKFLOW_COLUMNS} FROM workflows WHERE "  # noqa: S608 - all parts are ours

    async def find(self, ref: str) -> Workflow | None:
        sql = f"{self._SELECT}{'id' if ref.startswith('wf_') else 'handle'} = ?"
        return self._find_cached("workflows", ref, sql, rows.workflow_of)

    async def page(self, wanted: WorkflowFilter, query: PageQuery) -> Page[Workflow]:
        where, values = _of_owner(wanted.owner)
        if wanted.is_public is not None:
            where += f" AND published_at IS {'NOT NULL' if wanted.is_public else 'NULL'}"
        if not wanted.include_archived:
            where += " AND archived_at IS NULL"
        where += " AND instr(folded(handle || ' ' || name), ?)" * len(wanted.words)
        return self._page(
            f"{rows.WORKFLOW_COLUMNS} FROM workflows", where, (*values, *wanted.words), query, rows.workflow_of
        )

    def add(self, workflow: Workflow) -> None:
        marks = ", ".join("?" * len(rows.WORKFLOW_COLUMNS.split(", ")))
        sql = f"INSERT INTO workflows ({rows.WORKFLOW_COLUMNS}) VALUES ({marks})"  # noqa: S608 - all parts are ours
        self._stage(Statement(sql, rows.workflow_row(workflow)))

    def save(self, workflow: Workflow) -> None:
        columns = ", ".join(f"{name} = ?" for name in rows.WORKFLOW_COLUMNS.split(", "))
        sql = f"UPDATE workflows SET {columns} WHERE id = ? AND revision = ?"  # noqa: S608 - all parts are ours
        values = (*rows.workflow_row(workflow), workflow.id, workflow.revision - 1)
        self._stage(Statement(sql, values, changed_one, ("workflows", None)))

    def remove(self, workflow: Workflow) -> None:
        sql = "DELETE FROM workflows WHERE id = ? AND revision = ?"
        touches = ("workflows", None)
        self._stage(Statement(sql, (workflow.id, workflow.revision), changed_one, touches, erases=True))
        for table in ("publish_tokens", "chat_sessions"):  # which go with it
            self._stage(Statement("SELECT 1", touches=(table, None)))

    def check_unchanged(self, workflow: Workflow) -> None:
        sql = "SELECT 1 FROM workflows WHERE id = ? AND revision = ?"
        self._stage(Statement(sql, (workflow.id, workflow.revision), _or_else(ConcurrentChange)))

    def check_publication(self, workflow: Workflow) -> None:
        sql = "SELECT 1 FROM workflows WHERE id = ? AND publication_number = ?"
        self._stage(Statement(sql, (workflow.id, workflow.publication_number), _or_else(ChatUnavailable)))


class SqlitePublishTokenRepository(SqliteRepository, ports.PublishTokenRepository):
    """See the port."""

    async def find(self, public_id: str) -> PublishToken | None:
        sql = "SELECT * FROM publish_tokens WHERE public_id = ?"
        return self._find_cached("publish_tokens", public_id, sql, rows.publish_token_of)

    async def live(self, workflow_id: str, now: datetime) -> Sequence[PublishToken]:
        sql = "SELECT * FROM publish_tokens WHERE workflow_id = ? AND (ends_at IS NULL OR NOT is_final AND ends_at > ?)"
        return [rows.publish_token_of(row) for row in self._database.read(sql, (workflow_id, rows.to_micros(now)))]

    async def latest(self, workflow_id: str) -> PublishToken | None:
        sql = "SELECT * FROM publish_tokens WHERE workflow_id = ? ORDER BY issued_at DESC, public_id DESC LIMIT 1"
        return self._find(sql, (workflow_id,), rows.publish_token_of)

    def save(self, publish_token: PublishToken) -> None:
        sql = "INSERT OR REPLACE INTO publish_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        touches = ("publish_tokens", publish_token.public_id)
        self._stage(Statement(sql, rows.publish_token_row(publish_token), touches=touches))

    def make_ends_final(self, now: datetime) -> None:
        sql = "UPDATE publish_tokens SET is_final = 1 WHERE is_final = 0 AND ends_at <= ?"
        self._stage(Statement(sql, (rows.to_micros(now),), touches=("publish_tokens", None)))


class SqliteServiceTokenRepository(SqliteRepository, ports.ServiceTokenRepository):
    """See the port."""

    async def find(self, public_id: str) -> ServiceToken | None:
        sql = "SELECT * FROM service_tokens WHERE public_id = ?"
        return self._find_cached("service_tokens", public_id, sql, rows.service_token_of)

    async def any_besides(self, public_id: str, now: datetime) -> bool:
        sql = (
            "SELECT 1 FROM service_tokens WHERE public_id != ? "
            "AND (expires_at IS NULL OR expires_at > ?) AND (ended_at IS NULL OR NOT is_final AND ended_at > ?) LIMIT 1"
        )
        return bool(self._database.read(sql, (public_id, *(rows.to_micros(now),) * 2)))

    async def page(self, owner: str | None, query: PageQuery) -> Page[ServiceToken]:
        return self._page("* FROM service_tokens", *_of_owner(owner), query, rows.service_token_of, "public_id")

    def save(self, service_token: ServiceToken) -> None:
        sql = "INSERT OR REPLACE INTO service_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        touches = ("service_tokens", service_token.public_id)
        self._stage(Statement(sql, rows.service_token_row(service_token), touches=touches))

    def used(self, public_id: str, at: datetime) -> None:
        sql = "UPDATE service_tokens SET last_used_at = ? WHERE public_id = ?"
        self._stage(Statement(sql, (rows.to_micros(at), public_id), touches=("service_tokens", public_id)))

    def end(self, service_token: ServiceToken, at: datetime, *, is_final: bool) -> None:
        sql = "UPDATE service_tokens SET ended_at = ?, is_final = ? WHERE public_id = ? AND ended_at IS ?"
        before = rows.to_micros(service_token.ended_at) if service_token.ended_at else None
        values = (rows.to_micros(at), int(is_final), service_token.public_id, before)
        self._stage(Statement(sql, values, changed_one, ("service_tokens", service_token.public_id)))

    def make_ends_final(self, now: datetime) -> None:
        sql = "UPDATE service_tokens SET is_final = 1 WHERE is_final = 0 AND ended_at <= ?"
        self._stage(Statement(sql, (rows.to_micros(now),), touches=("service_tokens", None)))


class SqliteChatSessionRepository(SqliteRepository, ports.ChatSessionRepository):
    """See the port."""

    async def find(self, chat_session_id: str) -> ChatSession | None:
        sql = "SELECT * FROM chat_sessions WHERE id = ?"
        return self._find_cached("chat_sessions", chat_session_id, sql, rows.chat_session_of)

    def save(self, chat_session: ChatSession) -> None:
        sql = "INSERT OR REPLACE INTO chat_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self._stage(Statement(sql, rows.chat_session_row(chat_session), touches=("chat_sessions", chat_session.id)))

    def check_open(self, chat_session_id: str) -> None:
        sql = "SELECT 1 FROM chat_sessions WHERE id = ? AND ended_at IS NULL"
        self._stage(Statement(sql, (chat_session_id,), _or_else(ChatSessionEnded)))

    def end_all(self, workflow_id: str, at: datetime) -> None:
        sql = "UPDATE chat_sessions SET ended_at = ? WHERE workflow_id = ? AND ended_at IS NULL"
        self._stage(Statement(sql, (rows.to_micros(at), workflow_id), touches=("chat_sessions", None)))

    def remove_expired(self, before: datetime) -> None:
        sql = "DELETE FROM chat_sessions WHERE expires_at < ?"
        self._stage(Statement(sql, (rows.to_micros(before),), touches=("chat_sessions", None)))


class SqliteThreadRepository(SqliteRepository, ports.ThreadRepository):
    """See the port."""

    async def find(self, thread_id: str) -> Thread | None:
        return self._find("SELECT * FROM threads WHERE id = ?", (thread_id,), rows.thread_of)

    async def page(self, wanted: ThreadFilter, query: PageQuery) -> Page[Thread]:
        where, values = _of_filter(wanted)
        if not wanted.words and wanted.untouched_since is None:
            return self._page("* FROM threads", where, values, query, rows.thread_of)
        if wanted.words:
            await catch_up(self._database)
            containing, words = items_with(wanted.words)
            where, values = f"{where} AND id IN ({containing})", (*values, *words)
        return await asyncio.to_thread(self._page, "* FROM threads", where, values, query, rows.thread_of, slow=True)

    async def sum_up(self, wanted: ThreadFilter) -> ThreadSum:
        where, values = _of_filter(wanted)
        sql = f"SELECT count(*), max(updated_at) FROM threads WHERE {where}"  # noqa: S608 - the rules are ours
        return rows.thread_sum_of((await asyncio.to_thread(self._database.read_apart, sql, values))[0])

    def add(self, thread: Thread) -> None:
        self._put("threads", rows.thread_row(thread))

    def save(self, thread: Thread) -> None:
        values = (rows.to_micros(thread.updated_at), thread.title, int(thread.is_titled), thread.id)
        sql = "UPDATE threads SET updated_at = ?, title = ?, is_titled = ? WHERE id = ?"
        self._stage(Statement(sql, values, changed_one))

    def remove(self, thread_id: str, *, untouched_since: datetime | None = None) -> None:
        sql = "DELETE FROM threads WHERE id = ? AND (? IS NULL OR updated_at < ?)"
        since = rows.to_micros(untouched_since) if untouched_since else None
        self._stage(Statement(sql, (thread_id, since, since), erases=True))


_PUT_ITEM = ManyRows(
    "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
    "INSERT INTO items VALUES {} ON CONFLICT (id) DO UPDATE SET body = excluded.body",
    width=6,
)


class SqliteItemRepository(SqliteRepository, ports.ItemRepository):
    """See the port."""

    async def find(self, thread_id: str, item_id: str) -> Item | None:
        sql = "SELECT * FROM items WHERE id = ? AND thread_id = ?"
        return self._find(sql, (item_id, thread_id), rows.item_of)

    async def page(self, thread_id: str, query: PageQuery, *, hidden: bool = False) -> Page[Item]:
        where = "thread_id = ?" if hidden else f"thread_id = ? AND kind <> '{HIDDEN}'"
        return self._page("* FROM items", where, (thread_id,), query, rows.item_of)

    def save(self, item: Item) -> None:
        self._stage(_PUT_ITEM.of(rows.item_row(item)))

    def remove(self, item_id: str) -> None:
        self._stage(Statement("DELETE FROM items WHERE id = ?", (item_id,)))


def _no_duplicate(cursor: sqlite3.Cursor) -> None:
    if cursor.fetchone() is not None:
        raise DuplicateTurn


_END_TURN = ManyRows(
    "UPDATE turns SET status = ?, ended_at = ?, input_tokens = ?, output_tokens = ?, fault_code = ?, fault_reason = ? "
    "WHERE id = ?",
    "UPDATE turns SET status = column1, ended_at = column2, input_tokens = column3, output_tokens = column4, "
    "fault_code = column5, fault_reason = column6 FROM (VALUES {}) WHERE id = column7",
    width=7,
    must_hit=True,
)


class SqliteTurnRepository(SqliteRepository, ports.TurnRepository):
    """See the port."""

    _BY_KEY = "SELECT * FROM turns WHERE workflow_id = ? AND subject = ? AND idempotency_key = ?"

    async def latest(self, thread_id: str) -> Turn | None:
        sql = "SELECT * FROM turns WHERE thread_id = ? ORDER BY id DESC LIMIT 1"
        return self._find(sql, (thread_id,), rows.turn_of)

    async def find_by_key(self, workflow_id: str, subject: Subject, idempotency_key: str) -> Turn | None:
        return self._find(self._BY_KEY, (workflow_id, subject.key, idempotency_key), rows.turn_of)

    async def of_thread(self, thread_id: str, turn_ids: Collection[str]) -> Sequence[Turn]:
        sql = f"SELECT * FROM turns WHERE thread_id = ? AND id IN ({_marks(turn_ids)}) ORDER BY id"  # noqa: S608 - marks
        return list(map(rows.turn_of, self._database.read(sql, (thread_id, *turn_ids))))

    async def sum_up(self, workflow_id: str, *, since: datetime | None = None) -> TurnSum:
        began = 0 if since is None else rows.to_micros(since)
        counted = (
            "SELECT count(*), coalesce(sum(status = 'failed'), 0), "
            "count(DISTINCT turns.subject) FILTER (WHERE substr(turns.subject, 1, ?) != ?), "
            "coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), max(started_at) "
            "FROM threads JOIN turns ON thread_id = threads.id "
            "WHERE threads.workflow_id = ? AND threads.updated_at >= ? AND started_at >= ?"
        )
        failed = (
            "SELECT * FROM turns WHERE workflow_id = ? AND status = 'failed' AND started_at >= ? "
            "ORDER BY id DESC LIMIT 1"
        )
        read = self._database.read_apart
        (sums,) = await asyncio.to_thread(read, counted, (len(OWNER_PREFIX), OWNER_PREFIX, workflow_id, began, began))
        return rows.turn_sum_of(sums, await asyncio.to_thread(read, failed, (workflow_id, began)))

    async def running(self) -> Sequence[Turn]:
        return [rows.turn_of(row) for row in self._database.read("SELECT * FROM turns WHERE status = 'running'")]

    def add(self, turn: Turn) -> None:
        if turn.idempotency_key is not None:
            key = (turn.workflow_id, turn.subject.key, turn.idempotency_key)
            self._stage(Statement(self._BY_KEY, key, _no_duplicate))
        self._put("turns", rows.turn_row(turn))

    def save(self, turn: Turn) -> None:
        ended_at = rows.to_micros(turn.ended_at) if turn.ended_at else None
        values = (turn.status, ended_at, *rows.usage_columns(turn.usage), *rows.fault_columns(turn.fault), turn.id)
        self._stage(_END_TURN.of(values))


class SqliteAttachmentRepository(SqliteRepository, ports.AttachmentRepository):
    """See the port."""

    async def find(self, attachment_id: str) -> Attachment | None:
        sql = f"SELECT {rows.ATTACHMENT_COLUMNS} FROM attachments WHERE id = ?"  # noqa: S608 - the names are ours
        return self._find(sql, (attachment_id,), rows.attachment_of)

    async def ids(self, *, workflow_id: str, thread_id: str | None = None) -> Sequence[str]:
        sql = "SELECT id FROM attachments WHERE workflow_id = ? AND (? IS NULL OR thread_id = ?)"
        return [row[0] for row in self._database.read(sql, (workflow_id, thread_id, thread_id))]

    async def unsent(self, before: datetime, limit: int) -> Sequence[str]:
        sql = "SELECT id FROM attachments WHERE thread_id IS NULL AND created_at < ? ORDER BY created_at LIMIT ?"
        return [row[0] for row in self._database.read(sql, (rows.to_micros(before), limit))]

    def add(self, attachment: Attachment, claims: Sequence[Claim] = ()) -> None:
        for each in claims:
            self._stage(_room_for(each))
        address = next((each.key for each in claims if each.budget.per is Per.ADDRESS), None)
        self._put("attachments", (*rows.attachment_row(attachment), address))

    def save(self, attachment: Attachment) -> None:
        sql = (
            "UPDATE attachments SET thread_id = ?1, is_uploaded = ?2, "
            "announced_from = CASE WHEN ?1 IS NULL THEN announced_from END WHERE id = ?3"
        )
        values = (attachment.thread_id, int(attachment.is_uploaded), attachment.id)
        self._stage(Statement(sql, values, changed_one))

    def remove(self, attachment_id: str) -> None:
        self._stage(Statement("DELETE FROM attachments WHERE id = ? AND thread_id IS NULL", (attachment_id,)))


_HOLDERS = {
    Per.VISITOR: "subject = ?",
    Per.PROGRAM: "subject = ?",
    Per.ADDRESS: "announced_from = ?",
    Per.WORKFLOW: "workflow_id = ?",
    Per.SERVER: "? IS NOT NULL",
}
"""Which unsent attachments each kind of holder has; all but the server's have an index with the sizes."""


def _room_for(claim: Claim) -> Statement:
    """Look, in the transaction that adds something, whether there is room for it."""

    def check(cursor: sqlite3.Cursor) -> None:
        if not claim.fits(cursor.fetchone()[0]):
            raise claim.refusal

    held = "coalesce(sum(size), 0)" if claim.budget.resource.unit is Unit.BYTES else "count(*)"
    sql = f"SELECT {held} FROM attachments WHERE thread_id IS NULL AND {_HOLDERS[claim.budget.per]}"  # noqa: S608 - ours
    return Statement(sql, (claim.key,), check)


class SqliteFeedbackRepository(SqliteRepository, ports.FeedbackRepository):
    """See the port."""

    async def of_thread(self, thread_id: str) -> Sequence[Feedback]:
        sql = "SELECT * FROM feedback WHERE thread_id = ? ORDER BY item_id"
        return [rows.feedback_of(row) for row in self._database.read(sql, (thread_id,))]

    def save(self, feedback: Feedback) -> None:
        sql = (
            "INSERT INTO feedback VALUES (?, ?, ?, ?) "
            "ON CONFLICT (thread_id, item_id) DO UPDATE SET kind = excluded.kind, given_at = excluded.given_at"
        )
        self._stage(Statement(sql, rows.feedback_row(feedback)))


class SqliteSpentIdRepository(SqliteRepository, ports.SpentIdRepository):
    """See the port."""

    async def of(self, purpose: str) -> Sequence[SpentId]:
        found = self._database.read("SELECT * FROM spent_ids WHERE purpose = ? ORDER BY at, id", (purpose,))
        return [rows.spent_id_of(each) for each in found]

    def save(self, spent: SpentId) -> None:
        values = (spent.purpose, spent.id, rows.to_micros(spent.at))
        self._stage(Statement("INSERT OR REPLACE INTO spent_ids VALUES (?, ?, ?)", values))

    def remove_older(self, purpose: str, before: datetime) -> None:
        sql = "DELETE FROM spent_ids WHERE purpose = ? AND at < ?"
        self._stage(Statement(sql, (purpose, rows.to_micros(before))))


class SqliteDeliveryRepository(SqliteRepository, ports.DeliveryRepository):
    """See the port."""

    async def sum(self) -> DeliverySum:
        counts = "count(*), count(*) FILTER (WHERE attempts > 0), coalesce(max(attempts), 0)"
        ((waiting, failing, attempts),) = self._database.read(f"SELECT {counts} FROM webhook_deliveries")  # noqa: S608
        return DeliverySum(waiting=waiting, failing=failing, attempts=attempts)

    async def due(self, now: datetime, limit: int, *, unless_beyond: datetime | None = None) -> Sequence[Delivery]:
        sql = "SELECT * FROM webhook_deliveries WHERE due_at <= ? OR due_at > ? ORDER BY due_at, id LIMIT ?"
        beyond = rows.to_micros(unless_beyond) if unless_beyond else None
        return [rows.delivery_of(row) for row in self._database.read(sql, (rows.to_micros(now), beyond, limit))]

    def add(self, delivery: Delivery, *, most: int) -> None:
        sql = (
            "INSERT OR IGNORE INTO webhook_deliveries SELECT ?, ?, ?, ?, ? "
            "WHERE (SELECT count(*) FROM webhook_deliveries) < ?"
        )
        self._stage(Statement(sql, (*rows.delivery_row(delivery), most)))

    def put_off(self, delivery: Delivery) -> None:
        values = (delivery.attempts, rows.to_micros(delivery.due_at), delivery.id)
        self._stage(Statement("UPDATE webhook_deliveries SET attempts = ?, due_at = ? WHERE id = ?", values))

    def remove(self, delivery_id: str) -> None:
        self._stage(Statement("DELETE FROM webhook_deliveries WHERE id = ?", (delivery_id,)))

    def remove_older(self, before: datetime) -> None:
        self._stage(Statement("DELETE FROM webhook_deliveries WHERE created_at < ?", (rows.to_micros(before),)))


class SqliteAuditRepository(SqliteRepository, ports.AuditRepository):
    """See the port."""

    def append(self, entry: AuditEntry) -> None:
        self._put("audit", rows.audit_row(entry))
        last = "SELECT link FROM audit_chain ORDER BY number DESC LIMIT 1"
        sql = f"INSERT INTO audit_chain (entry_id, link) SELECT ?, audit_link(coalesce(({last}), ''), ?)"
        self._stage(Statement(sql, (entry.id, body_of(entry))))

    async def find(self, entry_id: str) -> AuditEntry | None:
        return self._find("SELECT * FROM audit WHERE id = ?", (entry_id,), rows.audit_of)

    async def page(self, query: PageQuery, wanted: AuditFilter = AuditFilter()) -> Page[AuditEntry]:  # noqa: B008 - a value
        where, values = _of_audit(wanted)
        return await asyncio.to_thread(self._page, "* FROM audit", where, values, query, rows.audit_of, slow=True)

    async def chain(self, *, after: int, limit: int) -> Sequence[AuditLink]:
        sql = (
            "SELECT number, link, audit.* FROM audit_chain LEFT JOIN audit ON id = entry_id "
            "WHERE number > ? ORDER BY number LIMIT ?"
        )
        found = await asyncio.to_thread(self._database.read_apart, sql, (after, limit))
        return list(map(rows.audit_link_of, found))

    async def size(self) -> int:
        found = await asyncio.to_thread(self._database.read_apart, "SELECT count(*) FROM audit")
        return int(found[0][0])
