"""Rows that every request needs, kept until a commit changes them.

One process owns the file and one thread writes it, so it is known exactly when a row is out of date:
an answer that acknowledges a change never comes before the change is seen here.
"""

from collections import defaultdict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")
_SIZE = 10_000


class ReadCache:
    """Values by table and key; read on event loops, outdated by the writer's thread."""

    def __init__(self, size: int = _SIZE) -> None:
        """Keep ``size`` values at most; then start with an empty cache."""
        self._size = size
        self._entries: dict[tuple[str, str], tuple[int, Any]] = {}
        self._generations: defaultdict[str, int] = defaultdict(int)
        self._touches = 0
        self._lock = Lock()

    def get(self, table: str, key: str, load: Callable[[], T | None]) -> T | None:
        """The kept value, or what ``load`` reads; nothing is kept of a row that is not there."""
        entry = self._entries.get((table, key))
        if entry is not None and entry[0] == self._generations[table]:
            value: T = entry[1]
            return value
        touches = self._touches
        loaded = load()
        if loaded is not None:
            self._keep(table, key, loaded, touches)
        return loaded

    def clear(self) -> None:
        """Keep nothing: most of what was read is of visitors who are gone."""
        with self._lock:
            self._entries.clear()

    def touch(self, table: str, key: str | None) -> None:
        """A commit has changed this row, or any row of the table."""
        with self._lock:
            self._touches += 1
            if key is None or (table, key) in self._entries:
                self._generations[table] += 1

    def _keep(self, table: str, key: str, value: object, touches: int) -> None:
        with self._lock:
            if touches != self._touches:
                return  # something was committed since the read began: the value may be an old one
            if len(self._entries) >= self._size:
                self._entries.clear()
            self._entries[table, key] = (self._generations[table], value)
