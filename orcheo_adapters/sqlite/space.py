"""The room that the database takes, and how it gives back what removed rows have left.

A new file keeps track of its pages (``auto_vacuum = INCREMENTAL``), so that housekeeping can move the last ones into
the gaps and cut the file, a mebibyte at a time. A file of an older release has to be written once as a whole for that:
``orcheo compact``, while no server uses it.
"""

import os
import sqlite3
from contextlib import closing
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

from orcheo_adapters.sqlite.database import Read, SqliteDatabase
from orcheo_adapters.sqlite.errors import fault_of
from orcheo_adapters.system.disk import LEAST_FREE_BYTES, DiskFull, free_bytes
from orcheo_core.domain.budget import Per
from orcheo_core.domain.space import StoreSpace, TableSpace

_INCREMENTAL = 2
_STEP_PAGES, _LEAST_STEP_PAGES = 128, 8
"""Pages that are given back in one transaction: a turn that ends at that moment waits for it."""
_STEP_SECONDS = 0.01
"""A step that took longer makes the next one half as large: with gigabytes of unused pages each page takes longer."""
_BEGIN_PAGES, _SPARE_PAGES = 1_024, 256
"""From how many unused pages on some are given back, and how many are left for the rows that come next."""
_COMMITS, _SECONDS = 32, 1.0
"""Between two counts of the bytes in use."""


async def give_back(database: SqliteDatabase) -> None:
    """Give unused pages back to the disk, in small steps with pauses as long as the steps."""
    if _number(database.read, "auto_vacuum") != _INCREMENTAL:
        return
    unused = _number(database.read, "freelist_count")
    if unused < _BEGIN_PAGES:
        return
    pages = _STEP_PAGES
    while unused > _SPARE_PAGES:
        began = monotonic()
        await database.do_alone(partial(_give_back_some, min(pages, unused - _SPARE_PAGES)))
        took = monotonic() - began
        pages = max(_LEAST_STEP_PAGES, pages // 2) if took > _STEP_SECONDS else pages
        await database.pause(took)
        before, unused = unused, _number(database.read, "freelist_count")
        if unused >= before:  # rows are removed as quickly: the next time will do
            return
    await database.cut_log()


def _give_back_some(pages: int, writer: sqlite3.Connection) -> None:
    writer.executescript(f"PRAGMA incremental_vacuum ({pages})")  # execute would give one page back and stop there


_OF_HOLDER = {
    Per.VISITOR: "subject = ?",
    Per.PROGRAM: "subject = ?",
    Per.WORKFLOW: "workflow_id = ?",
}
"""The rows of ``kept_text`` of each kind of holder; triggers keep them."""
_KEPT_SUMS, _SUM_SECONDS = 1_000, 30.0
"""The sum of a workflow is used again for so long: it may have a row for each of a million visitors."""


class KeptBytes:
    """The bytes of all pages that are in use, counted again after some commits or a second: each turn asks."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Nothing has been counted yet."""
        self._database = database
        self._bytes = 0
        self._counted_at = -inf
        self._commits = 0
        self._sums: dict[str, tuple[float, int]] = {}
        """Of workflows: when it was made, and how much it was."""

    def now(self) -> int:
        """As they were a moment ago."""
        database, now = self._database, monotonic()
        if database.commits - self._commits >= _COMMITS or now - self._counted_at >= _SECONDS:
            pages, unused, size = (
                _number(database.read, each) for each in ("page_count", "freelist_count", "page_size")
            )
            self._bytes, self._counted_at, self._commits = (pages - unused) * size, now, database.commits
        return self._bytes

    def of(self, per: Per, key: str) -> int:
        """What the items of a holder take, with their part of the search index; of a workflow, half a minute ago."""
        if per is not Per.WORKFLOW:
            return self._sum(per, key)
        now = monotonic()
        summed_at, size = self._sums.get(key, (-inf, 0))
        if now - summed_at >= _SUM_SECONDS:
            if len(self._sums) >= _KEPT_SUMS:
                self._sums.clear()
            size = self._sum(per, key)
            self._sums[key] = now, size
        return size

    def _sum(self, per: Per, key: str) -> int:
        if (where := _OF_HOLDER.get(per)) is None:
            return 0
        sql = f"SELECT coalesce(sum(bytes), 0) FROM kept_text WHERE {where}"  # noqa: S608 - ours
        return int(self._database.read(sql, (key,))[0][0])


def space_of(read: Read, path: Path) -> StoreSpace:
    """What the tables and files of a database take; reads all of it."""
    log, page = path.with_name(f"{path.name}-wal"), _number(read, "page_size")
    return StoreSpace(
        tables=tuple(_tables(read)),
        size=_number(read, "page_count") * page,
        unused=_number(read, "freelist_count") * page,
        log=log.stat().st_size if log.exists() else 0,
        gives_back=_number(read, "auto_vacuum") == _INCREMENTAL,
    )


def _tables(read: Read) -> list[TableSpace]:
    names = [name for (name,) in read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    sizes = _sizes(read)
    ours = [each for each in names if not each.startswith("sqlite_")]
    return [TableSpace(name=each, rows=_count(read, each), size=sizes.get(each)) for each in ours]


def _count(read: Read, table: str) -> int:
    return int(read(f'SELECT count(*) FROM "{table}"')[0][0])  # noqa: S608 - a name out of the schema


def _sizes(read: Read) -> dict[str, int]:
    """The bytes of each table with its indexes; nothing where this SQLite was built without ``dbstat``."""
    sql = (
        "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name) WHERE aggregate = TRUE "
        "GROUP BY tbl_name"
    )
    try:
        return dict(read(sql))
    except Exception:  # noqa: BLE001 - whatever it is, the counts are worth showing
        return {}


def _number(read: Read, pragma: str) -> int:
    return int(read(f"PRAGMA {pragma}")[0][0])


def space_of_file(path: Path) -> StoreSpace:
    """The same for a file that no server uses; raises :class:`DatabaseUnreadable`, :class:`StorageUnavailable`."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:

            def read(sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
                return connection.execute(sql, values).fetchall()

            return space_of(read, path)
    except sqlite3.Error as error:
        raise fault_of(error, f"The database {path} cannot be read") from None


def compact(path: Path) -> tuple[int, int]:
    """Write a file as a whole, so that it has no gaps and can give space back later; its size before and after.

    For a file that no server uses. What it holds is there before and after, also if the process is killed. Raises
    :class:`DiskFull`, :class:`StorageUnavailable`, :class:`DatabaseUnreadable`.
    """
    before = path.stat().st_size
    needed = 2 * before + LEAST_FREE_BYTES
    if (left := free_bytes(path)) < needed:
        message = (
            f"Compacting {path} needs {needed >> 20} MiB of free space for a while, and {left >> 20} MiB are free."
        )
        raise DiskFull(message, hint="Free some space on this disk, then try again. The database is unchanged.")
    os.environ["SQLITE_TMPDIR"] = str(path.parent)  # or people's words would lie in a folder that others share
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise fault_of(error, f"The database {path} cannot be compacted") from None
    return before, path.stat().st_size
