"""Keyset pages, the same in every list of every store."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.workflow import WorkflowFilter
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import Value, keep, stage

COUNT = 7
SAME_MOMENT = samples.moment(0)
Read = Callable[[PageQuery], Awaitable[list[str]]]
"""Gives the ids of a page, and ``…`` behind the last one when there are more."""


def values(kind: str) -> list[Value]:
    """What there is to be listed: all of one moment, so that nothing but the id tells them apart."""
    numbers = range(1, COUNT + 1)
    made: dict[str, list[Value]] = {
        "workflows": [samples.workflow(each, created_at=SAME_MOMENT, updated_at=SAME_MOMENT) for each in numbers],
        "threads": [samples.thread(each, created_at=SAME_MOMENT, updated_at=SAME_MOMENT) for each in numbers],
        "items": [samples.user_item(each, created_at=SAME_MOMENT) for each in numbers],
        "audit": [samples.audit_entry(each, at=SAME_MOMENT) for each in numbers],
    }
    return made[kind]


def reader(store: Store, kind: str) -> Read:
    """Reads pages of one list."""
    change = store.begin()
    pages: dict[str, Callable[[PageQuery], Awaitable[Page[Any]]]] = {
        "workflows": lambda query: change.workflows.page(WorkflowFilter(owner=samples.OWNER.name), query),
        "threads": lambda query: change.threads.page(ThreadFilter(workflow_id="wf_1", subject=samples.VISITOR), query),
        "items": lambda query: change.items.page("thr_1", query),
        "audit": change.audit.page,
    }

    async def read(query: PageQuery) -> list[str]:
        page = await pages[kind](query)
        ids = [str(entry.id) for entry in page.entries]
        return [*ids, "…"] if page.has_more else ids

    return read


@pytest.fixture(params=["workflows", "threads", "items", "audit"])
async def read(request: pytest.FixtureRequest, store: Store) -> Read:
    """A list with :data:`COUNT` entries, kept in no particular order."""
    kind: str = request.param
    parents: dict[str, list[Value]] = {"threads": [samples.workflow()], "items": [samples.workflow(), samples.thread()]}
    entries = values(kind)
    await keep(store, *parents.get(kind, []), *entries[3:], *entries[:3])
    return reader(store, kind)


async def whole(read: Read) -> list[str]:
    """The ids of all entries, oldest first."""
    return await read(PageQuery(limit=100))


async def test_one_page_holds_everything_in_order(read: Read) -> None:
    """Oldest first."""
    ids = await whole(read)
    assert len(ids) == COUNT
    assert ids == sorted(ids)


async def test_newest_first_is_the_other_way_round(read: Read) -> None:
    """The same entries."""
    assert await read(PageQuery(limit=100, newest_first=True)) == (await whole(read))[::-1]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", range(1, COUNT + 2))
async def test_pages_put_together_are_the_whole(read: Read, limit: int, *, newest_first: bool) -> None:
    """Nothing is skipped, nothing comes twice, whatever the size of a page."""
    ids: list[str] = []
    after = None
    while True:
        page = await read(PageQuery(limit=limit, after=after, newest_first=newest_first))
        ids += [each for each in page if each != "…"]
        if page[-1] != "…":
            break
        after = ids[-1]
    assert ids == (await whole(read))[:: -1 if newest_first else 1]


@pytest.mark.parametrize(("limit", "more"), [(COUNT - 1, True), (COUNT, False), (COUNT + 1, False)])
async def test_more_is_said_when_there_is_more(read: Read, limit: int, *, more: bool) -> None:
    """A page that ends with the last entry says that it is the last."""
    assert ("…" in await read(PageQuery(limit=limit))) is more


@pytest.mark.parametrize("newest_first", [False, True])
async def test_behind_the_last_is_nothing(read: Read, *, newest_first: bool) -> None:
    """An empty page, and no more."""
    last = (await read(PageQuery(limit=100, newest_first=newest_first)))[-1]
    assert await read(PageQuery(after=last, newest_first=newest_first)) == []


async def test_a_cursor_need_not_exist(read: Read) -> None:
    """The entry it names may have been removed in between; the page begins where it would have been."""
    ids = await whole(read)
    assert await read(PageQuery(after=f"{ids[2]}-gone", limit=2)) == [*ids[3:5], "…"]
    assert await read(PageQuery(after=f"{ids[2]}-gone", limit=2, newest_first=True)) == [*ids[2:0:-1], "…"]


async def test_what_comes_between_two_pages_disturbs_neither(store: Store) -> None:
    """An entry before the cursor is not shown again, one behind it is."""
    await keep(store, samples.workflow(), samples.thread(2), samples.thread(4), samples.thread(6))
    read = reader(store, "threads")
    assert await read(PageQuery(limit=2)) == ["thr_2", "thr_4", "…"]
    change = stage(store.begin(), samples.thread(1), samples.thread(5))
    change.threads.save(samples.thread(2, title="Changed"))
    await change.commit()
    assert await read(PageQuery(limit=2, after="thr_4")) == ["thr_5", "thr_6"]


async def test_an_empty_list_is_an_empty_page(store: Store) -> None:
    """And says that there is no more."""
    for kind in ("workflows", "threads", "items", "audit"):
        assert await reader(store, kind)(PageQuery()) == []
