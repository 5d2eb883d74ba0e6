"""What a login is worth, for how long, and what it opens."""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.admission import Admitted, Refused, admit_by_link, may_renew
from orcheo_core.domain.login import Identity
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import LoginRequired
from tests.core.harness import ADA, CoreHarness
from tests.fakes.clock import START
from tests.fakes.identity import ISSUER, identity, login

EVE = Subject.anonymous("vis_eve")
ada, bob = login("ada", at=START), login("bob", at=START)


def test_the_person_is_issuer_and_sub() -> None:
    """Neither the name nor another issuer's same sub is the same person."""
    renamed = evolve(identity("ada"), display_name="Somebody else")
    assert renamed.subject == ada.subject == Subject(f"oidc:{ISSUER}#ada")
    assert identity("ada", "https://other.example").subject != ada.subject
    assert ada.subject.is_logged_in
    assert not EVE.is_logged_in


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_no_two_people_share_a_subject(one: str, two: str) -> None:
    """Wherever one puts the border between issuer and sub."""
    made = []
    for issuer, sub in ((one, two), (one + "#", two), (one, "#" + two), (one + two[0], two[1:])):
        try:
            made.append(Identity(issuer=issuer, sub=sub, display_name=""))
        except ValueError:
            continue
    assert len({each.subject for each in made}) == len(made)


@pytest.mark.parametrize(
    ("issuer", "sub"),
    [
        ("", "ada"),
        (ISSUER, ""),
        (ISSUER, "x" * 256),
        (f"{ISSUER}#a", "b"),
        (ISSUER, "ä"),
        (ISSUER, "a\nb"),
        ("\0", "a"),
    ],
)
def test_what_is_no_identity_is_refused(issuer: str, sub: str) -> None:
    """Empty, too long, with the border inside, or not printable ASCII (OpenID Connect Core, section 2)."""
    with pytest.raises(ValueError, match=r"issuer|sub"):
        Identity(issuer=issuer, sub=sub, display_name="Ada")


@pytest.mark.parametrize("session", ["x" * 256, "a\nb", "ä"])
def test_the_providers_session_is_as_plain_as_a_sub(session: str) -> None:
    """It stands in the signed cookie."""
    with pytest.raises(ValueError, match="sid"):
        evolve(identity("ada"), session=session)


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [("  Ada \n Lovelace ", "Ada Lovelace"), ("A\u202eda\x1b[31m", "Ada[31m"), ("x" * 200, "x" * 100), ("", "")],
)
def test_a_display_name_can_be_shown_anywhere(given_name: str, shown: str) -> None:
    """One line, no control or direction characters, not too long."""
    assert Identity(issuer=ISSUER, sub="ada", display_name=given_name).display_name == shown


def test_a_login_ends_after_30_idle_minutes() -> None:
    """In that very moment; what is used goes on."""
    assert ada.is_valid(START + timedelta(minutes=30, microseconds=-1))
    assert not ada.is_valid(START + timedelta(minutes=30))
    assert ada.used(START + timedelta(minutes=29)).is_valid(START + timedelta(minutes=58))


def test_a_login_ends_after_8_hours_whatever_it_is_used_for() -> None:
    """Use moves the idle end only."""
    used = ada.used(START + timedelta(hours=7, minutes=59))
    assert used.until == START + timedelta(hours=8)
    assert not used.is_valid(START + timedelta(hours=8))


async def with_rule(harness: CoreHarness, *, require_login: bool = True) -> None:
    """A published workflow ``echo``."""
    await harness.publish(require_login=require_login)


async def test_only_a_valid_login_opens_a_chat_that_needs_one(harness: CoreHarness) -> None:
    """By link and by publish token; the visitor is known by the login, not by the cookie or the token."""
    token = await harness.publish(require_login=True)
    admitting = harness.core.admitting
    for grant in (
        await admitting.by_link("echo", EVE, ada),
        await admitting.by_publish_token("echo", token, ada),
    ):
        assert grant.claims.subject == ada.subject
    assert (await admitting.visit_by_publish_token(token, ada)).subject == ada.subject
    harness.clock.advance(minutes=30)
    for attempt in (
        admitting.by_link("echo", EVE, ada),
        admitting.by_publish_token("echo", token, ada),
        admitting.visit_by_publish_token(token, ada),
        admitting.by_link("echo", EVE),
    ):
        with pytest.raises(LoginRequired):
            await attempt


async def test_a_login_counts_where_none_is_needed(harness: CoreHarness) -> None:
    """Whoever is signed in is the same person in every chat; an expired login is none."""
    await with_rule(harness, require_login=False)
    assert (await harness.core.admitting.by_link("echo", EVE, ada)).claims.subject == ada.subject
    harness.clock.advance(minutes=30)
    assert (await harness.core.admitting.by_link("echo", EVE, ada)).claims.subject == EVE


async def test_renewal_needs_the_login_that_opened_the_chat_session(harness: CoreHarness) -> None:
    """Not none, not another one, not an expired one; whether the workflow asks for a login or not."""
    for require_login in (True, False):
        harness.clock.advance(seconds=1)
        if not require_login:
            await harness.core.publishing.set_login(ADA, "echo", require_login=False)
        else:
            await with_rule(harness)
        seen = ada.used(harness.clock.now())
        grant = (await harness.core.admitting.by_link("echo", EVE, seen)).text
        assert (await harness.core.admitting.renew("echo", grant, seen)).claims.subject == ada.subject
        for other in (None, bob.used(harness.clock.now()), evolve(seen, seen_at=START - timedelta(minutes=40))):
            with pytest.raises(LoginRequired):
                await harness.core.admitting.renew("echo", grant, other)


async def test_a_rule_that_comes_later_ends_anonymous_chats(harness: CoreHarness) -> None:
    """A chat session that was opened without a login is not renewed by one: it is someone else's."""
    await with_rule(harness, require_login=False)
    grant = (await harness.core.admitting.by_link("echo", EVE)).text
    await harness.core.publishing.set_login(ADA, "echo", require_login=True)
    for attempt in (None, ada):
        with pytest.raises(LoginRequired):
            await harness.core.admitting.renew("echo", grant, attempt)


async def test_the_rules_by_themselves(harness: CoreHarness) -> None:
    """As functions of workflow, subject, login and moment."""
    await with_rule(harness)
    workflow = await harness.store.begin().workflows.find("echo")
    admitted = admit_by_link(workflow, EVE, login=ada, now=START)
    refused = admit_by_link(workflow, EVE, login=ada, now=ada.until)
    assert isinstance(admitted, Admitted)
    assert isinstance(refused, Refused)
    assert isinstance(refused.reason, LoginRequired)
    grant = await harness.core.admitting.by_link("echo", EVE, ada)
    chat_session = await harness.store.begin().chat_sessions.find(grant.claims.chat_session_id)
    assert chat_session is not None
    assert may_renew(workflow, chat_session, login=ada, now=START) is None
    assert may_renew(workflow, chat_session, login=bob, now=START) is not None
