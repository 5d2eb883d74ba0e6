"""What every repository of attachments must do."""

from typing import Any

import pytest

from orcheo_core.domain.attachments import Attachment
from orcheo_core.errors import ConcurrentChange
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep


async def save(store: Store, attachment: Attachment) -> None:
    """Commit a change of an attachment."""
    change = store.begin()
    change.attachments.save(attachment)
    await change.commit()


async def test_an_attachment_is_found_by_its_id(store: Store) -> None:
    """Whosoever's it is."""
    await keep(store, samples.workflow(), samples.attachment(1), samples.attachment(2))
    assert await store.begin().attachments.find("atc_1") == samples.attachment(1)
    assert await store.begin().attachments.find("atc_9") is None


async def test_an_attachment_is_uploaded_then_sent(store: Store) -> None:
    """The two things that change about it."""
    await keep(store, samples.workflow(), samples.thread(), samples.attachment())
    uploaded = samples.attachment().uploaded()
    await save(store, uploaded)
    assert await store.begin().attachments.find("atc_1") == uploaded
    await save(store, uploaded.sent_in("thr_1"))
    assert await store.begin().attachments.find("atc_1") == uploaded.sent_in("thr_1")


async def test_the_ids_of_a_workflow_and_of_a_thread(store: Store) -> None:
    """Who removes one of them removes the files as well."""
    await keep(store, samples.workflow(1), samples.workflow(2), samples.thread(1), samples.thread(2))
    sent = [samples.attachment(1), samples.attachment(2).sent_in("thr_1"), samples.attachment(3).sent_in("thr_2")]
    await keep(store, *sent, samples.attachment(4, of=2))
    known = store.begin().attachments
    assert sorted(await known.ids(workflow_id="wf_1")) == ["atc_1", "atc_2", "atc_3"]
    assert await known.ids(workflow_id="wf_1", thread_id="thr_1") == ["atc_2"]
    assert await known.ids(workflow_id="wf_2", thread_id="thr_1") == []
    assert await known.ids(workflow_id="wf_2") == ["atc_4"]


@pytest.mark.parametrize("changes", [{"workflow_id": "wf_9"}, {"thread_id": "thr_9"}])
async def test_an_attachment_needs_what_it_belongs_to(store: Store, changes: dict[str, Any]) -> None:
    """Workflow or thread were removed in between."""
    await keep(store, samples.workflow())
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.attachment(**changes))
    assert await store.begin().attachments.find("atc_1") is None


async def test_an_attachment_is_not_sent_in_a_removed_thread(store: Store) -> None:
    """It stays what it was."""
    await keep(store, samples.workflow(), samples.attachment())
    with pytest.raises(ConcurrentChange):
        await save(store, samples.attachment().sent_in("thr_9"))
    assert await store.begin().attachments.find("atc_1") == samples.attachment()


async def test_a_removed_attachment_is_gone(store: Store) -> None:
    """And may be removed again."""
    await keep(store, samples.workflow(), samples.attachment(1), samples.attachment(2))
    for _ in range(2):
        change = store.begin()
        change.attachments.remove("atc_1")
        await change.commit()
    assert await store.begin().attachments.ids(workflow_id="wf_1") == ["atc_2"]


async def test_an_attachment_that_was_removed_does_not_come_back(store: Store) -> None:
    """A visitor sends it at the moment at which it is removed: its bytes are gone."""
    await keep(store, samples.workflow(), samples.thread())
    with pytest.raises(ConcurrentChange):
        await save(store, samples.attachment().sent_in("thr_1"))
    assert await store.begin().attachments.find("atc_1") is None


async def test_an_attachment_that_was_sent_is_not_removed(store: Store) -> None:
    """It belongs to its thread, and goes with it."""
    sent = samples.attachment().uploaded().sent_in("thr_1")
    await keep(store, samples.workflow(), samples.thread(), sent)
    change = store.begin()
    change.attachments.remove("atc_1")
    await change.commit()
    assert await store.begin().attachments.find("atc_1") == sent


async def test_an_id_is_announced_once(store: Store) -> None:
    """Ids are drawn, so this is a bug that must not overwrite anything."""
    await keep(store, samples.workflow(), samples.attachment())
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.attachment())


async def test_the_unsent_attachments_come_oldest_first(store: Store) -> None:
    """Of all workflows; what was sent, or announced at that moment or later, is not among them."""
    await keep(store, samples.workflow(1), samples.workflow(2), samples.thread())
    for number in (4, 2, 3):
        await keep(store, samples.attachment(number, of=1 + number % 2))
    await keep(store, samples.attachment(1).sent_in("thr_1"))
    known = store.begin().attachments
    assert await known.unsent(samples.moment(4), 9) == ["atc_2", "atc_3"]
    assert await known.unsent(samples.moment(9), 2) == ["atc_2", "atc_3"]
