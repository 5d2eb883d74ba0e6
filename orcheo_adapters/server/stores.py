"""The storage backends of this release: one line each, imported when used."""

from collections.abc import Callable

from orcheo_adapters.system.data_folder import DataFolder
from orcheo_core.ports.unit_of_work import Store


def _sqlite(folder: DataFolder) -> Store:
    from orcheo_adapters.sqlite.store import SqliteStore

    return SqliteStore(folder.database)


def _memory(_folder: DataFolder) -> Store:
    from orcheo_adapters.memory.store import MemoryStore

    return MemoryStore()


BACKENDS: dict[str, Callable[[DataFolder], Store]] = {"memory": _memory, "sqlite": _sqlite}
"""Opens a store in a data folder, by the backend's name."""


def open_store(name: str, folder: DataFolder) -> Store:
    """The store of this backend."""
    return BACKENDS[name](folder)
