"""Removing much without keeping others waiting: a workflow, a thread, or a long part of a thread.

To remove rows takes the one writer up to 300 ms for each MiB of text, as its pages and its words in the search index
are overwritten. So what is large is hidden by one row in ``removals``, and its rows are removed in slices between which
other changes are written. What a crash leaves is hidden still, and the next sweep finishes it.

A row of ``removals`` hides children of a parent, from a first to a last id: threads of a workflow, or items of a
thread, all of them or those of one kind. For a thread both ids are its own; for a workflow they embrace all ids, and
its own row loses its handle, and any revision that could be asked for.
"""

import asyncio
from collections.abc import Iterator, Sequence
from time import monotonic

from orcheo_adapters.sqlite.database import SqliteDatabase
from orcheo_adapters.sqlite.statements import Row, Statement
from orcheo_adapters.sqlite.table import marks

_SLICE_ROWS, _SLICE_CHARACTERS = 64, 128 * 1024
"""What is removed in one change at most, but for an item that is longer."""
_LEAST_ROWS = 16
_SLICE_SECONDS = 0.02
"""A slice that took longer makes the next one half as large: the search index can take long for a few rows."""
_BEFORE_ALL, _BEHIND_ALL = "", "~"
_BY_THREAD = {"items", "turns"}
"""Tables whose rows are found by their thread and their id."""

# --- what is hidden ---------------------------------------------------------------------------------------------------


def _shown(parent: str, child: str, kind: str = "''") -> str:
    return (
        f"NOT EXISTS (SELECT 1 FROM removals AS gone WHERE gone.parent_id = {parent} "  # noqa: S608 - names of columns
        f"AND {child} BETWEEN gone.first_id AND gone.last_id AND gone.kind IN ('', {kind}))"
    )


SHOWN_THREAD = _shown("threads.workflow_id", "threads.id")
SHOWN_ITEM = _shown("items.thread_id", "items.id", "items.kind")
SHOWN_FEEDBACK = _shown("feedback.thread_id", "feedback.item_id")
SHOWN_WORDS = _shown("indexed_items.thread_id", "indexed_items.item_id")
SHOWN_OF_WORKFLOW = _shown("workflow_id", "''")
"""Of a row with a workflow, and no thread."""
SHOWN_OF_THREAD = _shown("workflow_id", "coalesce(thread_id, '')")
"""Of a row with a workflow and a thread, or none yet."""
THREAD = f"(SELECT id FROM threads WHERE id = ? AND {SHOWN_THREAD})"  # noqa: S608 - as above
"""The id of a thread, and NULL for one that is hidden, so that nothing of it is found."""

# --- hide what is large, remove what is small -------------------------------------------------------------------------


def _is_large(*counted: str) -> str:
    """Whether these queries, which give the lengths of rows, find more than a slice."""
    some = " UNION ALL ".join(f"SELECT * FROM ({each} LIMIT {_SLICE_ROWS + 1})" for each in counted)  # noqa: S608 - ours
    return f"(SELECT count(*) > {_SLICE_ROWS} OR total(length) > {_SLICE_CHARACTERS} FROM ({some}))"  # noqa: S608 - ours


_SOME_THREADS = f"(SELECT id FROM threads WHERE workflow_id = ?1 LIMIT {_SLICE_ROWS + 1})"  # noqa: S608 - ours
_HIDE_WORKFLOW = (
    f"INSERT OR IGNORE INTO removals SELECT ?1, '{_BEFORE_ALL}', '{_BEHIND_ALL}', '' WHERE "  # noqa: S608 - ours
    + _is_large(
        f"SELECT length(body) AS length FROM items WHERE thread_id IN {_SOME_THREADS}",  # noqa: S608 - ours
        f"SELECT 0 FROM turns WHERE thread_id IN {_SOME_THREADS}",  # noqa: S608 - ours
        *(
            f"SELECT 0 FROM {table} WHERE workflow_id = ?1"  # noqa: S608 - ours
            for table in ("threads", "attachments", "chat_sessions", "publish_tokens")
        ),
    )
)
_GIVE_UP_HANDLE = (
    "UPDATE workflows SET handle = id, revision = -1, publication_number = -1 WHERE id = ?1 "  # noqa: S608 - ours
    f"AND EXISTS (SELECT 1 FROM removals WHERE parent_id = ?1 AND first_id = '{_BEFORE_ALL}')"
)
SHOWN_WORKFLOW = "revision >= 0"


def remove_workflow(workflow_id: str) -> Iterator[Statement]:
    """Statements that remove a workflow with all that belongs to it."""
    yield Statement(_HIDE_WORKFLOW, (workflow_id,))
    yield Statement(_GIVE_UP_HANDLE, (workflow_id,))
    yield Statement(
        f"DELETE FROM workflows WHERE id = ? AND {SHOWN_WORKFLOW}",  # noqa: S608 - ours
        (workflow_id,),
        touches=("workflows", None),
        erases=True,
    )
    for table in ("publish_tokens", "chat_sessions"):  # which go with it
        yield Statement("SELECT 1", touches=(table, None))


_IS_WANTED = f"id = ?1 AND (?2 IS NULL OR updated_at < ?2) AND {SHOWN_THREAD}"
_HIDE_THREAD = (
    f"INSERT INTO removals SELECT workflow_id, id, id, '' FROM threads WHERE {_IS_WANTED} AND "  # noqa: S608 - ours
    + _is_large(
        "SELECT length(body) AS length FROM items WHERE thread_id = ?1",
        *(f"SELECT 0 FROM {table} WHERE thread_id = ?1" for table in ("turns", "attachments")),  # noqa: S608 - ours
    )
)
_REMOVE_THREAD = f"DELETE FROM threads WHERE {_IS_WANTED}"  # noqa: S608 - ours


def remove_thread(thread_id: str, untouched_since: int | None) -> Iterator[Statement]:
    """Statements that remove a thread, unless it was touched since that moment."""
    yield Statement(_HIDE_THREAD, (thread_id, untouched_since))
    yield Statement(_REMOVE_THREAD, (thread_id, untouched_since), erases=True)


_ITEMS = "thread_id = ?1 AND id BETWEEN ?2 AND ?3 AND ?4 IN ('', kind)"
_HIDE_ITEMS = "INSERT OR IGNORE INTO removals SELECT ?1, ?2, ?3, ?4 WHERE " + _is_large(  # noqa: S608 - ours
    f"SELECT length(body) AS length FROM items WHERE {_ITEMS}"  # noqa: S608 - ours
)
_REMOVE_ITEMS = (
    f"DELETE FROM items WHERE {_ITEMS} AND NOT EXISTS (SELECT 1 FROM removals "  # noqa: S608 - ours
    "WHERE parent_id = ?1 AND first_id = ?2 AND last_id = ?3 AND removals.kind = ?4)"
)


def remove_items(thread_id: str, first_id: str, last_id: str, kind: str) -> Iterator[Statement]:
    """Statements that remove the items between two ids, both included; with a kind, those of that kind."""
    values = (thread_id, first_id, last_id, kind)
    # No item is cached. A change that touches a whole table is left to the writer's thread, as this one may take long.
    yield Statement(_HIDE_ITEMS, values, touches=("items", None))
    yield Statement(_REMOVE_ITEMS, values)


# --- remove what is hidden --------------------------------------------------------------------------------------------


async def sweep(database: SqliteDatabase, *, seconds: float) -> bool:
    """Remove what is hidden, with a pause after each change as long as the change itself.

    Return False when the time was over before all of it was removed.
    """
    rows, over = _SLICE_ROWS, monotonic() + seconds
    while hidden := database.read("SELECT parent_id, first_id, last_id, kind FROM removals LIMIT 1"):
        if monotonic() >= over:
            return False
        parts = await asyncio.to_thread(_Slice(database, rows).of, hidden[0])
        began = monotonic()
        await database.write_from_reserve(parts)
        took = monotonic() - began
        rows = max(_LEAST_ROWS, rows // 2) if took > _SLICE_SECONDS else min(_SLICE_ROWS, rows * 2)
        await database.merge_index()
        await database.pause(took)
    return True


class _Slice:
    """The next rows of something hidden; in one change go as many as there is room for."""

    def __init__(self, database: SqliteDatabase, rows: int) -> None:
        self._database = database
        self._rows = rows
        self._characters = _SLICE_CHARACTERS
        self._parts: list[Statement] = []

    def of(self, removal: Row) -> Sequence[Statement]:
        """The statements that remove them; with the last rows goes the removal itself."""
        parent_id, first_id, *_ = removal
        is_workflow = bool(self._read("SELECT 1 FROM workflows WHERE id = ?", (parent_id,)))
        if not is_workflow:
            is_over = self._take("items", _ITEMS, removal, "length(body)")
        else:
            is_over = self._take_threads(removal) and (first_id != _BEFORE_ALL or self._take_workflow(parent_id))
        if is_over:
            sql = "DELETE FROM removals WHERE parent_id = ? AND first_id = ? AND last_id = ? AND kind = ?"
            self._parts.append(Statement(sql, removal, erases=True))
        return self._parts

    def _take_threads(self, removal: Row) -> bool:
        sql = "SELECT id FROM threads WHERE workflow_id = ? AND id BETWEEN ? AND ? LIMIT ?"
        threads = self._read(sql, (*removal[:3], self._rows + 1))
        return all(self._take_thread(thread_id) for (thread_id,) in threads)

    def _take_thread(self, thread_id: str) -> bool:
        return (
            self._take("items", "thread_id = ?", (thread_id,), "length(body)")
            and self._take("turns", "thread_id = ?", (thread_id,))
            and self._take("attachments", "thread_id = ?", (thread_id,))
            and self._take("threads", "id = ?", (thread_id,))
        )

    def _take_workflow(self, workflow_id: str) -> bool:
        values = (workflow_id,)
        return (
            self._take("attachments", "workflow_id = ?", values)
            and self._take("chat_sessions", "workflow_id = ?", values)
            and self._take("publish_tokens", "workflow_id = ?", values, key="public_id")
            and self._take("workflows", "id = ?", values)
        )

    def _take(self, table: str, where: str, values: Row, length: str = "0", *, key: str = "id") -> bool:
        """Remove the rows of a table that there is room for; whether that is all of them."""
        sql = f"SELECT {key}, {length} FROM {table} WHERE {where} LIMIT {self._rows + 1}"  # noqa: S608 - ours
        found = self._read(sql, values)
        taken: list[str] = []
        for row_key, characters in found:
            if self._rows == 0 or (characters > self._characters and (taken or self._parts)):
                break
            taken.append(row_key)
            self._rows -= 1
            self._characters -= characters
        if taken:
            parent, of_parent = ((values[0],), "thread_id = ? AND ") if table in _BY_THREAD else ((), "")
            sql = f"DELETE FROM {table} WHERE {of_parent}{key} IN ({marks(taken)})"  # noqa: S608 - ours
            self._parts.append(Statement(sql, (*parent, *taken), erases=True))
        return len(taken) == len(found)

    def _read(self, sql: str, values: Row) -> list[Row]:
        return self._database.read_apart(sql, values)
