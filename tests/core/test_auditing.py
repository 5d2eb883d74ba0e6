"""The audit: who sees it, and that a change of it is found."""

from collections.abc import Callable

import pytest
from attrs import evolve

from orcheo_core.domain.actor import Scope
from orcheo_core.domain.audit import AuditEntry, AuditLink
from orcheo_core.domain.pages import PageQuery
from orcheo_core.errors import AuditBroken, GrantInvalid, NotPublished, ScopeMissing
from orcheo_core.services.auditing import Auditing
from tests.core.hall import ADA, BOB, Hall, build_hall

OPERATOR = evolve(BOB, scopes=frozenset(Scope))


async def test_an_owner_sees_their_own_acts_an_operator_all(hall: Hall) -> None:
    """Newest or oldest first, in pages."""
    await hall.add("one")
    await hall.add("two", BOB)
    assert [each.note for each in (await hall.core.auditing.page(ADA, PageQuery())).entries] == ["one"]
    assert [each.note async for each in hall.core.auditing.everything(OPERATOR)] == ["one", "two"]


async def test_everything_is_more_than_a_page(hall: Hall) -> None:
    """For the export."""
    for number in range(150):
        await hall.add(f"flow-{number}")
    assert len([each async for each in hall.core.auditing.everything(ADA)]) == 150


async def test_the_chain_of_an_untouched_audit_holds(hall: Hall) -> None:
    """An empty one too; only an operator can go along it, as it is everybody's."""
    assert (await hall.core.auditing.verify(OPERATOR)).entries == 0
    await hall.publish()
    head = await hall.core.auditing.verify(OPERATOR)
    assert head.entries == 2
    assert len(head.link) == 64
    with pytest.raises(ScopeMissing):
        await hall.core.auditing.verify(ADA)


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda links: [links[0], evolve(links[1], entry=evolve(links[1].entry, note="forged")), links[2]], "Entry 2"),
        (lambda links: [links[0], evolve(links[1], entry=None), links[2]], "Entry 2 is gone"),
        (lambda links: [links[0], links[2]], "Entry 2 is gone"),
        (lambda links: [evolve(links[0], link="0" * 64), *links[1:]], "Entry 1"),
        (lambda links: links[:2], "outside of the chain of 2"),
    ],
    ids=["changed", "taken out", "link taken out", "link changed", "put in beside"],
)
async def test_the_first_wrong_entry_is_named(
    hall: Hall, forge: Callable[[list[AuditLink]], list[AuditLink]], said: str
) -> None:
    """Whatever was changed by hand."""
    await hall.publish()
    await hall.core.publishing.unpublish(ADA, "echo", end_sessions=False)
    links = list(await hall.store.begin().audit.chain(after=0, limit=10))
    hall.store.forged_links = forge(links)
    with pytest.raises(AuditBroken, match=said):
        await Auditing(store=hall.store).verify(OPERATOR)


async def test_listeners_hear_of_every_act_that_landed() -> None:
    """And of none that failed."""
    heard: list[AuditEntry] = []
    hall = build_hall(audit_listeners=(heard.append,))
    await hall.publish()
    await hall.core.publishing.unpublish(ADA, "echo", end_sessions=False)
    with pytest.raises(NotPublished):
        await hall.core.publishing.unpublish(ADA, "echo", end_sessions=False)
    assert [each.act.value for each in heard] == ["workflow.added", "workflow.published", "workflow.unpublished"]


async def test_refusals_are_counted_by_their_code(hall: Hall) -> None:
    """One entry a code, however many there were; other errors are no refusals."""
    refusals = hall.core.refusals
    for error in (GrantInvalid(), GrantInvalid(), NotPublished(), ScopeMissing()):
        refusals.count(error)
    hall.store.error = RuntimeError("disk")
    with pytest.raises(RuntimeError):
        await refusals.write()
    hall.store.error = None
    await refusals.write()
    await refusals.write()
    entries = (await hall.store.begin().audit.page(PageQuery())).entries
    assert [each.note for each in entries] == ["grant_invalid: 2 times", "scope_missing: 1 times"]
