"""The table of publish, rotate, revoke and set-login; what each writes down."""

from datetime import timedelta

import pytest

from orcheo_core.domain.audit import Act
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import (
    AlreadyPublished,
    ConcurrentChange,
    LoginRequired,
    NotPublished,
    PublishTokenInvalid,
    PublishTokenRevoked,
    PublishTokenRotated,
    WorkflowNotFound,
)
from tests.core.harness import ADA, BOB, CoreHarness


async def stored(harness: CoreHarness, handle: str = "echo") -> Workflow:
    workflow = await harness.store.begin().workflows.find(handle)
    assert workflow is not None
    return workflow


async def test_publishing_opens_a_workflow(harness: CoreHarness) -> None:
    """Since when and by whom is kept."""
    token = await harness.publish()
    opened = (await stored(harness)).publication
    assert opened is not None
    assert (opened.published_at, opened.published_by, opened.rotated_at) == (harness.clock.now(), ADA.actor, None)
    assert (await harness.core.admitting.visit_by_publish_token(token)).workflow == await stored(harness)


async def test_publishing_twice_is_a_conflict(harness: CoreHarness) -> None:
    """The publish token stays."""
    token = await harness.publish()
    with pytest.raises(AlreadyPublished):
        await harness.core.publishing.publish(ADA, "echo", require_login=True)
    await harness.core.admitting.visit_by_publish_token(token)


async def test_a_private_workflow_has_nothing_to_change(harness: CoreHarness) -> None:
    """Rotate, unpublish, set-login."""
    await harness.add()
    for attempt in (
        harness.core.publishing.rotate(ADA, "echo"),
        harness.core.publishing.unpublish(ADA, "echo"),
        harness.core.publishing.set_login(ADA, "echo", require_login=True),
    ):
        with pytest.raises(NotPublished):
            await attempt


async def test_another_owner_finds_nothing(harness: CoreHarness) -> None:
    """Not even that it exists."""
    await harness.publish()
    for attempt in (
        harness.core.publishing.publish(BOB, "echo", require_login=False),
        harness.core.publishing.rotate(BOB, "echo"),
        harness.core.publishing.unpublish(BOB, "echo"),
        harness.core.publishing.set_login(BOB, "echo", require_login=True),
    ):
        with pytest.raises(WorkflowNotFound):
            await attempt


async def test_a_rotated_token_is_over_at_once(harness: CoreHarness) -> None:
    """Its holder is told since when; the new one works."""
    old = await harness.publish()
    new = (await harness.core.publishing.rotate(ADA, "echo")).publish_token
    with pytest.raises(PublishTokenRotated, match="2026-11-23 12:00 UTC"):
        await harness.core.admitting.visit_by_publish_token(old)
    await harness.core.admitting.visit_by_publish_token(new)


async def test_a_grace_period_ends(harness: CoreHarness) -> None:
    """Until then both work; a second rotation does not prolong it."""
    old = await harness.publish()
    await harness.core.publishing.rotate(ADA, "echo", grace=timedelta(minutes=1))
    await harness.core.publishing.rotate(ADA, "echo", grace=timedelta(hours=1))
    await harness.core.admitting.visit_by_publish_token(old)
    harness.clock.advance(minutes=1)
    with pytest.raises(PublishTokenRotated):
        await harness.core.admitting.visit_by_publish_token(old)


async def test_unpublishing_revokes_the_token_for_good(harness: CoreHarness) -> None:
    """Publishing again issues another one."""
    old = await harness.publish()
    await harness.core.publishing.unpublish(ADA, "echo")
    with pytest.raises(PublishTokenRevoked):
        await harness.core.admitting.visit_by_publish_token(old)
    new = (await harness.core.publishing.publish(ADA, "echo", require_login=False)).publish_token
    with pytest.raises(PublishTokenRevoked):
        await harness.core.admitting.visit_by_publish_token(old)
    await harness.core.admitting.visit_by_publish_token(new)


async def test_set_login_leaves_the_token_alone(harness: CoreHarness) -> None:
    """Visitors must sign in from now on, and then need not."""
    token = await harness.publish()
    await harness.core.publishing.set_login(ADA, "echo", require_login=True)
    with pytest.raises(LoginRequired):
        await harness.core.admitting.visit_by_publish_token(token)
    await harness.core.publishing.set_login(ADA, "echo", require_login=False)
    await harness.core.admitting.visit_by_publish_token(token)


async def test_of_two_owners_racing_one_wins(harness: CoreHarness) -> None:
    """Both read the private workflow, one commit lands."""
    await harness.add()
    first, second = harness.store.begin(), harness.store.begin()
    for change, token_id in ((first, "one"), (second, "two")):
        workflow = await change.workflows.find("echo")
        assert workflow is not None
        change.workflows.save(
            workflow.published(ADA.actor, at=harness.clock.now(), token_id=token_id, require_login=False)
        )
    await second.commit()
    with pytest.raises(ConcurrentChange):
        await first.commit()
    opened = (await stored(harness)).publication
    assert opened is not None
    assert opened.token_id == "two"


async def test_each_act_is_written_down_without_a_secret(harness: CoreHarness) -> None:
    """In the transaction of the act: one that fails leaves no entry."""
    tokens = [await harness.publish()]
    tokens.append((await harness.core.publishing.rotate(ADA, "echo")).publish_token)
    await harness.core.publishing.set_login(ADA, "echo", require_login=True)
    await harness.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    with pytest.raises(NotPublished):
        await harness.core.publishing.unpublish(ADA, "echo")
    entries = (await harness.store.begin().audit.page(PageQuery())).entries
    acts = [Act.WORKFLOW_ADDED, Act.PUBLISHED, Act.PUBLISH_TOKEN_ROTATED, Act.LOGIN_RULE_SET, Act.UNPUBLISHED]
    assert [each.act for each in entries] == acts
    assert not any(token[25:] in repr(each) for token in tokens for each in entries)


async def test_a_stranger_is_told_nothing(harness: CoreHarness) -> None:
    """Neither for a made-up token nor for one whose secret is another."""
    token = await harness.publish()
    other = await harness.publish("other")
    for wrong in ("", "orc_pt_", token[:-1], token[:18] + other[18:], "x" * 5_000):
        with pytest.raises(PublishTokenInvalid):
            await harness.core.admitting.visit_by_publish_token(wrong)
