"""The data folder: private files, and the lock that lets one process at a time own them."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from orcheo_adapters.system.disk import DiskFull, means_full
from orcheo_core.errors import ConflictError, NotFoundError, OrcheoError, UnavailableError


class DataFolderUnwritable(UnavailableError):
    """The data folder cannot be made or written."""

    code = "data_folder_unwritable"
    summary = "The server cannot write to the data folder."
    hint = "Give the server's account write access, or choose another folder with --data-dir or ORCHEO_DATA_DIR."


class DataFolderInUse(ConflictError):
    """Another process owns the data folder; a second writer could damage the database."""

    code = "data_folder_in_use"
    summary = "Another Orcheo server uses this data folder."
    hint = "Commands on this machine find that server by the folder. Stop it, or choose another folder with --data-dir."


class NoDatabase(NotFoundError):
    """The data folder has no database."""

    code = "no_database"
    summary = "There is no database in the data folder."
    hint = "Name the data folder of the server with --data-dir or ORCHEO_DATA_DIR."


@frozen
class FolderServer:
    """The server process that owns a data folder, and where it listens."""

    pid: int
    url: str

    @property
    def is_running(self) -> bool:
        """Whether a process has its number.

        The lock itself is not tried: for that moment it would keep a server that starts from its own folder.
        """
        if self.pid <= 0:
            return False
        try:
            os.kill(self.pid, 0)  # signal 0 is not sent: it asks whether the process is there
        except (OSError, OverflowError):
            return False
        return True


class DataFolder:
    """Where a server keeps everything."""

    def __init__(self, path: Path) -> None:
        """The folder at ``path``; nothing is touched before :meth:`prepare`."""
        self.path = path
        self.database = path / "orcheo.db"
        self.local_owner_token = path / "owner-token"
        self.reserve = path / "reserve"
        self._lock = path / "orcheo.lock"

    def prepare(self) -> None:
        """Make the folder, readable by its owner only; raises :class:`DataFolderUnwritable`, :class:`DiskFull`."""
        from tempfile import NamedTemporaryFile

        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self.path, prefix=".probe-") as probe:
                probe.write(b"probe")
        except OSError as error:
            raise self._unwritable(error) from None

    def require_database(self) -> None:
        """Raise :class:`NoDatabase` where no server has kept anything yet."""
        if not self.database.is_file():
            raise NoDatabase(f"There is no database in {self.path}.")

    @contextmanager
    def locked(self, url: str) -> Iterator[None]:
        """Own the folder within the block; the lock dies with the process.

        Raises :class:`DataFolderInUse`, :class:`DataFolderUnwritable`, :class:`DiskFull`.
        """
        try:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            self._take(descriptor)
            self._name_owner(descriptor, url)
            yield
        finally:
            os.close(descriptor)

    def server(self) -> "FolderServer | None":
        """The server that owns this folder, or did so last; None when there was none yet."""
        try:
            owner = json.loads(self._lock.read_bytes())
            return FolderServer(int(owner["pid"]), str(owner["url"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None

    def _name_owner(self, descriptor: int, url: str) -> None:
        owner = {"pid": os.getpid(), "url": url, "since": datetime.now(UTC).isoformat(timespec="seconds")}
        try:
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(owner).encode(), 0)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> OrcheoError:
        if means_full(error):
            return DiskFull.at(self.path)
        return DataFolderUnwritable(f"The data folder {self.path} cannot be written: {error.strerror}.")

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderInUse(f"The data folder {self.path} is in use by {_owner(descriptor)}.") from None
        except OSError as error:
            raise DataFolderUnwritable(
                f"The data folder {self.path} cannot be locked: {error.strerror}.",
                hint="Keep it on a disk of this machine: two servers on one folder would damage the database.",
            ) from None


def _owner(descriptor: int) -> str:
    try:
        owner = json.loads(os.pread(descriptor, 1_000, 0))
        return f"process {owner['pid']}, which listens at {owner['url']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def write_private(path: Path, text: str) -> None:
    """Write ``text`` so that a reader sees all of it or none, readable by its owner only (0600).

    Raises :class:`OSError`.
    """
    descriptor = os.open(path.with_name(f".{path.name}.new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    path.with_name(f".{path.name}.new").replace(path)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
