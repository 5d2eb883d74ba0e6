"""The backends that must do the same; a new one adds one line."""

from collections.abc import Callable
from pathlib import Path

from orcheo_adapters.memory.store import MemoryStore
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.ports.unit_of_work import Store

BACKENDS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _folder: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "orcheo.db", synchronous="NORMAL"),
}
"""Opens an empty store that may keep its files in a folder."""
