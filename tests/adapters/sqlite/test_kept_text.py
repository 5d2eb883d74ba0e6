"""The room that conversations take, by visitor of a workflow: kept in the transaction that changes it."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from attrs import evolve

from orcheo_adapters.sqlite import space
from orcheo_adapters.sqlite.kept_text import KEPT_TEXT
from orcheo_adapters.sqlite.migrations import STEPS
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.budget import Per
from orcheo_core.domain.items import AnswerPart, TextInput
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.ports.unit_of_work import UnitOfWork
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.visitors.run_requests import IDS_OF_A_TURN
from tests import samples
from tests.adapters.sqlite.files import ask
from tests.conformance.keeping import keep
from tests.fakes.clock import FakeClock
from tests.fakes.entropy import FakeEntropy

SUBJECTS = (Subject("anon:vis_1"), Subject("anon:vis_2"))
ROOM = "sum(300 + length(CAST(body AS BLOB)) * CASE WHEN kind IN ('user', 'assistant') THEN 8 ELSE 1 END)"
AGAIN = "substr(user_item_id, 5, 7) <> substr(id, 5, 7)"
TRUTH = f"""
    SELECT subject, workflow_id, sum(bytes) FROM (
        SELECT subject, workflow_id, {ROOM} AS bytes FROM threads JOIN items ON thread_id = threads.id GROUP BY 1, 2
        UNION ALL SELECT subject, workflow_id, sum(1300 + length(replaces)) FROM turns WHERE {AGAIN} GROUP BY 1, 2
    ) GROUP BY 1, 2
    """
STEPS_OF_CHATS = (
    "say",
    "say",
    "keep",
    "answer",
    "answer",
    "retry",
    "remove items",
    "remove thread",
    "remove workflow",
    "tidy",
)


def sums(path: Path) -> dict[tuple[str, str], int]:
    """What is kept of the sums."""
    return {(workflow, subject): size for workflow, subject, size in ask(path, "SELECT * FROM kept_text")}


def truth(path: Path) -> dict[tuple[str, str], int]:
    """What the rows take, counted again."""
    return {(workflow, subject): size for subject, workflow, size in ask(path, TRUTH)}


class Chats:
    """Two workflows, with four threads of two visitors; what is done to one that is not there does nothing."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.threads: set[int] = set()
        self.number = 0

    async def do(self, what: str, which: int, size: int) -> None:
        """One step."""
        self.number += 1
        change = self.store.begin()
        workflow = await change.workflows.find(f"wf_{which % 2 + 1}")
        if workflow is None:
            await keep(self.store, samples.workflow(which % 2 + 1))
        elif what == "say" and which not in self.threads:
            self.threads.add(which)
            change.threads.add(samples.thread(which, of=which % 2 + 1, subject=SUBJECTS[which // 2]))
            change.items.save(samples.user_item(0, of=which, content=(TextInput(text="ü" * size),)))
        elif what == "remove workflow" and size > 9_000:
            self.threads -= {which, (which + 2) % 4}
            change.workflows.remove(workflow)
        elif which in self.threads:
            self.stage(what, change, which, size)
        await change.commit()

    def stage(self, what: str, change: UnitOfWork, which: int, size: int) -> None:
        """What is done in a thread."""
        match what:
            case "say":
                change.items.save(samples.user_item(self.number, of=which, content=(TextInput(text="a" * size),)))
            case "keep":
                change.items.save(samples.hidden_item(self.number, of=which))
            case "answer":
                text = "a" * size * 5
                change.items.save(samples.assistant_item(999, of=which, content=(AnswerPart(text=text),)))
            case "retry":
                replaces = tuple(f"msg_{each}" for each in range(size // 20))
                turn = samples.turn(self.number, of=which, replaces=replaces, workflow_id=f"wf_{which % 2 + 1}")
                answered = turn.user_item_id if size % 2 else "msg_0"
                turn = evolve(turn, subject=SUBJECTS[which // 2], user_item_id=answered)
                change.turns.add(turn.ended(TurnStatus.COMPLETED, turn.started_at))
            case "remove items":
                change.items.remove(f"thr_{which}", "msg_0", "msg_4")
            case "remove thread" if size > 7_000:
                self.threads.discard(which)
                change.threads.remove(f"thr_{which}")


@pytest.mark.parametrize("seed", range(4))
async def test_the_sums_are_those_of_the_rows(tmp_path: Path, seed: int) -> None:
    """Whatever was said, changed and removed, at once or in slices."""
    path, random = tmp_path / "orcheo.db", Random(seed)
    store = SqliteStore(path, synchronous="OFF")
    chats, most = Chats(store), 0
    for _ in range(150):
        what = random.choice(STEPS_OF_CHATS)
        if what == "tidy":
            await store.tidy()
        else:
            await chats.do(what, random.randrange(4), random.randrange(10_000))
        assert sums(path) == truth(path)
        most = max(most, len(sums(path)))
    assert most == 4
    for number in (1, 2):
        await chats.do("remove workflow", number, 10_000)
    await store.tidy()
    assert sums(path) == {}
    await store.close()


async def test_a_holder_is_asked_for_by_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One visitor of two workflows, two visitors of one; nothing is kept of an address.

    The sum of a workflow is used for a while.
    """
    now = 0.0
    monkeypatch.setattr(space, "monotonic", lambda: now)
    monkeypatch.setattr(space, "_KEPT_SUMS", 2)
    store = SqliteStore(tmp_path / "orcheo.db")
    await keep(store, samples.workflow(1), samples.workflow(2))
    for number, (workflow, subject) in enumerate([(1, 0), (1, 1), (2, 0)]):
        await keep(
            store,
            samples.thread(number, of=workflow, subject=SUBJECTS[subject]),
            samples.hidden_item(number, of=number),
        )
    ((one,),) = ask(tmp_path / "orcheo.db", "SELECT DISTINCT 300 + length(body) FROM items")
    asked = [
        (Per.VISITOR, "anon:vis_1"),
        (Per.PROGRAM, "anon:vis_2"),
        (Per.WORKFLOW, "wf_1"),
        (Per.WORKFLOW, "wf_3"),
        (Per.ADDRESS, "192.0.2.1"),
    ]
    assert [store.kept_bytes(*each) for each in asked] == [2 * one, one, 2 * one, 0, 0]
    assert store.kept_bytes() > 3 * one
    await keep(store, samples.hidden_item(9, of=1))
    assert [store.kept_bytes(*each) for each in asked[1:3]] == [2 * one, 2 * one]
    now = 30.0
    assert store.kept_bytes(*asked[2]) == 3 * one
    await store.close()


def test_what_an_older_file_holds_is_counted(tmp_path: Path) -> None:
    """When it is migrated, once."""
    path, older = tmp_path / "orcheo.db", STEPS.index(KEPT_TEXT)
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("audit_link", 2, lambda *_: "", deterministic=True)
        connection.create_function("folded", 1, lambda text: text, deterministic=True)
        for statement in (each for step in STEPS[:older] for each in step):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {older}")
        connection.execute(
            "INSERT INTO workflows (id, handle, name, description, owner, runner, created_at, updated_at, revision) "
            "VALUES ('wf_1', 'echo', 'Echo', '', 'ada', '{}', 1, 1, 1)"
        )
        for number in (1, 2, 3):
            row = f"'thr_{number}', 'wf_1', 'anon:vis_{number % 2}', 1, 1, NULL, 0"
            connection.execute(f"INSERT INTO threads VALUES ({row})")
            for kind in ("user", "widget"):
                row = f"'{kind}_{number}', 'thr_{number}', 'trn_1', 1, '{kind}', 'body ü'"
                connection.execute(f"INSERT INTO items VALUES ({row})")
            ended = f"'msg_0', 'msg_1', 1, 'failed', 2, NULL, '{'x' * 1_000 * number}', 3, 4, 1, NULL, NULL"
            connection.execute(
                f"INSERT INTO turns VALUES ('trn_1', 'wf_1', 'thr_{number}', 'anon:vis_{number % 2}', {ended})"
            )
        connection.commit()
    SqliteStore(path)._database.close()
    assert sums(path) == truth(path)
    assert sums(path)["wf_1", "anon:vis_0"] == 600 + 7 * 9 + 1_300 + 2_000


async def test_each_retry_counts_though_it_leaves_no_more_items(tmp_path: Path) -> None:
    """Its row stays when the answer goes that it took the place of; a turn with a message of its own is that message's.

    Both are gone with their thread.
    """
    clock, path = FakeClock(), tmp_path / "orcheo.db"
    identifiers = Identifiers(clock, FakeEntropy())
    store = SqliteStore(path, synchronous="OFF")
    await keep(store, samples.workflow(1), samples.thread(1, of=1))
    message_id, turn_id, answer_id = identifiers.several(*IDS_OF_A_TURN)
    first = samples.turn(1, id=turn_id, user_item_id=message_id, answer_id=answer_id, status=TurnStatus.FAILED)
    await keep(store, samples.user_item(1, id=message_id), first)
    (room,) = sums(path).values()
    assert room == 300 + 8 * ask(path, "SELECT length(body) FROM items")[0][0]
    for number in range(1, 4):
        clock.advance(timedelta(seconds=1))
        _, turn_id, answer_id = identifiers.several(*IDS_OF_A_TURN)
        key = f"{number:0200}"
        await keep(store, evolve(first, id=turn_id, answer_id=answer_id, idempotency_key=key))
        assert list(sums(path).values()) == [room + number * (1_300 + len("[]"))]
    change = store.begin()
    change.threads.remove("thr_1")
    await change.commit()
    assert sums(path) == {}
    await store.close()
