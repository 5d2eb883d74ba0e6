"""What every repository of feedback must do."""

import pytest

from orcheo_core.domain.feedback import FeedbackKind
from orcheo_core.errors import ConcurrentChange
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep


async def test_the_feedback_of_a_thread_is_in_the_order_of_its_items(store: Store) -> None:
    """Other threads' feedback is not in it."""
    await keep(store, samples.workflow(), samples.thread(1), samples.thread(2))
    await keep(store, *(samples.assistant_item(number) for number in (1, 2)), samples.assistant_item(3, of=2))
    await keep(store, samples.feedback(2), samples.feedback(1), samples.feedback(3, of=2))
    assert await store.begin().feedback.of_thread("thr_1") == [samples.feedback(1), samples.feedback(2)]
    assert await store.begin().feedback.of_thread("thr_9") == []
    for span, found in {("msg_1", "msg_1"): [1], ("msg_2", "msg_9"): [2], ("", "msg_2"): [1, 2], ("~", ""): []}.items():
        given = await store.begin().feedback.of_thread("thr_1", span)
        assert given == [samples.feedback(number) for number in found]


async def test_a_later_judgement_takes_the_place_of_an_earlier_one(store: Store) -> None:
    """The visitor has thought again."""
    await keep(store, samples.workflow(), samples.thread(), samples.assistant_item(), samples.feedback())
    second = samples.feedback(kind=FeedbackKind.NEGATIVE, given_at=samples.moment(9))
    await keep(store, second)
    assert await store.begin().feedback.of_thread("thr_1") == [second]


async def test_feedback_needs_its_item(store: Store) -> None:
    """The answer was replaced by another one in between."""
    await keep(store, samples.workflow(), samples.thread())
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.feedback())
    assert await store.begin().feedback.of_thread("thr_1") == []
