"""What can be wrong with a database file."""

import sqlite3

from orcheo_adapters.system.disk import DiskFull
from orcheo_core.errors import OrcheoError, StorageUnavailable

_UNHARMED = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
"""Kinds of errors that say nothing against the file and do not call for moving it away."""


class SchemaTooNew(OrcheoError):
    """A later release of Orcheo has written this file."""

    code = "schema_too_new"
    summary = "This database was written by a newer release of Orcheo."
    hint = "Upgrade Orcheo, or restore the backup that was made before the upgrade."


class DatabaseUnreadable(OrcheoError):
    """The file is not a SQLite database, or is damaged."""

    code = "database_unreadable"
    summary = "The database file cannot be read."
    hint = "Restore it from a backup, or move the whole data folder away to start with an empty one."


def fault_of(error: Exception, what: str) -> OrcheoError:
    """The error to raise when SQLite fails on a whole file; ``what`` names the file and what could not be done."""
    kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    message = f"{what}: {error}."
    if kind == sqlite3.SQLITE_FULL:
        return DiskFull(message)
    if isinstance(error, OSError) or kind in _UNHARMED:
        return StorageUnavailable(message)
    return DatabaseUnreadable(message)
