"""Every way in, and what closes it."""

from collections.abc import Awaitable, Callable

import pytest
from attrs import evolve

from orcheo_core.domain.actor import Channel, Scope
from orcheo_core.domain.opaque_token import OpaqueToken
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import (
    ChatSessionEnded,
    ChatUnavailable,
    ConcurrentChange,
    GrantInvalid,
    LoginRequired,
    PublishTokenInvalid,
    PublishTokenRevoked,
    PublishTokenRotated,
    ServiceTokenInvalid,
    WorkflowNotFound,
)
from orcheo_core.services.visitors.admitting import ChatGrant
from tests.core.harness import ADA, CoreHarness
from tests.fakes.entropy import FakeEntropy

EVE = Subject.anonymous("vis_eve")


async def open_chat(harness: CoreHarness, ref: str = "echo") -> ChatGrant:
    return await harness.core.admitting.by_link(ref, EVE)


async def test_a_share_link_opens_a_public_chat(harness: CoreHarness) -> None:
    """For five minutes, in the visitor's own name."""
    await harness.publish()
    grant = await open_chat(harness)
    assert (grant.claims.expires_at - grant.claims.issued_at).total_seconds() == 300
    assert (await harness.core.admitting.visit_by_grant(grant.text)).subject == EVE


async def test_unknown_and_private_look_the_same(harness: CoreHarness) -> None:
    """By link and by description."""
    await harness.add()
    for ref in ("echo", "nothing"):
        with pytest.raises(ChatUnavailable) as by_link:
            await open_chat(harness, ref)
        with pytest.raises(ChatUnavailable) as by_name:
            await harness.core.admitting.public_workflow(ref)
        assert str(by_link.value) == str(by_name.value) == ChatUnavailable.summary


async def test_a_login_rule_closes_every_way(harness: CoreHarness) -> None:
    """Link, publish token, renewal."""
    token = await harness.publish()
    grant = await open_chat(harness)
    await harness.core.publishing.set_login(ADA, "echo", require_login=True)
    for attempt in (
        open_chat(harness),
        harness.core.admitting.by_publish_token("echo", token),
        harness.core.admitting.renew("echo", grant.text),
    ):
        with pytest.raises(LoginRequired):
            await attempt


async def test_a_publish_token_is_for_its_own_workflow(harness: CoreHarness) -> None:
    """By handle or id."""
    token = await harness.publish()
    await harness.publish("other")
    with pytest.raises(PublishTokenInvalid):
        await harness.core.admitting.by_publish_token("other", token)
    grant = await harness.core.admitting.by_publish_token("echo", token)
    assert (await harness.core.admitting.by_publish_token(grant.claims.workflow_id, token)).claims


async def test_a_grant_is_renewed_while_its_chat_session_may_live(harness: CoreHarness) -> None:
    """Not under another workflow's name, not after eight hours."""
    await harness.publish()
    await harness.publish("other")
    grant = await open_chat(harness)
    renewed = await harness.core.admitting.renew("echo", grant.text)
    assert renewed.claims.chat_session_id == grant.claims.chat_session_id
    with pytest.raises(GrantInvalid):
        await harness.core.admitting.renew("other", grant.text)
    harness.clock.advance(minutes=8 * 60)
    with pytest.raises(ChatSessionEnded):
        await harness.core.admitting.renew("echo", grant.text)
    with pytest.raises(ChatSessionEnded):
        await harness.core.admitting.visit_by_grant(grant.text)


async def test_an_unpublished_chat_is_not_renewed(harness: CoreHarness) -> None:
    """Open chat sessions go on until their grant ends; publishing again does not revive them."""
    await harness.publish()
    grant = await open_chat(harness)
    harness.clock.advance(seconds=1)
    await harness.core.publishing.unpublish(ADA, "echo")
    await harness.core.admitting.visit_by_grant(grant.text)
    with pytest.raises(ChatUnavailable):
        await harness.core.admitting.renew("echo", grant.text)
    await harness.core.publishing.publish(ADA, "echo", require_login=False)
    with pytest.raises(ChatSessionEnded):
        await harness.core.admitting.renew("echo", grant.text)


async def test_ended_chat_sessions_end_at_once(harness: CoreHarness) -> None:
    """The next request is refused."""
    await harness.publish()
    grant = await open_chat(harness)
    await harness.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    with pytest.raises(ChatSessionEnded):
        await harness.core.admitting.visit_by_grant(grant.text)


async def test_an_expired_chat_session_is_removed_an_hour_later(harness: CoreHarness) -> None:
    """Each visit adds one; younger ones stay."""
    await harness.publish()
    grant = await open_chat(harness)

    async def is_kept() -> bool:
        await harness.core.housekeeping.remove_aged(None)
        return await harness.store.begin().chat_sessions.find(grant.claims.chat_session_id) is not None

    harness.clock.advance(minutes=(8 + 1) * 60)
    assert await is_kept()
    harness.clock.advance(minutes=1)
    assert not await is_kept()


async def test_a_removed_workflow_takes_its_chat_sessions_along(harness: CoreHarness) -> None:
    """A grant of it opens nothing."""
    await harness.publish()
    grant = await open_chat(harness)
    await harness.core.registering.remove(ADA, "echo")
    for attempt in (
        harness.core.admitting.visit_by_grant(grant.text),
        harness.core.admitting.renew("echo", grant.text),
    ):
        with pytest.raises(ChatSessionEnded):
            await attempt
    with pytest.raises(WorkflowNotFound):
        await harness.core.registering.get(ADA, "echo")


async def test_a_grant_must_fit_its_chat_session(harness: CoreHarness) -> None:
    """A genuine grant that names another workflow opens neither."""
    await harness.publish()
    claims = (await open_chat(harness)).claims
    forged = harness.grants.sign(evolve(claims, workflow_id="wf_other"))
    with pytest.raises(GrantInvalid):
        await harness.core.admitting.visit_by_grant(forged)


async def test_a_publish_token_of_a_removed_workflow_is_unknown(harness: CoreHarness) -> None:
    """It goes with the workflow."""
    token = await harness.publish()
    await harness.core.registering.remove(ADA, "echo")
    with pytest.raises(PublishTokenInvalid):
        await harness.core.admitting.visit_by_publish_token(token)


async def test_a_live_token_of_a_private_workflow_opens_nothing(harness: CoreHarness) -> None:
    """Should a store ever hold one."""
    token = await harness.publish()
    change = harness.store.begin()
    workflow = await change.workflows.find("echo")
    assert workflow is not None
    change.workflows.save(workflow.unpublished(at=harness.clock.now()))
    await change.commit()
    with pytest.raises(ChatUnavailable):
        await harness.core.admitting.visit_by_publish_token(token)


async def test_the_owner_api_takes_live_service_tokens_only(harness: CoreHarness) -> None:
    """Not a made-up one, not one with another secret."""
    access = harness.core.owner_access
    token = await access.issue(ADA, owner=ADA.actor, scopes=frozenset(Scope))
    other = await access.issue(ADA, owner=ADA.actor, scopes=frozenset())
    assert (await access.authenticate(token, Channel.CLI)).scopes == frozenset(Scope)
    unknown = OpaqueToken.generate(SERVICE_TOKEN_PREFIX, FakeEntropy(9).random_bytes).reveal()
    for wrong in ("", other[:18] + token[18:], unknown):
        with pytest.raises(ServiceTokenInvalid):
            await access.authenticate(wrong, Channel.CLI)


async def test_a_visitor_who_was_just_admitted_does_not_slip_through_an_ending(harness: CoreHarness) -> None:
    """The owner ends all chat sessions between admission and the beginning of the turn."""
    token = await harness.publish()
    by_token = await harness.core.admitting.visit_by_publish_token(token)
    by_grant = await harness.core.admitting.visit_by_grant((await open_chat(harness)).text)
    await harness.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    for visit, refusal in ((by_token, ChatUnavailable), (by_grant, ChatSessionEnded)):
        with pytest.raises(refusal):
            await harness.ask(visit)
        with pytest.raises(refusal):
            await harness.core.attaching.announce(visit, name="a.txt", size=1, mime_type="text/plain")
    await harness.core.publishing.publish(ADA, "echo")
    later = await harness.core.admitting.visit_by_grant((await open_chat(harness)).text)
    turn = await harness.answered(later)
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.COMPLETED


async def test_an_ending_of_a_private_workflow_keeps_out_whom_its_owner_had_admitted(harness: CoreHarness) -> None:
    """The owner's own chat counts too."""
    await harness.add()
    grant = await harness.core.admitting.by_owner(ADA, "echo")
    visit = await harness.core.admitting.visit_by_grant(grant.text)
    await harness.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    with pytest.raises(ChatSessionEnded):
        await harness.ask(visit)


CHANGES: dict[str, tuple[Callable[[CoreHarness], Awaitable[object]], type[Exception] | None]] = {
    "unpublish": (
        lambda harness: harness.core.publishing.unpublish(ADA, "echo", end_sessions=True),
        PublishTokenRevoked,
    ),
    "archive": (lambda harness: harness.core.publishing.archive(ADA, "echo"), PublishTokenRevoked),
    "rotate": (lambda harness: harness.core.publishing.rotate(ADA, "echo"), PublishTokenRotated),
    "set login": (lambda harness: harness.core.publishing.set_login(ADA, "echo", require_login=True), LoginRequired),
    "remove": (lambda harness: harness.core.registering.remove(ADA, "echo"), PublishTokenInvalid),
    "edit": (lambda harness: harness.core.registering.edit(ADA, "echo", {"name": "Other"}), None),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_chat_session_is_decided_on_again_when_the_workflow_is_changed_first(
    harness: CoreHarness, name: str
) -> None:
    """The owner's change lands between the decision and the chat session, which is then refused or opened by it."""
    change, refusal = CHANGES[name]
    token = await harness.publish()
    harness.store.before_commit.append(lambda: change(harness))
    opening = harness.core.admitting.by_publish_token("echo", token)
    if refusal is None:
        await harness.core.admitting.visit_by_grant((await opening).text)
    else:
        with pytest.raises(refusal):
            await opening


async def test_a_chat_session_is_not_decided_on_for_ever(harness: CoreHarness) -> None:
    """A workflow that is changed each time is a conflict in the end."""
    await harness.publish()
    harness.store.before_commit += [
        lambda name=name: harness.core.registering.edit(ADA, "echo", {"name": name})  # type: ignore[misc]  # bound here
        for name in "abcde"
    ]
    with pytest.raises(ConcurrentChange):
        await open_chat(harness)


async def test_a_service_token_in_place_of_a_grant_is_recognised(harness: CoreHarness) -> None:
    """By its first letters, for a request and for a renewal."""
    await harness.publish()
    token = await harness.core.owner_access.issue(ADA, owner=ADA.actor, scopes=frozenset())
    for attempt in (harness.core.admitting.visit_by_grant(token), harness.core.admitting.renew("echo", token)):
        with pytest.raises(GrantInvalid, match="This is a service token"):
            await attempt
