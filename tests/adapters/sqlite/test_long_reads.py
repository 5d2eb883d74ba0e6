"""Reads over whole tables, such as an owner's search: what does not wait for them."""

import asyncio
from pathlib import Path
from threading import Event

from orcheo_adapters.sqlite.statements import Statement
from tests.adapters.sqlite.files import opened

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
