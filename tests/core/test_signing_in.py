"""From an identity provider's word to a login, and what is written down of it."""

import pytest

from orcheo_core.domain.audit import Act
from orcheo_core.domain.ids import IdKind, is_id
from orcheo_core.domain.pages import PageQuery
from orcheo_core.errors import IdentityProviderUnavailable, LoginDenied, LoginNotSetUp, LoginNotVerified, OrcheoError
from orcheo_core.ports.identity import LoginAttempt
from tests.core.hall import Hall, build_hall
from tests.fakes.identity import ISSUER, FakeIdentityProvider

ATTEMPT = LoginAttempt(state="state", seed=b"a secret seed")


def with_provider(refusal: OrcheoError | None = None) -> Hall:
    """A hall whose visitors can sign in."""
    return build_hall(identity_providers=(FakeIdentityProvider(refusal=refusal),))


async def acts(hall: Hall) -> list[tuple[Act, str, str]]:
    """What was written down."""
    entries = (await hall.store.begin().audit.page(PageQuery(limit=100))).entries
    return [(each.act, each.actor.name, each.note) for each in entries]


async def test_a_login_begins_anew_each_time() -> None:
    """Its id is never used again, and the audit says who came by which provider."""
    hall = with_provider()
    assert await hall.core.signing_in.begin("fake", ATTEMPT) == f"{ISSUER}/authorize?state=state"
    one = await hall.core.signing_in.finish("fake", ATTEMPT, {"code": "ada"})
    two = await hall.core.signing_in.finish("fake", ATTEMPT, {"code": "ada"})
    assert is_id(IdKind.LOGIN, one.id)
    assert one.id != two.id
    assert one.subject == two.subject
    assert one.began_at == one.seen_at == hall.clock.now()
    await hall.core.signing_in.end(one)
    person = f"oidc:{ISSUER}#ada"
    assert await acts(hall) == [
        (Act.LOGGED_IN, person, f"fake: {one.id}"),
        (Act.LOGGED_IN, person, f"fake: {two.id}"),
        (Act.LOGGED_OUT, person, one.id),
    ]


@pytest.mark.parametrize("refusal", [LoginDenied(), LoginNotVerified()])
async def test_a_denied_login_is_written_down(refusal: OrcheoError) -> None:
    """By provider and reason; nobody knows who it was."""
    hall = with_provider(refusal)
    with pytest.raises(type(refusal)):
        await hall.core.signing_in.finish("fake", ATTEMPT, {"code": "ada"})
    assert await acts(hall) == [(Act.LOGIN_DENIED, "visitor:unknown", f"fake: {refusal.code}")]


async def test_a_provider_that_is_down_denies_nobody() -> None:
    """Nothing is written down."""
    hall = with_provider(IdentityProviderUnavailable())
    with pytest.raises(IdentityProviderUnavailable):
        await hall.core.signing_in.finish("fake", ATTEMPT, {"code": "ada"})
    assert await acts(hall) == []


async def test_without_providers_nobody_signs_in() -> None:
    """And a name that none has is as good as none."""
    hall = build_hall(identity_providers=())
    assert not hall.core.signing_in.is_possible
    assert with_provider().core.signing_in.is_possible
    for each in (hall, with_provider()):
        with pytest.raises(LoginNotSetUp):
            await each.core.signing_in.begin("other", ATTEMPT)


def test_an_attempt_does_not_show_its_seed() -> None:
    """Not in a log by accident."""
    assert "secret" not in repr(ATTEMPT)
