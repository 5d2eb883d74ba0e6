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
from tests.core.hall import ADA, Hall
from tests.fakes.entropy import FakeEntropy

EVE = Subject.anonymous("vis_eve")


async def open_chat(hall: Hall, ref: str = "echo") -> ChatGrant:
    return await hall.core.admitting.by_link(ref, EVE)


async def test_a_share_link_opens_a_public_chat(hall: Hall) -> None:
    """For five minutes, in the visitor's own name."""
    await hall.publish()
    grant = await open_chat(hall)
    assert (grant.claims.expires_at - grant.claims.issued_at).total_seconds() == 300
    assert (await hall.core.admitting.visit_by_grant(grant.text)).subject == EVE


async def test_unknown_and_private_look_the_same(hall: Hall) -> None:
    """By link and by description."""
    await hall.add()
    for ref in ("echo", "nothing"):
        with pytest.raises(ChatUnavailable) as by_link:
            await open_chat(hall, ref)
        with pytest.raises(ChatUnavailable) as by_name:
            await hall.core.admitting.public_workflow(ref)
        assert str(by_link.value) == str(by_name.value) == ChatUnavailable.summary


async def test_a_login_rule_closes_every_way(hall: Hall) -> None:
    """Link, publish token, renewal."""
    token = await hall.publish()
    grant = await open_chat(hall)
    await hall.core.publishing.set_login(ADA, "echo", require_login=True)
    for attempt in (
        open_chat(hall),
        hall.core.admitting.by_publish_token("echo", token),
        hall.core.admitting.renew("echo", grant.text),
    ):
        with pytest.raises(LoginRequired):
            await attempt


async def test_a_publish_token_is_for_its_own_workflow(hall: Hall) -> None:
    """By handle or id."""
    token = await hall.publish()
    await hall.publish("other")
    with pytest.raises(PublishTokenInvalid):
        await hall.core.admitting.by_publish_token("other", token)
    grant = await hall.core.admitting.by_publish_token("echo", token)
    assert (await hall.core.admitting.by_publish_token(grant.claims.workflow_id, token)).claims


async def test_a_grant_is_renewed_while_its_chat_session_may_live(hall: Hall) -> None:
    """Not under another workflow's name, not after eight hours."""
    await hall.publish()
    await hall.publish("other")
    grant = await open_chat(hall)
    renewed = await hall.core.admitting.renew("echo", grant.text)
    assert renewed.claims.chat_session_id == grant.claims.chat_session_id
    with pytest.raises(GrantInvalid):
        await hall.core.admitting.renew("other", grant.text)
    hall.clock.advance(minutes=8 * 60)
    with pytest.raises(ChatSessionEnded):
        await hall.core.admitting.renew("echo", grant.text)
    with pytest.raises(ChatSessionEnded):
        await hall.core.admitting.visit_by_grant(grant.text)


async def test_an_unpublished_chat_is_not_renewed(hall: Hall) -> None:
    """Open chat sessions go on until their grant ends; publishing again does not revive them."""
    await hall.publish()
    grant = await open_chat(hall)
    hall.clock.advance(seconds=1)
    await hall.core.publishing.unpublish(ADA, "echo")
    await hall.core.admitting.visit_by_grant(grant.text)
    with pytest.raises(ChatUnavailable):
        await hall.core.admitting.renew("echo", grant.text)
    await hall.core.publishing.publish(ADA, "echo", require_login=False)
    with pytest.raises(ChatSessionEnded):
        await hall.core.admitting.renew("echo", grant.text)


async def test_ended_chat_sessions_end_at_once(hall: Hall) -> None:
    """The next request is refused."""
    await hall.publish()
    grant = await open_chat(hall)
    await hall.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    with pytest.raises(ChatSessionEnded):
        await hall.core.admitting.visit_by_grant(grant.text)


async def test_an_expired_chat_session_is_removed_a_day_later(hall: Hall) -> None:
    """Each visit adds one; those of today stay."""
    await hall.publish()
    grant = await open_chat(hall)

    async def is_kept() -> bool:
        await hall.core.housekeeping.remove_aged(None)
        return await hall.store.begin().chat_sessions.find(grant.claims.chat_session_id) is not None

    hall.clock.advance(minutes=(8 + 24) * 60)
    assert await is_kept()
    hall.clock.advance(minutes=1)
    assert not await is_kept()


async def test_a_removed_workflow_takes_its_chat_sessions_along(hall: Hall) -> None:
    """A grant of it opens nothing."""
    await hall.publish()
    grant = await open_chat(hall)
    await hall.core.registering.remove(ADA, "echo")
    for attempt in (
        hall.core.admitting.visit_by_grant(grant.text),
        hall.core.admitting.renew("echo", grant.text),
    ):
        with pytest.raises(ChatSessionEnded):
            await attempt
    with pytest.raises(WorkflowNotFound):
        await hall.core.registering.get(ADA, "echo")


async def test_a_grant_must_fit_its_chat_session(hall: Hall) -> None:
    """A genuine grant that names another workflow opens neither."""
    await hall.publish()
    claims = (await open_chat(hall)).claims
    forged = hall.grants.sign(evolve(claims, workflow_id="wf_other"))
    with pytest.raises(GrantInvalid):
        await hall.core.admitting.visit_by_grant(forged)


async def test_a_publish_token_of_a_removed_workflow_is_unknown(hall: Hall) -> None:
    """It goes with the workflow."""
    token = await hall.publish()
    await hall.core.registering.remove(ADA, "echo")
    with pytest.raises(PublishTokenInvalid):
        await hall.core.admitting.visit_by_publish_token(token)


async def test_a_live_token_of_a_private_workflow_opens_nothing(hall: Hall) -> None:
    """Should a store ever hold one."""
    token = await hall.publish()
    change = hall.store.begin()
    workflow = await change.workflows.find("echo")
    assert workflow is not None
    change.workflows.save(workflow.unpublished(at=hall.clock.now()))
    await change.commit()
    with pytest.raises(ChatUnavailable):
        await hall.core.admitting.visit_by_publish_token(token)


async def test_the_owner_api_takes_live_service_tokens_only(hall: Hall) -> None:
    """Not a made-up one, not one with another secret."""
    access = hall.core.owner_access
    token = await access.issue(ADA, owner=ADA.actor, scopes=frozenset(Scope))
    other = await access.issue(ADA, owner=ADA.actor, scopes=frozenset())
    assert (await access.authenticate(token, Channel.CLI)).scopes == frozenset(Scope)
    unknown = OpaqueToken.generate(SERVICE_TOKEN_PREFIX, FakeEntropy(9).random_bytes).reveal()
    for wrong in ("", other[:18] + token[18:], unknown):
        with pytest.raises(ServiceTokenInvalid):
            await access.authenticate(wrong, Channel.CLI)


async def test_a_visitor_who_was_just_admitted_does_not_slip_through_an_ending(hall: Hall) -> None:
    """The owner ends all chat sessions between admission and the beginning of the turn."""
    token = await hall.publish()
    by_token = await hall.core.admitting.visit_by_publish_token(token)
    by_grant = await hall.core.admitting.visit_by_grant((await open_chat(hall)).text)
    await hall.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    for visit, refusal in ((by_token, ChatUnavailable), (by_grant, ChatSessionEnded)):
        with pytest.raises(refusal):
            await hall.ask(visit)
        with pytest.raises(refusal):
            await hall.core.attaching.announce(visit, name="a.txt", size=1, mime_type="text/plain")
    await hall.core.publishing.publish(ADA, "echo")
    later = await hall.core.admitting.visit_by_grant((await open_chat(hall)).text)
    turn = await hall.answered(later)
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.COMPLETED


async def test_an_ending_of_a_private_workflow_keeps_out_whom_its_owner_had_admitted(hall: Hall) -> None:
    """The owner's own chat counts too."""
    await hall.add()
    grant = await hall.core.admitting.by_owner(ADA, "echo")
    visit = await hall.core.admitting.visit_by_grant(grant.text)
    await hall.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    with pytest.raises(ChatSessionEnded):
        await hall.ask(visit)


CHANGES: dict[str, tuple[Callable[[Hall], Awaitable[object]], type[Exception] | None]] = {
    "unpublish": (lambda hall: hall.core.publishing.unpublish(ADA, "echo", end_sessions=True), PublishTokenRevoked),
    "archive": (lambda hall: hall.core.publishing.archive(ADA, "echo"), PublishTokenRevoked),
    "rotate": (lambda hall: hall.core.publishing.rotate(ADA, "echo"), PublishTokenRotated),
    "set login": (lambda hall: hall.core.publishing.set_login(ADA, "echo", require_login=True), LoginRequired),
    "remove": (lambda hall: hall.core.registering.remove(ADA, "echo"), PublishTokenInvalid),
    "edit": (lambda hall: hall.core.registering.edit(ADA, "echo", {"name": "Other"}), None),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_chat_session_is_decided_on_again_when_the_workflow_is_changed_first(hall: Hall, name: str) -> None:
    """The owner's change lands between the decision and the chat session, which is then refused or opened by it."""
    change, refusal = CHANGES[name]
    token = await hall.publish()
    hall.store.before_commit.append(lambda: change(hall))
    opening = hall.core.admitting.by_publish_token("echo", token)
    if refusal is None:
        await hall.core.admitting.visit_by_grant((await opening).text)
    else:
        with pytest.raises(refusal):
            await opening


async def test_a_chat_session_is_not_decided_on_for_ever(hall: Hall) -> None:
    """A workflow that is changed each time is a conflict in the end."""
    await hall.publish()
    hall.store.before_commit += [lambda: hall.core.registering.edit(ADA, "echo", {"name": "Other"})] * 5
    with pytest.raises(ConcurrentChange):
        await open_chat(hall)


async def test_a_service_token_in_place_of_a_grant_is_recognised(hall: Hall) -> None:
    """By its first letters, for a request and for a renewal."""
    await hall.publish()
    token = await hall.core.owner_access.issue(ADA, owner=ADA.actor, scopes=frozenset())
    for attempt in (hall.core.admitting.visit_by_grant(token), hall.core.admitting.renew("echo", token)):
        with pytest.raises(GrantInvalid, match="This is a service token"):
            await attempt
