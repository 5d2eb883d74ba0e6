"""The database file: its connections, and how changes become durable.

A change is a list of statements. All changes that wait are carried out in one transaction and made durable by one
flush of the disk (group commit): on a disk that takes milliseconds to flush, this is what keeps many small durable
writes quick. A change that breaks a rule is undone alone; its neighbours land.

While the disk is quicker than handing a change to another thread, groups are written on the event loop; otherwise,
and for everything large, by one writer thread (``docs/decisions/0004``).
"""

import asyncio
import sqlite3
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing, suppress
from itertools import zip_longest
from operator import attrgetter
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, get_ident
from threading import Thread as OsThread
from typing import Any, TypeVar

from sqlite_utils import Database

from orcheo_adapters.sqlite.commit_pace import CommitPace
from orcheo_adapters.sqlite.errors import DatabaseUnreadable, fault_of
from orcheo_adapters.sqlite.migrations import STEPS, migrate
from orcheo_adapters.sqlite.read_cache import ReadCache
from orcheo_adapters.sqlite.statements import Change, Many, Part, Row, Statement
from orcheo_adapters.system.disk import LEAST_FREE_BYTES, DiskFull, free_bytes, is_full
from orcheo_adapters.system.logs import get_logger
from orcheo_adapters.system.reserve import Reserve
from orcheo_core.domain.audit import link_of
from orcheo_core.domain.search import folded
from orcheo_core.errors import FieldError, InvalidInput, StorageUnavailable

T = TypeVar("T")
_LOG = get_logger("sqlite")
_IS_SMALL = attrgetter("is_small")
_GROUP_LIMIT = 256
_LOG_LIMIT = 500
"""Changes after which the write-ahead log is shortened."""
_LOG_PAGES = 20_000
"""Size of the log at which SQLite shortens it by itself, should the thread not come to it."""
_LOG_BYTES = _LOG_PAGES * 4096
"""What its file keeps on the disk. One group of changes may be larger, when long answers end together, and a long read
may hold the log: with the first change after that, its file is cut to this size."""
_LOG_PARTS = 8
"""Parts of long work after which it is shortened too, as each of them can write hundreds of pages."""
_MERGE_PAGES = 16
"""Pages of the search index that are written in one step: some 2 ms."""
SEARCH_SECONDS = 10.0
_LOOK_AFTER = 1_000
"""Steps of SQLite between two looks at the time: some of them compare a text of 100,000 characters."""
_TOO_LONG = f"was stopped after {SEARCH_SECONDS:.0f} s, as others wait: use longer words, or ones that are rarer"
Read = Callable[[str], list[Row]]
"""Gives all rows of a statement without values."""


sqlite3.register_adapter(type(None), {}.get)  # type: ignore[arg-type]  # typeshed does not know that NULL may come back
"""NULL stays NULL, which sqlite3 finds out each time by two failed look-ups where nothing is registered: a turn has a
dozen. ``{}.get`` gives None, and no Python function is called for it."""
ExplainIntegrity = Callable[[sqlite3.IntegrityError], Exception]


class SqliteDatabase:
    """An open database file."""

    def __init__(
        self,
        path: Path,
        *,
        explain: ExplainIntegrity,
        synchronous: str = "FULL",
        pace: CommitPace | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        """Open and migrate ``path``; ``explain`` names the rule behind a broken constraint.

        Raises :class:`SchemaTooNew`, :class:`DatabaseUnreadable`, :class:`StorageUnavailable`, :class:`DiskFull`.
        """
        self.path = path
        self._explain = explain
        self._reserve = reserve
        self.cache = ReadCache()
        try:
            self._writer, self._reader, self._apart, self._long, self._searching = _open(path, synchronous)
        except (sqlite3.DatabaseError, OSError) as error:
            if is_full(path):  # SQLite reports it as "disk I/O error" here, which reads like damage
                raise DiskFull.at(path) from None
            raise fault_of(error, f"The database {path} cannot be opened") from None
        self._file = path.stat().st_ino
        self._reads_apart = Lock()
        self._reads_long = Lock()
        self._reads_searching = Lock()
        self._turn_to_read_long = asyncio.Lock()
        self._turn_to_search = asyncio.Lock()
        self.indexing = defaultdict[str | None, asyncio.Lock](asyncio.Lock)
        """Held while what was said in a workflow (None: in all) is indexed."""
        self._must_erase = False
        self._pace = pace or CommitPace()
        self._writing = Lock()
        """Held by the event loop or the writer thread while it uses the writer's connection."""
        self._waiting: list[Change] = []
        """For when the event loop comes round."""
        self.commits = 0
        """How many groups of changes have been written since the file was opened."""
        self._changes_in_log = 0
        self._parts_in_log = 0
        self._due_on: asyncio.AbstractEventLoop | None = None
        self._queue: SimpleQueue[list[Change | None]] = SimpleQueue()
        """For the thread: changes of one round of the event loop together, as each list wakes it; None at the end."""
        self._closing = Lock()
        self._closed = False
        self._thread = OsThread(target=self._write_all, name="sqlite-writer", daemon=True)
        self._thread.start()

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a short read: a key or a page.

        Runs where it is called, on the event loop: such a read takes some 20 µs, a hop to a thread 300
        (``docs/decisions/0004``).
        """
        try:
            return self._reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StorageUnavailable(f"The database cannot be read: {error}.") from None

    def read_some(self, sql: str, values: Sequence[Any], most_bytes: int) -> tuple[list[Row], bool]:
        """The first rows, and whether some were left out: the texts in their last columns would have more bytes."""
        found: list[Row] = []
        try:
            for row in self._reader.execute(sql, values):
                most_bytes -= len(row[-1].encode())
                if most_bytes < 0 and found:
                    return found, True
                found.append(row)
        except sqlite3.Error as error:
            raise StorageUnavailable(f"The database cannot be read: {error}.") from None
        return found, False

    def read_apart(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a read of many rows of a thread: for a thread of its own, over a connection of its own."""
        return _read_with(self._apart, self._reads_apart, sql, values)

    def read_long(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a read over whole tables, which may take minutes: within :meth:`in_thread` only."""
        return _read_with(self._long, self._reads_long, sql, values)

    def read_searching(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The same for a search: within :meth:`searching_in_thread` only."""
        return _read_with(self._searching, self._reads_searching, sql, values)

    def read_briefly(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The same for a search whose words someone else has chosen, as the next one waits for it.

        Raises :class:`InvalidInput` once it has taken :data:`SEARCH_SECONDS`.
        """
        ends_at = time.monotonic() + SEARCH_SECONDS
        self._searching.set_progress_handler(lambda: time.monotonic() >= ends_at, _LOOK_AFTER)
        try:
            return self.read_searching(sql, values)
        except StorageUnavailable:
            if time.monotonic() >= ends_at:
                raise InvalidInput(FieldError("search", _TOO_LONG)) from None
            raise
        finally:
            self._searching.set_progress_handler(None, 0)

    async def searching_in_thread(self, read: Callable[..., T], *given: Any) -> T:
        """What ``read`` returns, which uses :meth:`read_searching`; no other long read waits for it."""
        async with self._turn_to_search:
            return await asyncio.to_thread(read, *given)

    async def in_thread(self, read: Callable[..., T], *given: Any) -> T:
        """What ``read`` returns, which uses :meth:`read_long`; several of them one after the other.

        Those that wait hold no thread: a few searches would keep all others from the few that the server has.
        """
        async with self._turn_to_read_long:
            return await asyncio.to_thread(read, *given)

    async def write(self, parts: Iterable[Part], *, is_small: bool = True) -> None:
        """Carry out a change durably; raises what its checks raise, and :class:`StorageUnavailable`.

        One that is not small, whatever the number of its parts, is left to the writer thread.
        """
        loop = asyncio.get_running_loop()
        change = Change(tuple(parts), loop)
        change.is_small = change.is_small and is_small
        is_at_once = change.is_small and not self._waiting and self._pace.is_alone and self._pace.is_quick
        if not (is_at_once and self._write_on_loop([change])):
            self._write_soon(change)
        await change.done  # a caller that is cancelled here only stops waiting

    async def write_from_reserve(self, parts: Sequence[Part]) -> None:
        """The same, on a full disk with the space that is kept back; what of it is not used is taken back."""
        reserve = self._reserve
        try:
            await self.write(parts)
        except StorageUnavailable as error:
            if reserve is None or _is_busy(error.__cause__):  # each try would wait for the other program again
                raise
            await self._write_in_freed_space(parts, reserve)

    async def _write_in_freed_space(self, parts: Sequence[Part], reserve: Reserve) -> None:
        """In parts, as others may take what is freed first."""
        try:
            while reserve.give_up_some():
                with suppress(StorageUnavailable):
                    await self.write(parts)
                    return
            await self.write(parts)
        finally:
            reserve.refill()

    async def fill_reserve(self) -> None:
        """Keep space back again, once the disk has it."""
        if self._reserve is not None:
            await asyncio.to_thread(self._reserve.fill)

    async def check(self) -> None:
        """Raise :class:`StorageUnavailable` unless a change can be made durable now.

        A change of a few bytes may still fit where a message no longer does, hence the look at the space left.
        """
        if not self._is_there():
            raise StorageUnavailable(f"The database {self.path} was removed or replaced while the server runs.")
        await self.write((Statement(f"PRAGMA user_version = {len(STEPS)}"),))  # writes the first page again
        if (left := free_bytes(self.path)) < LEAST_FREE_BYTES:
            raise StorageUnavailable(f"The disk is full: {left // 1024} KiB are free.")

    def _is_there(self) -> bool:
        try:
            return self.path.stat().st_ino == self._file
        except OSError:
            return False

    async def erase_remains(self, *, force: bool) -> None:
        """Leave no bytes behind of what was removed since the last time, or ever with ``force``.

        Freed pages are zeroed as they are freed (``secure_delete``); what is left are the words in old segments of
        the search index, and old pages in the write-ahead log.
        """
        if not force and not self._must_erase:
            return
        self._must_erase = False
        try:
            await self.merge_index(whole=True)
            await self.cut_log()
        except BaseException:
            self._must_erase = True
            raise

    async def merge_index(self, *, whole: bool = False) -> None:
        """Write segments of the search index as one where there are many, in steps between which others write.

        With ``whole`` all of them. At once (``optimize``) this would take two seconds for each 100 MiB of index; left
        to SQLite (``automerge``), it would happen within changes, some ten times the time of the change itself.
        """
        # Negative: begin with all segments (SQLite's FTS5 page, "merge").
        has_merged, pages = True, -_MERGE_PAGES if whole else _MERGE_PAGES

        def merge(writer: sqlite3.Connection) -> None:
            nonlocal has_merged
            before = writer.total_changes
            writer.execute("INSERT INTO item_texts (item_texts, rank) VALUES ('merge', ?)", (pages,))
            has_merged = writer.total_changes - before > 1  # as that page says

        while has_merged:
            began = time.monotonic()
            await self.do_alone(merge)
            pages = _MERGE_PAGES
            await self.pause(time.monotonic() - began)

    async def pause(self, seconds: float) -> None:
        """Let others write after a part of long work, for as long as it took, and keep the log short."""
        self._parts_in_log += 1
        if self._parts_in_log >= _LOG_PARTS:
            self._parts_in_log = 0
            await self.do_alone(_shorten_log)
        await asyncio.sleep(seconds)

    async def do_alone(self, chore: Callable[[sqlite3.Connection], None]) -> None:
        """Do ``chore`` in the writer's thread, between two groups of changes and outside of any transaction."""
        loop = asyncio.get_running_loop()
        change = Change((), loop, chore)
        self._hand_over(change)
        await change.done

    async def cut_log(self) -> None:
        """Copy the write-ahead log into the database, and give its space back."""
        await self._without_long_reads(_cut_log)

    async def forget_pages(self) -> None:
        """Free the memory of rows and pages that were read or written; the system still has those in use."""
        self.cache.clear()
        _forget_pages(self._reader)
        await self._without_long_reads(self._forget_pages_elsewhere)

    def _forget_pages_elsewhere(self, writer: sqlite3.Connection) -> None:
        for each in (writer, self._apart, self._long, self._searching):
            _forget_pages(each)

    async def _without_long_reads(self, chore: Callable[[sqlite3.Connection], None]) -> None:
        """They would hold the log; those of a thread too, as what is removed may be in it."""
        async with self._turn_to_search, self._turn_to_read_long:
            await asyncio.to_thread(self._reads_apart.acquire)
            try:
                await self.do_alone(chore)
            finally:
                self._reads_apart.release()

    def _write_soon(self, change: Change) -> None:
        """Write ``change`` with all others of this round of the event loop."""
        with self._closing:
            self._refuse_if_closed()
            self._waiting.append(change)
            if self._due_on is not change.loop:
                self._due_on = change.loop
                change.loop.call_soon(self._write_waiting)

    def _write_waiting(self) -> None:
        with self._closing:
            group, self._waiting, self._due_on = self._waiting, [], None
        if not group:  # closing has handed them over
            return
        self._pace.came_together(len(group))
        if not (self._pace.is_quick and all(map(_IS_SMALL, group)) and self._write_on_loop(group)):
            self._queue.put([*group])

    def _write_on_loop(self, group: list[Change]) -> bool:
        """Write a group right now, unless the thread is in the middle of one or the file is closed."""
        if self._closed or not self._writing.acquire(blocking=False):
            return False
        try:
            outcomes = self._write_group(group)
        finally:
            self._writing.release()
        self._outdate_cache(group)
        _tell(group, outcomes, asyncio.get_running_loop())
        self._shorten_log_now_and_then(len(group), group[0].loop)
        return True

    def _shorten_log_now_and_then(self, changes: int, loop: asyncio.AbstractEventLoop) -> None:
        """Have the thread copy the write-ahead log into the database: on the event loop that would stop all streams."""
        self._changes_in_log += changes
        if self._changes_in_log >= _LOG_LIMIT and not self._closed:
            self._changes_in_log = 0
            self._queue.put([Change((), loop, _shorten_log)])

    def _hand_over(self, change: Change) -> None:
        with self._closing:  # nothing may come to stand behind the end of the queue, where it would never be taken
            self._refuse_if_closed()
            self._queue.put([change])

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StorageUnavailable("The database is closed.")

    def close(self) -> None:
        """Finish what waits, then close."""
        with self._closing:
            self._closed = True
            self._queue.put([*self._waiting, None])
            self._waiting = []
        self._thread.join()
        self._reader.close()
        self._apart.close()
        self._long.close()
        self._searching.close()
        self._writer.close()

    def _write_all(self) -> None:
        waiting: deque[Change | None] = deque()
        while (first := self._next_of(waiting)) is not None:
            if first.chore is not None:
                with self._writing:
                    outcome = self._do_chore(first.chore)
                _tell([first], [outcome])
                continue
            group = [first]
            while waiting and len(group) < _GROUP_LIMIT and waiting[0] is not None and waiting[0].chore is None:
                group.append(waiting[0])
                waiting.popleft()
            with self._writing:
                outcomes = self._write_group(group)
            self._outdate_cache(group)
            _tell(group, outcomes)

    def _next_of(self, waiting: "deque[Change | None]") -> Change | None:
        """The first change, once there is one; whatever else has been handed over comes to ``waiting``."""
        with suppress(Empty):
            while True:
                waiting.extend(self._queue.get(block=not waiting))
        return waiting.popleft()

    def _do_chore(self, chore: Callable[[sqlite3.Connection], None]) -> Exception | None:
        try:
            chore(self._writer)
        except sqlite3.Error as error:
            self._roll_back()
            return StorageUnavailable(f"The database did not take the change: {error}.")
        return None

    def _write_group(self, group: list[Change]) -> list[Exception | None]:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            if self._carry_out_together(group):
                outcomes: list[Exception | None] = [None] * len(group)
            else:  # a change that is refused must not take the others along
                self._writer.execute("ROLLBACK")
                self._writer.execute("BEGIN IMMEDIATE")
                outcomes = [self._carry_out_apart(change) for change in group]
            self._commit()
        except Exception as error:  # noqa: BLE001 - whatever it is, the writer must continue and the callers must know
            self._roll_back()
            _LOG.error("a group of %d changes was not written: %s", len(group), error)
            failure = StorageUnavailable(f"The database did not take the change: {error}.")
            failure.__cause__ = error
            return [failure] * len(group)
        return outcomes

    def _carry_out_together(self, group: list[Change]) -> bool:
        """Execute the first statements of all changes, then the second ones, and so on; whether no rule is broken.

        Those of one change keep their order; which of two changes comes first is open, as neither knows of the other.
        A change that looks at something before it writes, or writes more than rows by their keys, is carried out as a
        whole, or another one could come between the two.
        """
        try:
            by_rows = []
            for change in group:
                if change.is_by_rows and len(group) > 1:
                    by_rows.append(change.parts)
                else:
                    change.carry_out(self._writer)
            for parts in zip_longest(*by_rows):
                self._carry_out_alike(parts)
        except sqlite3.IntegrityError:
            return False
        except sqlite3.Error:
            raise
        except Exception:  # noqa: BLE001 - a check that raised: whose, and why, shows when each is carried out apart
            return False
        return True

    def _carry_out_alike(self, parts: Iterable[Part | None]) -> None:
        """Those about the same kind of row by one statement for all; None stands for the end of a shorter change."""
        rows: defaultdict[Many, list[Row]] = defaultdict(list)
        for each in parts:
            if each is not None and not isinstance(each, Statement):
                many, row = each
                rows[many].append(row)
        for many, values in rows.items():
            many.carry_out(self._writer, values)

    def _commit(self) -> None:
        began = time.monotonic()
        self._writer.execute("COMMIT")
        self.commits += 1
        if get_ident() != self._thread.ident:  # whose clock counts waiting for the interpreter's lock too
            self._pace.took(time.monotonic() - began)

    def _carry_out_apart(self, change: Change) -> Exception | None:
        self._writer.execute("SAVEPOINT change")
        outcome = self._carry_out(change)
        if outcome is not None:
            self._writer.execute("ROLLBACK TO change")
        self._writer.execute("RELEASE change")
        return outcome

    def _carry_out(self, change: Change) -> Exception | None:
        """Execute a change; the broken rule, if any, for its caller alone."""
        try:
            change.carry_out(self._writer)
        except sqlite3.IntegrityError as error:
            return self._explain(error)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - a check of this code that raised
            return error
        return None

    def _outdate_cache(self, group: list[Change]) -> None:
        for change in group:
            for statement in change.touching:
                if statement.touches is not None:
                    self.cache.touch(*statement.touches)
                if statement.erases:
                    self._must_erase = True

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")


def _is_busy(error: BaseException | None) -> bool:
    """Whether another program kept the file locked."""
    return isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY


def _cut_log(writer: sqlite3.Connection) -> None:
    busy, *_ = writer.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchone()
    if busy:
        message = "a read that takes long holds the write-ahead log"
        raise sqlite3.OperationalError(message)


def _forget_pages(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA shrink_memory")


def _shorten_log(writer: sqlite3.Connection) -> None:
    writer.execute("PRAGMA wal_checkpoint (PASSIVE)").fetchone()


def _read_with(connection: sqlite3.Connection, lock: Lock, sql: str, values: Sequence[Any]) -> list[Row]:
    try:
        with lock:
            return connection.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise StorageUnavailable(f"The database cannot be read: {error}.") from None


def _open(path: Path, synchronous: str) -> list[sqlite3.Connection]:
    """The writer's connection, and four for readers; a file that is refused is left as it was."""
    path.touch(mode=0o600)
    with ExitStack() as opened:
        writer = opened.enter_context(closing(_connect(path, synchronous)))
        if path.stat().st_size == 0:  # a file that has rows is not touched before its schema is known
            writer.execute("PRAGMA auto_vacuum = INCREMENTAL")
        migrate(Database(writer))
        if writer.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
            raise DatabaseUnreadable(
                f"The file system of {path} cannot keep a write-ahead log, which the database needs.",
                hint="Keep the data folder on a disk of this machine, not on a network disk.",
            )
        readers = [opened.enter_context(closing(_connect(path, synchronous))) for _ in range(4)]
        for each in readers:
            each.execute("PRAGMA query_only = ON")
        opened.pop_all()
    return [writer, *readers]


def _connect(path: Path, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    connection.execute("PRAGMA secure_delete = ON")
    connection.create_function("audit_link", 2, link_of, deterministic=True)
    connection.create_function("folded", 1, folded, deterministic=True)
    return connection


def _tell(group: list[Change], outcomes: list[Exception | None], here: asyncio.AbstractEventLoop | None = None) -> None:
    """Resolve each change on its own loop; ``here`` is the one that runs now, if any."""
    elsewhere: defaultdict[asyncio.AbstractEventLoop, list[tuple[Change, Exception | None]]] = defaultdict(list)
    for change, outcome in zip(group, outcomes, strict=True):
        if change.loop is here:
            change.resolve(outcome)
        else:
            elsewhere[change.loop].append((change, outcome))
    for loop, told in elsewhere.items():
        with suppress(RuntimeError):  # the loop was closed in the meantime, and its callers with it
            loop.call_soon_threadsafe(_resolve, told)


def _resolve(told: list[tuple[Change, Exception | None]]) -> None:
    for change, outcome in told:
        change.resolve(outcome)
