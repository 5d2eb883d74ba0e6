"""The users of an app: who is who, what the app may say of them, and what stays when its publish token is replaced."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.app_user import METADATA_DEPTH, METADATA_LENGTH, USER_LENGTH, AppUser
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import ChatUnavailable, InvalidInput, LoginRequired
from orcheo_core.services.visitors.admitting import Visit
from tests.core.harness import ADA, CoreHarness
from tests.fakes.identity import login

USER = AppUser(user="user-1", display_name="Ada\u202e \n Lovelace", metadata={"plan": "gold", "seats": [1, 2]})


async def visit(harness: CoreHarness, token: str, user: AppUser | None = USER) -> Visit:
    """A chat session that the app opens for one of its users."""
    grant = await harness.core.admitting.by_publish_token("echo", token, app_user=user)
    return await harness.core.admitting.visit_by_grant(grant.text)


async def test_each_user_of_an_app_is_a_subject_of_their_own(harness: CoreHarness) -> None:
    """Neither another user nor the app itself is the same; the grant says who it is."""
    token = await harness.publish()
    subjects = [(await visit(harness, token, user)).subject for user in (USER, AppUser(user="user-2"), None)]
    assert len(set(subjects)) == 3
    assert subjects[0].key.endswith(":user-1")
    assert subjects[2].is_program
    grant = await harness.core.admitting.by_publish_token("echo", token, app_user=USER)
    assert grant.claims.subject == subjects[0]


async def test_the_subject_outlives_the_publish_token(harness: CoreHarness) -> None:
    """Rotated, or closed and published again: the app finds its users' threads, and its own."""
    old = await harness.publish()
    before = [(await visit(harness, old, user)).subject for user in (USER, None)]
    rotated = (await harness.core.publishing.rotate(ADA, "echo")).publish_token
    assert [(await visit(harness, rotated, user)).subject for user in (USER, None)] == before
    await harness.core.publishing.unpublish(ADA, "echo")
    again = (await harness.core.publishing.publish(ADA, "echo")).publish_token
    assert [(await visit(harness, again, user)).subject for user in (USER, None)] == before


async def test_users_of_two_workflows_are_not_the_same(harness: CoreHarness) -> None:
    """Whatever their apps call them."""
    one, other = await harness.publish(), await harness.publish("other")
    first = await visit(harness, one)
    grant = await harness.core.admitting.by_publish_token("other", other, app_user=USER)
    assert (await harness.core.admitting.visit_by_grant(grant.text)).subject != first.subject


async def test_the_workflow_is_told_what_the_app_says_of_its_user(harness: CoreHarness) -> None:
    """The name made fit to be shown; it stays through a renewal."""
    token = await harness.publish()
    grant = await harness.core.admitting.by_publish_token("echo", token, app_user=USER)
    renewed = await harness.core.admitting.renew("echo", grant.text)
    await harness.answered(await harness.core.admitting.visit_by_grant(renewed.text))
    told = harness.runners.runs[-1].request.context.app_user
    assert told is not None
    assert (told.user, told.display_name, told.metadata) == ("user-1", "Ada Lovelace", USER.metadata)


async def test_an_app_names_no_user_where_a_login_says_who_chats(harness: CoreHarness) -> None:
    """Two answers to one question; a login of the past does not count."""
    token = await harness.publish()
    signed_in = login("ada", at=harness.clock.now())
    with pytest.raises(InvalidInput, match="user: must be left out"):
        await harness.core.admitting.by_publish_token("echo", token, signed_in, app_user=USER)
    harness.clock.advance(minutes=31)
    await harness.core.admitting.by_publish_token("echo", token, signed_in, app_user=USER)


async def test_users_of_an_app_do_not_come_in_where_visitors_sign_in(harness: CoreHarness) -> None:
    """And are told why a login is wanted of them."""
    token = await harness.publish(require_login=True)
    with pytest.raises(LoginRequired, match="users named by an app are not accepted"):
        await visit(harness, token)


@pytest.mark.parametrize("user", ["", " ", "a\nb", "\u202ea", " a", "a ", "\u200d", "x" * (USER_LENGTH + 1)])
def test_what_is_no_name_of_a_user_is_refused(user: str) -> None:
    """By the path ``user``."""
    with pytest.raises(InvalidInput) as refused:
        AppUser(user=user)
    assert [each.path for each in refused.value.fields] == ["user"]


def test_metadata_is_not_nested_without_end() -> None:
    """Whatever reads it later would run out of stack."""
    deep: Any = "x"
    for level in range(1, 1_000):
        deep = {"a": deep} if level % 2 else [deep]
        if level == METADATA_DEPTH - 1:
            AppUser(user="a", metadata={"a": deep})
    with pytest.raises(InvalidInput, match="metadata: must be nested at most 10 levels deep"):
        AppUser(user="a", metadata={"a": deep})


def test_metadata_is_bounded() -> None:
    """By the bytes of its JSON; an invisible name is left out."""
    AppUser(user="a", metadata={"x": "y" * (METADATA_LENGTH - 8)})
    with pytest.raises(InvalidInput, match="metadata: must be at most"):
        AppUser(user="a", metadata={"x": "y" * (METADATA_LENGTH - 7)})
    with pytest.raises(InvalidInput, match="metadata: must be at most 4,096 bytes of JSON"):
        AppUser(user="a", metadata={"x": "\N{GREEK SMALL LETTER ALPHA}" * (METADATA_LENGTH // 2 - 3)})
    assert AppUser(user="a", display_name="\u200d").display_name is None


parts = st.text(st.sampled_from("a:#/ "), min_size=1, max_size=4)


@given(st.tuples(st.text("ab", min_size=1, max_size=3), parts), st.tuples(st.text("ab", min_size=1, max_size=3), parts))
def test_no_two_users_share_a_subject(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Wherever one puts the border between app and user, and whatever other subjects are called."""
    assert (Subject.app_user(*one) == Subject.app_user(*other)) is (one == other)
    others = {Subject.program(one[0]), Subject.anonymous(one[1]), Subject.logged_in(one[0], one[1])}
    assert Subject.app_user(*one) not in others


async def test_a_live_token_of_a_private_workflow_lets_no_user_in(harness: CoreHarness) -> None:
    """Should a store ever hold one."""
    token = await harness.publish()
    change = harness.store.begin()
    workflow = await change.workflows.find("echo")
    assert workflow is not None
    change.workflows.save(workflow.unpublished(at=harness.clock.now()))
    await change.commit()
    with pytest.raises(ChatUnavailable):
        await visit(harness, token)
