"""Full-text search over what was said.

Items are indexed after their turn has ended, shortly before the next search or when the store is tidied, so that no
visitor waits for it (``docs/decisions/0011``). The index holds folded text in trigrams, so a word is found inside of
others and in languages without blanks; words too short for a trigram are looked for in the texts themselves.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence

from orcheo_adapters.sqlite.database import SqliteDatabase
from orcheo_adapters.sqlite.removal import SHOWN_OF_THREAD, SHOWN_WORDS
from orcheo_adapters.sqlite.statements import Part, Row, Statement
from orcheo_adapters.sqlite.tables import ITEMS
from orcheo_core.domain.transcript import searchable_text

_TRIGRAM = 3
_THREADS_AT_ONCE = 500
_ITEMS_AT_ONCE = 200
_PARTS_AT_ONCE = 150
"""Some milliseconds of the writer's time, which others wait for."""
_WAITING = "is_indexed = 0 AND status <> 'running'"
_FORGET = "DELETE FROM indexed_items WHERE thread_id = ? AND item_id = ?"
_REMEMBER = (
    "INSERT INTO indexed_items (item_id, thread_id) SELECT id, thread_id FROM items WHERE thread_id = ? AND id = ?"
)
_WRITE = "INSERT INTO item_texts (rowid, text) SELECT number, ? FROM indexed_items WHERE thread_id = ? AND item_id = ?"
_INDEXED = "UPDATE turns SET is_indexed = 1 WHERE thread_id = ? AND id = ?"


def items_with(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """A query for the ids of threads that have an item with all these folded words, and its values."""
    long = [word for word in words if len(word) >= _TRIGRAM]
    short = [word for word in words if len(word) < _TRIGRAM]
    rules = ["item_texts MATCH ?"] * bool(long) + ["instr(text, ?) > 0"] * len(short)
    match = " AND ".join(f'"{word.replace(chr(34), chr(34) * 2)}"' for word in long)
    sql = (
        "SELECT thread_id FROM item_texts JOIN indexed_items ON number = item_texts.rowid "  # noqa: S608 - ours
        f"WHERE {' AND '.join(rules)} AND {SHOWN_WORDS}"
    )
    return sql, (*([match] if long else ()), *short)


async def catch_up(database: SqliteDatabase) -> None:
    """Index all items of turns that have ended."""
    find = (
        "SELECT thread_id, min(user_item_id), group_concat(id) FROM turns "  # noqa: S608 - ours
        f"WHERE {_WAITING} AND {SHOWN_OF_THREAD} GROUP BY thread_id LIMIT ?"
    )
    while threads := await database.in_thread(database.read_long, find, (_THREADS_AT_ONCE,)):
        left = deque(threads)
        while left:
            await database.write(await asyncio.to_thread(_next_parts, database, left))
            await database.merge_index()


def _next_parts(database: SqliteDatabase, left: deque[Row]) -> list[Part]:
    """What indexes the next threads, from their first item that waits on; as much as may be written at once.

    The turns of a thread count as indexed with the last of its items, not before.
    """
    parts: list[Part] = []
    sql = f"{ITEMS.select} WHERE thread_id = ? AND id >= ? ORDER BY id LIMIT ?"
    while left and len(parts) < _PARTS_AT_ONCE:
        thread_id, first_item_id, turns = left.popleft()
        found = database.read_apart(sql, (thread_id, first_item_id, _ITEMS_AT_ONCE))
        parts += [each for row in found for each in _statements(row)]
        if len(found) == _ITEMS_AT_ONCE:
            left.appendleft((thread_id, f"{found[-1][0]}\0", turns))
        else:
            parts += [Statement(_INDEXED, (thread_id, turn)) for turn in turns.split(",")]
    return parts


def _statements(row: Row) -> Iterator[Statement]:
    """Delete what was indexed of an item first; an item that was removed in between is not indexed again."""
    item = ITEMS.value(row)
    key = item.thread_id, item.id
    yield Statement(_FORGET, key)
    if text := searchable_text(item):
        yield Statement(_REMEMBER, key)
        yield Statement(_WRITE, (text, *key))
