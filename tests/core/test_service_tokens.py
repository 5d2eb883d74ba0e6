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
from tests.core.hall import ADA, BOB, Hall

OPERATOR = Caller(actor=Actor("olga"), channel=Channel.PYTHON, scopes=frozenset(Scope))
READ = frozenset({Scope.WORKFLOWS_READ})


async def create(hall: Hall, caller: Caller = ADA, days: int | None = None) -> IssuedServiceToken:
    """A service token that may read."""
    lifetime = timedelta(days=days) if days else None
    return await hall.core.owner_access.create(caller, owner=caller.actor, scopes=READ, label="CI", lifetime=lifetime)


async def holder(hall: Hall, issued: IssuedServiceToken) -> Caller:
    """Who holds it."""
    return await hall.core.owner_access.authenticate(issued.text, Channel.CLI)


async def test_a_service_token_stands_for_its_owner(hall: Hall) -> None:
    """With the scopes it was created with, and no text of it in any representation."""
    issued = await create(hall)
    assert await holder(hall, issued) == Caller(actor=ADA.actor, channel=Channel.CLI, scopes=READ, label="CI")
    assert issued.text not in repr(issued)
    assert issued.text.startswith(issued.record.hint.removesuffix("…"))


async def test_it_expires_to_the_microsecond(hall: Hall) -> None:
    """A holder is told when."""
    issued = await create(hall, days=1)
    hall.clock.advance(timedelta(days=1, microseconds=-1))
    await holder(hall, issued)
    hall.clock.advance(timedelta(microseconds=1))
    with pytest.raises(ServiceTokenExpired, match="2026-11-24 12:00 UTC"):
        await holder(hall, issued)


async def test_a_revoked_one_is_refused_at_once(hall: Hall) -> None:
    """Its holder is told; someone who has only its public part is not."""
    issued, other = await create(hall), await create(hall)
    await hall.core.owner_access.revoke(ADA, issued.record.id)
    with pytest.raises(ServiceTokenRevoked, match="2026-11-23"):
        await holder(hall, issued)
    with pytest.raises(ServiceTokenInvalid):
        await hall.core.owner_access.authenticate(issued.text[:18] + other.text[18:], Channel.CLI)
    with pytest.raises(ServiceTokenEnded):
        await hall.core.owner_access.revoke(ADA, issued.record.id)


async def test_rotation_keeps_scopes_label_and_lifetime(hall: Hall) -> None:
    """The old one works until the grace period ends."""
    issued = await create(hall, days=3)
    hall.clock.advance(timedelta(days=1))
    new = await hall.core.owner_access.rotate(ADA, issued.record.id, grace=timedelta(seconds=60))
    assert (new.record.scopes, new.record.label, new.record.lifetime) == (READ, "CI", timedelta(days=3))
    await holder(hall, issued)
    await holder(hall, new)
    hall.clock.advance(seconds=60)
    with pytest.raises(ServiceTokenRevoked):
        await holder(hall, issued)


async def test_a_grace_period_can_be_cut_short(hall: Hall) -> None:
    """But no one rotates the old one a second time."""
    issued = await create(hall)
    await hall.core.owner_access.rotate(ADA, issued.record.id, grace=timedelta(seconds=60))
    with pytest.raises(ServiceTokenEnded):
        await hall.core.owner_access.rotate(ADA, issued.record.id)
    await hall.core.owner_access.revoke(ADA, issued.record.id)
    with pytest.raises(ServiceTokenRevoked):
        await holder(hall, issued)


async def test_of_two_who_end_it_at_once_one_is_told(hall: Hall) -> None:
    """A late rotation never gives a revoked service token a grace period."""
    issued = await create(hall)
    late = hall.store.begin()
    late.service_tokens.end(issued.record, hall.clock.now() + timedelta(days=1), is_final=False)
    await hall.core.owner_access.revoke(ADA, issued.record.id)
    with pytest.raises(ConcurrentChange):
        await late.commit()


async def test_nobody_hands_on_a_scope_they_lack(hall: Hall) -> None:
    """Neither by creating nor by rotating a service token that has it."""
    strong = await hall.core.owner_access.create(
        ADA, owner=ADA.actor, scopes=frozenset({Scope.WORKFLOWS_CODE}), label="", lifetime=None
    )
    weak = evolve(ADA, scopes=frozenset({Scope.TOKENS_MANAGE, Scope.WORKFLOWS_READ}))
    with pytest.raises(ScopeMissing, match="workflows:code"):
        await hall.core.owner_access.create(weak, owner=ADA.actor, scopes=OWNER_SCOPES, label="", lifetime=None)
    with pytest.raises(ScopeMissing, match="workflows:code"):
        await hall.core.owner_access.rotate(weak, strong.record.id)


async def test_only_operators_create_for_others(hall: Hall) -> None:
    """And none but an operator makes an operator."""
    access = hall.core.owner_access
    issued = await access.create(OPERATOR, owner=BOB.actor, scopes=READ, label="", lifetime=None)
    assert (await holder(hall, issued)).actor == BOB.actor
    with pytest.raises(ScopeMissing, match="operator"):
        await access.create(ADA, owner=BOB.actor, scopes=READ, label="", lifetime=None)
    with pytest.raises(ScopeMissing, match="operator"):
        await access.create(ADA, owner=ADA.actor, scopes=frozenset({Scope.OPERATOR}), label="", lifetime=None)


async def test_others_service_tokens_are_unknown(hall: Hall) -> None:
    """Except to an operator."""
    access, issued = hall.core.owner_access, await create(hall)
    assert (await access.page(BOB, PageQuery())).entries == ()
    assert [each.id for each in (await access.page(OPERATOR, PageQuery())).entries] == [issued.record.id]
    for act in (access.rotate, access.revoke):
        with pytest.raises(ServiceTokenNotFound):
            await act(BOB, issued.record.id)
    await access.revoke(OPERATOR, issued.record.id)
    assert [each.is_live(hall.clock.now()) for each in (await access.page(ADA, PageQuery())).entries] == [False]


async def test_each_act_is_audited_without_the_secret(hall: Hall) -> None:
    """By the public id."""
    issued = await create(hall)
    new = await hall.core.owner_access.rotate(ADA, issued.record.id)
    await hall.core.owner_access.revoke(ADA, new.record.id)
    entries = (await hall.store.begin().audit.page(PageQuery())).entries
    acts = [Act.SERVICE_TOKEN_ISSUED, Act.SERVICE_TOKEN_ROTATED, Act.SERVICE_TOKEN_ISSUED, Act.SERVICE_TOKEN_REVOKED]
    assert [each.act for each in entries] == acts
    assert issued.text not in repr(entries)
    assert issued.record.hint in entries[0].note


async def test_an_operator_sees_the_workflows_of_all(hall: Hall) -> None:
    """Sees, and does not change; other owners see none of it."""
    await hall.add()
    registering = hall.core.registering
    assert (await registering.get(OPERATOR, "echo")).owner == ADA.actor
    assert [each.handle for each in (await registering.page(OPERATOR, WorkflowFilter(), PageQuery())).entries] == [
        "echo"
    ]
    assert (await registering.page(BOB, WorkflowFilter(), PageQuery())).entries == ()
    with pytest.raises(WorkflowNotFound):
        await registering.get(BOB, "echo")
    with pytest.raises(WorkflowNotFound):
        await registering.remove(OPERATOR, "echo")


async def test_its_use_is_noted_once_a_minute(hall: Hall) -> None:
    """However often it is used; a look at it is no use."""
    issued = await create(hall)
    stored = hall.store.begin().service_tokens

    async def last_used() -> datetime | None:
        record = await stored.find(issued.record.public_id)
        assert record is not None
        return record.last_used_at

    await hall.core.owner_access.check(issued.text)
    assert await last_used() is None
    first = hall.clock.now()
    await holder(hall, issued)
    hall.clock.advance(seconds=59)
    await holder(hall, issued)
    assert await last_used() == first
    hall.clock.advance(seconds=1)
    await holder(hall, issued)
    assert await last_used() == first + timedelta(seconds=60)


async def test_it_is_good_where_its_use_cannot_be_noted(hall: Hall) -> None:
    """On a full disk the owner can still come in."""
    issued = await create(hall)
    hall.store.error = StorageUnavailable()
    assert (await holder(hall, issued)).actor == ADA.actor


async def test_a_publish_token_in_its_place_is_recognised(hall: Hall) -> None:
    """By its first letters: the error says which is which."""
    publish_token = await hall.publish()
    with pytest.raises(ServiceTokenInvalid, match="This is a publish token"):
        await hall.core.owner_access.authenticate(publish_token, Channel.CLI)


async def test_a_cursor_must_be_the_id_of_ones_own(hall: Hall) -> None:
    """Neither another owner's nor one that never was."""
    mine, theirs = await create(hall), await create(hall, BOB)
    for after in ("nope", "", theirs.record.id):
        with pytest.raises(InvalidInput, match="after: does not match any service token of yours"):
            await hall.core.owner_access.page(ADA, PageQuery(after=after))
    assert (await hall.core.owner_access.page(ADA, PageQuery(after=mine.record.id))).entries == ()
    assert (await hall.core.owner_access.page(OPERATOR, PageQuery(after=mine.record.id))) is not None
