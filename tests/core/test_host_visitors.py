"""Visitors whom another site knows, as the rules of the core have it."""

from datetime import timedelta

import pytest

from orcheo_core.domain.chat_session import Way
from orcheo_core.domain.host_identity import IdentityKey
from orcheo_core.domain.opaque_token import Pepper, PepperRing
from orcheo_core.errors import ChatSessionEnded, ChatUnavailable, GrantInvalid, IdentityExpired, IdentityInvalid
from orcheo_core.ports.host_identities import NullHostIdentities
from tests.core.harness import ADA, CoreHarness

NO_GRACE = timedelta(0)
RING = PepperRing((Pepper(id="new", key=b"n" * 32), Pepper(id="old", key=b"o" * 32)))


async def known_at(harness: CoreHarness, identity: str = "signed ada") -> str:
    """A workflow with an identity secret, and a chat grant of a visitor whom another site knows."""
    await harness.publish()
    await harness.core.owner_services.identity_secrets.rotate(ADA, "echo", grace=NO_GRACE)
    return (await harness.core.admitting.by_identity("echo", identity)).text


async def test_a_visitor_of_another_site_is_told_apart_by_workflow_and_account(harness: CoreHarness) -> None:
    """The key of the subject names both, and the way in is its own."""
    visit = await harness.core.admitting.visit_by_grant(await known_at(harness))
    assert visit.subject.key == f"host:{visit.workflow.id}#ada"
    assert visit.app_user is not None
    assert visit.app_user.user == "ada"
    session = await harness.store.begin().chat_sessions.find(visit.chat_session_id or "")
    assert session is not None
    assert session.way is Way.HOST


async def test_no_site_is_believed_without_a_secret(harness: CoreHarness) -> None:
    """Neither before the first one is made, nor after the last one was taken out, nor for a private workflow."""
    await harness.publish()
    with pytest.raises(IdentityInvalid):
        await harness.core.admitting.by_identity("echo", "signed ada")
    await harness.core.owner_services.identity_secrets.rotate(ADA, "echo", grace=NO_GRACE)
    await harness.core.registering.edit(ADA, "echo", {"identity_keys": ()})
    with pytest.raises(IdentityInvalid):
        await harness.core.admitting.by_identity("echo", "signed ada")
    await harness.core.publishing.unpublish(ADA, "echo")
    for ref in ("echo", "unknown"):
        with pytest.raises(ChatUnavailable):
            await harness.core.admitting.by_identity(ref, "signed ada")


async def test_a_workflow_that_is_closed_while_a_visitor_comes_in_stays_closed(harness: CoreHarness) -> None:
    """The rule itself refuses."""
    from orcheo_core.domain.admission import Refused, admit_host_visitor

    await harness.add()
    workflow = await harness.core.registering.get(ADA, "echo")
    visitor = harness.core.admitting._host_identities
    await harness.core.owner_services.identity_secrets.rotate(ADA, "echo", grace=NO_GRACE)
    believed = visitor.verify("signed ada", await harness.core.registering.get(ADA, "echo"))
    assert isinstance(admit_host_visitor(workflow, believed), Refused)


async def test_who_leaves_is_gone_with_the_identity(harness: CoreHarness) -> None:
    """And no other one."""
    grant = await known_at(harness)
    await harness.core.admitting.leave("echo", grant, "signed ada")
    with pytest.raises(ChatSessionEnded):
        await harness.core.admitting.visit_by_grant(grant)
    with pytest.raises(IdentityExpired):
        await harness.core.admitting.by_identity("echo", "signed ada")
    other = (await harness.core.admitting.by_identity("echo", "signed bob")).text
    with pytest.raises(GrantInvalid):
        await harness.core.admitting.leave("other", other, None)
    await harness.core.admitting.leave("echo", other, "signed cleo")
    await harness.core.admitting.by_identity("echo", "signed cleo")
    third = (await harness.core.admitting.by_identity("echo", "signed bob")).text
    await harness.core.admitting.leave("echo", third, "unsigned")
    last = (await harness.core.admitting.by_identity("echo", "signed bob")).text
    await harness.core.admitting.leave("echo", last, None)
    assert await harness.core.admitting.by_identity("echo", "signed bob")


async def test_a_chat_is_renewed_while_a_secret_lives_that_may_have_opened_it(harness: CoreHarness) -> None:
    """Within the grace period of a rotation and not after it."""
    grant = await known_at(harness)
    harness.clock.advance(seconds=1)
    await harness.core.owner_services.identity_secrets.rotate(ADA, "echo", grace=timedelta(minutes=1))
    harness.clock.advance(seconds=30)
    grant = (await harness.core.admitting.renew("echo", grant)).text
    harness.clock.advance(seconds=30)
    with pytest.raises(ChatSessionEnded):
        await harness.core.admitting.renew("echo", grant)


async def test_two_rotations_leave_no_third_secret(harness: CoreHarness) -> None:
    """What has ended is not kept; an end that was set is never put off."""
    secrets = harness.core.owner_services.identity_secrets
    await harness.publish()
    await secrets.rotate(ADA, "echo", grace=NO_GRACE)
    first = (await secrets.rotate(ADA, "echo", grace=timedelta(minutes=1))).workflow
    second = (await secrets.rotate(ADA, "echo", grace=timedelta(hours=1))).workflow
    assert [len(each.identity_keys) for each in (first, second)] == [2, 3]
    assert second.identity_keys[2].ends_at == first.identity_keys[1].ends_at
    harness.clock.advance(minutes=1)
    assert len((await secrets.rotate(ADA, "echo", grace=NO_GRACE)).workflow.identity_keys) == 1


def test_an_identity_secret_is_made_again_from_what_is_stored() -> None:
    """With the pepper it was made of, for the same name alone."""
    secret, pepper_id = RING.derive("orc_is_", "wf_1", lambda count: b"r" * count)
    assert pepper_id == "new"
    again = RING.derived("orc_is_", "wf_1", secret.public_id, "new")
    assert again is not None
    assert again.reveal() == secret.reveal()
    others = [
        RING.derived("orc_is_", "wf_2", secret.public_id, "new"),
        RING.derived("orc_is_", "wf_1", secret.public_id, "old"),
        RING.derived("orc_xx_", "wf_1", secret.public_id, "new"),
    ]
    assert all(each is not None and each.secret != secret.secret for each in others)
    assert RING.derived("orc_is_", "wf_1", secret.public_id, "gone") is None


async def test_a_service_without_such_visitors_believes_no_site(harness: CoreHarness) -> None:
    """As long as nothing is plugged in."""
    await known_at(harness)
    workflow, null = await harness.core.registering.get(ADA, "echo"), NullHostIdentities()
    with pytest.raises(IdentityInvalid):
        null.verify("signed ada", workflow)
    await null.end("signed ada", harness.core.admitting._host_identities.verify("signed ada", workflow))


def test_a_hint_shows_the_public_id_alone(harness: CoreHarness) -> None:
    """Enough to know which secret it is."""
    assert IdentityKey(id="abc", pepper_id="p", issued_at=harness.clock.now()).hint == "orc_is_abc…"
