"""What every repository of items must do."""

import pytest

from orcheo_core.domain.component_items import HiddenItem
from orcheo_core.domain.items import AnswerPart, AssistantItem, UserItem
from orcheo_core.domain.pages import PageQuery
from orcheo_core.errors import ConcurrentChange
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep


async def test_an_item_is_found_in_its_thread_only(store: Store) -> None:
    """The id alone does not open another thread's item."""
    await keep(store, samples.workflow(), samples.thread(1), samples.thread(2), samples.user_item(1, of=1))
    found = store.begin().items
    assert await found.find("thr_1", "msg_1") == samples.user_item(1, of=1)
    assert await found.find("thr_2", "msg_1") is None
    assert await found.find("thr_1", "msg_9") is None


async def test_an_item_can_be_replaced(store: Store) -> None:
    """An answer grows in place."""
    await keep(store, samples.workflow(), samples.thread(), samples.user_item(1), samples.assistant_item(2))
    longer = samples.assistant_item(2).with_answer(AnswerPart(text="Answer 2, and more"))
    await keep(store, longer)
    page = await store.begin().items.page("thr_1", PageQuery())
    assert page.entries == (samples.user_item(1), longer)


async def test_an_item_needs_its_thread(store: Store) -> None:
    """The visitor removed the thread while the answer was being written."""
    await keep(store, samples.workflow())
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.user_item())


async def test_a_page_is_one_thread_in_the_order_of_ids(store: Store) -> None:
    """Whatever order they were written in."""
    await keep(store, samples.workflow(), samples.thread(1), samples.thread(2))
    await keep(store, samples.assistant_item(3), samples.user_item(2, of=2), samples.user_item(1))
    page = await store.begin().items.page("thr_1", PageQuery())
    assert page.entries == (samples.user_item(1), samples.assistant_item(3))


async def test_what_follows_an_item_is_known_by_its_class(store: Store) -> None:
    """In the order of ids, hidden ones too, of this thread alone, and without reading what they say."""
    await keep(store, samples.workflow(), samples.thread(1), samples.thread(2), samples.user_item(1))
    await keep(
        store, samples.user_item(3), samples.hidden_item(4), samples.assistant_item(2), samples.user_item(5, of=2)
    )
    items = store.begin().items
    assert list((await items.classes_after("thr_1", "msg_1")).items()) == [
        ("msg_2", AssistantItem),
        ("msg_3", UserItem),
        ("msg_4", HiddenItem),
    ]
    assert await items.classes_after("thr_1", "msg_4") == {}


async def test_hidden_items_are_shown_when_asked_for(store: Store) -> None:
    """The workflow's own notes stay out of what visitors read, and out of the count of a page."""
    shown, note = samples.user_item(1), samples.hidden_item(2)
    await keep(store, samples.workflow(), samples.thread(), shown, note)
    items = store.begin().items
    page = await items.page("thr_1", PageQuery(limit=1))
    assert (page.entries, page.has_more) == ((shown,), False)
    page = await items.page("thr_1", PageQuery(), hidden=True)
    assert page.entries == (shown, note)
    assert await items.find("thr_1", "msg_2") == note


async def test_a_removed_item_is_gone(store: Store) -> None:
    """With the feedback on it; its neighbours stay."""
    await keep(store, samples.workflow(), samples.thread(), samples.user_item(1), samples.assistant_item(2))
    await keep(store, samples.feedback(1), samples.feedback(2))
    change = store.begin()
    change.items.remove("thr_1", "msg_2", "msg_2")
    await change.commit()
    assert (await change.items.page("thr_1", PageQuery())).entries == (samples.user_item(1),)
    assert await change.feedback.of_thread("thr_1") == [samples.feedback(1)]


async def test_removing_an_unknown_item_is_fine(store: Store) -> None:
    """Twice is once."""
    change = store.begin()
    change.items.remove("thr_1", "msg_1", "msg_1")
    await change.commit()


async def test_a_very_long_item_is_kept_whole(store: Store) -> None:
    """A megabyte of answer, with characters of all lengths."""
    long = samples.assistant_item(1, content=(AnswerPart(text="a é 漢 🎈 \0" * 70_000),))
    await keep(store, samples.workflow(), samples.thread(), long)
    assert await store.begin().items.find("thr_1", "msg_1") == long
