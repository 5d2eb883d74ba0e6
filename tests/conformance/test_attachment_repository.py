"""What every repository of attachments must do."""

import asyncio
from typing import Any

import pytest

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.budget import BUDGETS, KEPT_BYTES, UNSENT_BYTES, UNSENT_FILES, BudgetPlan, Claim, Holders
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import BudgetExceeded, ConcurrentChange
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


def claims_of(attachment: Attachment, client: str = "192.0.2.1", **limits: int) -> tuple[Claim, ...]:
    """What an attachment takes, under no limits but these by the names of holders: of pieces and of bytes."""
    holders = Holders(subject=attachment.subject, address=client, workflow_id=attachment.workflow_id)
    plan = BudgetPlan(changed={each: limits.get(each.per) for each in BUDGETS})
    return plan.claims(UNSENT_FILES, 1, holders) + plan.claims(UNSENT_BYTES, attachment.size, holders)


async def announce(store: Store, attachment: Attachment, **about: Any) -> bool:
    """Add it under budgets; whether there was room."""
    change = store.begin()
    change.attachments.add(attachment, claims_of(attachment, **about))
    try:
        await change.commit()
    except BudgetExceeded:
        return False
    return True


OTHER = Subject("anon:other")


@pytest.mark.parametrize(
    ("per", "own", "others"),
    [
        ("visitor", {}, {"subject": OTHER}),
        ("address", {"subject": OTHER}, {"client": "192.0.2.2"}),
        ("workflow", {"subject": OTHER}, {"workflow_id": "wf_2"}),
        ("server", {"subject": OTHER, "workflow_id": "wf_2"}, None),
    ],
)
async def test_what_is_not_sent_is_counted_for_its_holder(
    store: Store, per: str, own: dict[str, Any], others: dict[str, Any] | None
) -> None:
    """In pieces here; whoever holds nothing yet has room."""
    await keep(store, samples.workflow(1), samples.workflow(2))
    limits = {per: 2}
    assert await announce(store, samples.attachment(1, size=1), **limits)
    assert await announce(store, samples.attachment(2, size=1, **own), **limits)
    assert not await announce(store, samples.attachment(3, size=1, **own), **limits)
    if others is not None:
        client = others.get("client", "192.0.2.1")
        changes = {name: value for name, value in others.items() if name != "client"}
        assert await announce(store, samples.attachment(4, size=1, **changes), client=client, **limits)


async def test_bytes_that_are_not_sent_are_counted(store: Store) -> None:
    """A refused one leaves nothing, and takes no part of the budget."""
    await keep(store, samples.workflow())
    answers = [
        await announce(store, samples.attachment(n, size=size), visitor=10) for n, size in ((1, 6), (2, 5), (3, 4))
    ]
    assert answers == [True, False, True]
    assert await store.begin().attachments.find("atc_2") is None


@pytest.mark.parametrize("per", ["visitor", "workflow", "server"])
async def test_bytes_that_were_sent_are_counted_among_all(store: Store, per: str) -> None:
    """Until their thread is deleted."""
    await keep(store, samples.workflow(), samples.thread(), samples.attachment(1, size=6).sent_in("thr_1"))
    plan = BudgetPlan(changed={each: 10 if each.per == per else None for each in BUDGETS})

    async def is_taken(number: int) -> bool:
        attachment = samples.attachment(number, size=5)
        holders = Holders(subject=attachment.subject, workflow_id=attachment.workflow_id)
        change = store.begin()
        change.attachments.add(attachment, plan.claims(KEPT_BYTES, attachment.size, holders))
        try:
            await change.commit()
        except BudgetExceeded:
            return False
        return True

    assert not await is_taken(2)
    change = store.begin()
    change.threads.remove("thr_1")
    await change.commit()
    assert [await is_taken(number) for number in (3, 4, 5)] == [True, True, False]


async def test_budgets_are_exact_under_concurrency(store: Store) -> None:
    """Of many at once exactly as many pass as there is room for; the refused ones do not take the others along."""
    await keep(store, samples.workflow())
    asked = (announce(store, samples.attachment(number, size=1), visitor=7) for number in range(30))
    assert sum(await asyncio.gather(*asked)) == 7


@pytest.mark.parametrize("released", ["sent", "removed", "thread removed", "workflow removed"])
async def test_what_is_gone_or_sent_is_not_counted(store: Store, released: str) -> None:
    """On every path."""
    await keep(store, samples.workflow(1), samples.workflow(2), samples.thread())
    first = samples.attachment(1, size=1)
    assert await announce(store, first, address=1, server=1) is True
    change = store.begin()
    if released in {"sent", "thread removed"}:
        change.attachments.save(first.uploaded().sent_in("thr_1"))
    if released == "thread removed":
        change.threads.remove("thr_1")
    if released == "removed":
        change.attachments.remove("atc_1")
    if released == "workflow removed":
        change.workflows.remove(samples.workflow(1))
    await change.commit()
    assert await announce(store, samples.attachment(2, of=2, size=1), address=1, server=1)


async def test_an_uploaded_one_is_counted_until_it_is_sent(store: Store) -> None:
    """For its address too."""
    await keep(store, samples.workflow())
    first = samples.attachment(1, size=1)
    assert await announce(store, first, address=1)
    await save(store, first.uploaded())
    assert not await announce(store, samples.attachment(2, size=1, subject=OTHER), address=1)
