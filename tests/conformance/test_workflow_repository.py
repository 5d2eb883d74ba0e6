"""What every repository of workflows must do."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.workflow import Workflow, WorkflowFilter
from orcheo_core.errors import ChatUnavailable, ConcurrentChange, HandleTaken, OrcheoError
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from tests import samples
from tests.conformance.keeping import keep


async def save(store: Store, workflow: Workflow) -> None:
    """Commit this change of a workflow."""
    change = store.begin()
    change.workflows.save(workflow)
    await change.commit()


async def remove(store: Store, workflow: Workflow) -> None:
    """Commit this removal."""
    change = store.begin()
    change.workflows.remove(workflow)
    await change.commit()


@pytest.mark.parametrize("ref", ["wf_1", "flow-1"])
async def test_found_by_id_and_by_handle(store: Store, ref: str) -> None:
    """Both name it."""
    await keep(store, samples.workflow(1), samples.workflow(2))
    assert await store.begin().workflows.find(ref) == samples.workflow(1)


@pytest.mark.parametrize("ref", ["wf_9", "flow-9", "FLOW-1", "", "wf_", "' OR 1 --"])
async def test_nothing_else_names_it(store: Store, ref: str) -> None:
    """Unknown references find nothing, and are no SQL."""
    await keep(store, samples.workflow())
    assert await store.begin().workflows.find(ref) is None


async def test_a_handle_is_taken_once(store: Store) -> None:
    """A new workflow cannot have another one's handle."""
    await keep(store, samples.workflow(1))
    with pytest.raises(HandleTaken):
        await keep(store, samples.workflow(2, handle="flow-1"))


async def test_a_change_cannot_take_a_handle(store: Store) -> None:
    """Nor can an existing one get it."""
    await keep(store, samples.workflow(1), samples.workflow(2))
    with pytest.raises(HandleTaken):
        await save(store, samples.workflow(2, handle="flow-1", revision=2))


async def test_a_handle_is_free_again_after_a_change(store: Store) -> None:
    """Who gives a handle up makes room, in the same change even."""
    await keep(store, samples.workflow(1))
    change = store.begin()
    change.workflows.save(samples.workflow(1, handle="moved", revision=2))
    change.workflows.add(samples.workflow(2, handle="flow-1"))
    await change.commit()
    found = await change.workflows.find("flow-1")
    assert found == samples.workflow(2, handle="flow-1")
    assert await change.workflows.find("moved") == samples.workflow(1, handle="moved", revision=2)


async def test_a_handle_is_free_again_after_a_removal(store: Store) -> None:
    """Removed means forgotten."""
    await keep(store, samples.workflow(1))
    await remove(store, samples.workflow(1))
    await keep(store, samples.workflow(2, handle="flow-1"))
    assert await store.begin().workflows.find("wf_1") is None


async def test_an_id_is_taken_once(store: Store) -> None:
    """Chance gave the same id twice: the first workflow stays as it is."""
    await keep(store, samples.workflow(1))
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.workflow(1, handle="other"))
    assert await store.begin().workflows.find("wf_1") == samples.workflow(1)


async def test_a_change_of_the_next_revision_lands(store: Store) -> None:
    """All that can change about a workflow is replaced."""
    await keep(store, samples.workflow())
    opened = samples.workflow().published(samples.OWNER, at=samples.moment(5), token_id="pt1", require_login=True)
    await save(store, opened)
    assert await store.begin().workflows.find("wf_1") == opened
    closed = opened.unpublished(at=samples.moment(6))
    await save(store, closed)
    assert await store.begin().workflows.find("wf_1") == closed


@pytest.mark.parametrize("revision", [1, 3, 4, 0])
async def test_a_change_of_another_revision_is_refused(store: Store, revision: int) -> None:
    """Stored is revision 1: only revision 2 builds on it."""
    await keep(store, samples.workflow())
    with pytest.raises(ConcurrentChange):
        await save(store, samples.workflow(name="Late", revision=revision))
    assert await store.begin().workflows.find("wf_1") == samples.workflow()


async def test_a_change_of_a_removed_workflow_is_refused(store: Store) -> None:
    """It does not come back to life."""
    with pytest.raises(ConcurrentChange):
        await save(store, samples.workflow(revision=2))
    assert await store.begin().workflows.find("wf_1") is None


async def test_a_stale_change_is_told_before_a_taken_handle(store: Store) -> None:
    """Whoever must read again anyway hears that first."""
    await keep(store, samples.workflow(1), samples.workflow(2))
    with pytest.raises(ConcurrentChange):
        await save(store, samples.workflow(2, handle="flow-1", revision=5))


@pytest.mark.parametrize(("stored", "revision"), [(1, 2), (2, 1)])
async def test_a_removal_of_another_revision_is_refused(store: Store, stored: int, revision: int) -> None:
    """Who removes must have seen what it is now."""
    await keep(store, samples.workflow(revision=stored))
    with pytest.raises(ConcurrentChange):
        await remove(store, samples.workflow(revision=revision))
    assert await store.begin().workflows.find("wf_1") == samples.workflow(revision=stored)


async def test_removing_twice_is_refused(store: Store) -> None:
    """The second one is told that it came too late."""
    await keep(store, samples.workflow())
    await remove(store, samples.workflow())
    with pytest.raises(ConcurrentChange):
        await remove(store, samples.workflow())


async def test_a_page_shows_an_owner_only_their_own(store: Store) -> None:
    """Owners do not see each other's workflows in lists."""
    await keep(store, samples.workflow(1), samples.workflow(2, owner=Actor("bob")), samples.workflow(3))
    page = await store.begin().workflows.page(WorkflowFilter(owner=samples.OWNER.name), PageQuery())
    assert [each.id for each in page.entries] == ["wf_1", "wf_3"]
    assert (await store.begin().workflows.page(WorkflowFilter(owner="nobody"), PageQuery())).entries == ()


async def test_a_filter_finds_by_words_and_state(store: Store) -> None:
    """In handle or name, whatever the case and the accents; archived ones when asked for."""
    opened = samples.workflow(2, name="Café Übersicht").published(
        samples.OWNER, at=samples.moment(5), token_id="pt1", require_login=False
    )
    aside = samples.workflow(3, handle="cafe-old").archived(at=samples.moment(6))
    await keep(store, samples.workflow(1), opened, aside)

    async def found(**wanted: Any) -> list[str]:
        page = await store.begin().workflows.page(WorkflowFilter(**wanted), PageQuery(newest_first=True))
        return [each.id for each in page.entries]

    assert await found() == ["wf_2", "wf_1"]
    assert await found(include_archived=True) == ["wf_3", "wf_2", "wf_1"]
    assert await found(words=("cafe",)) == ["wf_2"]
    assert await found(words=("cafe", "flow-2", "ubersicht")) == ["wf_2"]
    assert await found(words=("cafe",), include_archived=True) == ["wf_3", "wf_2"]
    assert await found(words=("%",)) == []
    assert await found(is_public=True) == ["wf_2"]
    assert await found(is_public=False, owner=samples.OWNER.name) == ["wf_1"]


async def test_errors_are_of_our_tree(store: Store) -> None:
    """Whatever a store refuses reaches people with a code, a reason and a next step."""
    await keep(store, samples.workflow(1))
    with pytest.raises(OrcheoError) as refused:
        await keep(store, samples.workflow(2, handle="flow-1"))
    assert (refused.value.code, bool(refused.value.detail), bool(refused.value.hint)) == ("handle_taken", True, True)


async def test_a_change_can_depend_on_a_workflow_being_as_it_was_read(store: Store) -> None:
    """Any change of it, and its removal, is a conflict."""
    await keep(store, samples.workflow(1))
    await _land(store, lambda change: change.workflows.check_unchanged(samples.workflow(1)), None)
    later = samples.workflow(1, revision=2)
    await _land(store, lambda change: change.workflows.check_unchanged(later), ConcurrentChange)
    await _land(store, lambda change: change.workflows.check_unchanged(samples.workflow(9)), ConcurrentChange)


async def test_a_change_can_depend_on_the_publication_number(store: Store) -> None:
    """Other changes of the workflow do not matter."""
    await keep(store, samples.workflow(1, publication_number=3))
    same, other = samples.workflow(1, publication_number=3, revision=7), samples.workflow(1, publication_number=2)
    await _land(store, lambda change: change.workflows.check_publication(same), None)
    await _land(store, lambda change: change.workflows.check_publication(other), ChatUnavailable)
    await _land(store, lambda change: change.workflows.check_publication(samples.workflow(9)), ChatUnavailable)


async def _land(store: Store, check: Callable[[UnitOfWork], None], refusal: type[Exception] | None) -> None:
    """A change with this check lands, or nothing of it."""
    change, entry = store.begin(), samples.audit_entry(1 + await store.begin().audit.size())
    check(change)
    change.audit.append(entry)
    with nullcontext() if refusal is None else pytest.raises(refusal):
        await change.commit()
    assert (await store.begin().audit.find(entry.id) is None) == (refusal is not None)
