"""What every audit must do."""

import pytest

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.audit import Act, AuditFilter, body_of, link_of
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
    """That someone removed it is what the audit is for."""
    await keep(store, samples.workflow(), samples.audit_entry())
    change = store.begin()
    change.workflows.remove(samples.workflow())
    await change.commit()
    assert (await change.audit.page(PageQuery())).entries == (samples.audit_entry(),)


async def test_entries_can_be_those_of_one_actor(store: Store) -> None:
    """By name."""
    await keep(store, samples.audit_entry(1), samples.audit_entry(2, actor=Actor("bob")))
    bobs = await store.begin().audit.page(PageQuery(), AuditFilter(actors=frozenset({"bob", "eve"})))
    assert [each.id for each in bobs.entries] == ["aud_2"]
    none = await store.begin().audit.page(PageQuery(), AuditFilter(actors=frozenset()))
    assert none.entries == ()


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (AuditFilter(workflows=frozenset({"wf_1"})), ["aud_1", "aud_2"]),
        (AuditFilter(workflows=frozenset({"echo"})), ["aud_2", "aud_3"]),
        (AuditFilter(workflows=frozenset({"wf_1", "echo"})), ["aud_1", "aud_2", "aud_3"]),
        (AuditFilter(act=Act.UNPUBLISHED), ["aud_3"]),
        (AuditFilter(since=samples.moment(2)), ["aud_2", "aud_3", "aud_4"]),
        (AuditFilter(until=samples.moment(2)), ["aud_1"]),
        (AuditFilter(since=samples.moment(2), until=samples.moment(4), act=Act.PUBLISHED), ["aud_2"]),
    ],
)
async def test_entries_are_filtered(store: Store, wanted: AuditFilter, ids: list[str]) -> None:
    """By the id or the handle of the workflow, by act, from a moment on and before one."""
    await keep(
        store,
        samples.audit_entry(1),
        samples.audit_entry(2, handle="echo", actor_label="CI"),
        samples.audit_entry(3, workflow_id="wf_2", handle="echo", act=Act.UNPUBLISHED),
        samples.audit_entry(4, workflow_id=None),
    )
    assert [each.id for each in (await store.begin().audit.page(PageQuery(), wanted)).entries] == ids


async def test_an_entry_is_found_by_its_id(store: Store) -> None:
    """With all that it says."""
    entry = samples.audit_entry(1, handle="echo", actor_label="CI", note="by hand")
    await keep(store, entry)
    assert await store.begin().audit.find("aud_1") == entry
    assert await store.begin().audit.find("aud_2") is None


async def test_each_entry_is_linked_to_the_one_that_landed_before_it(store: Store) -> None:
    """In the order of landing, whatever their ids; what did not land leaves no gap."""
    second, first, third = (samples.audit_entry(each) for each in (1, 2, 3))
    await keep(store, first)
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.audit_entry(9), samples.audit_entry(2))
    await keep(store, second, third)
    links = await store.begin().audit.chain(after=0, limit=10)
    assert [(each.number, each.entry) for each in links] == [(1, first), (2, second), (3, third)]
    expected = link_of(link_of(link_of("", body_of(first)), body_of(second)), body_of(third))
    assert links[-1].link == expected
    assert [each.number for each in await store.begin().audit.chain(after=1, limit=1)] == [2]
    assert await store.begin().audit.size() == 3


async def test_what_shall_be_told_is_told_after_the_commit(store: Store) -> None:
    """Once, and never of what did not land."""
    told: list[str] = []
    change = store.begin()
    change.audit.append(samples.audit_entry(1))
    change.after_commit(lambda: told.append("one"))
    assert told == []
    await change.commit()
    await change.commit()
    assert told == ["one"]
    failing = store.begin()
    failing.audit.append(samples.audit_entry(1))
    failing.after_commit(lambda: told.append("two"))
    with pytest.raises(ConcurrentChange):
        await failing.commit()
    assert told == ["one"]
