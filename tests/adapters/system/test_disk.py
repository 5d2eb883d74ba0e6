"""The room left on a disk."""

import errno
import os
from pathlib import Path

import pytest

from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.system import disk
from orcheo_adapters.system.data_folder import DataFolder
from orcheo_core.errors import StorageUnavailable


def no_room(*_: object) -> None:
    """A system call on a full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_folder_that_is_still_to_be_made_is_on_the_disk_of_its_parent(tmp_path: Path) -> None:
    """The space of the disk it will be on."""
    assert disk.free_bytes(tmp_path / "not" / "there") > 0


MOUNTS = """/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/local ext4 rw 0 0
me@host: /mnt/my\\040disk fuse.sshfs rw 0 0
tmpfs /home/covered tmpfs rw 0 0
//nas/x /home/covered cifs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "system"),
    [
        ("/var/lib/orcheo", None),
        ("/home/ada/data", "nfs4"),
        ("/homestead", None),
        ("/home/local/data", None),
        ("/mnt/my disk/data", "fuse.sshfs"),
        ("/home/covered/data", "cifs"),
    ],
)
def test_a_network_disk_is_recognised(tmp_path: Path, path: str, system: str | None) -> None:
    """By the mount that the folder is on; what SQLite needs of a disk it may not have."""
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS, "utf-8")
    assert disk.network_system(Path(path), mounts) == system


def test_where_mounts_are_not_listed_none_is_a_network_disk(tmp_path: Path) -> None:
    """macOS has no such file."""
    assert disk.network_system(tmp_path, tmp_path / "none") is None


async def test_a_store_with_room_is_ready(tmp_path: Path) -> None:
    """The check makes a change durable."""
    store = SqliteStore(tmp_path / "orcheo.db")
    await store.check()
    await store.close()


async def test_a_store_on_a_full_disk_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though a change of a few bytes may still fit."""
    store = SqliteStore(tmp_path / "orcheo.db")
    monkeypatch.setattr("orcheo_adapters.sqlite.database.free_bytes", lambda _path: 300 * 1024)
    with pytest.raises(StorageUnavailable, match="The disk is full: 300 KiB are free"):
        await store.check()
    await store.close()


@pytest.mark.parametrize("is_replaced", [True, False])
async def test_a_store_whose_file_was_removed_is_not_ready(tmp_path: Path, *, is_replaced: bool) -> None:
    """What it still takes would be lost with the process."""
    path = tmp_path / "orcheo.db"
    store = SqliteStore(path)
    path.rename(tmp_path / "elsewhere.db")
    if is_replaced:
        path.write_bytes(b"")
    with pytest.raises(StorageUnavailable, match="was removed or replaced while the server runs"):
        await store.check()
    await store.close()


def test_a_database_that_cannot_be_opened_for_lack_of_room_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite calls it an I/O error; the advice to move the file away would cost an owner everything."""
    monkeypatch.setattr("orcheo_adapters.sqlite.database.is_full", lambda _path: True)
    (tmp_path / "orcheo.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(disk.DiskFull, match="is full") as refused:
        SqliteStore(tmp_path / "orcheo.db")
    assert "move" not in refused.value.hint


def test_a_data_folder_on_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions have nothing to do with it."""
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    monkeypatch.setattr(os, "pwrite", no_room)
    with pytest.raises(disk.DiskFull), folder.locked("http://127.0.0.1:1"):
        pass
