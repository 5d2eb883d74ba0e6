"""The data folder: private files, and the lock that lets one process at a time own them."""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from orcheo_adapters.system.disk import DiskFull, means_full
from orcheo_core.errors import ConflictError, InvalidError, NotFoundError, OrcheoError, UnavailableError


class DataFolderUnwritable(UnavailableError):
    """The data folder cannot be made or written."""

    code = "data_folder_unwritable"
    summary = "The server cannot write to the data folder."
    hint = "Give the server's account write access, or choose another folder with --data-dir or ORCHEO_DATA_DIR."


class DataFolderIsFile(InvalidError):
    """What was named as the data folder is a file."""

    code = "data_folder_is_file"
    summary = "The data folder is a file."
    hint = "Name a folder, or one that can be made, with --data-dir or ORCHEO_DATA_DIR."

    @classmethod
    def at(cls, path: Path) -> "DataFolderIsFile":
        """The error that names the file."""
        return cls(f"{path} is a file, where the data folder should be.")


class DataFolderInUse(ConflictError):
    """Another process owns the data folder; a second writer could damage the database."""

    code = "data_folder_in_use"
    summary = "Another Orcheo server uses this data folder."
    hint = "Commands on this machine find that server by the folder. Stop it, or choose another folder with --data-dir."


class DatabaseLost(OrcheoError):
    """The database is missing or empty in a folder in which a server has kept data."""

    code = "database_lost"
    summary = "The database of this data folder is lost."
    hint = (
        "Restore orcheo.db from a backup (docs/how-to/back-up-and-restore.md). To begin with nothing instead, move the "
        "whole data folder away."
    )


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
        self.secrets = path / "secrets.json"
        self.attachments = path / "attachments"
        self.local_owner_token = path / "owner-token"
        self.reserve = path / "reserve"
        self._lock = path / "orcheo.lock"

    def prepare(self) -> None:
        """Make the folder, readable by its owner only.

        Raises :class:`DataFolderUnwritable`, :class:`DataFolderIsFile`, :class:`DiskFull`.
        """
        from tempfile import NamedTemporaryFile

        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self.path, prefix=".probe-") as probe:
                probe.write(b"probe")
        except OSError as error:
            raise self._unwritable(error) from None

    def require_database(self) -> None:
        """Raise :class:`NoDatabase` where no server has kept anything yet, :class:`DataFolderIsFile`."""
        if is_no_folder(self.path):
            raise DataFolderIsFile.at(self.path)
        if not self.database.is_file():
            raise NoDatabase(f"There is no database in {self.path}.")

    def check_database(self) -> None:
        """Raise :class:`DatabaseLost` where an empty one would be taken for a database with data.

        A first start that was cut off leaves an empty file too, but makes the reserve and the owner token later.
        """
        if self.database.exists() and (not self.database.is_file() or self.database.stat().st_size):
            return
        log = self.database.with_name(f"{self.database.name}-wal")
        if self.local_owner_token.exists() or any(map(_holds_something, (self.attachments, log, self.reserve))):
            state = "is empty" if self.database.exists() else "is missing"
            raise DatabaseLost(f"{self.database} {state}, but a server has kept data in this folder before.")

    @contextmanager
    def locked(self, url: str | None = None) -> Iterator[None]:
        """Own the folder within the block; the lock dies with the process.

        ``url`` is where a server listens; without it, the address of the last server stays there, for the commands
        that find a server by the folder.

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
            return FolderServer(int(owner["pid"]), str(owner["url"])) if owner["url"] else None
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None

    def _name_owner(self, descriptor: int, url: str | None) -> None:
        last = self.server()
        owner = {
            "pid": os.getpid(),
            "url": url or (last.url if last else None),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "serves": url is not None,
        }
        try:
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(owner).encode(), 0)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> OrcheoError:
        if means_full(error):
            return DiskFull.at(self.path)
        if is_no_folder(self.path):
            return DataFolderIsFile.at(self.path)
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


def _holds_something(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.exists() and path.stat().st_size > 0


def is_no_folder(path: Path) -> bool:
    """Whether something is there that is not a folder."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except OSError:  # what is not there can be made, and the rest is said by who tries
        return False


def _owner(descriptor: int) -> str:
    try:
        owner = json.loads(os.pread(descriptor, 1_000, 0))
        number, url = owner["pid"], owner["url"]
        does = f"listens at {url}" if owner.get("serves", True) else "compacts its database"
        return f"process {number}, which {does}"
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
