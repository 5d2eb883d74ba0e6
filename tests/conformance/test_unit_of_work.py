"""What every unit of work must do: all or nothing, in order, against committed state."""

import asyncio

import pytest

from orcheo_core.errors import ConcurrentChange, HandleTaken
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep, stage


async def test_a_staged_write_is_nowhere_to_be_seen(store: Store) -> None:
    """Neither the unit of work that staged it nor another one reads it before the commit."""
    change = stage(store.begin(), samples.workflow())
    assert await change.workflows.find("wf_1") is None
    assert await store.begin().workflows.find("wf_1") is None


async def test_a_dropped_unit_of_work_has_done_nothing(store: Store) -> None:
    """Without a commit nothing lands, however many others commit."""
    stage(store.begin(), samples.workflow(1))
    await keep(store, samples.workflow(2))
    assert await store.begin().workflows.find("wf_1") is None


async def test_a_committed_write_is_there_for_all(store: Store) -> None:
    """Units of work that began before read it as well: they hold no snapshot."""
    before = store.begin()
    change = stage(store.begin(), samples.workflow())
    await change.commit()
    for reader in (before, change, store.begin()):
        assert await reader.workflows.find("wf_1") == samples.workflow()


async def test_an_empty_commit_is_fine(store: Store) -> None:
    """Nothing staged, nothing wrong."""
    await store.begin().commit()


async def test_committing_again_writes_nothing_again(store: Store) -> None:
    """A second commit carries only what was staged since."""
    change = stage(store.begin(), samples.workflow(1))
    await change.commit()
    await change.commit()
    stage(change, samples.workflow(2))
    await change.commit()
    assert await change.workflows.find("wf_2") == samples.workflow(2)


async def test_writes_land_in_the_order_they_were_staged(store: Store) -> None:
    """Later writes of a change build on its earlier ones, and the last one of a kind counts."""
    first, last = samples.thread(title="first"), samples.thread(title="last")
    change = stage(store.begin(), samples.workflow(), first, samples.user_item())
    change.threads.save(last)
    await change.commit()
    assert await store.begin().threads.find("thr_1") == last


async def test_writes_in_the_wrong_order_fail(store: Store) -> None:
    """A thread before its workflow has nothing to belong to."""
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.thread(), samples.workflow())


async def test_a_broken_rule_takes_the_whole_change_back(store: Store) -> None:
    """What was staged before and behind the write that failed did not happen."""
    await keep(store, samples.workflow(1), samples.thread(1), samples.chat_session(1))
    change = stage(store.begin(), samples.workflow(2), samples.thread(2, of=2))
    change.threads.save(samples.thread(1, title="new"))
    change.chat_sessions.end_all("wf_1", samples.moment(9))
    change.threads.remove("thr_1")
    stage(change, samples.workflow(3, handle="flow-1"), samples.workflow(4))
    with pytest.raises(HandleTaken):
        await change.commit()
    after = store.begin()
    assert [await after.workflows.find(f"wf_{number}") for number in (1, 2, 3, 4)] == [
        samples.workflow(1),
        None,
        None,
        None,
    ]
    assert [await after.threads.find(f"thr_{number}") for number in (1, 2)] == [samples.thread(1), None]
    assert await after.chat_sessions.find("cs_1") == samples.chat_session(1)


async def test_a_failed_removal_leaves_everything(store: Store) -> None:
    """A cascade that was carried out before the error is undone as well."""
    belongings = (samples.thread(), samples.user_item(), samples.turn(), samples.feedback(), samples.publish_token())
    await keep(store, samples.workflow(), *belongings)
    change = store.begin()
    change.workflows.remove(samples.workflow())
    stage(change, samples.thread(2))
    with pytest.raises(ConcurrentChange):
        await change.commit()
    after = store.begin()
    assert await after.items.find("thr_1", "msg_1") == samples.user_item()
    assert await after.turns.latest("thr_1") == samples.turn()
    assert await after.feedback.of_thread("thr_1") == [samples.feedback()]
    assert await after.publish_tokens.find("pt1") == samples.publish_token()


async def test_a_failed_commit_may_be_tried_again(store: Store) -> None:
    """What is staged stays staged until it has landed."""
    await keep(store, samples.workflow(1))
    change = stage(store.begin(), samples.workflow(2, handle="flow-1"))
    with pytest.raises(HandleTaken):
        await change.commit()
    moved = store.begin()
    moved.workflows.save(samples.workflow(1, handle="elsewhere", revision=2))
    await moved.commit()
    await change.commit()
    assert await change.workflows.find("flow-1") == samples.workflow(2, handle="flow-1")


async def test_of_two_owners_at_once_one_wins(store: Store) -> None:
    """Both read the same revision, both commit: one change is made, the other is refused."""
    await keep(store, samples.workflow())
    rivals = [store.begin() for _ in range(2)]
    for number, rival in enumerate(rivals):
        rival.workflows.save(samples.workflow(name=f"Name {number}", revision=2))
    outcomes = await asyncio.gather(*(rival.commit() for rival in rivals), return_exceptions=True)
    assert [type(each) for each in outcomes] == [type(None), ConcurrentChange]
    kept = await store.begin().workflows.find("wf_1")
    assert kept == samples.workflow(name="Name 0", revision=2)


async def test_many_commits_at_once_all_land(store: Store) -> None:
    """Fifty visitors write at the same moment."""
    await keep(store, samples.workflow())
    await asyncio.gather(*(keep(store, samples.thread(number)) for number in range(50)))
    kept = [await store.begin().threads.find(f"thr_{number}") for number in range(50)]
    assert kept == [samples.thread(number) for number in range(50)]


async def test_an_open_store_says_that_it_works(store: Store) -> None:
    """The readiness probe asks this."""
    await store.check()


async def test_closing_twice_is_fine(store: Store) -> None:
    """Who tidies up need not know who did it before."""
    await store.close()
    await store.close()
