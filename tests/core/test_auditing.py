"""The audit: who sees it, and that a change of it is found."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from orcheo_core.domain.actor import Actor, Caller, Scope, actor_names
from orcheo_core.domain.audit import Act, AuditEntry, AuditFilter, AuditLink
from orcheo_core.domain.durations import parse_moment
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import AuditBroken, GrantInvalid, InvalidInput, NotPublished, ScopeMissing, WorkflowNotFound
from orcheo_core.services.owners.audit import Auditing
from tests import samples
from tests.core.hall import ADA, BOB, Hall, build_hall

OPERATOR = evolve(BOB, scopes=frozenset(Scope))


async def test_an_owner_sees_their_own_acts_an_operator_all(hall: Hall) -> None:
    """Newest or oldest first, in pages."""
    await hall.add("one")
    await hall.add("two", BOB)
    assert [each.note for each in (await hall.core.auditing.page(ADA, AuditFilter(), PageQuery())).entries] == ["one"]
    assert [each.note async for each in hall.core.auditing.everything(OPERATOR)] == ["one", "two"]


async def test_everything_is_more_than_a_page(hall: Hall) -> None:
    """For the export."""
    for number in range(150):
        await hall.add(f"flow-{number}")
    assert len([each async for each in hall.core.auditing.everything(ADA)]) == 150


async def test_the_chain_of_an_untouched_audit_holds(hall: Hall) -> None:
    """An empty one too; only an operator can go along it, as it is everyone's."""
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
        (lambda links: [links[0], evolve(links[1], entry=None), links[2]], "Entry 2 is missing"),
        (lambda links: [links[0], links[2]], "Entry 2 is missing"),
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
    assert [each.note for each in entries] == ["grant_invalid: 2 times", "scope_missing: 1 time"]


async def notes(hall: Hall, caller: Caller, **wanted: Any) -> list[str]:
    """What a filtered list says, oldest first."""
    page = await hall.core.auditing.page(caller, AuditFilter(**wanted), PageQuery(limit=100))
    return [f"{each.act.value} {each.handle}" for each in page.entries]


async def test_entries_name_the_workflow_and_who_it_was(hall: Hall) -> None:
    """As they were called at that moment: another handle comes later."""
    ci = evolve(ADA, label="CI")
    spec = RunnerSpec(kind="python", target="tests.workflows:echo")
    await hall.core.registering.add(ci, handle="echo", name=None, description="", runner=spec)
    await hall.core.registering.edit(ADA, "echo", {"handle": "parrot"})
    added, edited = (await hall.core.auditing.page(ADA, AuditFilter(), PageQuery())).entries
    assert (added.handle, added.actor_label) == ("echo", "CI")
    assert (edited.handle, edited.actor_label) == ("parrot", "")


async def test_an_entry_without_a_handle_shows_the_present_one(hall: Hall) -> None:
    """Entries of earlier releases; those of workflows that are gone keep the id alone."""
    await hall.add()
    workflow = await hall.core.registering.get(ADA, "echo")
    change = hall.store.begin()
    change.audit.append(samples.audit_entry(1, workflow_id=workflow.id))
    change.audit.append(samples.audit_entry(2, workflow_id="wf_gone"))
    await change.commit()
    shown = await hall.core.auditing.page(ADA, AuditFilter(act=Act.PUBLISHED), PageQuery())
    assert [(each.workflow_id, each.handle) for each in shown.entries] == [(workflow.id, "echo"), ("wf_gone", None)]
    raw = [each async for each in hall.core.auditing.everything(ADA)]
    assert [each.handle for each in raw if each.act is Act.PUBLISHED] == [None, None]


async def test_a_workflow_is_found_in_the_audit_by_handle_or_id(hall: Hall) -> None:
    """Under its former handles too, and after it is gone."""
    await hall.add("other")
    await hall.add()
    workflow = await hall.core.registering.get(ADA, "echo")
    await hall.core.registering.edit(ADA, "echo", {"handle": "parrot"})
    whole = ["workflow.added echo", "workflow.edited parrot"]
    for ref in ("parrot", workflow.id):
        assert await notes(hall, ADA, workflows=frozenset({ref})) == whole
    await hall.core.registering.remove(ADA, "parrot")
    assert await notes(hall, ADA, workflows=frozenset({workflow.id})) == [*whole, "workflow.removed parrot"]
    assert await notes(hall, ADA, workflows=frozenset({"parrot"})) == [*whole[1:], "workflow.removed parrot"]


async def test_a_filter_shows_nobody_more_than_their_own(hall: Hall) -> None:
    """An owner who asks for another actor's acts sees none."""
    await hall.add("one")
    await hall.add("two", BOB)
    assert await notes(hall, ADA, actors=frozenset({"bob"})) == []
    assert await notes(hall, OPERATOR, actors=frozenset({"bob"})) == ["workflow.added two"]
    for ref in ("two", "nope"):
        with pytest.raises(WorkflowNotFound, match=ref):
            await notes(hall, ADA, workflows=frozenset({ref}))


async def test_a_cursor_must_be_an_entry_that_the_caller_sees(hall: Hall) -> None:
    """Otherwise the first page would be shown again, or nothing."""
    await hall.add("one")
    await hall.add("two", BOB)
    (mine,) = (await hall.core.auditing.page(ADA, AuditFilter(), PageQuery())).entries
    theirs = (await hall.core.auditing.page(OPERATOR, AuditFilter(), PageQuery(newest_first=True))).entries[0]
    for after in ("aud_nope", "", theirs.id):
        with pytest.raises(InvalidInput, match="after: does not match any audit entry of yours"):
            await hall.core.auditing.page(ADA, AuditFilter(), PageQuery(after=after))
    assert (await hall.core.auditing.page(ADA, AuditFilter(), PageQuery(after=mine.id))).entries == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ada", "owner:ada"),
        ("oidc:urn:orcheo:trial-sign-in#ada", "visitor:oidc:urn:orcheo:trial-sign-in#ada"),
        ("visitor:unknown", "visitor:unknown"),
        ("orcheo-server", "server"),
    ],
)
def test_an_actor_says_what_it_is(name: str, shown: str) -> None:
    """A visitor is no owner; what is shown finds the actor again."""
    assert str(Actor(name)) == shown
    assert name in actor_names(shown)
    assert name in actor_names(name)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23", "2026-11-23T00:00:00+00:00"),
        ("2026-11-23T14:30", "2026-11-23T14:30:00+00:00"),
        (" 2026-11-23T14:30:05Z ", "2026-11-23T14:30:05+00:00"),
        ("2026-11-23T14:30+02:00", "2026-11-23T12:30:00+00:00"),
    ],
)
def test_a_moment_is_read_as_utc(text: str, moment: str) -> None:
    """Unless it says otherwise."""
    assert parse_moment("since", text).isoformat() == moment


def test_a_date_as_an_end_includes_its_day() -> None:
    """A time does not become another one."""
    assert parse_moment("until", "2026-11-23", end_of_day=True).isoformat() == "2026-11-24T00:00:00+00:00"
    assert parse_moment("until", "2026-11-23T00:00", end_of_day=True).isoformat() == "2026-11-23T00:00:00+00:00"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "9999-12-31", "1h", "23.11.2026"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """With what it looks like; the end of the last day there is cannot be told either."""
    with pytest.raises(InvalidInput, match="until: must be a date or time in ISO 8601"):
        parse_moment("until", text, end_of_day=True)
