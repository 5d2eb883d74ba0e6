"""A disk without room: SQLite is told of a largest size, so it says the same as it does when a disk is full."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from attrs import frozen

from orcheo_adapters.sqlite.database import SqliteDatabase
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.errors import StorageUnavailable
from tests import samples
from tests.adapters.sqlite.files import ask, audit_ids, noted, opened
from tests.conformance.keeping import keep

TOO_LONG = "x" * 1_000_000
UNLIMITED = 0xFFFFFFFE


@frozen
class Disk:
    """A database on a disk whose room the tests give and take."""

    database: SqliteDatabase
    path: Path

    def fill(self) -> None:
        """Not one page more."""
        (pages,) = self.database._writer.execute("PRAGMA page_count").fetchone()
        self.database._writer.execute(f"PRAGMA max_page_count = {pages}")

    def free(self) -> None:
        """As much as anyone likes."""
        self.database._writer.execute(f"PRAGMA max_page_count = {UNLIMITED}")


@pytest.fixture
async def full(tmp_path: Path) -> AsyncIterator[Disk]:
    """One row is there, and no room for a large one."""
    with opened(tmp_path / "orcheo.db") as database:
        await database.write([noted("aud_1")])
        disk = Disk(database, tmp_path / "orcheo.db")
        disk.fill()
        yield disk


async def test_a_change_that_finds_no_room_says_so(full: Disk) -> None:
    """The caller learns that storage is unavailable, and why."""
    with pytest.raises(StorageUnavailable, match="database or disk is full"):
        await full.database.write([noted("aud_2", TOO_LONG)])


async def test_nothing_is_half_written(full: Disk) -> None:
    """The statement before the one that found no room is undone with it."""
    with pytest.raises(StorageUnavailable):
        await full.database.write([noted("aud_2"), noted("aud_3", TOO_LONG)])
    assert audit_ids(full.path) == ["aud_1"]
    assert ask(full.path, "PRAGMA integrity_check") == [("ok",)]


async def test_reading_goes_on(full: Disk) -> None:
    """What is there can be read while nothing can be written."""
    with pytest.raises(StorageUnavailable):
        await full.database.write([noted("aud_2", TOO_LONG)])
    assert full.database.read("SELECT id FROM audit") == [("aud_1",)]


async def test_the_same_change_lands_when_there_is_room_again(full: Disk) -> None:
    """No restart is needed: the writer goes on where it stood."""
    with pytest.raises(StorageUnavailable):
        await full.database.write([noted("aud_2", TOO_LONG)])
    full.free()
    await full.database.write([noted("aud_2", TOO_LONG)])
    assert audit_ids(full.path) == ["aud_1", "aud_2"]


@asynccontextmanager
async def _store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, synchronous="NORMAL")
    yield store
    await store.close()


async def test_rows_read_before_are_those_of_the_file(tmp_path: Path) -> None:
    """A change that did not land leaves no trace in the cache of rows either."""
    async with _store(tmp_path / "orcheo.db") as store:
        await keep(store, samples.workflow())
        Disk(store._database, tmp_path / "orcheo.db").fill()
        change = store.begin()
        found = await change.workflows.find("wf_1")
        assert found is not None
        change.workflows.save(found.edited(name="Other", at=samples.moment(9)))
        change.audit.append(samples.audit_entry(note=TOO_LONG))
        with pytest.raises(StorageUnavailable):
            await change.commit()
        assert await store.begin().workflows.find("wf_1") == samples.workflow()
