"""What was removed leaves no bytes behind in any file of the database."""

import asyncio
from pathlib import Path

import pytest

from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.items import AnswerPart, TextInput
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep, stage

SECRET = "xylophonequartz"
LONG = f"{SECRET} " * 2_000


def bytes_with(folder: Path, text: str) -> list[str]:
    """The files that hold this text."""
    return sorted(each.name for each in folder.iterdir() if text.encode() in each.read_bytes())


async def chat(store: Store, number: int, text: str) -> None:
    """A thread whose answer grew, as checkpoints make it grow."""
    turn = samples.turn(number, of=number)
    await keep(store, samples.thread(number, title=text[:80]), turn)
    await keep(store, samples.user_item(number, of=number, turn_id=turn.id, content=(TextInput(text=text),)))
    for length in (len(text) // 3, len(text) // 2, len(text)):
        answer = samples.assistant_item(
            100 + number, of=number, turn_id=turn.id, content=(AnswerPart(text=text[:length]),)
        )
        await keep(store, answer)
    change = stage(store.begin())
    change.turns.save(turn.ended(TurnStatus.COMPLETED, samples.moment(90)))
    await change.commit()


@pytest.mark.parametrize("text", [f"my {SECRET}", LONG], ids=["short", "long"])
@pytest.mark.parametrize("whole_workflow", [False, True], ids=["thread", "workflow"])
async def test_nothing_is_left_of_what_was_removed(tmp_path: Path, text: str, whole_workflow: bool) -> None:
    """Neither in the database, nor in its log, nor in the search index."""
    store = SqliteStore(tmp_path / "orcheo.db")
    await keep(store, samples.workflow(1), samples.workflow(2))
    for number in range(1, 6):
        await chat(store, number, text if number == 3 else f"nothing of note {number}")
    searched = ThreadFilter(words=(SECRET,))
    assert (await store.begin().threads.page(searched, PageQuery())).entries
    assert bytes_with(tmp_path, SECRET)
    change = store.begin()
    if whole_workflow:
        change.workflows.remove(samples.workflow(1))
    else:
        change.threads.remove("thr_3")
    await change.commit()
    await store.tidy()
    assert bytes_with(tmp_path, SECRET) == []
    assert bool((await store.begin().threads.page(ThreadFilter(), PageQuery())).entries) is not whole_workflow
    await store.close()
    assert bytes_with(tmp_path, SECRET) == []


async def test_changes_are_written_while_the_index_is_cleaned(tmp_path: Path) -> None:
    """Words are erased in steps: a visitor who deletes a thread keeps no one else waiting, however large the index."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    await keep(store, samples.workflow(1))
    for number in range(1, 41):
        await chat(
            store, number, f"{SECRET if number == 7 else ''} " + " ".join(f"{number * each:x}" for each in range(4_000))
        )
        await store.tidy()
    change = store.begin()
    change.threads.remove("thr_7")
    await change.commit()
    erasing = asyncio.create_task(store.tidy())
    written = 0
    while not erasing.done():
        written += 1
        await keep(store, samples.thread(1_000 + written))
    assert written > 10
    assert bytes_with(tmp_path, SECRET) == []
    await store.close()
