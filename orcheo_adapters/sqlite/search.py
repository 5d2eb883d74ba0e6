"""Full-text search over what was said.

Items are indexed after their turn has ended, shortly before the next search or when the store is tidied, so that no
visitor waits for it (``docs/decisions/0011``). The index holds folded text in trigrams, so a word is found inside of
others and in languages without blanks; words too short for a trigram are looked for in the texts themselves.
"""

import asyncio
from collections.abc import Iterator, Sequence

from orcheo_adapters.sqlite import rows
from orcheo_adapters.sqlite.database import Row, SqliteDatabase, Statement
from orcheo_core.domain.transcript import searchable_text

_TRIGRAM = 3
_THREADS_AT_ONCE = 20
_ITEMS_AT_ONCE = 200
_WAITING = "is_indexed = 0 AND status <> 'running'"


def items_with(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """A query for the ids of threads that have an item with all these folded words, and its values."""
    long = [word for word in words if len(word) >= _TRIGRAM]
    short = [word for word in words if len(word) < _TRIGRAM]
    rules = ["item_texts MATCH ?"] * bool(long) + ["instr(text, ?) > 0"] * len(short)
    match = " AND ".join(f'"{word.replace(chr(34), chr(34) * 2)}"' for word in long)
    sql = (
        "SELECT thread_id FROM item_texts JOIN indexed_items ON number = item_texts.rowid "  # noqa: S608 - ours
        f"WHERE {' AND '.join(rules)}"
    )
    return sql, (*([match] if long else ()), *short)


async def catch_up(database: SqliteDatabase) -> None:
    """Index all items of turns that have ended."""
    find = f"SELECT thread_id, min(user_item_id) FROM turns WHERE {_WAITING} GROUP BY thread_id LIMIT ?"  # noqa: S608
    while threads := await asyncio.to_thread(database.read_apart, find, (_THREADS_AT_ONCE,)):
        for thread_id, first_item_id in threads:
            await _index(database, thread_id, first_item_id)


async def _index(database: SqliteDatabase, thread_id: str, first_item_id: str) -> None:
    """Index a thread from this item on. Its turns count as indexed with the last change, not before."""
    turns = await asyncio.to_thread(
        database.read_apart,
        f"SELECT id FROM turns WHERE thread_id = ? AND {_WAITING}",  # noqa: S608 - ours
        (thread_id,),
    )
    sql = "SELECT * FROM items WHERE thread_id = ? AND id >= ? ORDER BY id LIMIT ?"
    while found := await asyncio.to_thread(database.read_apart, sql, (thread_id, first_item_id, _ITEMS_AT_ONCE)):
        await database.write(tuple(each for row in found for each in _statements(row)))
        if len(found) < _ITEMS_AT_ONCE:
            break
        first_item_id = f"{found[-1][0]}\0"
    await database.write(tuple(Statement("UPDATE turns SET is_indexed = 1 WHERE id = ?", turn) for turn in turns))


def _statements(row: Row) -> Iterator[Statement]:
    """Delete what was indexed of an item first; an item that was removed in between is not indexed again."""
    item = rows.item_of(row)
    yield Statement("DELETE FROM indexed_items WHERE item_id = ?", (item.id,))
    if text := searchable_text(item):
        remember = "INSERT INTO indexed_items (item_id, thread_id) SELECT id, thread_id FROM items WHERE id = ?"
        yield Statement(remember, (item.id,))
        write = "INSERT INTO item_texts (rowid, text) SELECT number, ? FROM indexed_items WHERE item_id = ?"
        yield Statement(write, (text, item.id))
