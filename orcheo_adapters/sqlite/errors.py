"""What can be wrong with a database file."""

from orcheo_core.errors import OrcheoError


class SchemaTooNew(OrcheoError):
    """A later release of Orcheo has written this file."""

    code = "schema_too_new"
    summary = "This database was written by a newer release of Orcheo."
    hint = "Upgrade Orcheo, or restore the backup that was made before the upgrade."


class DatabaseUnreadable(OrcheoError):
    """The file is not a SQLite database, or is damaged."""

    code = "database_unreadable"
    summary = "The database file cannot be read."
    hint = "Restore it from a backup, or move it away to start with an empty one."
