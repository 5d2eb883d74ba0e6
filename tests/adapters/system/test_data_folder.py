"""The data folder: private, writable, and of one process at a time."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orcheo_adapters.system.data_folder import (
    DatabaseLost,
    DataFolder,
    DataFolderInUse,
    DataFolderIsFile,
    DataFolderUnwritable,
    FolderServer,
    write_private,
)

ROOT = Path(__file__).parents[3]
URL = "http://127.0.0.1:8700"
HOLDER = f"""
import sys
from pathlib import Path
from orcheo_adapters.system.data_folder import DataFolder
with DataFolder(Path(sys.argv[1])).locked("{URL}"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A folder that is ready for use."""
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    return folder


@contextmanager
def holder(folder: DataFolder) -> Iterator["subprocess.Popen[str]"]:
    """Another process that owns the folder until its standard input ends."""
    command = [sys.executable, "-c", HOLDER, str(folder.path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, text=True, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def mode(path: Path) -> int:
    """Who may do what with a file."""
    return path.stat().st_mode & 0o777


def test_the_folder_is_made_for_its_owner_only(folder: DataFolder) -> None:
    """Whatever is in there is no one else's; trying it out leaves nothing behind."""
    assert mode(folder.path) == 0o700
    assert list(folder.path.iterdir()) == []


def test_a_folder_that_is_there_stays_as_it_is(folder: DataFolder) -> None:
    """Preparing again changes neither the files nor what the operator allowed."""
    (folder.path / "kept").write_text("kept")
    folder.path.chmod(0o750)
    folder.prepare()
    assert (folder.path / "kept").read_text() == "kept"
    assert mode(folder.path) == 0o750


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file in the way is named, with what the system says about it."""
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderUnwritable, match=r"file/data cannot be written: \w+"):
        DataFolder(tmp_path / "file" / "data").prepare()


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    """Whether something is to be written there or found there, the error says so in the same words."""
    folder = DataFolder(tmp_path / "file")
    folder.path.touch()
    for use in (folder.prepare, folder.require_database):
        with pytest.raises(DataFolderIsFile, match="file is a file, where the data folder should be"):
            use()


def test_the_lock_is_private_and_free_again_afterwards(folder: DataFolder) -> None:
    """Owning the folder twice in a row works; its lock names the owner's URL to no one else."""
    for _ in range(2):
        with folder.locked(URL):
            assert mode(folder.path / "orcheo.lock") == 0o600


def test_a_folder_in_use_names_the_server_that_uses_it(folder: DataFolder) -> None:
    """The error says which process to use or stop, and where it listens."""
    with holder(folder) as other, pytest.raises(DataFolderInUse) as refused, folder.locked("http://127.0.0.1:1"):
        pass
    assert str(refused.value).endswith(f"is in use by process {other.pid}, which listens at {URL}.")


def test_work_on_a_folder_keeps_the_address_of_its_server(folder: DataFolder) -> None:
    """Commands go on finding it; a server that starts in the meantime learns what the folder is used for."""
    with folder.locked():
        assert folder.server() is None
    with folder.locked(URL):
        pass
    with folder.locked():
        assert folder.server() == FolderServer(os.getpid(), URL)
        with (
            pytest.raises(DataFolderInUse, match=rf"process {os.getpid()}, which compacts its database"),
            folder.locked(),
        ):
            pass
    assert folder.server() == FolderServer(os.getpid(), URL)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1}', "\x00\xff", '{"pid": '])
def test_a_lock_that_does_not_name_its_owner_still_holds(folder: DataFolder, text: str) -> None:
    """Who looks between the taking of the lock and the writing of the name learns at least that."""
    with folder.locked(URL):
        (folder.path / "orcheo.lock").write_text(text, encoding="latin-1")
        with pytest.raises(DataFolderInUse, match=r"is in use by another process\.$"), folder.locked(URL):
            pass


def test_the_lock_dies_with_its_process(folder: DataFolder) -> None:
    """After a kill no one has to remove a file by hand, and the dead owner's name is gone."""
    with holder(folder) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
    with folder.locked("http://[::1]:9"):
        assert '"url": "http://[::1]:9"' in (folder.path / "orcheo.lock").read_text()
        assert str(os.getpid()) in (folder.path / "orcheo.lock").read_text()


def test_a_private_file_is_its_owners_only(tmp_path: Path) -> None:
    """A token in a file is readable by no one else from its first moment on."""
    write_private(tmp_path / "token", "grüezi\n")
    assert (tmp_path / "token").read_text("utf-8") == "grüezi\n"
    assert mode(tmp_path / "token") == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["token"]


def test_a_private_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Whoever has the old file open reads the old text to its end; a shorter text leaves no rest of a longer one."""
    write_private(tmp_path / "token", "the older and longer text")
    with (tmp_path / "token").open() as old:
        write_private(tmp_path / "token", "new")
        assert old.read() == "the older and longer text"
    assert (tmp_path / "token").read_text() == "new"


def test_what_a_crash_left_does_not_stand_in_the_way(tmp_path: Path) -> None:
    """The rest of a writing that broke off is written over."""
    (tmp_path / ".token.new").write_text("half of something longer")
    write_private(tmp_path / "token", "new")
    assert (tmp_path / "token").read_text() == "new"


def test_a_private_file_in_no_folder_is_an_error_of_the_system(tmp_path: Path) -> None:
    """Callers know what to say about it."""
    with pytest.raises(FileNotFoundError):
        write_private(tmp_path / "nowhere" / "token", "new")


def test_a_lock_that_cannot_be_opened_is_said(folder: DataFolder) -> None:
    """A folder stands where the file should be."""
    (folder.path / "orcheo.lock").mkdir()
    with pytest.raises(DataFolderUnwritable, match="cannot be written: Is a directory"), folder.locked(URL):
        pass


def test_a_folder_names_the_server_that_owns_it(folder: DataFolder) -> None:
    """And whether it is there."""
    assert folder.server() is None
    with folder.locked(URL):
        assert folder.server() == FolderServer(os.getpid(), URL)
    named = folder.server()
    assert named is not None
    assert named.is_running


def test_a_server_that_has_ended_is_still_named(folder: DataFolder) -> None:
    """So that clients know what they do not reach, and whose workflows they know."""
    with holder(folder) as process:
        assert folder.server() == FolderServer(process.pid, URL)
        process.kill()
        process.wait()
    named = folder.server()
    assert named == FolderServer(process.pid, URL)
    assert not named.is_running


@pytest.mark.parametrize("number", [0, -1, 2**70])
def test_a_number_that_no_process_has_is_of_none_that_runs(number: int) -> None:
    """A lock can be damaged."""
    assert not FolderServer(number, URL).is_running


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"pid": "x", "url": "u"}', b'{"pid": 1}', b'{"pid": 1e999, "url": "u"}']
)
def test_a_damaged_lock_names_no_server(folder: DataFolder, content: bytes) -> None:
    """Clients then ask where they would without it."""
    (folder.path / "orcheo.lock").write_bytes(content)
    assert folder.server() is None


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO, errno.ENOSYS])
def test_a_file_system_without_locks_is_said(folder: DataFolder, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """No other server is made up; the hint names the disk that is needed."""

    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(DataFolderUnwritable, match="cannot be locked: ") as caught, folder.locked(URL):
        pass
    assert "disk of this machine" in caught.value.hint


@pytest.mark.parametrize("state", ["empty", "missing"])
@pytest.mark.parametrize("left", ["owner-token", "orcheo.db-wal", "attachments/att_1", "reserve"])
def test_a_database_that_is_lost_is_not_taken_for_a_new_one(folder: DataFolder, state: str, left: str) -> None:
    """Whatever shows that a server has kept data: an empty one would hide the loss, and let the files be removed."""
    rest = folder.path / left
    rest.parent.mkdir(exist_ok=True)
    rest.write_text("something")
    if state == "empty":
        folder.database.touch()
    with pytest.raises(DatabaseLost, match=f"orcheo.db is {state}") as caught:
        folder.check_database()
    assert "Restore" in caught.value.hint


@pytest.mark.parametrize("left", ["", "orcheo.db", "orcheo.db-wal", "secrets.json", "attachments/"])
def test_a_first_start_that_was_cut_off_may_be_repeated(folder: DataFolder, left: str) -> None:
    """It has left empty files at most; secrets may come from elsewhere before it."""
    rest = folder.path / (left or "reserve")
    if left.endswith("/"):
        rest.mkdir()
    else:
        rest.touch()
    folder.check_database()


@pytest.mark.parametrize("kind", ["database", "folder"])
def test_what_is_no_empty_database_is_judged_when_it_is_opened(folder: DataFolder, kind: str) -> None:
    """Whether it is one at all, SQLite says."""
    folder.local_owner_token.touch()
    if kind == "folder":
        folder.database.mkdir()
    else:
        folder.database.write_text("SQLite")
    folder.check_database()
