"""Service tokens: created, shown once, rotated, revoked, expired; no one hands on what they do not have."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from orcheo_core.domain.actor import OWNER_SCOPES, Actor, Caller, Channel, Scope
from orcheo_core.domain.audit import Act
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.workflow import WorkflowFilter
from orcheo_core.errors import (
    ConcurrentChange,
    InvalidInput,
    ScopeMissing,
    ServiceTokenEnded,
    ServiceTokenExpired,
    ServiceTokenInvalid,
    ServiceTokenNotFound,
    ServiceTokenRevoked,
    StorageUnavailable,
    WorkflowNotFound,
)
from orcheo_core.services.owners.tokens import IssuedServiceToken
from tests.core.harness import ADA, BOB, CoreHarness

OPERATOR = Caller(actor=Actor("olga"), channel=Channel.PYTHON, scopes=frozenset(Scope))
READ = frozenset({Scope.WORKFLOWS_READ})


async def create(harness: CoreHarness, caller: Caller = ADA, days: int | None = None) -> IssuedServiceToken:
    """A service token that may read."""
    lifetime = timedelta(days=days) if days else None
    return await harness.core.owner_access.create(
        caller, owner=caller.actor, scopes=READ, label="CI", lifetime=lifetime
    )


async def holder(harness: CoreHarness, issued: IssuedServiceToken) -> Caller:
    """Who holds it."""
    return await harness.core.owner_access.authenticate(issued.text, Channel.CLI)


async def test_a_service_token_stands_for_its_owner(harness: CoreHarness) -> None:
    """With the scopes it was created with, and no text of it in any representation."""
    issued = await create(harness)
    assert await holder(harness, issued) == Caller(actor=ADA.actor, channel=Channel.CLI, scopes=READ, label="CI")
    assert issued.text not in repr(issued)
    assert issued.text.startswith(issued.record.hint.removesuffix("…"))


async def test_it_expires_to_the_microsecond(harness: CoreHarness) -> None:
    """A holder is told when."""
    issued = await create(harness, days=1)
    harness.clock.advance(timedelta(days=1, microseconds=-1))
    await holder(harness, issued)
    harness.clock.advance(timedelta(microseconds=1))
    with pytest.raises(ServiceTokenExpired, match="2026-11-24 12:00 UTC"):
        await holder(harness, issued)


async def test_a_revoked_one_is_refused_at_once(harness: CoreHarness) -> None:
    """Its holder is told; someone who has only its public part is not."""
    issued, other = await create(harness), await create(harness)
    await harness.core.owner_access.revoke(ADA, issued.record.id)
    with pytest.raises(ServiceTokenRevoked, match="2026-11-23"):
        await holder(harness, issued)
    with pytest.raises(ServiceTokenInvalid):
        await harness.core.owner_access.authenticate(issued.text[:18] + other.text[18:], Channel.CLI)
    with pytest.raises(ServiceTokenEnded):
        await harness.core.owner_access.revoke(ADA, issued.record.id)


async def test_rotation_keeps_scopes_label_and_lifetime(harness: CoreHarness) -> None:
    """The old one works until the grace period ends."""
    issued = await create(harness, days=3)
    harness.clock.advance(timedelta(days=1))
    new = await harness.core.owner_access.rotate(ADA, issued.record.id, grace=timedelta(seconds=60))
    assert (new.record.scopes, new.record.label, new.record.lifetime) == (READ, "CI", timedelta(days=3))
    await holder(harness, issued)
    await holder(harness, new)
    harness.clock.advance(seconds=60)
    with pytest.raises(ServiceTokenRevoked):
        await holder(harness, issued)


async def test_a_grace_period_can_be_cut_short(harness: CoreHarness) -> None:
    """But no one rotates the old one a second time."""
    issued = await create(harness)
    await harness.core.owner_access.rotate(ADA, issued.record.id, grace=timedelta(seconds=60))
    with pytest.raises(ServiceTokenEnded):
        await harness.core.owner_access.rotate(ADA, issued.record.id)
    await harness.core.owner_access.revoke(ADA, issued.record.id)
    with pytest.raises(ServiceTokenRevoked):
        await holder(harness, issued)


async def test_of_two_who_end_it_at_once_one_is_told(harness: CoreHarness) -> None:
    """A late rotation never gives a revoked service token a grace period."""
    issued = await create(harness)
    late = harness.store.begin()
    late.service_tokens.end(issued.record, harness.clock.now() + timedelta(days=1), is_final=False)
    await harness.core.owner_access.revoke(ADA, issued.record.id)
    with pytest.raises(ConcurrentChange):
        await late.commit()


async def test_nobody_hands_on_a_scope_they_lack(harness: CoreHarness) -> None:
    """Neither by creating nor by rotating a service token that has it."""
    strong = await harness.core.owner_access.create(
        ADA, owner=ADA.actor, scopes=frozenset({Scope.WORKFLOWS_CODE}), label="", lifetime=None
    )
    weak = evolve(ADA, scopes=frozenset({Scope.TOKENS_MANAGE, Scope.WORKFLOWS_READ}))
    with pytest.raises(ScopeMissing, match="workflows:code"):
        await harness.core.owner_access.create(weak, owner=ADA.actor, scopes=OWNER_SCOPES, label="", lifetime=None)
    with pytest.raises(ScopeMissing, match="workflows:code"):
        await harness.core.owner_access.rotate(weak, strong.record.id)


async def test_only_operators_create_for_others(harness: CoreHarness) -> None:
    """And none but an operator makes an operator."""
    access = harness.core.owner_access
    issued = await access.create(OPERATOR, owner=BOB.actor, scopes=READ, label="", lifetime=None)
    assert (await holder(harness, issued)).actor == BOB.actor
    with pytest.raises(ScopeMissing, match="operator"):
        await access.create(ADA, owner=BOB.actor, scopes=READ, label="", lifetime=None)
    with pytest.raises(ScopeMissing, match="operator"):
        await access.create(ADA, owner=ADA.actor, scopes=frozenset({Scope.OPERATOR}), label="", lifetime=None)


async def test_others_service_tokens_are_unknown(harness: CoreHarness) -> None:
    """Except to an operator."""
    access, issued = harness.core.owner_access, await create(harness)
    assert (await access.page(BOB, PageQuery())).entries == ()
    assert [each.id for each in (await access.page(OPERATOR, PageQuery())).entries] == [issued.record.id]
    for act in (access.rotate, access.revoke):
        with pytest.raises(ServiceTokenNotFound):
            await act(BOB, issued.record.id)
    await access.revoke(OPERATOR, issued.record.id)
    assert [each.is_live(harness.clock.now()) for each in (await access.page(ADA, PageQuery())).entries] == [False]


async def test_each_act_is_audited_without_the_secret(harness: CoreHarness) -> None:
    """By the public id."""
    issued = await create(harness)
    new = await harness.core.owner_access.rotate(ADA, issued.record.id)
    await harness.core.owner_access.revoke(ADA, new.record.id)
    entries = (await harness.store.begin().audit.page(PageQuery())).entries
    acts = [Act.SERVICE_TOKEN_ISSUED, Act.SERVICE_TOKEN_ROTATED, Act.SERVICE_TOKEN_ISSUED, Act.SERVICE_TOKEN_REVOKED]
    assert [each.act for each in entries] == acts
    assert issued.text not in repr(entries)
    assert issued.record.hint in entries[0].note


async def test_an_operator_sees_the_workflows_of_all(harness: CoreHarness) -> None:
    """Sees, and does not change; other owners see none of it."""
    await harness.add()
    registering = harness.core.registering
    assert (await registering.get(OPERATOR, "echo")).owner == ADA.actor
    assert [each.handle for each in (await registering.page(OPERATOR, WorkflowFilter(), PageQuery())).entries] == [
        "echo"
    ]
    assert (await registering.page(BOB, WorkflowFilter(), PageQuery())).entries == ()
    with pytest.raises(WorkflowNotFound):
        await registering.get(BOB, "echo")
    with pytest.raises(WorkflowNotFound):
        await registering.remove(OPERATOR, "echo")


async def test_its_use_is_noted_once_a_minute(harness: CoreHarness) -> None:
    """However often it is used; a look at it is no use."""
    issued = await create(harness)
    stored = harness.store.begin().service_tokens

    async def last_used() -> datetime | None:
        record = await stored.find(issued.record.public_id)
        assert record is not None
        return record.last_used_at

    await harness.core.owner_access.check(issued.text)
    assert await last_used() is None
    first = harness.clock.now()
    await holder(harness, issued)
    harness.clock.advance(seconds=59)
    await holder(harness, issued)
    assert await last_used() == first
    harness.clock.advance(seconds=1)
    await holder(harness, issued)
    assert await last_used() == first + timedelta(seconds=60)


async def test_it_is_good_where_its_use_cannot_be_noted(harness: CoreHarness) -> None:
    """On a full disk the owner can still come in."""
    issued = await create(harness)
    harness.store.error = StorageUnavailable()
    assert (await holder(harness, issued)).actor == ADA.actor


async def test_a_publish_token_in_its_place_is_recognised(harness: CoreHarness) -> None:
    """By its first letters: the error says which is which."""
    publish_token = await harness.publish()
    with pytest.raises(ServiceTokenInvalid, match="This is a publish token"):
        await harness.core.owner_access.authenticate(publish_token, Channel.CLI)


async def test_a_cursor_must_be_the_id_of_ones_own(harness: CoreHarness) -> None:
    """Neither another owner's nor one that never was."""
    mine, theirs = await create(harness), await create(harness, BOB)
    for after in ("nope", "", theirs.record.id):
        with pytest.raises(InvalidInput, match="after: does not match any service token of yours"):
            await harness.core.owner_access.page(ADA, PageQuery(after=after))
    assert (await harness.core.owner_access.page(ADA, PageQuery(after=mine.record.id))).entries == ()
    assert (await harness.core.owner_access.page(OPERATOR, PageQuery(after=mine.record.id))) is not None
