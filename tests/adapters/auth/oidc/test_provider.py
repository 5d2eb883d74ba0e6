"""Signing in at an identity provider that does one thing wrong at a time."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from attrs import evolve
from cryptography.hazmat.primitives import hashes

from orcheo_adapters.auth.oidc.http import MOST_AT_ONCE, ProviderHttp
from orcheo_adapters.auth.oidc.metadata import MetadataWrong, ProviderMetadata
from orcheo_adapters.auth.oidc.provider import OidcProvider
from orcheo_adapters.auth.oidc.registration import ProviderRegistration
from orcheo_adapters.auth.spent_ids import SpentIds
from orcheo_adapters.memory.store import MemoryStore
from orcheo_adapters.outgoing import Outgoing
from orcheo_core.domain.login import LOGOUT_NOTICE_LIFETIME, EndedLogins, Identity
from orcheo_core.errors import IdentityProviderUnavailable, LoginDenied, LoginNotVerified
from orcheo_core.ports.identity import LoginAttempt
from tests.fakes.clock import FakeClock
from tests.servers import bad_provider as bad
from tests.servers.bad_provider import BadProvider

ATTEMPT = LoginAttempt(state="state-1", seed=b"s" * 32)
REGISTRATION = ProviderRegistration(
    name="main", title="Sign in", issuer=bad.ISSUER, client_id=bad.CLIENT_ID, client_secret=bad.CLIENT_SECRET
)
Claims = Callable[[bad.Json], bad.Json]


def with_claims(**changed: Any) -> Claims:
    """The claims with these in place of its own."""
    return lambda claims: claims | changed


def without(name: str) -> Claims:
    """The claims but for one."""
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def later(name: str, seconds: int) -> Claims:
    """The claims with one time moved."""
    return lambda claims: claims | {name: (claims[name] if name in claims else claims["iat"]) + seconds}


def provider(wrong: BadProvider, registration: ProviderRegistration = REGISTRATION) -> OidcProvider:
    """Ours, which asks that one."""
    http = ProviderHttp(httpx2.ASGITransport(wrong.app))
    return OidcProvider(
        registration,
        redirect_uri="https://chat.example.org/auth/callback",
        http=http,
        clock=wrong.clock,
        notices=notices(wrong),
    )


def notices(wrong: BadProvider) -> SpentIds:
    """No logout token was taken yet."""
    return SpentIds("test", LOGOUT_NOTICE_LIFETIME, clock=wrong.clock, store=MemoryStore())


async def sign_in(wrong: BadProvider, ours: OidcProvider | None = None, attempt: LoginAttempt = ATTEMPT) -> Identity:
    """Off to the provider and back."""
    ours = ours or provider(wrong)
    brought = wrong.authorize(await ours.begin(attempt))
    brought.pop("state")
    return await ours.finish(attempt, brought)


@pytest.fixture
def wrong() -> BadProvider:
    """A provider that does nothing wrong yet."""
    return BadProvider(clock=FakeClock())


ADA = Identity(issuer=bad.ISSUER, sub="ada", display_name="Ada")

FINE: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "no kid where there is one key": {"header": {"alg": "RS256"}},
    "typ JWT": {"header": {"alg": "RS256", "kid": "k1", "typ": "jwt"}},
    "audiences with azp": {"claims": with_claims(aud=["other", bad.CLIENT_ID], azp=bad.CLIENT_ID)},
    "keys of kinds that are not used": {
        "jwks": {"keys": [{"kty": "oct", "k": "AA"}, "junk", bad.rsa_jwk(bad.RSA_KEY, kid="k1")]}
    },
    "P-256": {
        "header": {"alg": "ES256", "kid": "e"},
        "sign": bad.es(bad.EC_KEY, hashes.SHA256()),
        "jwks": {"keys": [bad.ec_jwk(bad.EC_KEY, kid="e"), bad.rsa_jwk(bad.RSA_KEY, kid="e")]},
    },
    "P-384": {
        "header": {"alg": "ES384", "kid": "e"},
        "sign": bad.es(bad.EC_384_KEY, hashes.SHA384()),
        "jwks": {"keys": [bad.ec_jwk(bad.EC_384_KEY, kid="e", use="sig", key_ops=["verify"])]},
    },
    "PS256": {
        "header": {"alg": "PS256", "kid": "k1"},
        "sign": bad.ps(bad.RSA_KEY, hashes.SHA256()),
        "jwks": {"keys": [bad.rsa_jwk(bad.RSA_KEY, kid="k1", alg="PS256")]},
    },
    "PS512": {
        "header": {"alg": "PS512", "kid": "k1"},
        "sign": bad.ps(bad.RSA_KEY, hashes.SHA512()),
        "jwks": {"keys": [bad.rsa_jwk(bad.RSA_KEY, kid="k1")]},
    },
    "EdDSA": {
        "header": {"alg": "EdDSA", "kid": "o"},
        "sign": bad.ED_KEY.sign,
        "jwks": {"keys": [bad.ed_jwk(bad.ED_KEY, kid="o", use="sig"), bad.rsa_jwk(bad.RSA_KEY, kid="o")]},
    },
    "Ed25519": {
        "header": {"alg": "Ed25519"},
        "sign": bad.ED_KEY.sign,
        "jwks": {"keys": [bad.ed_jwk(bad.ED_KEY, alg="Ed25519")]},
    },
    "credentials in the form": {
        "metadata": lambda document: document | {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    },
    "times with a fraction": {
        "claims": lambda claims: claims | {"iat": float(claims["iat"]), "exp": claims["exp"] + 0.5}
    },
    "members of keys that are null": {
        "jwks": {"keys": [bad.rsa_jwk(bad.RSA_KEY, kid="k1", use=None, alg=None, key_ops=None)]}
    },
    "an address that is not needed and not to be used": {
        "metadata": lambda document: document | {"userinfo_endpoint": "/userinfo", "end_session_endpoint": ""}
    },
    "a clock a minute ahead": {"claims": later("iat", 60)},
    "the name at the userinfo endpoint": {"name": None, "userinfo": {"sub": "ada", "nickname": " Ada\n"}},
}


@pytest.mark.parametrize("does", FINE.values(), ids=FINE)
async def test_a_provider_in_order_is_believed(wrong: BadProvider, does: dict[str, Any]) -> None:
    """Issuer and sub are the person; the name is for reading."""
    assert await sign_in(evolve(wrong, **does)) == ADA


def _swapped() -> dict[str, Any]:
    return {"sign": bad.rs256(bad.OTHER_RSA_KEY)}


WRONG: dict[str, dict[str, Any]] = {
    "iss": {"claims": with_claims(iss="https://evil.example")},
    "iss with a slash more": {"claims": with_claims(iss=f"{bad.ISSUER}/")},
    "no iss": {"claims": without("iss")},
    "aud": {"claims": with_claims(aud="other")},
    "no aud": {"claims": without("aud")},
    "aud of numbers": {"claims": with_claims(aud=[1, bad.CLIENT_ID])},
    "two audiences without azp": {"claims": with_claims(aud=["other", bad.CLIENT_ID])},
    "azp of another": {"claims": with_claims(azp="other")},
    "nonce": {"claims": with_claims(nonce="another")},
    "no nonce": {"claims": without("nonce")},
    "nonce of another kind": {"claims": with_claims(nonce=5)},
    "expired": {"claims": later("exp", -301)},
    "expires this second": {"claims": later("exp", -300)},
    "no exp": {"claims": without("exp")},
    "exp as text": {"claims": with_claims(exp="9999999999")},
    "exp without end": {"claims": with_claims(exp=float("inf"))},
    "exp true": {"claims": with_claims(exp=True)},
    "from the future": {"claims": later("iat", 61)},
    "issued long ago": {"claims": later("iat", -601)},
    "no iat": {"claims": without("iat")},
    "not valid yet": {"claims": later("nbf", 61)},
    "no sub": {"claims": without("sub")},
    "sub of another kind": {"claims": with_claims(sub=7)},
    "empty sub": {"sub": ""},
    "sub too long": {"sub": "a" * 256},
    "sub with control characters": {"sub": "a\x00b"},
    "signature": _swapped(),
    "swapped keys": _swapped() | {"jwks": {"keys": [bad.rsa_jwk(bad.OTHER_RSA_KEY, kid="other")]}},
    "PS256 for a key of RS256": {
        "header": {"alg": "PS256", "kid": "k1"},
        "sign": bad.ps(bad.RSA_KEY, hashes.SHA256()),
    },
    "PS256 with another key": {
        "header": {"alg": "PS256", "kid": "k1"},
        "sign": bad.ps(bad.OTHER_RSA_KEY, hashes.SHA256()),
        "jwks": {"keys": [bad.rsa_jwk(bad.RSA_KEY, kid="k1")]},
    },
    "EdDSA with another key": {
        "header": {"alg": "EdDSA"},
        "sign": bad.OTHER_ED_KEY.sign,
        "jwks": {"keys": [bad.ed_jwk(bad.ED_KEY)]},
    },
    "EdDSA with a key of another length": {
        "header": {"alg": "EdDSA"},
        "sign": bad.ED_KEY.sign,
        "jwks": {"keys": [bad.ed_jwk(bad.ED_KEY) | {"x": "AAAA"}]},
    },
    "no signature": {"id_token": lambda text: text.rpartition(".")[0] + "."},
    "alg none": {"header": {"alg": "none"}, "sign": lambda _data: b""},
    "alg None with key": {"header": {"alg": "None", "kid": "k1"}},
    "public key as shared secret": {
        "header": {"alg": "HS256", "kid": "k1"},
        "sign": bad.hs256(bad.public_pem(bad.RSA_KEY)),
    },
    "client secret as key": {
        "header": {"alg": "HS256"},
        "sign": lambda data: hmac.digest(bad.CLIENT_SECRET.encode(), data, "sha256"),
    },
    "no alg": {"header": {"kid": "k1"}},
    "kid of another kind": {"header": {"alg": "RS256", "kid": 1}},
    "kid null": {"header": {"alg": "RS256", "kid": None}},
    "unknown crit": {"header": {"alg": "RS256", "kid": "k1", "crit": ["x"], "x": 1}},
    "typ of another token": {"header": {"alg": "RS256", "kid": "k1", "typ": "at+jwt"}},
    "two keys fit": {
        "header": {"alg": "RS256"},
        "jwks": {"keys": [bad.rsa_jwk(bad.RSA_KEY, kid="a"), bad.rsa_jwk(bad.OTHER_RSA_KEY, kid="b")]},
    },
    "mixed key set": {
        "jwks": {"keys": [bad.ec_jwk(bad.EC_KEY, kid="k1"), {"kty": "oct", "k": "AAAA", "kid": "k1"}]},
    },
    "key for encryption": {"jwks": {"keys": [bad.rsa_jwk(bad.RSA_KEY, kid="k1", use="enc")]}},
    "key for another algorithm": {"jwks": {"keys": [bad.rsa_jwk(bad.RSA_KEY, kid="k1", alg="RS512")]}},
    "short key": {
        "sign": bad.rs256(bad.SHORT_RSA_KEY),
        "jwks": {"keys": [bad.rsa_jwk(bad.SHORT_RSA_KEY, kid="k1")]},
    },
    "key with members of other kinds": {"jwks": {"keys": [{"kty": "RSA", "kid": "k1", "n": 5, "e": "AQAB"}]}},
    "key with exponent 1": {
        "jwks": {"keys": [bad.rsa_jwk(bad.RSA_KEY, kid="k1") | {"e": "AQ"}]},
    },
    "no id token": {"id_token": lambda _text: None},
    "id token of another kind": {"id_token": lambda _text: {"iss": bad.ISSUER}},
    "junk for an id token": {"id_token": lambda _text: "a.b.c"},
    "id token of 20 KB": {"id_token": lambda text: text + "A" * 20_000},
    "id token with junk behind": {"id_token": lambda text: f"{text}=="},
    "answer without iss": {"answer": lambda answer: {key: answer[key] for key in ("state", "code")}},
    "answer with another iss": {"answer": lambda answer: answer | {"iss": "https://evil.example"}},
    "answer without code": {"answer": lambda answer: answer | {"code": ""}},
    "a code that the provider does not know": {"answer": lambda answer: answer | {"code": "stolen"}},
    "userinfo of another person": {"name": None, "userinfo": {"sub": "eve", "name": "Ada"}},
}


@pytest.mark.parametrize("does", WRONG.values(), ids=WRONG)
async def test_a_provider_that_does_something_wrong_is_not_believed(wrong: BadProvider, does: dict[str, Any]) -> None:
    """Each of these would let someone in as someone else."""
    with pytest.raises(LoginNotVerified):
        await sign_in(evolve(wrong, **does))


async def test_an_answer_to_another_attempt_is_not_believed(wrong: BadProvider) -> None:
    """Neither its code, by PKCE, nor its id token, by the nonce: here the provider checks no verifier."""
    ours, other = provider(wrong), LoginAttempt(state="state-2", seed=b"t" * 32)
    brought = wrong.authorize(await ours.begin(other))
    with pytest.raises(AssertionError):  # the provider's own check of the verifier
        await ours.finish(ATTEMPT, brought)


@pytest.mark.parametrize(
    "does",
    [
        {"is_down": True},
        {"metadata": lambda document: document | {"issuer": "https://evil.example"}},
        {"metadata": lambda document: document | {"token_endpoint": "http://login.example.org/token"}},
        {"metadata": lambda document: {key: each for key, each in document.items() if key != "jwks_uri"}},
        {"metadata": lambda document: document | {"jwks_uri": 5}},
        {"metadata": lambda _document: []},
        {"jwks": {"keys": "none"}},
        {"jwks": {"keys": [{}] * 101}},
    ],
)
async def test_a_provider_that_does_not_answer_is_said_to_be_down(wrong: BadProvider, does: dict[str, Any]) -> None:
    """No one is let in, no one is accused."""
    with pytest.raises(IdentityProviderUnavailable):
        await sign_in(evolve(wrong, **does))


async def test_the_log_names_both_issuers(wrong: BadProvider, caplog: pytest.LogCaptureFixture) -> None:
    """A slash more or less is the usual mistake; the operator reads what to write."""
    caplog.set_level("WARNING")
    other = f"{bad.ISSUER}/"
    with pytest.raises(IdentityProviderUnavailable):
        await sign_in(evolve(wrong, metadata=lambda document: document | {"issuer": other}))
    for does in ({"answer": lambda answer: answer | {"iss": other}}, {"claims": with_claims(iss=other)}):
        with pytest.raises(LoginNotVerified):
            await sign_in(evolve(wrong, **does))
    assert len(caplog.messages) == 3
    assert all(repr(other) in message and repr(bad.ISSUER) in message for message in caplog.messages)


async def test_the_log_says_that_no_key_fits(wrong: BadProvider, caplog: pytest.LogCaptureFixture) -> None:
    """Keys without ids, for a token that names one, are the provider's fault and not this server's."""
    with pytest.raises(LoginNotVerified):
        await sign_in(evolve(wrong, jwks={"keys": [bad.rsa_jwk(bad.RSA_KEY)]}))
    assert "no key of the provider fits kid 'k1' and RS256" in caplog.text


async def test_the_log_names_both_client_ids(wrong: BadProvider, caplog: pytest.LogCaptureFixture) -> None:
    """When the token is for another application."""
    caplog.set_level("WARNING")
    with pytest.raises(LoginNotVerified):
        await sign_in(evolve(wrong, claims=with_claims(aud=["other"])))
    assert "'other'" in caplog.messages[0]
    assert repr(bad.CLIENT_ID) in caplog.messages[0]


async def test_wrong_credentials_of_this_server_are_the_operators_concern(wrong: BadProvider) -> None:
    """The visitor is told to come back later, the operator finds it in the log."""
    ours = provider(wrong, evolve(REGISTRATION, client_secret="other"))
    with pytest.raises(IdentityProviderUnavailable) as raised:
        await sign_in(wrong, ours)
    assert "operator" in raised.value.hint


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("access_denied", LoginDenied),
        ("consent_required", LoginDenied),
        ("<script>", LoginDenied),
        ("server_error", IdentityProviderUnavailable),
        ("temporarily_unavailable", IdentityProviderUnavailable),
    ],
)
async def test_an_error_is_told_for_what_it_is(wrong: BadProvider, error: str, expected: type[Exception]) -> None:
    """Denied is the visitor's choice, the rest is not."""
    with pytest.raises(expected):
        await sign_in(evolve(wrong, answer=lambda answer: {"state": "x", "iss": answer["iss"], "error": error}))


async def test_metadata_and_keys_are_asked_for_once(wrong: BadProvider) -> None:
    """Not for each visitor."""
    ours = provider(wrong)
    await sign_in(wrong, ours)
    await sign_in(wrong, ours, LoginAttempt(state="state-2", seed=b"t" * 32))
    assert wrong.asked.count("metadata") == wrong.asked.count("jwks") == 1


async def test_a_new_key_is_looked_for_at_once_but_not_too_often(wrong: BadProvider) -> None:
    """A provider may change its keys; a stranger's kid must not make us ask for ever."""
    ours = provider(wrong)
    await sign_in(wrong, ours)
    wrong.clock.advance(minutes=2)  # type: ignore[attr-defined]  # it is a fake clock
    wrong.jwks = {"keys": [bad.rsa_jwk(bad.OTHER_RSA_KEY, kid="k2")]}
    wrong.header, wrong.sign = {"alg": "RS256", "kid": "k2"}, bad.rs256(bad.OTHER_RSA_KEY)
    assert await sign_in(wrong, ours) == ADA
    wrong.header = {"alg": "RS256", "kid": "k3"}
    for _ in range(3):
        with pytest.raises(LoginNotVerified):
            await sign_in(wrong, ours)
    assert wrong.asked.count("jwks") == 2


async def test_a_providers_bad_hour_is_bridged(wrong: BadProvider) -> None:
    """What was known goes on to be used while it is down for an hour and more."""
    ours = provider(wrong)
    await sign_in(wrong, ours)
    wrong.clock.advance(minutes=120)  # type: ignore[attr-defined]  # it is a fake clock
    wrong.is_down = True
    assert (await ours.begin(ATTEMPT)).startswith(f"{bad.ISSUER}/authorize?")


async def test_the_provider_is_told_when_to_ask_again(wrong: BadProvider) -> None:
    """By the settings; and it must say when the visitor last showed who they are."""
    now = int(wrong.clock.now().timestamp())
    ours = provider(wrong, evolve(REGISTRATION, prompt="login consent", max_age=300))
    wrong.claims = with_claims(auth_time=now - 360)
    assert await sign_in(wrong, ours) == ADA
    assert (wrong.authorized[-1]["prompt"], wrong.authorized[-1]["max_age"]) == ("login consent", "300")
    for claims in (with_claims(auth_time=now - 361), with_claims()):
        wrong.claims = claims
        with pytest.raises(LoginNotVerified):
            await sign_in(wrong, ours)
    wrong.claims = with_claims()
    assert await sign_in(wrong) == ADA
    assert {"prompt", "max_age"}.isdisjoint(wrong.authorized[-1])


@pytest.mark.parametrize(
    ("trusted", "claims", "is_believed"),
    [
        ((), {"aud": ["https://idcs.example", bad.CLIENT_ID]}, False),
        (("https://idcs.example",), {"aud": ["https://idcs.example", bad.CLIENT_ID]}, True),
        (("https://idcs.example",), {"aud": ["https://idcs.example", "other", bad.CLIENT_ID]}, False),
        (("https://idcs.example",), {"aud": ["https://idcs.example"]}, False),
        (("https://idcs.example",), {"aud": ["https://idcs.example", bad.CLIENT_ID], "azp": "other"}, False),
        ((), {"aud": [bad.CLIENT_ID, bad.CLIENT_ID]}, True),
    ],
)
async def test_further_audiences_are_taken_where_they_are_trusted(
    wrong: BadProvider, trusted: tuple[str, ...], claims: bad.Json, is_believed: bool
) -> None:
    """Some providers name themselves beside the client, and no ``azp``."""
    wrong = evolve(wrong, claims=with_claims(**claims))
    ours = provider(wrong, evolve(REGISTRATION, audiences=trusted))
    if is_believed:
        assert await sign_in(wrong, ours) == ADA
    else:
        with pytest.raises(LoginNotVerified):
            await sign_in(wrong, ours)


@pytest.mark.parametrize(("client_auth", "is_post"), [("post", True), ("basic", False), ("auto", False)])
async def test_how_the_secret_is_sent_can_be_chosen(wrong: BadProvider, client_auth: str, is_post: bool) -> None:
    """For providers that do not decode what Basic must encode."""
    sent: list[httpx2.Request] = []

    class Watching(httpx2.ASGITransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            sent.append(request)
            return await super().handle_async_request(request)

    ours = OidcProvider(
        evolve(REGISTRATION, client_auth=client_auth),
        redirect_uri="https://chat.example.org/auth/callback",
        http=ProviderHttp(Watching(wrong.app)),
        clock=wrong.clock,
        notices=notices(wrong),
    )
    assert await sign_in(wrong, ours) == ADA
    [exchange] = [each for each in sent if each.url.path == "/token"]
    assert ("authorization" not in exchange.headers) is is_post


# --- the end of a login ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (None, None),
        (f"{bad.ISSUER}/logout", f"{bad.ISSUER}/logout?client_id=orcheo%3A%2B+1"),
        (f"{bad.ISSUER}/logout?realm=a", f"{bad.ISSUER}/logout?realm=a&client_id=orcheo%3A%2B+1"),
    ],
)
async def test_a_browser_can_end_its_login_there(wrong: BadProvider, endpoint: str | None, url: str | None) -> None:
    """Where the metadata name a place for it."""
    wrong.metadata = lambda document: document | {"end_session_endpoint": endpoint}
    assert await provider(wrong).end_url() == url


async def test_a_session_of_the_provider_is_kept_in_the_identity(wrong: BadProvider) -> None:
    """So that its end can be told apart; one of another kind is none."""
    assert (await sign_in(evolve(wrong, claims=with_claims(sid="s-1")))).session == "s-1"
    for sid in (7, "s" * 256):
        assert (await sign_in(evolve(wrong, claims=with_claims(sid=sid)))).session == ""


@pytest.mark.parametrize(
    ("changed", "ended"),
    [
        ({}, EndedLogins(issuer=bad.ISSUER, sub="ada")),
        ({"sid": "s-1"}, EndedLogins(issuer=bad.ISSUER, sub="ada", session="s-1")),
        ({"sub": None, "sid": "s-1"}, EndedLogins(issuer=bad.ISSUER, session="s-1")),
        ({"exp": None}, EndedLogins(issuer=bad.ISSUER, sub="ada")),
        ({"header": {"alg": "RS256", "kid": "k1"}}, EndedLogins(issuer=bad.ISSUER, sub="ada")),
    ],
)
async def test_a_logout_token_says_which_logins_have_ended(
    wrong: BadProvider, changed: dict[str, Any], ended: EndedLogins
) -> None:
    """Those of a person, or of one session there."""
    assert await provider(wrong).ended(wrong.logout_token(**changed)) == ended


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"events": {}},
        {"events": None},
        {"events": "http://schemas.openid.net/event/backchannel-logout"},
        {"nonce": "n"},
        {"sub": None},
        {"sub": 7},
        {"sid": 7},
        {"jti": None},
        {"iat": 0},
        {"iat": None},
        {"exp": 0},
        {"header": {"alg": "RS256", "kid": "k1", "typ": "at+jwt"}},
        {"header": {"alg": "none"}},
    ],
)
async def test_a_logout_token_that_proves_nothing_ends_nothing(wrong: BadProvider, changed: dict[str, Any]) -> None:
    """Each rule of the specification."""
    with pytest.raises(LoginNotVerified):
        await provider(wrong).ended(wrong.logout_token(**changed))


async def test_an_id_token_is_no_logout_token_and_comes_once(wrong: BadProvider) -> None:
    """Neither can be taken for the other; a copy of a logout token would end later logins."""
    ours = provider(wrong)
    token = wrong.logout_token()
    await ours.ended(token)
    for notice in (token, "", "a.b.c"):
        with pytest.raises(LoginNotVerified):
            await ours.ended(notice)
    with pytest.raises(LoginNotVerified):
        await sign_in(evolve(wrong, id_token=lambda _text: wrong.logout_token(jti="other")))


async def test_a_public_client_has_no_secret(wrong: BadProvider) -> None:
    """PKCE alone protects it; this provider wants one."""
    with pytest.raises(IdentityProviderUnavailable):
        await sign_in(wrong, provider(wrong, evolve(REGISTRATION, client_secret=None)))


async def test_a_name_that_cannot_be_had_is_no_reason_to_refuse(wrong: BadProvider) -> None:
    """Who it is is known already; then the sub is shown."""
    no_endpoint = evolve(
        wrong,
        name=None,
        metadata=lambda document: {key: each for key, each in document.items() if key != "userinfo_endpoint"},
    )
    assert (await sign_in(no_endpoint)).display_name == "ada"


class _Answering(httpx2.AsyncBaseTransport):
    """Answers the same to everything, or breaks off."""

    def __init__(self, answer: tuple[int, bytes] | Exception) -> None:
        self._answer = answer

    async def handle_async_request(self, _request: httpx2.Request) -> httpx2.Response:
        if isinstance(self._answer, Exception):
            raise self._answer
        status, body = self._answer
        headers = {"location": "https://evil.example/"}
        return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(body))


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"[" * 100_000),
        (200, b"<html>"),
        (200, b'{"issuer":"' + b"a" * 1_000_001 + b'"}'),
        (302, b"{}"),
        (404, b"{}"),
        (503, b"{}"),
        httpx2.ConnectTimeout("slow"),
        OSError("no route"),
    ],
    ids=["deep", "HTML", "large", "elsewhere", "not there", "down", "slow", "no route"],
)
async def test_no_answer_is_no_answer(answer: tuple[int, bytes] | Exception) -> None:
    """Too large, another kind, elsewhere, late, none."""
    with pytest.raises(IdentityProviderUnavailable):
        await ProviderHttp(_Answering(answer)).get("https://login.example.org/x")


@pytest.mark.parametrize("status", [200, 404])
async def test_the_log_says_what_is_wrong_with_an_answer(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """A page of HTML is an answer, though of no use: the log has the status and does not speak of silence."""
    with pytest.raises(IdentityProviderUnavailable):
        await ProviderHttp(_Answering((status, b"<html>"))).get("https://login.example.org/x")
    assert f"no usable answer at https://login.example.org/x: status {status}, and the answer" in caplog.text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"token_endpoint": None}, "token_endpoint is missing"),
        ({"token_endpoint": "http://login.example.org/token"}, "token_endpoint is not an https URL"),
        ({"jwks_uri": f"https://example.org/{'a' * 2_000}"}, "jwks_uri has more than 2,000 characters"),
    ],
)
def test_what_the_metadata_lack_is_named(changed: dict[str, Any], said: str) -> None:
    """What is missing is not called an address of the wrong kind."""
    issuer = "https://login.example.org"
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    with pytest.raises(MetadataWrong, match=said):
        ProviderMetadata.parse({"issuer": issuer, **dict.fromkeys(names, f"{issuer}/x"), **changed}, issuer=issuer)


class _Dripping(httpx2.AsyncBaseTransport):
    """Sends one byte at a time, and never the last one."""

    async def handle_async_request(self, _request: httpx2.Request) -> httpx2.Response:
        async def drip() -> AsyncIterator[bytes]:
            while True:
                yield b" "
                await asyncio.sleep(0)

        return httpx2.Response(200, content=drip())


async def test_an_answer_that_never_ends_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    """Each byte comes in time, so that only a limit on all of them helps."""
    with pytest.raises(IdentityProviderUnavailable):
        await ProviderHttp(_Dripping(), time_limit=0.01).get("https://login.example.org/x")
    assert "no whole answer in time" in caplog.text


async def test_an_answer_in_tiny_parts_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    """Each costs as much time as a large one, so they count as more than a byte."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100_000):
            yield b" "

    class Crumbling(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, _request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, content=parts())

    with pytest.raises(IdentityProviderUnavailable):
        await ProviderHttp(Crumbling()).get("https://login.example.org/x")
    assert "too large" in caplog.text


class _Silent(httpx2.AsyncBaseTransport):
    """Answers no one before it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.are_many = asyncio.Event()
        self.go_on = asyncio.Event()

    async def handle_async_request(self, _request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        if self.asked == MOST_AT_ONCE:
            self.are_many.set()
        await self.go_on.wait()
        return httpx2.Response(200, stream=httpx2.ByteStream(b"{}"))


async def test_few_requests_wait_for_a_provider_that_does_not_answer() -> None:
    """Each holds a file descriptor; another provider is asked all the same, and this one again later."""
    silent = _Silent()
    http = ProviderHttp(silent)
    waiting = [asyncio.create_task(http.get("https://login.example.org/x")) for _ in range(MOST_AT_ONCE)]
    await silent.are_many.wait()
    with pytest.raises(IdentityProviderUnavailable):
        await http.get("https://login.example.org/y")
    other = asyncio.create_task(http.get("https://login.example.com/x"))
    silent.go_on.set()
    assert await asyncio.gather(*waiting, other) == [{}] * (MOST_AT_ONCE + 1)
    assert await http.get("https://login.example.org/y") == {}


@pytest.mark.network
async def test_providers_are_reached_over_the_outgoing_proxy(caplog: pytest.LogCaptureFixture) -> None:
    """The proxy is asked for the name, which cannot be looked up here; its refusal is in the log."""
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        http = ProviderHttp(outgoing=Outgoing(proxies={"https": proxy}))
        with pytest.raises(IdentityProviderUnavailable):
            await http.get("https://login.example.invalid/x")
    assert asked == [b"CONNECT login.example.invalid:443 HTTP/1.1\r\n"]
    assert "407" in caplog.text
