"""The repositories of what visitors leave behind: threads, items, turns, attachments, feedback."""

import asyncio
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from orcheo_adapters.sqlite.item_bodies import HIDDEN, class_of, kind_of
from orcheo_adapters.sqlite.removal import (
    SHOWN_FEEDBACK,
    SHOWN_ITEM,
    SHOWN_OF_THREAD,
    SHOWN_THREAD,
    THREAD,
    remove_items,
    remove_thread,
)
from orcheo_adapters.sqlite.repository import SqliteRepository
from orcheo_adapters.sqlite.search import catch_up, says
from orcheo_adapters.sqlite.statements import Lookup, ManyRows, Statement, changed_one
from orcheo_adapters.sqlite.table import MOMENT, marks, to_micros
from orcheo_adapters.sqlite.tables import ATTACHMENTS, FAULT, FEEDBACK, ITEMS, THREADS, TURNS, USAGE
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.budget import KEPT_BYTES, Claim, Per, Unit
from orcheo_core.domain.feedback import Feedback
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import ALL, Page, PageQuery
from orcheo_core.domain.subject import OWNER_PREFIX, Subject, app_prefix
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter, ThreadSum
from orcheo_core.domain.turn import Turn, TurnSum
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.repositories.attachments import AttachmentRepository
from orcheo_core.ports.repositories.feedback import FeedbackRepository
from orcheo_core.ports.repositories.items import ItemRepository
from orcheo_core.ports.repositories.threads import ThreadRepository
from orcheo_core.ports.repositories.turns import TurnRepository
from orcheo_core.ports.unit_of_work import DuplicateTurn

_OF_APP = "substr(subject, 1, 4) = 'app:' AND substr(subject, 1, 4 + instr(substr(subject, 5), ':')) = ?"
"""As the index of the threads of apps has it: a holder id has no colon."""


def _of_filter(wanted: ThreadFilter) -> tuple[str, tuple[Any, ...]]:
    """The rules of a filter but for its words."""
    given: dict[str, Any] = {
        "workflow_id = ?": wanted.workflow_id,
        "subject = ?": wanted.subject.key if wanted.subject else None,
        "updated_at < ?": to_micros(wanted.untouched_since) if wanted.untouched_since else None,
    }
    rules = {rule: value for rule, value in given.items() if value is not None}
    if wanted.holder_id is not None:
        rules[_OF_APP] = app_prefix(wanted.holder_id)
    if wanted.is_failed:
        rules["id IN (SELECT thread_id FROM turns WHERE workflow_id = ? AND status = 'failed')"] = wanted.workflow_id
    return " AND ".join((SHOWN_THREAD, *rules)), tuple(rules.values())


_SAVE_THREAD = ManyRows(
    "UPDATE threads SET updated_at = ?, title = ?, is_titled = ?, settings = ? "  # noqa: S608 - ours
    f"WHERE id = ? AND {SHOWN_THREAD}",
    "UPDATE threads SET updated_at = column1, title = column2, is_titled = column3, "  # noqa: S608 - ours
    "settings = column4 FROM (VALUES {}) "
    f"WHERE id = column5 AND {SHOWN_THREAD}",
    row="(?, ?, ?, ?, ?)",
    must_hit=True,
)


class SqliteThreadRepository(SqliteRepository, ThreadRepository):
    """See the port."""

    async def find(self, thread_id: str) -> Thread | None:
        return self._find(THREADS, f"id = ? AND {SHOWN_THREAD}", (thread_id,))

    async def page(self, wanted: ThreadFilter, query: PageQuery) -> Page[Thread]:
        where, values = _of_filter(wanted)
        if not wanted.words and wanted.untouched_since is None:
            return self._page(THREADS, where, values, query)
        if wanted.words:
            await catch_up(self._database, wanted.workflow_id)
            rule, words = says(wanted.words)
            where, values = f"{where} AND {rule}", (*values, *words)
            return await self._long_page(THREADS, where, values, query, searches=True)
        return await self._long_page(THREADS, where, values, query)

    async def sum_up(self, wanted: ThreadFilter) -> ThreadSum:
        where, values = _of_filter(wanted)
        sql = f"SELECT count(*), max(updated_at) FROM threads WHERE {where}"  # noqa: S608 - the rules are ours
        ((count, newest),) = await self._database.in_thread(self._database.read_long, sql, values)
        return ThreadSum(count=count, newest=MOMENT.value(newest))

    def add(self, thread: Thread) -> None:
        self._stage((THREADS.insert, THREADS.row(thread)))

    def save(self, thread: Thread) -> None:
        key, _, _, _, *changing = THREADS.row(thread)
        self._stage((_SAVE_THREAD, (*changing, key)))

    def remove(self, thread_id: str, *, untouched_since: datetime | None = None) -> None:
        since = to_micros(untouched_since) if untouched_since else None
        for each in remove_thread(thread_id, since):
            self._stage(each)


_CHANGED_BODY = "ON CONFLICT (thread_id, id) DO UPDATE SET body = excluded.body"
_PUT_ITEM = ManyRows(
    f"INSERT INTO items ({ITEMS.columns}) VALUES (?, ?, ?, ?, ?, ?) {_CHANGED_BODY}",  # noqa: S608 - the names are ours
    f"INSERT INTO items ({ITEMS.columns}) VALUES {{}} {_CHANGED_BODY}",  # noqa: S608 - the names are ours
    row="(?, ?, ?, ?, ?, ?)",
)


class SqliteItemRepository(SqliteRepository, ItemRepository):
    """See the port."""

    async def find(self, thread_id: str, item_id: str) -> Item | None:
        return self._find(ITEMS, f"id = ? AND thread_id = {THREAD} AND {SHOWN_ITEM}", (item_id, thread_id))

    async def page(self, thread_id: str, query: PageQuery, *, hidden: bool = False) -> Page[Item]:
        where = f"thread_id = {THREAD} AND {SHOWN_ITEM}" + ("" if hidden else f" AND kind <> '{HIDDEN}'")
        return self._page(ITEMS, where, (thread_id,), query)

    async def classes_after(self, thread_id: str, item_id: str) -> Mapping[str, type[Item]]:
        sql = f"SELECT id, kind FROM items WHERE thread_id = {THREAD} AND id > ? AND {SHOWN_ITEM} ORDER BY id"  # noqa: S608 - ours
        found = await asyncio.to_thread(self._database.read_apart, sql, (thread_id, item_id))
        return {each: class_of(kind) for each, kind in found}

    def save(self, item: Item) -> None:
        self._stage((_PUT_ITEM, ITEMS.row(item)))

    def remove(self, thread_id: str, first_id: str, last_id: str, *, only: type[Item] | None = None) -> None:
        for each in remove_items(thread_id, first_id, last_id, "" if only is None else kind_of(only)):
            self._stage(each)


def _no_duplicate(cursor: sqlite3.Cursor) -> None:
    if cursor.fetchone() is not None:
        raise DuplicateTurn


_END_TURN = ManyRows(
    "UPDATE turns SET status = ?, ended_at = ?, first_event_at = ?, input_tokens = ?, output_tokens = ?, "  # noqa: S608 - ours
    f"fault_code = ?, fault_reason = ? WHERE thread_id = ? AND id = ? AND {SHOWN_OF_THREAD}",
    "UPDATE turns SET status = column1, ended_at = column2, first_event_at = column3, "  # noqa: S608 - ours
    "input_tokens = column4, output_tokens = column5, "
    "fault_code = column6, fault_reason = column7 FROM (VALUES {}) "
    f"WHERE thread_id = column8 AND id = column9 AND {SHOWN_OF_THREAD}",
    row="(?, ?, ?, ?, ?, ?, ?, ?, ?)",
    must_hit=True,
)


class SqliteTurnRepository(SqliteRepository, TurnRepository):
    """See the port."""

    _BY_KEY = f"workflow_id = ? AND subject = ? AND idempotency_key = ? AND {SHOWN_OF_THREAD}"
    _UNKNOWN_KEY = Lookup(f"SELECT 1 FROM turns WHERE {_BY_KEY}", _no_duplicate)  # noqa: S608 - all of it is ours

    async def latest(self, thread_id: str) -> Turn | None:
        return self._find(TURNS, f"thread_id = ? AND {SHOWN_OF_THREAD} ORDER BY id DESC LIMIT 1", (thread_id,))

    async def find_by_key(self, workflow_id: str, subject: Subject, idempotency_key: str) -> Turn | None:
        return self._find(TURNS, self._BY_KEY, (workflow_id, subject.key, idempotency_key))

    async def page(self, thread_id: str, query: PageQuery, only: Collection[str] | None = None) -> Page[Turn]:
        among = "" if only is None else f" AND id IN ({marks(only)})"
        return self._page(TURNS, f"thread_id = ?{among} AND {SHOWN_OF_THREAD}", (thread_id, *(only or ())), query)

    async def sum_up(self, workflow_id: str, *, since: datetime | None = None) -> TurnSum:
        began = 0 if since is None else to_micros(since)
        counted = (
            "SELECT count(*), coalesce(sum(status = 'failed'), 0), "  # noqa: S608 - the rules are ours
            "count(DISTINCT turns.subject) FILTER (WHERE substr(turns.subject, 1, ?) != ?), "
            "coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), max(started_at) "
            "FROM threads JOIN turns ON thread_id = threads.id "
            f"WHERE threads.workflow_id = ? AND threads.updated_at >= ? AND started_at >= ? AND {SHOWN_THREAD}"
        )
        failed = (
            f"{TURNS.select} WHERE workflow_id = ? AND status = 'failed' AND started_at >= ? AND {SHOWN_OF_THREAD} "
            "ORDER BY id DESC LIMIT 1"
        )
        read, in_thread = self._database.read_long, self._database.in_thread
        (sums,) = await in_thread(read, counted, (len(OWNER_PREFIX), OWNER_PREFIX, workflow_id, began, began))
        failures = await in_thread(read, failed, (workflow_id, began))
        turns, failed_turns, visitors, input_tokens, output_tokens, latest_at = sums
        return TurnSum(
            turns=turns,
            failed=failed_turns,
            visitors=visitors,
            usage=Usage(input_tokens=input_tokens, output_tokens=output_tokens),
            latest_at=MOMENT.value(latest_at),
            latest_failed=TURNS.value(failures[0]) if failures else None,
        )

    async def running(self) -> Sequence[Turn]:
        return self._all(TURNS, f"is_indexed = 0 AND status = 'running' AND {SHOWN_OF_THREAD}")

    def add(self, turn: Turn) -> None:
        if turn.idempotency_key is not None:
            self._stage((self._UNKNOWN_KEY, (turn.workflow_id, turn.subject.key, turn.idempotency_key)))
        self._stage((TURNS.insert, TURNS.row(turn)))

    def save(self, turn: Turn) -> None:
        ended_at = to_micros(turn.ended_at) if turn.ended_at else None
        first = to_micros(turn.first_event_at) if turn.first_event_at else None
        end = (str(turn.status), ended_at, first, *USAGE.row(turn.usage), *FAULT.row(turn.fault))
        self._stage((_END_TURN, (*end, turn.thread_id, turn.id)))


class SqliteAttachmentRepository(SqliteRepository, AttachmentRepository):
    """See the port."""

    async def find(self, attachment_id: str) -> Attachment | None:
        return self._find(ATTACHMENTS, f"id = ? AND {SHOWN_OF_THREAD}", (attachment_id,))

    async def ids(self, *, workflow_id: str, thread_id: str | None = None) -> Sequence[str]:
        where = f"workflow_id = ? AND (? IS NULL OR thread_id = ?) AND {SHOWN_OF_THREAD}"
        sql, values = f"SELECT id FROM attachments WHERE {where}", (workflow_id, thread_id, thread_id)  # noqa: S608 - ours
        return [row[0] for row in await asyncio.to_thread(self._database.read_apart, sql, values)]

    async def unsent(self, before: datetime, limit: int) -> Sequence[str]:
        sql = "SELECT id FROM attachments WHERE thread_id IS NULL AND created_at < ? ORDER BY created_at LIMIT ?"
        return [row[0] for row in self._database.read(sql, (to_micros(before), limit))]

    def add(self, attachment: Attachment, claims: Sequence[Claim] = ()) -> None:
        for each in claims:
            self._stage(_room_for(each))
        address = next((each.key for each in claims if each.budget.per is Per.ADDRESS), None)
        row = (*ATTACHMENTS.row(attachment), address)
        sql = f"INSERT INTO attachments ({ATTACHMENTS.columns}, announced_from) VALUES ({marks(row)})"  # noqa: S608 - ours
        self._stage(Statement(sql, row))

    def save(self, attachment: Attachment) -> None:
        sql = (
            "UPDATE attachments SET thread_id = ?1, is_uploaded = ?2, "  # noqa: S608 - ours
            f"announced_from = CASE WHEN ?1 IS NULL THEN announced_from END WHERE id = ?3 AND {SHOWN_OF_THREAD}"
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
"""Which attachments each kind of holder has; all but the server's have an index with the sizes."""


def _room_for(claim: Claim) -> Statement:
    """Look, in the transaction that adds something, whether there is room for it."""

    def check(cursor: sqlite3.Cursor) -> None:
        if not claim.fits(cursor.fetchone()[0]):
            raise claim.refusal

    held = "coalesce(sum(size), 0)" if claim.budget.resource.unit is Unit.BYTES else "count(*)"
    which = "" if claim.budget.resource is KEPT_BYTES else "thread_id IS NULL AND "
    sql = f"SELECT {held} FROM attachments WHERE {which}{_HOLDERS[claim.budget.per]} AND {SHOWN_OF_THREAD}"  # noqa: S608 - ours
    return Statement(sql, (claim.key,), check)


class SqliteFeedbackRepository(SqliteRepository, FeedbackRepository):
    """See the port."""

    async def of_thread(self, thread_id: str, span: tuple[str, str] = ALL) -> Sequence[Feedback]:
        where = f"thread_id = {THREAD} AND item_id BETWEEN ? AND ? AND {SHOWN_FEEDBACK} ORDER BY item_id"
        return self._all(FEEDBACK, where, (thread_id, *span))

    def save(self, feedback: Feedback) -> None:
        self._stage(Statement(FEEDBACK.replace, FEEDBACK.row(feedback)))
