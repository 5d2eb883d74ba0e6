"""The audit: who sees it, and that a change of it is found."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attrs import evolve

from orcheo_core.domain.actor import Actor, Caller, Scope, actor_names
from orcheo_core.domain.audit import Act, AuditEntry, AuditFilter, AuditLink
from orcheo_core.domain.durations import parse_moment
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import AuditBroken, GrantInvalid, InvalidInput, NotPublished, ScopeMissing, WorkflowNotFound
from orcheo_core.operations.audit import ExportAudit, ListAudit
from orcheo_core.operations.catalogue import find_operation, perform
from orcheo_core.services.owners.audit import Auditing
from tests import samples
from tests.core.harness import ADA, BOB, CoreHarness, build_hall

OPERATOR = evolve(BOB, scopes=frozenset(Scope))


async def test_an_owner_sees_their_own_acts_an_operator_all(harness: CoreHarness) -> None:
    """Newest or oldest first, in pages."""
    await harness.add("one")
    await harness.add("two", BOB)
    assert [each.note for each in (await harness.core.auditing.page(ADA, AuditFilter(), PageQuery())).entries] == [
        "one"
    ]
    assert [each.note for each in (await harness.core.auditing.export(OPERATOR, PageQuery())).entries] == ["one", "two"]


async def test_an_export_of_the_audit_is_read_part_by_part(harness: CoreHarness) -> None:
    """Each names where the next one begins; a cursor that can be no entry is refused."""
    for number in range(150):
        await harness.add(f"flow-{number}")
    operation, services = find_operation("audit.export"), harness.core.owner_services
    first = await perform(services, ADA, operation, ExportAudit())
    rest = await perform(services, ADA, operation, ExportAudit(after=first.next_after))
    assert [each.content.count("\n") for each in (first, rest)] == [100, 50]
    assert rest.next_after is None
    with pytest.raises(InvalidInput):
        await perform(services, ADA, operation, ExportAudit(after="wf_1"))


async def test_the_chain_of_an_untouched_audit_holds(harness: CoreHarness) -> None:
    """An empty one too; only an operator can go along it, as it is everyone's."""
    assert (await harness.core.auditing.verify(OPERATOR)).entries == 0
    await harness.publish()
    head = await harness.core.auditing.verify(OPERATOR)
    assert head.entries == 2
    assert len(head.link) == 64
    with pytest.raises(ScopeMissing):
        await harness.core.auditing.verify(ADA)


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
    harness: CoreHarness, forge: Callable[[list[AuditLink]], list[AuditLink]], said: str
) -> None:
    """Whatever was changed by hand."""
    await harness.publish()
    await harness.core.publishing.unpublish(ADA, "echo", end_sessions=False)
    links = list(await harness.store.begin().audit.chain(after=0, limit=10))
    harness.store.forged_links = forge(links)
    with pytest.raises(AuditBroken, match=said):
        await Auditing(store=harness.store).verify(OPERATOR)


@pytest.mark.parametrize("reads", [1, 2, 3])
async def test_an_act_that_lands_while_the_chain_is_read_breaks_nothing(
    harness: CoreHarness, monkeypatch: pytest.MonkeyPatch, reads: int
) -> None:
    """The reads of a verification are not one moment."""
    await harness.publish()
    seen = 0

    def counting(read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(*args: Any, **named: Any) -> Any:
            nonlocal seen
            found = await read(*args, **named)
            seen += 1
            if seen == reads:
                await harness.core.publishing.unpublish(ADA, "echo", end_sessions=False)
            return found

        return counted

    audit = type(harness.store.begin().audit)
    monkeypatch.setattr(audit, "chain", counting(audit.chain))
    monkeypatch.setattr(audit, "size", counting(audit.size))
    assert (await harness.core.auditing.verify(OPERATOR)).entries == 3


async def test_listeners_hear_of_every_act_that_landed() -> None:
    """And of none that failed."""
    heard: list[AuditEntry] = []
    harness = build_hall(audit_listeners=(heard.append,))
    await harness.publish()
    await harness.core.publishing.unpublish(ADA, "echo", end_sessions=False)
    with pytest.raises(NotPublished):
        await harness.core.publishing.unpublish(ADA, "echo", end_sessions=False)
    assert [each.act.value for each in heard] == ["workflow.added", "workflow.published", "workflow.unpublished"]


async def test_refusals_are_counted_by_their_code(harness: CoreHarness) -> None:
    """One entry a code, however many there were; other errors are no refusals."""
    tally = harness.core.tally
    for error in (GrantInvalid(), GrantInvalid(), NotPublished(), ScopeMissing()):
        tally.count_refusal(error)
    harness.store.error = RuntimeError("disk")
    with pytest.raises(RuntimeError):
        await tally.write()
    harness.store.error = None
    await tally.write()
    await tally.write()
    entries = (await harness.store.begin().audit.page(PageQuery())).entries
    assert [each.note for each in entries] == ["grant_invalid: 2 times", "scope_missing: 1 time"]


async def test_cancelled_chat_sessions_are_counted_until_they_are_written(harness: CoreHarness) -> None:
    """One entry for each actor and workflow; a disk that fails loses none of them."""
    await harness.publish()
    workflow = await harness.core.registering.get(ADA, "echo")
    tally, start = harness.core.tally, len((await harness.store.begin().audit.page(PageQuery())).entries)
    for caller in (ADA, OPERATOR, ADA):
        tally.count_cancelled(caller, workflow)
    harness.store.error = RuntimeError("disk")
    with pytest.raises(RuntimeError):
        await tally.write()
    harness.store.error = None
    tally.count_cancelled(ADA, workflow)
    await tally.write()
    entries = (await harness.store.begin().audit.page(PageQuery())).entries[start:]
    assert [(each.actor, each.handle, each.note) for each in entries] == [
        (ADA.actor, "echo", "3 chat sessions"),
        (OPERATOR.actor, "echo", "1 chat session"),
    ]


async def notes(harness: CoreHarness, caller: Caller, **wanted: Any) -> list[str]:
    """What a filtered list says, oldest first."""
    page = await harness.core.auditing.page(caller, AuditFilter(**wanted), PageQuery(limit=100))
    return [f"{each.act.value} {each.handle}" for each in page.entries]


async def test_entries_name_the_workflow_and_who_it_was(harness: CoreHarness) -> None:
    """As they were called at that moment: another handle comes later."""
    ci = evolve(ADA, label="CI")
    spec = RunnerSpec(kind="python", target="tests.workflows:echo")
    await harness.core.registering.add(ci, handle="echo", name=None, description="", runner=spec)
    await harness.core.registering.edit(ADA, "echo", {"handle": "parrot"})
    added, edited = (await harness.core.auditing.page(ADA, AuditFilter(), PageQuery())).entries
    assert (added.handle, added.actor_label) == ("echo", "CI")
    assert (edited.handle, edited.actor_label) == ("parrot", "")
    assert edited.note == "handle from echo to parrot"


async def test_an_entry_without_a_handle_shows_the_present_one(harness: CoreHarness) -> None:
    """Entries of earlier releases; those of workflows that are gone keep the id alone."""
    await harness.add()
    workflow = await harness.core.registering.get(ADA, "echo")
    change = harness.store.begin()
    change.audit.append(samples.audit_entry(1, workflow_id=workflow.id))
    change.audit.append(samples.audit_entry(2, workflow_id="wf_gone"))
    await change.commit()
    shown = await harness.core.auditing.page(ADA, AuditFilter(act=Act.PUBLISHED), PageQuery())
    assert [(each.workflow_id, each.handle) for each in shown.entries] == [(workflow.id, "echo"), ("wf_gone", None)]
    raw = (await harness.core.auditing.export(ADA, PageQuery())).entries
    assert [each.handle for each in raw if each.act is Act.PUBLISHED] == [None, None]


async def test_a_workflow_is_found_in_the_audit_by_handle_or_id(harness: CoreHarness) -> None:
    """Under its former handles too, and after it is gone."""
    await harness.add("other")
    await harness.add()
    workflow = await harness.core.registering.get(ADA, "echo")
    await harness.core.registering.edit(ADA, "echo", {"handle": "parrot"})
    whole = ["workflow.added echo", "workflow.edited parrot"]
    for ref in ("parrot", workflow.id):
        assert await notes(harness, ADA, workflows=frozenset({ref})) == whole
    await harness.core.registering.remove(ADA, "parrot")
    for ref in ("echo", "parrot", workflow.id):
        assert await notes(harness, ADA, workflows=frozenset({ref})) == [*whole, "workflow.removed parrot"]


async def test_a_handle_in_the_audit_means_the_workflow_that_has_it_now(harness: CoreHarness) -> None:
    """Then what was done under it to an earlier one, but not the rest of that one's life."""
    await harness.add()
    await harness.core.registering.edit(ADA, "echo", {"handle": "parrot"})
    await harness.add()
    await harness.core.registering.edit(ADA, "echo", {"handle": "second"})
    await harness.add()
    named_echo = ["workflow.added echo"] * 3
    assert await notes(harness, ADA, workflows=frozenset({"echo"})) == named_echo
    await harness.core.registering.remove(ADA, "echo")
    assert await notes(harness, ADA, workflows=frozenset({"echo"})) == [*named_echo, "workflow.removed echo"]


async def test_a_filter_shows_nobody_more_than_their_own(harness: CoreHarness) -> None:
    """An owner who asks for another actor's acts sees none."""
    await harness.add("one")
    await harness.add("two", BOB)
    assert await notes(harness, ADA, actors=frozenset({"bob"})) == []
    assert await notes(harness, OPERATOR, actors=frozenset({"bob"})) == ["workflow.added two"]
    for ref in ("two", "nope"):
        with pytest.raises(WorkflowNotFound, match=ref):
            await notes(harness, ADA, workflows=frozenset({ref}))


async def test_a_cursor_must_be_an_entry_that_the_caller_sees(harness: CoreHarness) -> None:
    """Otherwise the first page would be shown again, or nothing."""
    await harness.add("one")
    await harness.add("two", BOB)
    (mine,) = (await harness.core.auditing.page(ADA, AuditFilter(), PageQuery())).entries
    theirs = (await harness.core.auditing.page(OPERATOR, AuditFilter(), PageQuery(newest_first=True))).entries[0]
    for after in ("aud_nope", "", theirs.id):
        with pytest.raises(InvalidInput, match="after: does not match any audit entry of yours"):
            await harness.core.auditing.page(ADA, AuditFilter(), PageQuery(after=after))
    assert (await harness.core.auditing.page(ADA, AuditFilter(), PageQuery(after=mine.id))).entries == ()


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


@pytest.mark.parametrize("actor", ["", "  "])
def test_an_actor_must_be_named(actor: str) -> None:
    """An empty filter would find nothing, and look like an empty audit."""
    with pytest.raises(InvalidInput, match="actor: must name an actor"):
        ListAudit(actor=actor)
