"""Database files of the tests: what opens them, and a look at them from outside."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from orcheo_adapters.sqlite.commit_pace import CommitPace
from orcheo_adapters.sqlite.database import SqliteDatabase
from orcheo_adapters.sqlite.repository import explain_integrity
from orcheo_adapters.sqlite.statements import Statement

AUDIT = "INSERT INTO audit VALUES (?, 0, 'published', 'ada', 'cli', NULL, ?, NULL, '')"


@contextmanager
def opened(path: Path, synchronous: str = "NORMAL", pace: CommitPace | None = None) -> Iterator[SqliteDatabase]:
    """An open database, closed at the end."""
    database = SqliteDatabase(path, explain=explain_integrity, synchronous=synchronous, pace=pace)
    try:
        yield database
    finally:
        database.close()


def noted(key: str, note: str = "") -> Statement:
    """A change of one row."""
    return Statement(AUDIT, (key, note))


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """What the file holds, read by SQLite itself."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def audit_ids(path: Path) -> list[str]:
    """The ids of all rows that :func:`noted` made."""
    return [key for (key,) in ask(path, "SELECT id FROM audit ORDER BY id")]
