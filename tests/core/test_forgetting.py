"""What a workflow itself keeps of a thread is deleted with the thread."""

from datetime import timedelta

import pytest

from orcheo_core.domain.pages import PageQuery
from orcheo_core.errors import FieldError, InvalidInput, StorageUnavailable
from orcheo_core.services.owners.threads import PurgeOrder
from tests.core.hall import ADA, Hall


async def threads_of(hall: Hall) -> list[str]:
    return [each.id for each in (await hall.core.transcripts.page(ADA, "echo", PageQuery(limit=100))).entries]


async def test_a_deleted_thread_is_forgotten_by_its_workflow(hall: Hall) -> None:
    """The visitor's own deletion reaches the memory of a graph."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    await hall.core.own_threads.delete(visit, turn.thread_id)
    assert hall.runners.forgotten == [turn.thread_id]


async def test_what_cannot_be_forgotten_is_not_deleted(hall: Hall) -> None:
    """Or its id would be lost, and no one could delete the memory later."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    hall.runners.unforgettable[turn.thread_id] = OSError("no connection")
    with pytest.raises(StorageUnavailable, match="these threads were kept"):
        await hall.core.own_threads.delete(visit, turn.thread_id)
    assert await threads_of(hall) == [turn.thread_id]


async def test_a_workflow_whose_code_is_gone_does_not_keep_its_threads(hall: Hall) -> None:
    """Its memory cannot be reached in any case."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    hall.runners.unforgettable[turn.thread_id] = InvalidInput(FieldError("target", "is gone"))
    await hall.core.own_threads.delete(visit, turn.thread_id)
    assert await threads_of(hall) == []


async def test_a_thread_whose_workflow_was_removed_meets_no_runner(hall: Hall) -> None:
    """The workflow went in between, and its threads with it."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    thread = await hall.store.begin().threads.find(turn.thread_id)
    assert thread is not None
    await hall.core.registering.remove(ADA, "echo")
    hall.runners.forgotten.clear()
    assert await hall.core.transcripts._remover.remove(thread)
    assert hall.runners.forgotten == []


@pytest.mark.parametrize("retention", [False, True])
async def test_a_purge_deletes_all_that_it_can_then_fails(hall: Hall, *, retention: bool) -> None:
    """One thread that cannot be forgotten does not keep the others."""
    visit = await hall.visit()
    first, second, third = [await hall.answered(visit) for _ in range(3)]
    hall.runners.unforgettable[second.thread_id] = OSError("no connection")
    hall.clock.advance(minutes=1)
    transcripts = hall.core.transcripts
    order = PurgeOrder(older_than=timedelta(0))
    with pytest.raises(StorageUnavailable):
        await (transcripts.purge_older(timedelta(0)) if retention else transcripts.purge(ADA, "echo", order))
    assert await threads_of(hall) == [second.thread_id]
    assert sorted(hall.runners.forgotten) == sorted([first.thread_id, third.thread_id])


async def test_a_purge_of_one_thread_that_cannot_be_forgotten_ends(hall: Hall) -> None:
    """With the reason, after one try."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    hall.runners.unforgettable[turn.thread_id] = OSError("no connection")
    with pytest.raises(StorageUnavailable):
        await hall.core.transcripts.purge(ADA, "echo", PurgeOrder(thread_id=turn.thread_id))


async def test_a_removed_workflow_forgets_all_its_threads(hall: Hall) -> None:
    """However many pages they fill; if it cannot, it stays."""
    visit = await hall.visit()
    turns = [await hall.answered(visit) for _ in range(101)]
    hall.runners.unforgettable[turns[7].thread_id] = OSError("no connection")
    with pytest.raises(StorageUnavailable):
        await hall.core.registering.remove(ADA, "echo")
    assert len(await threads_of(hall)) == 100
    hall.runners.unforgettable.clear()
    hall.runners.forgotten.clear()
    await hall.core.registering.remove(ADA, "echo")
    assert sorted(hall.runners.forgotten) == sorted(turn.thread_id for turn in turns)


async def test_a_retry_names_the_same_message(hall: Hall) -> None:
    """So that a graph can go back to before it; an answer to questions names none."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    await hall.core.chatting.retry(visit, turn.thread_id, turn.user_item_id)
    assert [run.request.context.message_id for run in hall.runners.runs] == [turn.user_item_id] * 2


async def test_what_a_check_said_is_forgotten_too(hall: Hall) -> None:
    """In all its threads."""
    await hall.add()
    await hall.core.owner_services.registering.check(ADA, "echo", hall.core.owner_services.probing)
    assert sorted(hall.runners.forgotten) == sorted(run.request.context.thread_id for run in hall.runners.runs)
    assert len(hall.runners.forgotten) == 4


async def test_a_thread_whose_workflow_was_just_removed_is_gone_already(hall: Hall) -> None:
    """A purge that runs at the same time comes to its end."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    thread = await hall.store.begin().threads.find(turn.thread_id)
    assert thread is not None
    await hall.core.registering.remove(ADA, "echo")
    assert await hall.core.remover.remove(thread)
    assert hall.runners.forgotten == [turn.thread_id]
