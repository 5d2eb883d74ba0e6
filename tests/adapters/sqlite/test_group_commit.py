"""Changes that wait together land together, and fail alone."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, get_ident

import pytest
from attrs import define, field

from orcheo_adapters.sqlite.commit_pace import CommitPace
from orcheo_adapters.sqlite.database import SqliteDatabase, _shorten_log
from orcheo_adapters.sqlite.statements import ManyRows, Statement
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.errors import ConcurrentChange, HandleTaken, StorageUnavailable
from orcheo_core.ports.unit_of_work import UnitOfWork
from tests.adapters.sqlite.files import ask, audit_ids, noted, opened

DEADLINE_SECONDS = 60
ON_THE_THREAD = CommitPace(too_slow=0.0)


@define
class Held:
    """A database whose writer is held in the middle of a change until :meth:`land` hands it more."""

    database: SqliteDatabase
    path: Path
    said: list[str] = field(factory=list)
    _may_pass: Event = field(factory=Event)

    async def hold(self) -> "asyncio.Task[None]":
        """Return when the writer stands in the change that is given back."""
        loop, at_gate = asyncio.get_running_loop(), asyncio.Event()

        def check(_cursor: sqlite3.Cursor) -> None:
            loop.call_soon_threadsafe(at_gate.set)
            assert self._may_pass.wait(DEADLINE_SECONDS)

        self.database._writer.set_trace_callback(self.said.append)
        first = asyncio.create_task(self.database.write([Statement("SELECT 1", check=check)]))
        await at_gate.wait()
        return first

    async def land(self, *changes: list[Statement]) -> list[BaseException | None]:
        """Queue these changes, let the writer go on, and give what each came to."""
        writing = [asyncio.create_task(self.database.write(change)) for change in changes]
        asyncio.get_running_loop().call_soon(self._may_pass.set)
        return await asyncio.gather(*writing, return_exceptions=True)

    @property
    def commits(self) -> int:
        """How many transactions were made durable."""
        return self.said.count("COMMIT")


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[Held]:
    """An empty database with a writer thread that can be held."""
    with opened(tmp_path / "orcheo.db", pace=ON_THE_THREAD) as database:
        yield Held(database, tmp_path / "orcheo.db")


async def test_changes_that_wait_together_share_a_transaction(held: Held) -> None:
    """Three hundred changes need two commits besides that of the change they waited for: at most 256 share one."""
    first = await held.hold()
    keys = [f"aud_{number:03}" for number in range(300)]
    assert await held.land(*([noted(key)] for key in keys)) == [None] * 300
    await first
    assert held.commits == 3
    assert audit_ids(held.path) == keys


async def test_a_change_that_fails_leaves_its_neighbours_intact(held: Held) -> None:
    """One change of a group breaks a rule in its second statement: it goes whole, the others stay."""
    await held.hold()
    twice = [noted("aud_2"), noted("aud_1")]
    before, broken, after = await held.land([noted("aud_1")], twice, [noted("aud_3")])
    assert (before, after) == (None, None)
    assert isinstance(broken, ConcurrentChange)
    assert held.commits == 2
    assert audit_ids(held.path) == ["aud_1", "aud_3"]


async def test_each_change_gets_its_own_error(held: Held) -> None:
    """A check that raises tells its own caller, in its own words."""

    def refuse(_cursor: sqlite3.Cursor) -> None:
        raise HandleTaken

    await held.hold()
    refused = Statement("SELECT 1", check=refuse)
    first, second, third = await held.land([noted("aud_1"), refused], [noted("aud_2")], [noted("aud_2")])
    assert isinstance(first, HandleTaken)
    assert second is None
    assert isinstance(third, ConcurrentChange)
    assert audit_ids(held.path) == ["aud_2"]


async def test_a_statement_that_cannot_be_carried_out_fails_its_whole_group(held: Held) -> None:
    """When SQLite itself cannot go on nothing of the transaction lands, and every caller knows."""
    await held.hold()
    outcomes = await held.land([noted("aud_1")], [Statement("INSERT INTO nowhere VALUES (1)")])
    assert [type(each) for each in outcomes] == [StorageUnavailable, StorageUnavailable]
    assert audit_ids(held.path) == []
    await held.database.write([noted("aud_2")])
    assert audit_ids(held.path) == ["aud_2"]


async def test_whoever_is_cancelled_only_stops_waiting(held: Held) -> None:
    """A change whose caller went away lands all the same, and does not disturb the rest of its group."""
    first = await held.hold()
    first.cancel()
    assert await held.land([noted("aud_1")]) == [None]
    assert first.cancelled()
    assert audit_ids(held.path) == ["aud_1"]


async def test_closing_finishes_what_waits(held: Held) -> None:
    """A change that was handed over before the end lands; one that comes after it is refused."""
    await held.hold()
    waiting = asyncio.create_task(held.database.write([noted("aud_1")]))
    closing = asyncio.create_task(asyncio.to_thread(held.database.close))
    while not held.database._closed:  # noqa: ASYNC110 - a thread sets it, which has no loop to tell
        await asyncio.sleep(0)  # lets the thread get to the end of the queue
    with pytest.raises(StorageUnavailable, match="closed"):
        await held.database.write([noted("aud_2")])
    assert await held.land() == []
    await asyncio.gather(waiting, closing)
    assert audit_ids(held.path) == ["aud_1"]


async def test_a_read_that_fails_says_that_storage_is_unavailable(held: Held) -> None:
    """Whatever SQLite says about a read, callers know one error."""
    with pytest.raises(StorageUnavailable, match="cannot be read"):
        held.database.read("SELECT * FROM nowhere")


def wrote_on(database: SqliteDatabase) -> list[int]:
    """A list that gets the thread of every statement that the writer's connection carries out from now on."""
    threads: list[int] = []
    database._writer.set_trace_callback(lambda _sql: threads.append(get_ident()))
    return threads


async def test_a_quick_disk_is_written_on_the_event_loop(tmp_path: Path) -> None:
    """Changes of one round of the loop share a transaction, without a thread."""
    with opened(tmp_path / "orcheo.db") as database:
        said: list[tuple[int, str]] = []
        database._writer.set_trace_callback(lambda sql: said.append((get_ident(), sql)))
        await asyncio.gather(*(database.write([noted(f"aud_{number}")]) for number in range(3)))
    assert {thread for thread, _ in said} == {get_ident()}
    assert [sql for _, sql in said].count("COMMIT") == 1
    assert audit_ids(tmp_path / "orcheo.db") == ["aud_0", "aud_1", "aud_2"]


async def test_a_refused_change_on_the_event_loop_leaves_its_neighbours_intact(tmp_path: Path) -> None:
    """As on the thread."""
    with opened(tmp_path / "orcheo.db") as database:
        changes = [noted("aud_1")], [noted("aud_2"), noted("aud_1")], [noted("aud_3")]
        outcomes = await asyncio.gather(*map(database.write, changes), return_exceptions=True)
    assert [type(each) for each in outcomes] == [type(None), ConcurrentChange, type(None)]
    assert audit_ids(tmp_path / "orcheo.db") == ["aud_1", "aud_3"]


@pytest.mark.parametrize(
    "change",
    [
        [noted(f"aud_{number:03}") for number in range(100)],
        [Statement("DELETE FROM threads WHERE id = ?", ("thr_1",), erases=True)],
        [Statement("UPDATE chat_sessions SET ended_at = 1", touches=("chat_sessions", None))],
    ],
    ids=["many statements", "a removal", "a whole table"],
)
async def test_what_may_take_long_is_written_by_the_thread(tmp_path: Path, change: list[Statement]) -> None:
    """However quick the disk is, other visitors must not wait for it."""
    with opened(tmp_path / "orcheo.db") as database:
        threads = wrote_on(database)
        await database.write(change)
    assert threads
    assert get_ident() not in threads


async def test_what_housekeeping_forgets_is_looked_for_by_the_thread(tmp_path: Path) -> None:
    """Ids that are used up and deliveries have no index by time: all of them are looked at."""
    store, now = SqliteStore(tmp_path / "orcheo.db"), datetime.now(UTC)
    removals: tuple[Callable[[UnitOfWork], None], ...] = (
        lambda change: change.spent_ids.remove_older("proof", now),
        lambda change: change.deliveries.remove_older(now),
        lambda change: change.owner_sessions.remove_older(now, tickets_only=False),
    )
    for remove in removals:
        threads, change = wrote_on(store._database), store.begin()
        remove(change)
        await change.commit()
        assert threads
        assert get_ident() not in threads
    await store.close()


async def test_the_event_loop_does_not_wait_for_the_thread(tmp_path: Path) -> None:
    """While the thread is in the middle of a group, the loop hands its changes over."""
    with opened(tmp_path / "orcheo.db") as database:
        threads = wrote_on(database)
        database._writing.acquire()
        writing = asyncio.create_task(database.write([noted("aud_1")]))
        while not database._due_on:  # noqa: ASYNC110 - one round of the loop
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        database._writing.release()
        await writing
    assert get_ident() not in threads


async def test_closing_finishes_what_waits_for_the_event_loop(tmp_path: Path) -> None:
    """The loop never comes round again before the file is closed."""
    with opened(tmp_path / "orcheo.db") as database:
        writing = asyncio.create_task(database.write([noted("aud_1")]))
        asyncio.get_running_loop().call_soon(database.close)
        await writing
    assert audit_ids(tmp_path / "orcheo.db") == ["aud_1"]


def test_a_slow_disk_is_left_to_the_thread_for_a_while() -> None:
    """One hiccup does not count; three slow commits in a row do, for a second."""
    now = [100.0]
    pace = CommitPace(too_slow=0.001, now=lambda: now[0])
    for seconds in (0.002, 0.002, 0.0001, 0.002, 0.002):
        pace.took(seconds)
        assert pace.is_quick
    pace.took(0.002)
    assert not pace.is_quick
    now[0] += 0.9
    assert not pace.is_quick
    now[0] += 0.2
    assert pace.is_quick


def test_a_disk_that_stays_slow_is_tried_less_and_less_often() -> None:
    """Up to once a minute; one quick commit makes good for all."""
    now = [100.0]
    pace = CommitPace(too_slow=0.001, now=lambda: now[0])
    pace.took(0.002)
    pace.took(0.002)
    for rest in (1, 2, 4, 8, 16, 32, 60, 60):
        pace.took(0.002)
        now[0] += rest - 0.1
        assert not pace.is_quick
        now[0] += 0.2
        assert pace.is_quick
    pace.took(0.0001)
    pace.took(0.002)
    pace.took(0.002)
    assert pace.is_quick


async def test_the_thread_shortens_the_write_ahead_log(tmp_path: Path) -> None:
    """Copying the log into the database takes too long for the event loop."""
    with opened(tmp_path / "orcheo.db") as database:
        said: list[tuple[int, str]] = []
        database._writer.set_trace_callback(lambda sql: said.append((get_ident(), sql)))
        for number in range(600):
            await database.write([noted(f"aud_{number:03}")])
    [thread] = [thread for thread, sql in said if "wal_checkpoint" in sql]
    assert thread != get_ident()


async def test_the_file_of_the_log_does_not_stay_as_large_as_it_was(tmp_path: Path) -> None:
    """What many long answers took, as they ended together, is given back when the log has been copied."""
    log, note = tmp_path / "orcheo.db-wal", Statement("UPDATE audit SET note = ?", ("x" * 2_000_000,))
    with opened(tmp_path / "orcheo.db") as database:
        (limit,) = database._writer.execute("PRAGMA journal_size_limit").fetchone()
        assert limit == 80_000 * 1024
        database._writer.execute("PRAGMA journal_size_limit = 100000")
        await database.write([noted("aud_0")])
        await database.write([note])
        assert log.stat().st_size > 2_000_000
        await database.do_alone(_shorten_log)
        await database.write([noted("aud_1")])
        assert log.stat().st_size <= 100_000


async def test_a_change_that_comes_alone_waits_for_nothing(tmp_path: Path) -> None:
    """After a while of single changes they are written where they are asked for, without a round of the loop."""
    pace = CommitPace(too_slow=60.0)
    with opened(tmp_path / "orcheo.db", pace=pace) as database:
        for number in range(80):
            await database.write([noted(f"aud_{number:03}")])
        threads: list[int] = []
        database._writer.set_trace_callback(lambda _sql: threads.append(get_ident()))
        alone = database.write([noted("aud_200")])
        with pytest.raises(StopIteration):
            alone.send(None)
        assert set(threads) == {get_ident()}
        with pytest.raises(ConcurrentChange):
            await database.write([noted("aud_200")])
    assert len(audit_ids(tmp_path / "orcheo.db")) == 81


def test_changes_that_come_together_are_noticed() -> None:
    """Every sixteenth change waits a round, and finds the others."""
    pace = CommitPace()
    for _ in range(64):
        assert not pace.is_alone
        pace.came_together(1)
    assert [pace.is_alone for _ in range(16)] == [True] * 15 + [False]
    pace.came_together(2)
    assert not pace.is_alone


async def test_rows_of_several_changes_are_one_statement(held: Held) -> None:
    """A change whose row is not found is refused alone, by the rule of its own statement."""
    note = ManyRows(
        "UPDATE audit SET note = ? WHERE id = ?",
        "UPDATE audit SET note = column1 FROM (VALUES {}) WHERE id = column2",
        row="(?, ?)",
        must_hit=True,
    )
    first = await held.hold()
    keys = [f"aud_{number}" for number in range(7)]
    assert await held.land(*([noted(key)] for key in keys)) == [None] * 7
    await first
    held.said.clear()
    await asyncio.gather(*(held.database.write([(note, ("new", key))]) for key in keys))
    assert sum(said.startswith("UPDATE audit") for said in held.said) == 1
    outcomes = await asyncio.gather(
        *(held.database.write([(note, ("newer", key))]) for key in ("aud_0", "aud_9")), return_exceptions=True
    )
    assert [type(each) for each in outcomes] == [type(None), ConcurrentChange]
    assert sorted(ask(held.path, "SELECT note, count(*) FROM audit GROUP BY note")) == [("new", 6), ("newer", 1)]
