"""What a publish state means at the moment: live tokens, obstacles, being put aside."""

from datetime import timedelta

import pytest

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.durations import in_words, parse_duration
from orcheo_core.domain.flags import Flag
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.domain.workflow import Workflow, WorkflowFilter
from orcheo_core.errors import (
    AlreadyArchived,
    ChatSessionEnded,
    ChatUnavailable,
    FeatureDisabled,
    InvalidInput,
    LoginRequired,
    NoIdentityProvider,
    NotArchived,
    NotPublished,
    PublishTokenRevoked,
    WorkflowArchived,
)
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.publishing import PublishWorkflow, SetLogin
from orcheo_core.ports.flags import Flags
from orcheo_core.services.shared.feature_gate import FeatureGate
from tests.core.harness import ADA, CoreHarness, build_hall


class OffFor(Flags):
    """Everything is off for one owner."""

    def is_on(self, flag: Flag, owner: Actor) -> bool:
        """See the port."""
        return owner != ADA.actor


async def stored(harness: CoreHarness) -> Workflow:
    """The workflow as it is."""
    return await harness.core.registering.get(ADA, "echo")


async def listed(harness: CoreHarness, **wanted: object) -> list[str]:
    """The handles that a list shows."""
    page = await harness.core.registering.page(ADA, WorkflowFilter(**wanted), PageQuery())  # type: ignore[arg-type]  # varied
    return [each.handle for each in page.entries]


async def test_a_grace_period_can_be_seen_while_it_lasts(harness: CoreHarness) -> None:
    """The current publish token first, then the old one with its end."""
    await harness.publish()
    assert [each.ends_at for each in (await harness.core.publishing.standing(await stored(harness))).live_tokens] == [
        None
    ]
    await harness.core.publishing.rotate(ADA, "echo", grace=timedelta(hours=1))
    current, old = (await harness.core.publishing.standing(await stored(harness))).live_tokens
    assert (current.ends_at, old.ends_at) == (None, harness.clock.now() + timedelta(hours=1))
    harness.clock.advance(minutes=60)
    assert len((await harness.core.publishing.standing(await stored(harness))).live_tokens) == 1


async def test_a_private_workflow_has_no_live_tokens_and_no_obstacle(harness: CoreHarness) -> None:
    """Whatever is missing on the server."""
    await harness.add()
    standing = await harness.core.publishing.standing(await stored(harness))
    assert (standing.live_tokens, standing.obstacle) == ((), None)


async def test_a_login_that_nobody_can_have_is_an_obstacle() -> None:
    """Asked for only by saying it twice; not an obstacle where there is a provider."""
    harness = build_hall(identity_providers=())
    await harness.add()
    with pytest.raises(NoIdentityProvider):
        await harness.core.publishing.publish(ADA, "echo", require_login=True)
    await harness.core.publishing.publish(ADA, "echo")
    with pytest.raises(NoIdentityProvider):
        await harness.core.publishing.set_login(ADA, "echo", require_login=True)
    workflow = await harness.core.publishing.set_login(ADA, "echo", require_login=True, anyway=True)
    assert (await harness.core.publishing.standing(workflow)).obstacle is NoIdentityProvider
    workflow = await harness.core.publishing.set_login(ADA, "echo", require_login=False)
    assert (await harness.core.publishing.standing(workflow)).obstacle is None


@pytest.mark.parametrize(("can_sign_in", "who"), [(True, "Only visitors who sign in"), (False, "No visitor")])
async def test_the_questions_before_a_login_say_who_can_come_in(can_sign_in: bool, who: str) -> None:
    """Nobody, where there is no provider; the owner reads so before and not after."""
    harness = build_hall() if can_sign_in else build_hall(identity_providers=())
    await harness.add()
    services = harness.core.owner_services
    for name, request in (
        ("workflows.publish", PublishWorkflow(ref="echo", require_login=True, anyway=True)),
        ("workflows.set_login", SetLogin(ref="echo", require_login=True, anyway=True)),
    ):
        asked = CATALOGUE[name].question
        assert asked is not None
        question = await asked(services, ADA, request)
        assert question is not None
        assert f"? {who} can then chat with it" in question
        assert ("no identity provider" in question) is not can_sign_in
        if name == "workflows.publish":
            await harness.core.publishing.publish(ADA, "echo")


async def test_nobody_is_sent_to_sign_in_where_that_is_not_possible() -> None:
    """By each way in; where it is possible they are."""
    harness = build_hall(identity_providers=())
    token = await harness.publish()
    grant = await harness.core.admitting.by_publish_token("echo", token)
    await harness.core.publishing.set_login(ADA, "echo", require_login=True, anyway=True)
    for attempt in (
        harness.core.admitting.by_publish_token("echo", token),
        harness.core.admitting.visit_by_publish_token(token),
        harness.core.admitting.renew("echo", grant.text),
    ):
        with pytest.raises(LoginRequired) as refused:
            await attempt
        assert refused.value.hint.startswith("This server does not offer sign-in")


async def test_what_the_operator_switched_off_is_an_obstacle(harness: CoreHarness) -> None:
    """For the owners whom it concerns."""
    gate = FeatureGate(OffFor())
    assert not gate.is_on(Flag.CHATKIT_PUBLISH, ADA.actor)
    assert gate.is_on(Flag.CHATKIT_PUBLISH, Actor("bob"))
    shut = build_hall(flags=OffFor(), store=harness.store)
    await harness.publish()
    assert (await shut.core.publishing.standing(await stored(harness))).obstacle is FeatureDisabled


async def test_an_archived_workflow_is_private_at_once(harness: CoreHarness) -> None:
    """Its publish token is revoked, its chat sessions and running answers end, its threads stay."""
    token = await harness.publish()
    grant = await harness.core.admitting.by_publish_token("echo", token)
    turn = await harness.ask(await harness.core.admitting.visit_by_grant(grant.text))
    await harness.core.publishing.archive(ADA, "echo")
    await harness.background.run_all()
    with pytest.raises(ChatSessionEnded):
        await harness.core.admitting.visit_by_grant(grant.text)
    with pytest.raises(PublishTokenRevoked):
        await harness.core.admitting.visit_by_publish_token(token)
    with pytest.raises(ChatUnavailable):
        await harness.core.admitting.public_workflow("echo")
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.CANCELLED
    threads = await harness.core.transcripts.page(ADA, "echo", PageQuery())
    assert [each.id for each in threads.entries] == [turn.thread_id]


async def test_an_archived_workflow_is_not_published_until_it_is_brought_back(harness: CoreHarness) -> None:
    """Each step once; a private one can be put aside as well."""
    await harness.add()
    with pytest.raises(NotArchived):
        await harness.core.publishing.unarchive(ADA, "echo")
    await harness.core.publishing.archive(ADA, "echo")
    with pytest.raises(WorkflowArchived):
        await harness.core.publishing.publish(ADA, "echo")
    with pytest.raises(AlreadyArchived):
        await harness.core.publishing.archive(ADA, "echo")
    assert not (await harness.core.publishing.unarchive(ADA, "echo")).is_public
    await harness.core.publishing.publish(ADA, "echo")


async def test_nobody_is_advised_to_publish_an_archived_workflow(harness: CoreHarness) -> None:
    """It cannot be published before it is brought back."""
    await harness.publish()
    await harness.core.publishing.archive(ADA, "echo")
    with pytest.raises(NotPublished) as caught:
        await harness.core.publishing.set_login(ADA, "echo", require_login=False)
    assert caught.value.detail == "The workflow 'echo' is archived."
    assert "unarchive" in caught.value.hint


async def test_lists_leave_archived_workflows_out(harness: CoreHarness) -> None:
    """Unless they are asked for; other filters hold as well."""
    await harness.publish()
    await harness.add("other-echo")
    await harness.core.publishing.archive(ADA, "other-echo")
    assert await listed(harness) == ["echo"]
    assert await listed(harness, include_archived=True) == ["echo", "other-echo"]
    assert await listed(harness, include_archived=True, is_public=False) == ["other-echo"]
    assert await listed(harness, include_archived=True, words=("other",)) == ["other-echo"]


async def test_what_is_left_of_a_private_workflow_can_be_ended(harness: CoreHarness) -> None:
    """Who unpublished without the flag says it afterwards; without the flag there is nothing to do."""
    token = await harness.publish()
    grant = await harness.core.admitting.by_publish_token("echo", token)
    turn = await harness.ask(await harness.core.admitting.visit_by_grant(grant.text))
    await harness.core.publishing.unpublish(ADA, "echo")
    with pytest.raises(NotPublished) as refused:
        await harness.core.publishing.unpublish(ADA, "echo")
    assert "--end-sessions" in refused.value.hint
    assert "publish" not in refused.value.hint.lower()
    await harness.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    await harness.background.run_all()
    with pytest.raises(ChatSessionEnded):
        await harness.core.admitting.visit_by_grant(grant.text)
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.CANCELLED


async def test_a_cursor_must_be_the_id_of_a_workflow_of_ones_own(harness: CoreHarness) -> None:
    """Neither a handle nor an unknown id; an empty page would look like an empty list."""
    await harness.add()
    for after in ("wf_nope", "echo", "", "thr_1"):
        with pytest.raises(InvalidInput, match="after: does not match any workflow of yours"):
            await harness.core.registering.page(ADA, WorkflowFilter(), PageQuery(after=after))
    workflow = await stored(harness)
    page = await harness.core.registering.page(ADA, WorkflowFilter(), PageQuery(after=workflow.id))
    assert page.entries == ()


@pytest.mark.parametrize(
    ("text", "seconds", "words"),
    [
        ("90s", 90, "90 seconds"),
        ("15m", 900, "15 minutes"),
        ("1h", 3_600, "1 hour"),
        ("2d", 172_800, "2 days"),
        (" 1 H ", 3_600, "1 hour"),
        ("60m", 3_600, "1 hour"),
        ("0s", 0, "0 days"),
        ("3600", 3_600, "1 hour"),
    ],
)
def test_a_length_of_time_is_read_and_said(text: str, seconds: int, words: str) -> None:
    """In the largest unit of which it is a whole number."""
    length = parse_duration("grace", text)
    assert (length, in_words(length)) == (timedelta(seconds=seconds), words)


@pytest.mark.parametrize("text", ["", "h", "-1h", "1.5h", "1 week", "1h30m", "٣h", "1" * 10 + "s"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    """With what it looks like."""
    with pytest.raises(InvalidInput, match="grace: must be a length of time, such as 90s, 15m, 1h or 2d"):
        parse_duration("grace", text)
