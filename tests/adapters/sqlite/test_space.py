"""The room that a database takes, and how it comes back."""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from orcheo_adapters.sqlite import space
from orcheo_adapters.sqlite.errors import DatabaseUnreadable, fault_of
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.system.disk import DiskFull
from orcheo_core.domain.items import TextInput
from orcheo_core.errors import StorageUnavailable
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.adapters.sqlite import housekeeper
from tests.adapters.sqlite.files import ask
from tests.conformance.keeping import keep

MIB = 1024 * 1024
ROOT = Path(__file__).parents[3]
LONG = "what was said " * 4_000


async def say(store: Store, count: int) -> None:
    """Threads with a long text each."""
    for number in range(count):
        await keep(store, samples.thread(number), samples.user_item(number, of=number, content=(TextInput(text=LONG),)))


async def remove(store: Store, count: int) -> None:
    """Remove those threads."""
    for number in range(count):
        change = store.begin()
        change.threads.remove(f"thr_{number}")
        await change.commit()


def make_old(path: Path) -> None:
    """Give a database the form that older releases made."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
    assert ask(path, "PRAGMA auto_vacuum") == [(0,)]


async def test_freed_space_comes_back(tmp_path: Path) -> None:
    """The file shrinks when the store is tidied, and so does its log; what is left is whole."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await keep(store, samples.workflow(), samples.thread(999))
    await say(store, 200)
    await store.tidy()
    full = (await store.space()).size
    await remove(store, 200)
    await store.tidy()
    seen = await store.space()
    assert full > 10 * MIB
    assert seen.size < 2 * MIB
    assert seen.unused <= MIB
    assert seen.log == 0
    assert await store.begin().threads.find("thr_999") == samples.thread(999)
    await store.close()
    assert ask(tmp_path / "orcheo.db", "PRAGMA integrity_check") == [("ok",)]


async def test_pages_that_rows_have_left_are_not_counted(tmp_path: Path) -> None:
    """So that deleting gives room in the budget before the file is cut."""
    store = SqliteStore(tmp_path / "orcheo.db")
    await keep(store, samples.workflow())
    empty = store.kept_bytes()
    await say(store, 200)
    full = store.kept_bytes()
    await remove(store, 200)
    assert empty <= store.kept_bytes() < full
    assert empty < full
    await store.close()


async def test_pages_are_counted_anew_after_a_second_without_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is over its budget writes nothing, and has to notice that something was deleted."""
    now = 0.0
    monkeypatch.setattr(space, "monotonic", lambda: now)
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await keep(store, samples.workflow())
    empty = store.kept_bytes()
    await say(store, 3)
    assert store.kept_bytes() == empty
    now = 1.0
    assert store.kept_bytes() > empty + 3 * len(LONG)
    await store.close()


async def test_little_unused_space_is_left_for_the_next_rows(tmp_path: Path) -> None:
    """Moving pages costs writes, which a few of them are not worth."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await keep(store, samples.workflow())
    await say(store, 40)
    await remove(store, 40)
    await store.tidy()
    assert MIB < (await store.space()).unused < 4 * MIB
    await store.close()


async def test_turns_are_written_while_space_is_given_back(tmp_path: Path) -> None:
    """A change waits for one step of it, not for all of them."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await keep(store, samples.workflow())
    await say(store, 300)
    await remove(store, 300)
    tidying = asyncio.create_task(store.tidy())
    written = 0
    while not tidying.done():
        written += 1
        await keep(store, samples.thread(1_000 + written))
    assert written > 10
    await store.close()


async def test_rows_that_go_as_quickly_end_it_for_this_time(tmp_path: Path) -> None:
    """Housekeeping comes again in a minute; it must not run for ever."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await keep(store, samples.workflow())
    await say(store, 100)
    await remove(store, 100)
    database = store.begin().database  # type: ignore[attr-defined]  # of a unit of work over SQLite
    database.read = lambda sql, _values=(): [] if "removals" in sql else [(2,)] if "auto" in sql else [(9_000,)]
    await store.tidy()
    assert (await store.space()).unused > 4 * MIB
    await store.close()


async def test_a_file_of_an_older_release_gives_space_back_once_it_was_compacted(tmp_path: Path) -> None:
    """Compacting changes no row; until then the owner is shown what could be freed."""
    path = tmp_path / "orcheo.db"
    store = SqliteStore(path, synchronous="OFF")
    await keep(store, samples.workflow(), samples.thread(999))
    await say(store, 200)
    await store.close()
    make_old(path)
    store = SqliteStore(path, synchronous="OFF")
    await remove(store, 200)
    await store.tidy()
    seen = await store.space()
    await store.close()
    assert (seen.gives_back, seen.unused > 10 * MIB) == (False, True)
    before, after = space.compact(path)
    assert after < 2 * MIB < before
    store = SqliteStore(path)
    assert await store.begin().threads.find("thr_999") == samples.thread(999)
    assert (await store.space()).gives_back
    await store.close()


def test_compacting_needs_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is left as it is."""
    (tmp_path / "orcheo.db").write_bytes(b"x" * MIB)
    monkeypatch.setattr(space, "free_bytes", lambda _path: 2 * MIB)
    with pytest.raises(DiskFull, match="needs 3 MiB of free space for a while, and 2 MiB are free"):
        space.compact(tmp_path / "orcheo.db")
    assert (tmp_path / "orcheo.db").stat().st_size == MIB


def test_what_is_no_database_is_not_compacted(tmp_path: Path) -> None:
    """Nor can its space be shown."""
    (tmp_path / "orcheo.db").write_bytes(b"Dear diary, " * 1_000)
    with pytest.raises(DatabaseUnreadable, match="cannot be compacted"):
        space.compact(tmp_path / "orcheo.db")
    with pytest.raises(DatabaseUnreadable, match="cannot be read"):
        space.space_of_file(tmp_path / "orcheo.db")


async def test_a_disk_that_fills_while_a_database_is_compacted_leaves_it_as_it_is(tmp_path: Path) -> None:
    """Nobody is told to move it away."""
    path = tmp_path / "orcheo.db"
    store = SqliteStore(path, synchronous="OFF")
    await keep(store, samples.workflow())
    await say(store, 30)
    await store.close()
    before = space.space_of_file(path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    asked = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2, limits[1]))
    try:
        with pytest.raises((DiskFull, StorageUnavailable), match="cannot be compacted"):
            space.compact(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, asked)
    assert space.space_of_file(path).tables == before.tables
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize(
    ("code", "cls"),
    [
        (sqlite3.SQLITE_FULL, DiskFull),
        (sqlite3.SQLITE_IOERR | 3 << 8, StorageUnavailable),
        (sqlite3.SQLITE_READONLY, StorageUnavailable),
        (sqlite3.SQLITE_CORRUPT | 1 << 8, DatabaseUnreadable),
        (sqlite3.SQLITE_NOTADB, DatabaseUnreadable),
    ],
)
def test_only_a_damaged_file_asks_for_a_backup(code: int, cls: type[Exception]) -> None:
    """The rest says nothing against what it holds."""
    error = sqlite3.OperationalError("for a reason")
    error.sqlite_errorcode = code
    found = fault_of(error, "The file cannot be used")
    assert (type(found), str(found)) == (cls, "The file cannot be used: for a reason.")


async def test_the_room_of_each_table_is_known(tmp_path: Path) -> None:
    """With its indexes; a server that runs and a look from outside say the same."""
    path = tmp_path / "orcheo.db"
    store = SqliteStore(path, synchronous="OFF")
    await keep(store, samples.workflow())
    await say(store, 30)
    seen = await store.space()
    await store.close()
    tables = {each.name: each for each in seen.tables}
    assert (tables["threads"].rows, tables["workflows"].rows, tables["audit"].rows) == (30, 1, 0)
    size = tables["items"].size
    assert size is not None
    assert size > 30 * len(LONG)
    assert space.space_of_file(path).tables == seen.tables


def test_without_the_table_of_sizes_rows_are_counted(tmp_path: Path) -> None:
    """Some systems build SQLite without ``dbstat``."""

    def read(sql: str) -> list[tuple[object, ...]]:
        if "dbstat" in sql:
            raise sqlite3.OperationalError
        return [("threads",)] if "sqlite_schema" in sql else [(7,)]

    (table,) = space.space_of(read, tmp_path / "none").tables
    assert (table.name, table.rows, table.size) == ("threads", 7, None)


def killed_after(folder: Path, ticks: int) -> None:
    """Kill a housekeeper when this many moments of its work have passed."""
    command = [sys.executable, "-m", "tests.adapters.sqlite.housekeeper", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(ticks)]
        process.send_signal(signal.SIGKILL)
    assert told[0] == ".\n"


@pytest.mark.parametrize("ticks", [1, 5, 20, 60])
async def test_a_kill_during_housekeeping_leaves_all_right(tmp_path: Path, ticks: int) -> None:
    """Every file has its row or is swept at the next start, the database is sound, and the next time finishes it."""
    killed_after(tmp_path, ticks)
    path = tmp_path / "orcheo.db"
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert ask(path, "PRAGMA foreign_key_check") == []
    store = SqliteStore(path)
    service = housekeeper.attaching(store, tmp_path)
    await service.sweep()
    files = {each.name for each in (tmp_path / "attachments").iterdir()}
    assert {key for (key,) in ask(path, "SELECT id FROM attachments")} == files
    await housekeeper.clean(store, service)
    assert list((tmp_path / "attachments").iterdir()) == []
    assert (await store.space()).size < 2 * MIB
    await store.close()
