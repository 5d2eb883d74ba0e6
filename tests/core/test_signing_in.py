"""From an identity provider's word to a login, and what is written down of it."""

import pytest

from orcheo_adapters.auth.dev_login import DevIdentityProvider
from orcheo_core.domain.audit import Act
from orcheo_core.domain.ids import IdKind, is_id
from orcheo_core.domain.login import EndedLogins
from orcheo_core.domain.pages import PageQuery
from orcheo_core.errors import IdentityProviderUnavailable, LoginDenied, LoginNotSetUp, LoginNotVerified, OrcheoError
from orcheo_core.ports.identity import LoginAttempt
from tests.core.harness import CoreHarness, build_hall
from tests.fakes.identity import ISSUER, FakeIdentityProvider, login

ATTEMPT = LoginAttempt(state="state", seed=b"a secret seed")


def with_provider(refusal: OrcheoError | None = None) -> CoreHarness:
    """A harness whose visitors can sign in."""
    return build_hall(identity_providers=(FakeIdentityProvider(refusal=refusal),))


async def acts(harness: CoreHarness) -> list[tuple[Act, str, str]]:
    """What was written down."""
    entries = (await harness.store.begin().audit.page(PageQuery(limit=100))).entries
    return [(each.act, each.actor.name, each.note) for each in entries]


async def test_a_login_begins_anew_each_time() -> None:
    """Its id is never used again, and the audit says who came by which provider."""
    harness = with_provider()
    assert await harness.core.signing_in.begin("fake", ATTEMPT) == f"{ISSUER}/authorize?state=state"
    one = await harness.core.signing_in.finish("fake", ATTEMPT, {"code": "ada"})
    two = await harness.core.signing_in.finish("fake", ATTEMPT, {"code": "ada"})
    assert is_id(IdKind.LOGIN, one.id)
    assert one.id != two.id
    assert one.subject == two.subject
    assert one.began_at == one.seen_at == harness.clock.now()
    await harness.core.signing_in.end(one)
    person = f"oidc:{ISSUER}#ada"
    assert await acts(harness) == [
        (Act.LOGGED_IN, person, f"fake: {one.id}"),
        (Act.LOGGED_IN, person, f"fake: {two.id}"),
        (Act.LOGGED_OUT, person, one.id),
    ]


@pytest.mark.parametrize("refusal", [LoginDenied(), LoginNotVerified()])
async def test_a_denied_login_is_written_down(refusal: OrcheoError) -> None:
    """By provider and reason, once a minute, as anyone can begin a login; no one knows who it was."""
    harness = with_provider(refusal)
    for _ in range(3):
        with pytest.raises(type(refusal)):
            await harness.core.signing_in.finish("fake", ATTEMPT, {"code": "ada"})
    assert await acts(harness) == []
    harness.store.error = RuntimeError("disk")
    with pytest.raises(RuntimeError):
        await harness.core.tally.write()
    harness.store.error = None
    await harness.core.tally.write()
    await harness.core.tally.write()
    assert await acts(harness) == [(Act.LOGIN_DENIED, "visitor:unknown", f"fake: {refusal.code}: 3 times")]


async def test_a_provider_that_is_down_denies_nobody() -> None:
    """Nothing is written down."""
    harness = with_provider(IdentityProviderUnavailable())
    with pytest.raises(IdentityProviderUnavailable):
        await harness.core.signing_in.finish("fake", ATTEMPT, {"code": "ada"})
    assert await acts(harness) == []


async def test_without_providers_nobody_signs_in() -> None:
    """And a name that none has is as good as none."""
    harness = build_hall(identity_providers=())
    assert not harness.core.signing_in.is_possible
    assert with_provider().core.signing_in.is_possible
    for each in (harness, with_provider()):
        with pytest.raises(LoginNotSetUp):
            await each.core.signing_in.begin("other", ATTEMPT)


@pytest.mark.parametrize(
    ("ends", "is_down", "is_offered"),
    [("https://login.example.org/logout", False, True), (None, False, False), ("https://x.example", True, False)],
)
async def test_signing_out_offers_the_end_at_the_provider(ends: str | None, is_down: bool, is_offered: bool) -> None:
    """Where there is a place for it; a provider that is down does not keep anyone in."""
    provider = FakeIdentityProvider(ends=ends, is_down=is_down)
    harness = build_hall(identity_providers=(provider,))
    assert await harness.core.signing_in.end(login()) == (provider if is_offered else None)


async def test_a_login_of_a_provider_that_is_gone_can_be_ended() -> None:
    """It was taken out of the settings since."""
    harness = build_hall(
        identity_providers=(FakeIdentityProvider(issuer="https://other.example", ends="https://x.example"),)
    )
    assert await harness.core.signing_in.end(login()) is None


async def test_logins_that_a_provider_has_ended_are_written_down() -> None:
    """With the person, if the provider names one."""
    harness = with_provider()
    assert await harness.core.signing_in.ended("fake", "ada") == EndedLogins(issuer=ISSUER, sub="ada")
    assert await harness.core.signing_in.ended("fake", "sid:s-1") == EndedLogins(issuer=ISSUER, session="s-1")
    assert await acts(harness) == [
        (Act.LOGGED_OUT, f"oidc:{ISSUER}#ada", "fake: ended by the provider"),
        (Act.LOGGED_OUT, "visitor:unknown", "fake: ended by the provider"),
    ]


async def test_a_provider_need_not_have_an_end() -> None:
    """The trial sign-in has none: nowhere to go, and no notices."""
    trial = DevIdentityProvider("http://127.0.0.1/auth/trial")
    assert await trial.end_url() is None
    with pytest.raises(LoginNotVerified):
        await trial.ended("token")


def test_an_attempt_does_not_show_its_seed() -> None:
    """Not in a log by accident."""
    assert "secret" not in repr(ATTEMPT)
