"""What every repository of threads must do."""

import pytest
from attrs import evolve

from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import NOTHING_SET, ThreadSettings, ThreadStatus
from orcheo_core.domain.transcript import ThreadFilter, ThreadSum
from orcheo_core.errors import ConcurrentChange
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep

STRANGER = Subject("anon:vis_2")


async def test_a_thread_is_found_by_its_id_whosoever_it_is(store: Store) -> None:
    """Comparing workflow and subject is the caller's part."""
    theirs = samples.thread(2, subject=STRANGER)
    await keep(store, samples.workflow(), samples.thread(1), theirs)
    assert await store.begin().threads.find("thr_2") == theirs
    assert await store.begin().threads.find("thr_9") is None


async def test_a_thread_can_be_replaced(store: Store) -> None:
    """A new title, a new time; its items stay."""
    await keep(store, samples.workflow(), samples.thread(), samples.user_item())
    newer = samples.thread().titled("Another title").touched(samples.moment(50))
    change = store.begin()
    change.threads.save(newer)
    await change.commit()
    assert await store.begin().threads.find("thr_1") == newer
    assert await store.begin().items.find("thr_1", "msg_1") == samples.user_item()


@pytest.mark.parametrize("count", [1, 3])
async def test_what_a_workflow_sets_for_a_thread_is_kept(store: Store, count: int) -> None:
    """Status, reason, domains and metadata: given at first, changed, and taken back; of one thread and of several."""
    first = ThreadSettings(status=ThreadStatus.LOCKED, reason="Paid first")
    second = ThreadSettings(status=ThreadStatus.CLOSED, image_domains=("example.org",), metadata={"n": [1]})
    threads = [samples.thread(number) for number in range(1, count + 1)]
    await keep(store, samples.workflow(), *threads)
    for settings in (first, second, NOTHING_SET):
        change = store.begin()
        threads = [evolve(each.titled("New"), settings=settings) for each in threads]
        for each in threads:
            change.threads.save(each)
        await change.commit()
        assert [await store.begin().threads.find(each.id) for each in threads] == threads


async def test_a_removed_thread_does_not_come_back(store: Store) -> None:
    """Someone says something at the moment in which it is deleted; a second one of its id is none either."""
    await keep(store, samples.workflow(), samples.thread())
    late = store.begin()
    late.threads.save(samples.thread().touched(samples.moment(50)))
    change = store.begin()
    change.threads.remove("thr_1")
    await change.commit()
    with pytest.raises(ConcurrentChange):
        await late.commit()
    assert await store.begin().threads.find("thr_1") is None
    await keep(store, samples.thread())
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.thread())


async def test_a_thread_may_have_no_title(store: Store) -> None:
    """Nothing was said yet."""
    await keep(store, samples.workflow(), samples.thread(title=None))
    assert await store.begin().threads.find("thr_1") == samples.thread(title=None)


async def test_threads_of_all_users_of_an_app_are_found(store: Store) -> None:
    """In pages; not those of an app whose holder id begins alike, nor the app's own."""
    subjects = [Subject.app_user("h1", "ada"), Subject.app_user("h1", "b:c"), Subject.app_user("h", "1:ada")]
    subjects += [Subject.app_user("h12", "ada"), Subject.program("h1")]
    threads = [samples.thread(number, subject=subject) for number, subject in enumerate(subjects, 1)]
    await keep(store, samples.workflow(), *threads)
    wanted = ThreadFilter(workflow_id="wf_1", holder_id="h1")
    page = await store.begin().threads.page(wanted, PageQuery(limit=1, newest_first=True))
    assert ([each.id for each in page.entries], page.has_more) == (["thr_2"], True)
    assert (await store.begin().threads.sum_up(wanted)).count == 2


async def test_a_thread_needs_its_workflow(store: Store) -> None:
    """The workflow was removed while someone began to chat."""
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.thread())
    assert await store.begin().threads.find("thr_1") is None


async def test_a_page_shows_one_subject_in_one_workflow(store: Store) -> None:
    """No one sees another subject's threads, nor their own with another workflow."""
    await keep(store, samples.workflow(1), samples.workflow(2))
    await keep(
        store, samples.thread(1), samples.thread(2, subject=STRANGER), samples.thread(3, of=2), samples.thread(4)
    )
    page = await store.begin().threads.page(ThreadFilter(workflow_id="wf_1", subject=samples.VISITOR), PageQuery())
    assert [each.id for each in page.entries] == ["thr_1", "thr_4"]
    page = await store.begin().threads.page(ThreadFilter(workflow_id="wf_2", subject=STRANGER), PageQuery())
    assert page.entries == ()


async def test_a_removed_thread_is_gone_from_its_list(store: Store) -> None:
    """Alone."""
    await keep(store, samples.workflow(), samples.thread(1), samples.thread(2))
    change = store.begin()
    change.threads.remove("thr_1")
    await change.commit()
    assert await change.threads.find("thr_1") is None
    page = await change.threads.page(ThreadFilter(workflow_id="wf_1", subject=samples.VISITOR), PageQuery())
    assert [each.id for each in page.entries] == ["thr_2"]


async def test_removing_an_unknown_thread_is_fine(store: Store) -> None:
    """Twice is once."""
    change = store.begin()
    change.threads.remove("thr_1")
    await change.commit()


async def test_threads_are_summed_up(store: Store) -> None:
    """How many a filter wants, and the newest moment of them."""
    threads = [samples.thread(number, updated_at=samples.moment(10 - number)) for number in (1, 2, 3)]
    other = samples.thread(4, subject=Subject("anon:vis_2"), updated_at=samples.moment(50))
    await keep(store, samples.workflow(), *threads, other)
    kept = store.begin().threads
    mine = ThreadFilter(workflow_id="wf_1", subject=samples.VISITOR)
    assert await kept.sum_up(mine) == ThreadSum(count=3, newest=samples.moment(9))
    assert await kept.sum_up(evolve(mine, untouched_since=samples.moment(8))) == ThreadSum(
        count=1, newest=samples.moment(7)
    )
    assert await kept.sum_up(ThreadFilter()) == ThreadSum(count=4, newest=samples.moment(50))
    assert await kept.sum_up(ThreadFilter(workflow_id="wf_9")) == ThreadSum()
