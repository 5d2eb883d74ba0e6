"""A change that must land on a full disk."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.system.reserve import Reserve
from orcheo_core.errors import StorageUnavailable
from tests import samples

MIB = 1024 * 1024


class SmallDisk(Reserve):
    """A reserve on a disk that takes no write until so much of it was given up."""

    needed = 0

    @property
    def is_full(self) -> bool:
        return self._size - self.held < self.needed


class AskedReserve(Reserve):
    """Remembers whether any of it was asked for."""

    was_asked = False

    def give_up_some(self) -> bool:
        self.was_asked = True
        return super().give_up_some()


async def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needed: int) -> tuple[SqliteStore, SmallDisk]:
    """A store whose disk is full."""
    disk = SmallDisk(tmp_path / "reserve", 2 * MIB)
    disk.fill()
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF", reserve=disk)
    write = store._database.write

    async def write_or_refuse(statements: object) -> None:
        if disk.is_full:
            raise StorageUnavailable
        await write(statements)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(store._database, "write", write_or_refuse)
    disk.needed = needed
    return store, disk


async def test_it_uses_the_space_that_is_kept_back_and_takes_the_rest_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of a visitor does not. Findings: an emergency act always works."""
    store, disk = await opened(tmp_path, monkeypatch, MIB)
    try:
        change = store.begin()
        change.workflows.add(samples.workflow())
        with pytest.raises(StorageUnavailable):
            await change.commit()
        assert disk.held == 2 * MIB
        await change.commit(must_land=True)
        assert disk.held == 2 * MIB
        assert await store.begin().workflows.find(samples.workflow().id) is not None
    finally:
        await store.close()


async def test_a_database_that_another_program_has_locked_is_not_tried_again_with_the_reserve(tmp_path: Path) -> None:
    """Each try would wait as long as the first one, and the owner with it."""
    disk = AskedReserve(tmp_path / "reserve", 2 * MIB)
    store = SqliteStore(tmp_path / "orcheo.db", reserve=disk)
    store._database._writer.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(tmp_path / "orcheo.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        change = store.begin()
        change.workflows.add(samples.workflow())
        with pytest.raises(StorageUnavailable, match="locked"):
            await change.commit(must_land=True)
        assert not disk.was_asked
    await store.close()


async def test_a_disk_that_takes_nothing_at_all_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there is nothing more to give up."""
    store, _ = await opened(tmp_path, monkeypatch, 3 * MIB)
    try:
        change = store.begin()
        change.workflows.add(samples.workflow())
        with pytest.raises(StorageUnavailable):
            await change.commit(must_land=True)
    finally:
        await store.close()
