"""What every audit must do."""

import pytest

from orcheo_core.domain.pages import PageQuery
from orcheo_core.errors import ConcurrentChange, HandleTaken
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep


async def test_entries_come_in_the_order_of_their_ids(store: Store) -> None:
    """Of all workflows and of none."""
    entries = [samples.audit_entry(1), samples.audit_entry(2, workflow_id=None, note="by hand"), samples.audit_entry(3)]
    await keep(store, *reversed(entries))
    assert (await store.begin().audit.page(PageQuery())).entries == tuple(entries)


async def test_an_act_that_failed_leaves_no_entry(store: Store) -> None:
    """The entry lands with the act, or not at all."""
    await keep(store, samples.workflow(1))
    with pytest.raises(HandleTaken):
        await keep(store, samples.audit_entry(), samples.workflow(2, handle="flow-1"))
    assert (await store.begin().audit.page(PageQuery())).entries == ()


async def test_an_entry_is_never_overwritten(store: Store) -> None:
    """Append-only, even when chance gives the same id twice."""
    await keep(store, samples.audit_entry(1))
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.audit_entry(1, note="forged"))
    assert (await store.begin().audit.page(PageQuery())).entries == (samples.audit_entry(1),)


async def test_the_audit_outlives_its_workflow(store: Store) -> None:
    """That somebody removed it is what the audit is for."""
    await keep(store, samples.workflow(), samples.audit_entry())
    change = store.begin()
    change.workflows.remove(samples.workflow())
    await change.commit()
    assert (await change.audit.page(PageQuery())).entries == (samples.audit_entry(),)
