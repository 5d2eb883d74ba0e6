"""What each connection of an open database is set to."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orcheo_adapters.sqlite.database import SqliteDatabase
from orcheo_adapters.sqlite.errors import DatabaseUnreadable
from orcheo_adapters.sqlite.repository import explain_integrity
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.errors import ConcurrentChange
from tests import samples
from tests.adapters.sqlite.files import ask, noted, opened
from tests.conformance.keeping import keep

FULL = 2


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """A database as servers open it."""
    with opened(tmp_path / "orcheo.db", "FULL") as database:
        yield database


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", FULL), ("foreign_keys", 1), ("busy_timeout", 5000)]
)
def test_both_connections_are_set_the_same(database: SqliteDatabase, pragma: str, value: object) -> None:
    """A write-ahead log flushed at each commit, foreign keys that hold, and patience with a backup program."""
    for connection in (database._writer, database._reader):
        assert connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_the_reading_connection_cannot_write(database: SqliteDatabase) -> None:
    """Only the writer's thread ever changes the file."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database._reader.execute("DELETE FROM workflows")


async def test_durable_is_what_a_store_is_unless_told_otherwise(tmp_path: Path) -> None:
    """No one has to ask for the safe setting."""
    store = SqliteStore(tmp_path / "orcheo.db")
    assert store._database._writer.execute("PRAGMA synchronous").fetchone() == (FULL,)
    await store.close()


async def test_a_row_cannot_outlive_its_parent(tmp_path: Path) -> None:
    """A thread of a workflow that was removed in between is a concurrent change."""
    store = SqliteStore(tmp_path / "orcheo.db")
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.thread())
    await store.close()


async def test_another_connection_reads_while_this_one_writes(database: SqliteDatabase, tmp_path: Path) -> None:
    """A backup may look at the file of a running server, and sees what was committed."""
    await database.write([noted("aud_1", "kept")])
    assert ask(tmp_path / "orcheo.db", "SELECT id, note FROM audit") == [("aud_1", "kept")]


def test_an_integrity_error_that_no_rule_explains_stays_what_it_is() -> None:
    """A bug is not reported as an error of the caller."""
    error = sqlite3.IntegrityError("NOT NULL constraint failed: items.body")
    assert explain_integrity(error) is error


async def test_housekeeping_frees_the_pages_that_were_read(database: SqliteDatabase) -> None:
    """Each connection keeps two megabytes of them otherwise; reads and writes work as before."""
    await database.forget_pages()
    assert database._reader.execute("SELECT count(*) FROM workflows").fetchone() == (0,)
    assert database.read_apart("SELECT count(*) FROM workflows", ()) == [(0,)]


def test_a_file_system_without_shared_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite would do without its write-ahead log, and says nothing about it."""
    connect = sqlite3.connect

    def elsewhere(path: Path, **options: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = connect(f"file:{path}?vfs=unix-dotfile", uri=True, **options)
        return made

    monkeypatch.setattr("sqlite3.connect", elsewhere)
    with pytest.raises(DatabaseUnreadable, match="write-ahead log") as caught:
        SqliteDatabase(tmp_path / "orcheo.db", explain=explain_integrity)
    assert "network disk" in caught.value.hint
