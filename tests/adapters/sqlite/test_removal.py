"""What is large is removed in slices: at once for its readers, without keeping others waiting."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from math import inf
from pathlib import Path

import pytest

from orcheo_adapters.sqlite.migrations import REMOVALS, STEPS
from orcheo_adapters.sqlite.removal import sweep
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.component_items import HiddenItem
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.domain.workflow import WorkflowFilter
from orcheo_core.errors import ChatSessionEnded, ChatUnavailable, ConcurrentChange
from orcheo_core.ports.unit_of_work import UnitOfWork
from tests import samples
from tests.adapters.sqlite.files import ask
from tests.adapters.sqlite.remover import ITEMS, LEFT, SECRET, WAYS, fill, remove, remove_and_write
from tests.adapters.sqlite.test_erasing import bytes_with
from tests.conformance.keeping import keep, stage

ROOT = Path(__file__).parents[3]
OF_THREAD = {"thread", "threads", "first item", "turn", "key", "running", "attachment", "of thread", "turns", "failed"}
OF_WORKFLOW = {"workflow", "handle", "workflows", "token", "live", "latest", "chat session", "unsent", "of workflow"}
OF_PART = {"item", "items", "shown items", "behind", "feedback", "words"}
ALL = OF_THREAD | OF_WORKFLOW | OF_PART
GONE = {"thread": OF_THREAD | OF_PART, "workflow": ALL, "part": OF_PART}


async def found(store: SqliteStore) -> set[str]:
    """What a reader finds of all that can be removed."""
    reader, page = store.begin(), PageQuery(limit=100)
    of_workflow = ThreadFilter(workflow_id="wf_1")
    threads = (await reader.threads.page(of_workflow, page)).entries
    assert (await reader.threads.sum_up(of_workflow)).count == len(threads)
    there: dict[str, object] = {
        "thread": await reader.threads.find("thr_1"),
        "threads": [each for each in threads if each.id == "thr_1"],
        "first item": await reader.items.find("thr_1", "msg_1"),
        "turn": await reader.turns.latest("thr_1"),
        "turns": list((await reader.turns.page("thr_1", PageQuery())).entries),
        "key": await reader.turns.find_by_key("wf_1", samples.VISITOR, "k1"),
        "running": await reader.turns.running(),
        "failed": (await reader.turns.sum_up("wf_1")).turns,
        "attachment": await reader.attachments.find("atc_1"),
        "of thread": await reader.attachments.ids(workflow_id="wf_1", thread_id="thr_1"),
        "workflow": await reader.workflows.find("wf_1"),
        "handle": await reader.workflows.find("flow-1"),
        "workflows": [
            each for each in (await reader.workflows.page(WorkflowFilter(), page)).entries if each.id == "wf_1"
        ],
        "token": await reader.publish_tokens.find("pt1"),
        "live": await reader.publish_tokens.live("wf_1", samples.moment(0)),
        "latest": await reader.publish_tokens.latest("wf_1"),
        "chat session": await reader.chat_sessions.find("cs_1"),
        "unsent": await reader.attachments.find("atc_2"),
        "of workflow": await reader.attachments.ids(workflow_id="wf_1"),
        "item": await reader.items.find("thr_1", "msg_500"),
        "items": [each for each in (await reader.items.page("thr_1", page, hidden=True)).entries if each.id != "msg_1"],
        "shown items": [each for each in (await reader.items.page("thr_1", page)).entries if each.id != "msg_1"],
        "behind": await reader.items.classes_after("thr_1", "msg_1"),
        "feedback": await reader.feedback.of_thread("thr_1"),
        "words": (await reader.threads.page(ThreadFilter(words=(SECRET,)), page)).entries,
    }
    return {name for name, value in there.items() if value}


def exit_status_of_remover(path: Path, way: str) -> int:
    """Fill a file and remove something of it, in another process."""
    command = [sys.executable, "-m", "tests.adapters.sqlite.remover", str(path), way]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False).returncode


def rows_of_workflow(path: Path) -> int:
    """The rows of workflow 1 and of its threads, in all tables."""
    wheres = {
        "workflows": "id = 'wf_1'",
        "removals": "1",
        **dict.fromkeys(("threads", "turns", "attachments", "chat_sessions", "publish_tokens"), "workflow_id = 'wf_1'"),
        **dict.fromkeys(("items", "feedback", "indexed_items"), "thread_id <> 'thr_3'"),
    }
    return sum(ask(path, f"SELECT count(*) FROM {table} WHERE {where}")[0][0] for table, where in wheres.items())


@pytest.mark.parametrize("way", WAYS)
async def test_another_change_comes_in_between(tmp_path: Path, way: str) -> None:
    """What is removed is gone for readers by then; in the end nothing of it is in any file."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await fill(store)
    assert await found(store) == ALL
    removing = await remove_and_write(store, tmp_path / "orcheo.db", way)
    ((left,),) = ask(tmp_path / "orcheo.db", LEFT)
    assert 0 < left < ITEMS - 1
    assert await found(store) == ALL - GONE[way]
    await removing
    assert ask(tmp_path / "orcheo.db", "SELECT count(*) FROM removals") == [(0,)]
    assert ask(tmp_path / "orcheo.db", LEFT) == [(0,)]
    assert bytes_with(tmp_path, SECRET) == []
    assert await found(store) == ALL - GONE[way]
    assert await store.begin().items.find("thr_3", "msg_6002")
    assert (rows_of_workflow(tmp_path / "orcheo.db") == 0) is (way == "workflow")
    await store.close()


@pytest.mark.parametrize("way", WAYS)
async def test_housekeeping_finishes_what_a_kill_has_left(tmp_path: Path, way: str) -> None:
    """Killed in the middle: what is left is found by no one, and is gone after the next round."""
    path = tmp_path / "orcheo.db"
    assert exit_status_of_remover(path, way) == -signal.SIGKILL
    store = SqliteStore(path)
    ((left,),) = ask(path, LEFT)
    assert 0 < left < ITEMS - 1
    assert await found(store) == ALL - GONE[way]
    await store.tidy()
    assert ask(path, LEFT) == [(0,)]
    assert ask(path, "SELECT count(*) FROM removals") == [(0,)]
    assert bytes_with(tmp_path, SECRET) == []
    assert await store.begin().threads.find("thr_3")
    await store.close()


def _send(change: UnitOfWork) -> None:
    change.attachments.save(samples.attachment(2).sent_in("thr_1"))


LATE: dict[str, Callable[[UnitOfWork], object]] = {
    "item": lambda change: stage(change, samples.user_item(9_999)),
    "changed item": lambda change: change.items.save(samples.user_item(500)),
    "turn": lambda change: stage(change, samples.turn(2, status=TurnStatus.COMPLETED)),
    "end of turn": lambda change: change.turns.save(samples.turn(1).ended(TurnStatus.COMPLETED, samples.moment(9))),
    "feedback": lambda change: stage(change, samples.feedback(501)),
    "title": lambda change: change.threads.save(samples.thread(1)),
    "attachment": _send,
    "upload": lambda change: change.attachments.save(samples.attachment(1).sent_in("thr_1").uploaded()),
    "thread": lambda change: stage(change, samples.thread(9)),
    "chat session": lambda change: stage(change, samples.chat_session(9)),
    "publish token": lambda change: stage(change, samples.publish_token(9)),
    "announcement": lambda change: stage(change, samples.attachment(9)),
    "workflow": lambda change: change.workflows.save(samples.workflow(revision=2)),
    "second removal": lambda change: change.workflows.remove(samples.workflow(revision=2)),
}
REFUSED = {
    "thread": {"item", "changed item", "turn", "end of turn", "feedback", "title", "attachment", "upload"},
    "workflow": set(LATE),
    "part": {"changed item", "feedback"},
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_comes_late_is_refused_as_if_the_rows_were_gone(tmp_path: Path, way: str) -> None:
    """Whatever belongs to what is removed, while its rows are still there; all else lands."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await fill(store)
    await remove(store, way)
    refused = set()
    for name, late in LATE.items():
        change = store.begin()
        late(change)
        try:
            await change.commit()
        except ConcurrentChange:
            refused.add(name)
    assert refused == REFUSED[way]
    await store.close()


async def test_nothing_begins_under_a_workflow_whose_rows_are_still_there(tmp_path: Path) -> None:
    """Neither under its publication nor in a chat session of it; its handle is free, and what takes it is empty."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await fill(store)
    workflow = samples.workflow()
    await remove(store, "workflow")
    change = store.begin()
    change.workflows.check_publication(workflow)
    with pytest.raises(ChatUnavailable):
        await change.commit()
    change = store.begin()
    change.chat_sessions.check_open("cs_1")
    with pytest.raises(ChatSessionEnded):
        await change.commit()
    await keep(store, samples.workflow(9, handle=workflow.handle))
    taken = await store.begin().workflows.find(workflow.handle)
    assert taken is not None
    assert taken.id == "wf_9"
    assert (await store.begin().threads.page(ThreadFilter(workflow_id="wf_9"), PageQuery())).entries == ()
    await store.tidy(erase=True)
    assert await store.begin().workflows.find(workflow.handle) == taken
    await store.close()


async def test_an_idempotency_key_of_a_removed_thread_is_free(tmp_path: Path) -> None:
    """A visitor's program may use it again in another thread."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await fill(store)
    await remove(store, "thread")
    again = samples.turn(2, of=2, idempotency_key="k1")
    await keep(store, again)
    assert await store.begin().turns.find_by_key("wf_1", samples.VISITOR, "k1") == again
    await store.tidy(erase=True)
    assert await store.begin().turns.latest("thr_2") == again
    await store.close()


async def test_many_items_of_one_class_go_from_between_the_others(tmp_path: Path) -> None:
    """At once for readers, and the others stay when the rows have gone."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await keep(store, samples.workflow(), samples.thread())
    await keep(store, *(samples.hidden_item(each) for each in range(100, 200)))
    stays = [samples.user_item(each) for each in range(200, 220)]
    await keep(store, *stays, samples.hidden_item(300))
    change = store.begin()
    change.items.remove("thr_1", "msg_100", "msg_219", only=HiddenItem)
    await change.commit()
    for _ in range(2):
        page = await store.begin().items.page("thr_1", PageQuery(limit=100), hidden=True)
        assert page.entries == (*stays, samples.hidden_item(300))
        await store.tidy()
    assert ask(tmp_path / "orcheo.db", "SELECT count(*) FROM items") == [(21,)]
    await store.close()


async def test_a_sweep_that_takes_long_leaves_the_rest_for_the_next_one(tmp_path: Path) -> None:
    """The rest of housekeeping has its turn in between; readers notice nothing of it."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await fill(store)
    await remove(store, "workflow")
    database = store.begin().database  # type: ignore[attr-defined]  # of a unit of work over SQLite
    assert not await sweep(database, seconds=0)
    assert await found(store) == set()
    assert await sweep(database, seconds=inf)
    assert rows_of_workflow(tmp_path / "orcheo.db") == 0
    await store.close()


async def test_a_large_thread_that_was_touched_since_stays_whole(tmp_path: Path) -> None:
    """With its turns and attachments."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await fill(store)
    change = store.begin()
    change.threads.remove("thr_1", untouched_since=samples.thread(1).updated_at - timedelta(seconds=1))
    await change.commit()
    await store.tidy()
    assert await found(store) == ALL
    await store.close()


async def test_what_an_older_release_was_removing_is_removed(tmp_path: Path) -> None:
    """Threads that it had hidden are hidden after the migration as well."""
    path = tmp_path / "orcheo.db"
    version = STEPS.index(REMOVALS)
    with closing(sqlite3.connect(path)) as connection:
        for statement in (each for step in STEPS[:version] for each in step):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
        runner = '{"kind": "python", "target": "a:b"}'
        connection.execute(
            "INSERT INTO workflows (id, handle, name, description, owner, runner, created_at, updated_at, revision) "
            f"VALUES ('wf_1', 'echo', 'Echo', '', 'ada', '{runner}', 1, 1, 1)"
        )
        for number in (1, 2):
            connection.execute(
                "INSERT INTO threads (id, workflow_id, subject, created_at, updated_at, is_removed) "
                f"VALUES ('thr_{number}', 'wf_1', 'anon:vis_1', 1, 1, {2 - number})"
            )
        connection.commit()
    store = SqliteStore(path)
    assert [each.id for each in (await store.begin().threads.page(ThreadFilter(), PageQuery())).entries] == ["thr_2"]
    await store.tidy()
    assert ask(path, "SELECT id FROM threads") == [("thr_2",)]
    await store.close()
