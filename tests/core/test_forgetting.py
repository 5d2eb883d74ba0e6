"""What a workflow itself keeps of a thread is deleted with the thread."""

from datetime import timedelta

import pytest

from orcheo_core.domain.pages import PageQuery
from orcheo_core.errors import FieldError, InvalidInput, StorageUnavailable
from orcheo_core.services.owners.threads import PurgeOrder
from tests.core.harness import ADA, CoreHarness


async def threads_of(harness: CoreHarness) -> list[str]:
    return [each.id for each in (await harness.core.transcripts.page(ADA, "echo", PageQuery(limit=100))).entries]


async def test_a_deleted_thread_is_forgotten_by_its_workflow(harness: CoreHarness) -> None:
    """The visitor's own deletion reaches the memory of a graph."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    await harness.core.own_threads.delete(visit, turn.thread_id)
    assert harness.runners.forgotten == [turn.thread_id]


async def test_what_cannot_be_forgotten_is_not_deleted(harness: CoreHarness) -> None:
    """Or its id would be lost, and no one could delete the memory later."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.runners.unforgettable[turn.thread_id] = OSError("no connection")
    with pytest.raises(StorageUnavailable, match="these threads were kept"):
        await harness.core.own_threads.delete(visit, turn.thread_id)
    assert await threads_of(harness) == [turn.thread_id]


async def test_a_workflow_whose_code_is_gone_does_not_keep_its_threads(harness: CoreHarness) -> None:
    """Its memory cannot be reached in any case."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.runners.unforgettable[turn.thread_id] = InvalidInput(FieldError("target", "is gone"))
    await harness.core.own_threads.delete(visit, turn.thread_id)
    assert await threads_of(harness) == []


async def test_a_thread_whose_workflow_was_removed_meets_no_runner(harness: CoreHarness) -> None:
    """The workflow went in between, and its threads with it."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    thread = await harness.store.begin().threads.find(turn.thread_id)
    assert thread is not None
    await harness.core.registering.remove(ADA, "echo")
    harness.runners.forgotten.clear()
    assert await harness.core.transcripts._remover.remove(thread)
    assert harness.runners.forgotten == []


@pytest.mark.parametrize("retention", [False, True])
async def test_a_purge_deletes_all_that_it_can_then_fails(harness: CoreHarness, *, retention: bool) -> None:
    """One thread that cannot be forgotten does not keep the others."""
    visit = await harness.visit()
    first, second, third = [await harness.answered(visit) for _ in range(3)]
    harness.runners.unforgettable[second.thread_id] = OSError("no connection")
    harness.clock.advance(minutes=1)
    transcripts = harness.core.transcripts
    order = PurgeOrder(older_than=timedelta(0))
    with pytest.raises(StorageUnavailable):
        await (transcripts.purge_older(timedelta(0)) if retention else transcripts.purge(ADA, "echo", order))
    assert await threads_of(harness) == [second.thread_id]
    assert sorted(harness.runners.forgotten) == sorted([first.thread_id, third.thread_id])


async def test_a_purge_of_one_thread_that_cannot_be_forgotten_ends(harness: CoreHarness) -> None:
    """With the reason, after one try."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.runners.unforgettable[turn.thread_id] = OSError("no connection")
    with pytest.raises(StorageUnavailable):
        await harness.core.transcripts.purge(ADA, "echo", PurgeOrder(thread_id=turn.thread_id))


async def test_a_removed_workflow_forgets_all_its_threads(harness: CoreHarness) -> None:
    """However many pages they fill; if it cannot, it stays."""
    visit = await harness.visit()
    turns = [await harness.answered(visit) for _ in range(101)]
    harness.runners.unforgettable[turns[7].thread_id] = OSError("no connection")
    with pytest.raises(StorageUnavailable):
        await harness.core.registering.remove(ADA, "echo")
    assert len(await threads_of(harness)) == 100
    harness.runners.unforgettable.clear()
    harness.runners.forgotten.clear()
    await harness.core.registering.remove(ADA, "echo")
    assert sorted(harness.runners.forgotten) == sorted(turn.thread_id for turn in turns)


async def test_a_retry_names_the_same_message(harness: CoreHarness) -> None:
    """So that a graph can go back to before it; an answer to questions names none."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    await harness.core.chatting.retry(visit, turn.thread_id, turn.user_item_id)
    assert [run.request.context.message_id for run in harness.runners.runs] == [turn.user_item_id] * 2


async def test_what_a_check_said_is_forgotten_too(harness: CoreHarness) -> None:
    """In all its threads; one of them has two turns."""
    await harness.add()
    await harness.core.owner_services.registering.check(ADA, "echo", harness.core.owner_services.probing)
    assert sorted(harness.runners.forgotten) == sorted({run.request.context.thread_id for run in harness.runners.runs})
    assert len(harness.runners.forgotten) == 4


async def test_a_thread_whose_workflow_was_just_removed_is_gone_already(harness: CoreHarness) -> None:
    """A purge that runs at the same time comes to its end."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    thread = await harness.store.begin().threads.find(turn.thread_id)
    assert thread is not None
    await harness.core.registering.remove(ADA, "echo")
    assert await harness.core.remover.remove(thread)
    assert harness.runners.forgotten == [turn.thread_id]
