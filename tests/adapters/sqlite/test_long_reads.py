"""Reads over whole tables, such as an owner's search: what does not wait for them."""

import asyncio
from pathlib import Path
from threading import Event

import pytest

from orcheo_adapters.sqlite import database as database_module
from orcheo_adapters.sqlite.database import SqliteDatabase
from orcheo_adapters.sqlite.search import catch_up, says
from orcheo_adapters.sqlite.statements import Part, Statement
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.items import TextInput
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import InvalidInput, StorageUnavailable
from tests import samples
from tests.adapters.sqlite.files import opened
from tests.conformance.keeping import keep

_MORE_THAN_THREADS = 40


async def test_a_long_read_keeps_nothing_else_waiting(tmp_path: Path) -> None:
    """Neither a read of one thread, nor what needs a thread of the server, however many long reads wait."""
    over = Event()

    def search() -> None:
        over.wait()
        database.read_long("SELECT 1")

    with opened(tmp_path / "orcheo.db") as database:
        searches = [asyncio.create_task(database.in_thread(search)) for _ in range(_MORE_THAN_THREADS)]
        await asyncio.sleep(0)
        assert await asyncio.to_thread(database.read_apart, "SELECT 2") == [(2,)]
        over.set()
        await asyncio.gather(*searches)


async def test_the_log_is_cut_once_a_long_read_is_over(tmp_path: Path) -> None:
    """As it would hold the log."""
    began, over = Event(), Event()

    def search() -> None:
        began.set()
        over.wait()

    with opened(tmp_path / "orcheo.db") as database:
        await database.write([Statement("PRAGMA user_version = 99")])  # or there is no log yet
        searching = asyncio.create_task(database.in_thread(search))
        await asyncio.to_thread(began.wait)
        cutting = asyncio.create_task(database.cut_log())
        assert await asyncio.to_thread(database.read_apart, "SELECT 2") == [(2,)]
        assert not cutting.done()
        over.set()
        await asyncio.gather(searching, cutting)


async def test_no_other_read_waits_for_a_search(tmp_path: Path) -> None:
    """Another search does; the audit, counts and what they are for do not."""
    over = Event()

    def search() -> None:
        over.wait()

    with opened(tmp_path / "orcheo.db") as database:
        searching = asyncio.create_task(database.searching_in_thread(search))
        await asyncio.sleep(0)
        assert await database.in_thread(database.read_long, "SELECT 2") == [(2,)]
        over.set()
        await searching
        assert await database.searching_in_thread(database.read_searching, "SELECT 3") == [(3,)]


async def test_a_search_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the next one waits for it, of another owner perhaps; that one is answered."""
    monkeypatch.setattr(database_module, "_LOOK_AFTER", 1)
    store, wanted = SqliteStore(tmp_path / "orcheo.db"), ThreadFilter(workflow_id="wf_1", words=("wo",))
    await keep(store, samples.workflow(1))
    await _ended(store, 12, "word")
    with monkeypatch.context() as hurried:
        hurried.setattr(database_module, "SEARCH_SECONDS", 0.0)
        with pytest.raises(InvalidInput, match="search: was stopped after 10 s, as others wait: use longer words"):
            await store.begin().threads.page(wanted, PageQuery())
    assert len((await store.begin().threads.page(wanted, PageQuery())).entries) == 1
    store._database._searching.close()
    with pytest.raises(StorageUnavailable):
        await store.begin().threads.page(wanted, PageQuery())
    await store.close()


async def test_short_words_are_looked_for_in_the_texts_of_one_workflow(tmp_path: Path) -> None:
    """However much was said in others, and no further than to the last thread that is asked for."""
    store, steps = SqliteStore(tmp_path / "orcheo.db"), [0]
    await keep(store, samples.workflow(1), samples.workflow(2))
    rule, words = says(("wo", "d"))
    connection = store._database._searching

    def count() -> None:
        steps[-1] += 1

    def search(limit: int) -> list[str]:
        steps.append(0)
        sql = f"SELECT id FROM threads WHERE workflow_id = 'wf_1' AND {rule} ORDER BY id LIMIT ?"
        return [each for (each,) in connection.execute(sql, (*words, limit))]

    for number in (11, 12, 13):
        await _ended(store, number, "word")
    await catch_up(store._database)
    connection.set_progress_handler(count, 1)
    for _ in range(2):  # the first one opens the index, here and after a change
        assert search(9) == ["thr_11", "thr_12", "thr_13"]
    own = steps[-1]
    for number in range(31, 41):
        await _ended(store, number, "word", workflow=2)
    await catch_up(store._database)
    for _ in range(2):
        assert search(9) == ["thr_11", "thr_12", "thr_13"]
    assert steps[-1] < own + 20  # ten more texts are ten times as much
    assert search(1) == ["thr_11"]
    assert steps[-1] < own
    await store.close()


class _Watched:
    """A database whose changes are counted by their texts."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.characters: list[int] = []
        self.are_small: list[bool] = []
        self._write = database.write
        database.write = self._counted  # type: ignore[method-assign, assignment]  # this database is ours

    async def _counted(self, parts: list[Part], *, is_small: bool = True) -> None:
        self.are_small.append(is_small)
        texts = [each.values[0] for each in parts if isinstance(each, Statement) and "item_texts" in each.sql]
        self.characters.append(sum(map(len, texts)))
        await self._write(parts, is_small=is_small)


async def _ended(store: SqliteStore, number: int, text: str, workflow: int = 1) -> None:
    turn = samples.turn(number, of=number, workflow_id=f"wf_{workflow}")
    said = samples.user_item(number, of=number, turn_id=turn.id, content=(TextInput(text=text),))
    await keep(store, samples.thread(number, of=workflow), turn, said)
    change = store.begin()
    change.turns.save(turn.ended(TurnStatus.COMPLETED, samples.moment(90)))
    await change.commit()


async def test_a_search_indexes_its_own_workflow_in_small_changes(tmp_path: Path) -> None:
    """By the thread that writes, so that neither turns nor others wait until megabytes of text are in the index."""
    store = SqliteStore(tmp_path / "orcheo.db")
    try:
        await keep(store, samples.workflow(1), samples.workflow(2))
        for number in range(12, 16):
            await _ended(store, number, "word " * 8_000)
        await _ended(store, 31, "another", workflow=2)
        database = store._database
        watched = _Watched(database)
        wanted = ThreadFilter(workflow_id="wf_1", words=("word",))
        found = await asyncio.gather(*(store.begin().threads.page(wanted, PageQuery()) for _ in range(2)))
        assert [len(page.entries) for page in found] == [4, 4]
        assert (watched.characters, watched.are_small) == ([80_000, 80_000, 0], [False] * 3)
        assert database.read("SELECT thread_id FROM turns WHERE is_indexed = 0") == [("thr_31",)]
        await asyncio.gather(catch_up(database, "wf_2"), catch_up(database))
        assert database.read("SELECT thread_id FROM turns WHERE is_indexed = 0") == []
    finally:
        await store.close()
