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
from tests.core.hall import ADA, BOB, Hall


async def stored(hall: Hall, handle: str = "echo") -> Workflow:
    workflow = await hall.store.begin().workflows.find(handle)
    assert workflow is not None
    return workflow


async def test_publishing_opens_a_workflow(hall: Hall) -> None:
    """Since when and by whom is kept."""
    token = await hall.publish()
    opened = (await stored(hall)).publication
    assert opened is not None
    assert (opened.published_at, opened.published_by, opened.rotated_at) == (hall.clock.now(), ADA.actor, None)
    assert (await hall.core.admitting.visit_by_publish_token(token)).workflow == await stored(hall)


async def test_publishing_twice_is_a_conflict(hall: Hall) -> None:
    """The publish token stays."""
    token = await hall.publish()
    with pytest.raises(AlreadyPublished):
        await hall.core.publishing.publish(ADA, "echo", require_login=True)
    await hall.core.admitting.visit_by_publish_token(token)


async def test_a_private_workflow_has_nothing_to_change(hall: Hall) -> None:
    """Rotate, unpublish, set-login."""
    await hall.add()
    for attempt in (
        hall.core.publishing.rotate(ADA, "echo"),
        hall.core.publishing.unpublish(ADA, "echo"),
        hall.core.publishing.set_login(ADA, "echo", require_login=True),
    ):
        with pytest.raises(NotPublished):
            await attempt


async def test_another_owner_finds_nothing(hall: Hall) -> None:
    """Not even that it exists."""
    await hall.publish()
    for attempt in (
        hall.core.publishing.publish(BOB, "echo", require_login=False),
        hall.core.publishing.rotate(BOB, "echo"),
        hall.core.publishing.unpublish(BOB, "echo"),
        hall.core.publishing.set_login(BOB, "echo", require_login=True),
    ):
        with pytest.raises(WorkflowNotFound):
            await attempt


async def test_a_rotated_token_is_over_at_once(hall: Hall) -> None:
    """Its holder is told since when; the new one works."""
    old = await hall.publish()
    new = (await hall.core.publishing.rotate(ADA, "echo")).publish_token
    with pytest.raises(PublishTokenRotated, match="2026-11-23 12:00 UTC"):
        await hall.core.admitting.visit_by_publish_token(old)
    await hall.core.admitting.visit_by_publish_token(new)


async def test_a_grace_period_ends(hall: Hall) -> None:
    """Until then both work; a second rotation does not prolong it."""
    old = await hall.publish()
    await hall.core.publishing.rotate(ADA, "echo", grace=timedelta(minutes=1))
    await hall.core.publishing.rotate(ADA, "echo", grace=timedelta(hours=1))
    await hall.core.admitting.visit_by_publish_token(old)
    hall.clock.advance(minutes=1)
    with pytest.raises(PublishTokenRotated):
        await hall.core.admitting.visit_by_publish_token(old)


async def test_unpublishing_revokes_the_token_for_good(hall: Hall) -> None:
    """Publishing again issues another one."""
    old = await hall.publish()
    await hall.core.publishing.unpublish(ADA, "echo")
    with pytest.raises(PublishTokenRevoked):
        await hall.core.admitting.visit_by_publish_token(old)
    new = (await hall.core.publishing.publish(ADA, "echo", require_login=False)).publish_token
    with pytest.raises(PublishTokenRevoked):
        await hall.core.admitting.visit_by_publish_token(old)
    await hall.core.admitting.visit_by_publish_token(new)


async def test_set_login_leaves_the_token_alone(hall: Hall) -> None:
    """Visitors must sign in from now on, and then need not."""
    token = await hall.publish()
    await hall.core.publishing.set_login(ADA, "echo", require_login=True)
    with pytest.raises(LoginRequired):
        await hall.core.admitting.visit_by_publish_token(token)
    await hall.core.publishing.set_login(ADA, "echo", require_login=False)
    await hall.core.admitting.visit_by_publish_token(token)


async def test_of_two_owners_racing_one_wins(hall: Hall) -> None:
    """Both read the private workflow, one commit lands."""
    await hall.add()
    first, second = hall.store.begin(), hall.store.begin()
    for change, token_id in ((first, "one"), (second, "two")):
        workflow = await change.workflows.find("echo")
        assert workflow is not None
        change.workflows.save(
            workflow.published(ADA.actor, at=hall.clock.now(), token_id=token_id, require_login=False)
        )
    await second.commit()
    with pytest.raises(ConcurrentChange):
        await first.commit()
    opened = (await stored(hall)).publication
    assert opened is not None
    assert opened.token_id == "two"


async def test_each_act_is_written_down_without_a_secret(hall: Hall) -> None:
    """In the transaction of the act: one that fails leaves no entry."""
    tokens = [await hall.publish()]
    tokens.append((await hall.core.publishing.rotate(ADA, "echo")).publish_token)
    await hall.core.publishing.set_login(ADA, "echo", require_login=True)
    await hall.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    with pytest.raises(NotPublished):
        await hall.core.publishing.unpublish(ADA, "echo")
    entries = (await hall.store.begin().audit.page(PageQuery())).entries
    acts = [Act.WORKFLOW_ADDED, Act.PUBLISHED, Act.PUBLISH_TOKEN_ROTATED, Act.LOGIN_RULE_SET, Act.UNPUBLISHED]
    assert [each.act for each in entries] == acts
    assert not any(token[25:] in repr(each) for token in tokens for each in entries)


async def test_a_stranger_is_told_nothing(hall: Hall) -> None:
    """Neither for a made-up token nor for one whose secret is another."""
    token = await hall.publish()
    other = await hall.publish("other")
    for wrong in ("", "orc_pt_", token[:-1], token[:18] + other[18:], "x" * 5_000):
        with pytest.raises(PublishTokenInvalid):
            await hall.core.admitting.visit_by_publish_token(wrong)
