"""Full-text search over what was said.

Items are indexed after their turn has ended, shortly before the next search of their workflow or when the store is
tidied, so that no visitor waits for it (``docs/decisions/0011``). The index holds folded text in trigrams, so a word
is found inside of others and in languages without blanks; words too short for a trigram are looked for in the texts
themselves.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from time import monotonic

from orcheo_adapters.sqlite.database import SqliteDatabase
from orcheo_adapters.sqlite.removal import SHOWN_OF_THREAD, SHOWN_WORDS
from orcheo_adapters.sqlite.statements import Part, Row, Statement
from orcheo_adapters.sqlite.tables import ITEMS
from orcheo_core.domain.transcript import searchable_text

_TRIGRAM = 3
_THREADS_AT_ONCE = 500
_ITEMS_AT_ONCE = 20
_PARTS_AT_ONCE, _CHARACTERS_AT_ONCE = 150, 50_000
"""What is indexed in one change, but for an item that is longer: others wait until it is written."""
_WAITING = "is_indexed = 0 AND status <> 'running'"
_FORGET = "DELETE FROM indexed_items WHERE thread_id = ? AND item_id = ?"
_REMEMBER = (
    "INSERT INTO indexed_items (item_id, thread_id) SELECT id, thread_id FROM items WHERE thread_id = ? AND id = ?"
)
_WRITE = "INSERT INTO item_texts (rowid, text) SELECT number, ? FROM indexed_items WHERE thread_id = ? AND item_id = ?"
_INDEXED = "UPDATE turns SET is_indexed = 1 WHERE thread_id = ? AND id = ?"


_BY_INDEX = "id IN (SELECT thread_id FROM item_texts JOIN indexed_items ON number = item_texts.rowid WHERE {})"
_BY_THREAD = (
    "EXISTS (SELECT 1 FROM indexed_items CROSS JOIN item_texts ON item_texts.rowid = number "
    "WHERE indexed_items.thread_id = threads.id AND {})"
)


def says(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The rule for threads that have an item with all these folded words, and its values.

    Where all words are short, thread after thread is looked at, so that no one waits for the texts of other workflows.
    """
    long = [word for word in words if len(word) >= _TRIGRAM]
    short = [word for word in words if len(word) < _TRIGRAM]
    found = " AND ".join((*["item_texts MATCH ?"] * bool(long), *["instr(text, ?) > 0"] * len(short), SHOWN_WORDS))
    match = " AND ".join(f'"{word.replace(chr(34), chr(34) * 2)}"' for word in long)
    rule = _BY_INDEX if long else _BY_THREAD
    return rule.format(found), (*([match] if long else ()), *short)


async def catch_up(database: SqliteDatabase, workflow_id: str | None = None) -> None:
    """Index all items of turns that have ended, of one workflow or of all, in changes between which others write."""
    find = (
        "SELECT thread_id, min(user_item_id), group_concat(id) FROM turns "  # noqa: S608 - ours
        f"WHERE {_WAITING} AND (?1 IS NULL OR workflow_id = ?1) AND {SHOWN_OF_THREAD} GROUP BY thread_id LIMIT ?2"
    )
    async with database.indexing[workflow_id]:
        while threads := await database.searching_in_thread(
            database.read_searching, find, (workflow_id, _THREADS_AT_ONCE)
        ):
            left = deque(threads)
            while left:
                parts = await asyncio.to_thread(_next_parts, database, left)
                began = monotonic()
                await database.write(parts, is_small=False)
                await database.pause(monotonic() - began)
                await database.merge_index()


def _next_parts(database: SqliteDatabase, left: deque[Row]) -> list[Part]:
    """What indexes the next threads, from their first item that waits on; as much as may be written at once.

    The turns of a thread count as indexed with the last of its items, not before.
    """
    parts: list[Part] = []
    room = _CHARACTERS_AT_ONCE
    sql = f"{ITEMS.select} WHERE thread_id = ? AND id >= ? ORDER BY id LIMIT ?"
    while left and len(parts) < _PARTS_AT_ONCE and room > 0:
        thread_id, first_item_id, turns = left.popleft()
        if not database.read_apart(f"SELECT 1 FROM turns WHERE thread_id = ? AND {_WAITING}", (thread_id,)):  # noqa: S608 - ours
            continue  # a search, or housekeeping, was quicker
        found = database.read_apart(sql, (thread_id, first_item_id, _ITEMS_AT_ONCE))
        for at, row in enumerate(found, 1):
            item = ITEMS.value(row)
            text = searchable_text(item)
            parts += _statements(item.thread_id, item.id, text)
            room -= len(text)
            if room <= 0 or (at == len(found) == _ITEMS_AT_ONCE):
                left.appendleft((thread_id, f"{item.id}\0", turns))
                break
        else:
            parts += [Statement(_INDEXED, (thread_id, turn)) for turn in turns.split(",")]
    return parts


def _statements(thread_id: str, item_id: str, text: str) -> Iterator[Statement]:
    """Delete what was indexed of an item first; an item that was removed in between is not indexed again."""
    key = thread_id, item_id
    yield Statement(_FORGET, key)
    if text:
        yield Statement(_REMEMBER, key)
        yield Statement(_WRITE, (text, *key))
