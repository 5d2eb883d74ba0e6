"""The storage backends of this release: one line each, imported when used."""

from collections.abc import Callable

from orcheo_adapters.system.data_folder import DataFolder
from orcheo_core.domain.space import StoreSpace
from orcheo_core.ports.unit_of_work import Store


def _sqlite(folder: DataFolder) -> Store:
    from orcheo_adapters.sqlite.store import SqliteStore
    from orcheo_adapters.system.reserve import Reserve

    folder.check_database()
    reserve = Reserve(folder.reserve)
    store = SqliteStore(folder.database, reserve=reserve)
    reserve.fill()  # behind the database, which is lost where only the reserve is there
    return store


def _memory(_folder: DataFolder) -> Store:
    from orcheo_adapters.memory.store import MemoryStore

    return MemoryStore()


def space_of_folder(folder: DataFolder) -> StoreSpace:
    """What the database of a data folder takes that no server uses."""
    from orcheo_adapters.sqlite.space import space_of_file

    return space_of_file(folder.database)


def compact_folder(folder: DataFolder) -> tuple[int, int]:
    """Compact the database of a data folder that no server uses; its size before and after."""
    from orcheo_adapters.sqlite.space import compact

    return compact(folder.database)


BACKENDS: dict[str, Callable[[DataFolder], Store]] = {"memory": _memory, "sqlite": _sqlite}
"""Opens a store in a data folder, by the backend's name."""


def open_store(name: str, folder: DataFolder) -> Store:
    """The store of this backend."""
    return BACKENDS[name](folder)
