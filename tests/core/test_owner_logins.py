"""Owners who sign in at an identity provider: by the operator's rules, nobody else, and never as visitors."""

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.domain.audit import Act
from orcheo_core.domain.login import EndedLogins, Identity, is_email
from orcheo_core.domain.owner_rule import OwnerRule, RuleKind, rule_for
from orcheo_core.domain.pages import PageQuery
from orcheo_core.errors import (
    FeatureDisabled,
    LoginDenied,
    LoginNotSetUp,
    OwnerNotKnown,
    OwnerSessionEnded,
)
from orcheo_core.ports.identity import LoginAttempt
from orcheo_core.services.owners.sessions import Opened
from tests.core.harness import CoreHarness, build_hall
from tests.core.test_owner_sessions import SwitchedOff
from tests.fakes.identity import ISSUER, FakeIdentityProvider, identity

READ = frozenset({Scope.WORKFLOWS_READ})
ATTEMPT = LoginAttempt(state="s", seed=b"x")


def rule(kind: RuleKind = RuleKind.SUB, value: str = "ada", **changes: Any) -> OwnerRule:
    """Lets this in as the owner ``team``, to read."""
    return evolve(OwnerRule(issuer=ISSUER, kind=kind, value=value, owner=Actor("team"), scopes=READ), **changes)


def someone(**vouched: Any) -> Identity:
    """A person of the provider's."""
    return evolve(identity("ada"), **vouched)


@pytest.mark.parametrize(
    ("wanted", "vouched", "admitted"),
    [
        (rule(), {}, True),
        (rule(value="Ada"), {}, False),
        (rule(issuer="https://other.example"), {}, False),
        (rule(RuleKind.EMAIL, "ada@example.org"), {"verified_email": "Ada@Example.org"}, True),
        (rule(RuleKind.EMAIL, "ada@example.org"), {}, False),
        (rule(RuleKind.EMAIL, "ada@example.org"), {"verified_email": "bada@example.org"}, False),
        (rule(RuleKind.EMAIL_DOMAIN, "example.org"), {"verified_email": "x@EXAMPLE.org"}, True),
        (rule(RuleKind.EMAIL_DOMAIN, "example.org"), {"verified_email": "x@evil.example.org"}, False),
        (rule(RuleKind.EMAIL_DOMAIN, "example.org"), {"verified_email": "x@example.org.evil.net"}, False),
        (rule(RuleKind.EMAIL_DOMAIN, "example.org"), {}, False),
        (rule(RuleKind.GROUP, "owners"), {"groups": {"groups": frozenset({"owners", "x"})}}, True),
        (rule(RuleKind.GROUP, "owners"), {"groups": {"groups": frozenset({"Owners"})}}, False),
        (rule(RuleKind.GROUP, "owners"), {"groups": {"roles": frozenset({"owners"})}}, False),
        (rule(RuleKind.GROUP, "owners", claim="roles"), {"groups": {"roles": frozenset({"owners"})}}, True),
    ],
)
def test_a_rule_looks_at_one_thing(wanted: OwnerRule, vouched: dict[str, Any], admitted: bool) -> None:
    """Of its own issuer's people, and of addresses only those that were verified."""
    assert wanted.admits(someone(**vouched)) is admitted


def test_the_first_rule_counts() -> None:
    """Without any rule nobody is an owner."""
    narrow, wide = rule(), rule(RuleKind.EMAIL_DOMAIN, "example.org", scopes=frozenset(Scope))
    person = someone(verified_email="a@example.org")
    assert rule_for((narrow, wide), person) == narrow
    assert rule_for((wide, narrow), person) == wide
    assert rule_for((), person) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": ""}, "1 to 255"),
        ({"value": " ada"}, "blank"),
        ({"value": "a\nb"}, "printable"),
        ({"kind": RuleKind.EMAIL, "value": "Ada@example.org"}, "lower case"),
        ({"kind": RuleKind.EMAIL, "value": "example.org"}, "e-mail address"),
        ({"kind": RuleKind.EMAIL_DOMAIN, "value": "@example.org"}, "domain"),
        ({"kind": RuleKind.EMAIL_DOMAIN, "value": "*"}, "domain"),
        ({"kind": RuleKind.EMAIL_DOMAIN, "value": "org"}, "domain"),
        ({"claim": ""}, "name a claim"),
        ({"claim": "a\nb"}, "name a claim"),
        ({"owner": Actor("orcheo-server")}, "1 to 63"),
        ({"owner": Actor("visitor:x")}, "1 to 63"),
        ({"scopes": frozenset()}, "at least one"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(changes: dict[str, Any], message: str) -> None:
    """So that a mistake lets nobody in."""
    with pytest.raises(ValueError, match=message):
        rule(**changes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@b.example", True),
        ("a@b@c", False),
        ("@b", False),
        ("a@", False),
        ("a b@c", False),
        ("ä@b.example", False),
        ("a" * 250 + "@b.example", False),
        (None, False),
        (["a@b.example"], False),
    ],
)
def test_what_can_be_an_address(text: object, expected: bool) -> None:
    """Anything else counts as none."""
    assert is_email(text) is expected


def test_a_changed_rule_is_another_one() -> None:
    """In each of its parts."""
    changes: list[Mapping[str, Any]] = [
        {"issuer": "https://other.example"},
        {"kind": RuleKind.GROUP},
        {"value": "bob"},
        {"claim": "roles"},
        {"owner": Actor("bob")},
        {"scopes": frozenset({Scope.AUDIT_READ})},
    ]
    keys = {rule().key, *(evolve(rule(), **each).key for each in changes)}
    assert len(keys) == len(changes) + 1


def hall(*rules: OwnerRule, **options: Any) -> CoreHarness:
    """The core under these rules."""
    return build_hall(owner_rules=rules or (rule(),), **options)


async def finish(harness: CoreHarness, sub: str = "ada") -> Opened:
    """Someone comes back from the provider."""
    logins = harness.core.owner_logins
    return await logins.finish("fake", ATTEMPT, {"code": sub}, address="192.0.2.7", user_agent="Firefox")


async def test_whom_a_rule_names_is_that_owner() -> None:
    """With the scopes of the rule, in an owner session like any other."""
    harness = hall()
    opened = await finish(harness)
    signed_in = await harness.core.owner_sessions.authenticate(opened.secret)
    assert signed_in.caller == Caller(actor=Actor("team"), channel=Channel.CANVAS, scopes=READ, label="Ada")
    assert opened.secret not in repr(opened)
    assert [each.id for each in await harness.core.owner_sessions.of(Actor("team"))] == [signed_in.session.id]


async def test_others_are_nobody() -> None:
    """The provider knows them, and no rule does; nothing is kept."""
    harness = hall()
    with pytest.raises(OwnerNotKnown):
        await finish(harness, "eve")
    assert await harness.core.owner_sessions.of(Actor("team")) == []


async def test_an_address_or_a_group_lets_in_too() -> None:
    """The provider is asked for what the rules look at, and of visitors for less."""
    provider = FakeIdentityProvider(vouched={"groups": {"roles": frozenset({"owners"})}})
    harness = hall(rule(RuleKind.GROUP, "owners", claim="roles"), identity_providers=(provider,))
    await harness.core.owner_logins.begin("fake", ATTEMPT)
    await finish(harness, "bob")
    await harness.core.signing_in.begin("fake", ATTEMPT)
    assert [each.claims for each in provider.attempts] == [frozenset({"roles"}), frozenset({"roles"}), None]


async def test_only_providers_with_rules_are_offered() -> None:
    """Without rules none is, and none can be used."""
    other = FakeIdentityProvider(name="other", issuer="https://other.example")
    harness = hall(identity_providers=(FakeIdentityProvider(), other))
    assert [each.name for each in harness.core.owner_logins.providers] == ["fake"]
    without = build_hall()
    assert without.core.owner_logins.providers == ()
    for core, name in ((harness.core, "other"), (without.core, "fake"), (harness.core, "nothing")):
        with pytest.raises(LoginNotSetUp):
            await core.owner_logins.begin(name, ATTEMPT)
        with pytest.raises(LoginNotSetUp):
            await core.owner_logins.finish(name, ATTEMPT, {"code": "ada"}, address="", user_agent="")


async def test_a_denied_login_is_counted() -> None:
    """As a visitor's is."""
    harness = hall(identity_providers=(FakeIdentityProvider(refusal=LoginDenied()),))
    with pytest.raises(LoginDenied):
        await finish(harness)
    await harness.core.tally.write()
    (entry,) = (await harness.store.begin().audit.page(PageQuery())).entries
    assert (entry.act, entry.note) == (Act.LOGIN_DENIED, "fake: login_denied: 1 time")


async def test_it_is_audited_as_the_owners_and_as_no_visitors() -> None:
    """With the identity that opened it."""
    harness = hall()
    opened = await finish(harness)
    (entry,) = (await harness.store.begin().audit.page(PageQuery())).entries
    assert (entry.act, str(entry.actor), entry.channel, entry.actor_label) == (
        Act.OWNER_SIGNED_IN,
        "owner:team",
        Channel.CANVAS,
        "Ada",
    )
    assert entry.note == f"orc_os_{opened.signed_in.session.id}… by oidc:{ISSUER}#ada"


@pytest.mark.parametrize("others", [(), (rule(scopes=frozenset(Scope)),), (rule(value="bob"),)])
async def test_a_rule_that_was_changed_ends_its_sessions(others: tuple[OwnerRule, ...]) -> None:
    """From the next start of the server on."""
    before = hall()
    opened = await finish(before)
    after = build_hall(owner_rules=others, store=before.store)
    with pytest.raises(OwnerSessionEnded, match="rule for owners"):
        await after.core.owner_sessions.authenticate(opened.secret)
    assert await after.core.owner_sessions.of(Actor("team")) == []
    again = hall(rule(), *others, store=before.store)
    await again.core.owner_sessions.authenticate(opened.secret)


async def test_what_is_switched_off_for_an_owner_lets_them_not_in() -> None:
    """Nothing is kept of the attempt."""
    flags = SwitchedOff()
    flags.owner = "team"
    harness = hall(flags=flags)
    with pytest.raises(FeatureDisabled):
        await finish(harness)
    assert (await harness.store.begin().audit.page(PageQuery())).entries == ()


async def test_a_provider_can_end_them() -> None:
    """All of a person, and no one else's; each end is audited."""
    harness = hall(rule(), rule(value="bob"))
    adas, bobs = [await finish(harness) for _ in range(2)], await finish(harness, "bob")
    await harness.core.owner_logins.ended(EndedLogins(issuer=ISSUER, sub="ada"))
    for opened in adas:
        with pytest.raises(OwnerSessionEnded):
            await harness.core.owner_sessions.authenticate(opened.secret)
    await harness.core.owner_sessions.authenticate(bobs.secret)
    entries = (await harness.store.begin().audit.page(PageQuery(newest_first=True))).entries[:2]
    assert {each.note for each in entries} == {f"orc_os_{each.signed_in.session.id}… by the provider" for each in adas}
    assert {each.act for each in entries} == {Act.OWNER_SIGNED_OUT}
