"""What the repositories over SQLite share: plain SQL, as these are the hot paths."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from orcheo_adapters.sqlite.database import SqliteDatabase
from orcheo_adapters.sqlite.statements import Part, Row
from orcheo_adapters.sqlite.table import Table
from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.errors import ConcurrentChange, HandleTaken, TurnInProgress

T = TypeVar("T")
Stage = Callable[[Part], None]
Read = Callable[[str, Sequence[Any]], list[Row]]


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
        """Read ``database``; hand parts of a change to ``stage``."""
        self._database = database
        self._stage = stage

    def _find(self, table: Table[T], where: str, values: Sequence[Any]) -> T | None:
        found = self._database.read(f"{table.select} WHERE {where}", values)
        return table.value(found[0]) if found else None

    def _find_cached(self, table: Table[T], key: str, where: str) -> T | None:
        return self._database.cache.get(table.name, key, lambda: self._find(table, where, (key,)))

    def _all(self, table: Table[T], where: str, values: Sequence[Any] = ()) -> list[T]:
        return [table.value(row) for row in self._database.read(f"{table.select} WHERE {where}", values)]

    def _page(
        self,
        table: Table[T],
        where: str,
        values: Sequence[Any],
        query: PageQuery,
        *,
        read: Read | None = None,
    ) -> Page[T]:
        order, behind = ("DESC", "<") if query.newest_first else ("ASC", ">")
        cursor = f" AND id {behind} ?" if query.after is not None else ""
        after = () if query.after is None else (query.after,)
        sql = f"{table.select} WHERE {where}{cursor} ORDER BY id {order} LIMIT ?"
        bound, is_cut = (*values, *after, query.limit + 1), False
        if query.most_bytes is not None:
            found, is_cut = self._database.read_some(sql, bound, query.most_bytes)
        else:
            found = (read or self._database.read)(sql, bound)
        entries = tuple(table.value(row) for row in found[: query.limit])
        return Page(entries=entries, has_more=is_cut or len(found) > query.limit)

    async def _long_page(
        self, table: Table[T], where: str, values: Sequence[Any], query: PageQuery, *, searches: bool = False
    ) -> Page[T]:
        """The same where any number of rows may have to be looked at; :class:`InvalidInput` for a search too long."""
        database = self._database
        if searches:
            read = partial(self._page, table, where, values, query, read=database.read_briefly)
            return await database.searching_in_thread(read)
        return await database.in_thread(partial(self._page, table, where, values, query, read=database.read_long))


def or_else(error: type[Exception]) -> Callable[[sqlite3.Cursor], None]:
    """Raise ``error`` unless a row was found."""

    def check(cursor: sqlite3.Cursor) -> None:
        if cursor.fetchone() is None:
            raise error

    return check
