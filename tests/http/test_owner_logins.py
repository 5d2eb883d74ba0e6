"""Owners sign in at an identity provider: whom the operator names, apart from visitors, in this browser alone."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from orcheo_core.domain.pages import PageQuery
from tests.app_server import NO_LIMITS, TestServer, assert_problem, build_app_server
from tests.fakes.clock import FakeClock
from tests.servers.bad_provider import ISSUER, BadProvider

SESSION = "/api/canvas/session"
LOGIN = "/auth/login?purpose=owner&provider=main"
OWNER = {"issuer": ISSUER, "owner": "team", "scopes": ["workflows:read", "chatkit:session"]}
RULES = [
    {**OWNER, "sub": "ada"},
    {**OWNER, "email": "bob@example.org"},
    {**OWNER, "email_domain": "staff.example.org"},
    {**OWNER, "group": "owners", "claim": "roles"},
]
OFFER = {"id": "main", "label": "login.example.org", "login_url": LOGIN}


def environment(*rules: dict[str, Any]) -> dict[str, str]:
    """The operator's settings with these rules."""
    return {"ORCHEO_OWNERS": json.dumps(list(rules)), **NO_LIMITS}


@pytest.fixture
def provider() -> BadProvider:
    """An identity provider in order."""
    return BadProvider(clock=FakeClock())


@pytest.fixture
async def owned(provider: BadProvider) -> AsyncIterator[TestServer]:
    """A server with rules for owners."""
    async with build_app_server(provider=provider, environment=environment(*RULES)) as app_server:
        yield app_server


async def go(app_server: TestServer, path: str = LOGIN) -> str:
    """Off to sign in: where the browser is sent."""
    answer = await app_server.client.get(path)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def sign_in(app_server: TestServer, provider: BadProvider, path: str = LOGIN) -> httpx2.Response:
    """There and back."""
    brought = provider.authorize(await go(app_server, path))
    return await app_server.client.get("/auth/callback", params=brought)


def saying(provider: BadProvider, **claims: Any) -> None:
    """Let the provider say this in its id tokens."""
    provider.claims = lambda usual: {**usual, **claims}


async def test_an_owner_comes_back_signed_in(owned: TestServer, provider: BadProvider) -> None:
    """With owner and scopes of the rule, in Canvas."""
    problem = assert_problem(await owned.client.get(SESSION), 401, "owner_session_missing")
    assert problem["providers"] == [OFFER]
    answer = await sign_in(owned, provider)
    assert (answer.status_code, answer.headers["location"]) == (303, "/canvas")
    assert "SameSite=strict" in answer.headers["set-cookie"]
    signed_in = (await owned.client.get(SESSION)).json()
    assert (signed_in["owner"], signed_in["scopes"], signed_in["providers"]) == (
        "team",
        ["chatkit:session", "workflows:read"],
        [OFFER],
    )
    assert (await owned.client.post("/api/operations/workflows.list", json={})).status_code == 200
    assert_problem(await owned.client.post("/api/operations/keys.rotate", json={}), 403, "scope_missing")
    assert_problem(await owned.client.post("/api/operations/canvas.open", json={}), 403, "service_token_needed")


async def test_an_ended_session_says_where_to_sign_in_again(owned: TestServer, provider: BadProvider) -> None:
    """Elsewhere than on the page no error carries it."""
    await sign_in(owned, provider)
    owned.clock.advance(minutes=60)
    assert assert_problem(await owned.client.get(SESSION), 401, "owner_session_ended")["providers"] == [OFFER]
    answer = await owned.client.post("/api/operations/workflows.list", json={})
    assert "providers" not in assert_problem(answer, 401, "owner_session_ended")


async def test_more_is_asked_of_an_owner_than_of_a_visitor(owned: TestServer, provider: BadProvider) -> None:
    """An address, for the rules; what the operator adds, where groups need it."""
    for path, scope in ((LOGIN, "openid profile email"), ("/auth/login", "openid profile")):
        assert parse_qs(urlsplit(await go(owned, path)).query)["scope"] == [scope]
    more = {**environment(*RULES), "ORCHEO_OIDC_MORE_SCOPES": "groups"}
    async with build_app_server(provider=provider, environment=more) as app_server:
        for path, scope in ((LOGIN, "openid profile email groups"), ("/auth/login", "openid profile")):
            assert parse_qs(urlsplit(await go(app_server, path)).query)["scope"] == [scope]


LETS_IN: list[tuple[dict[str, Any], bool]] = [
    ({"sub": "ada"}, True),
    ({"email": "Bob@Example.org", "email_verified": True}, True),
    ({"email": "bob@example.org", "email_verified": "true"}, True),
    ({"email": "bob@example.org", "email_verified": False}, False),
    ({"email": "bob@example.org", "email_verified": "false"}, False),
    ({"email": "bob@example.org", "email_verified": ["true"]}, False),
    ({"email": "bob@example.org"}, False),
    ({"email": ["bob@example.org"], "email_verified": True}, False),
    ({"email": "x@staff.example.org", "email_verified": True}, True),
    ({"email": "x@other.staff.example.org", "email_verified": True}, False),
    ({"email": "bob@example.org@staff.example.org", "email_verified": True}, False),
    ({"roles": ["owners", 5]}, True),
    ({"roles": "owners"}, True),
    ({"roles": {"owners": True}}, False),
    ({"roles": ["Owners"]}, False),
    ({"groups": ["owners"]}, False),
]


@pytest.mark.parametrize(("claims", "comes_in"), LETS_IN, ids=json.dumps)
@pytest.mark.parametrize("by_userinfo", [False, True])
async def test_only_whom_a_rule_names_comes_in(
    owned: TestServer, provider: BadProvider, claims: dict[str, Any], comes_in: bool, by_userinfo: bool
) -> None:
    """By what the provider signs, or says at its userinfo endpoint; of addresses only what it has verified."""
    provider.sub = claims.get("sub", "eve")
    if by_userinfo:
        provider.userinfo = {"sub": provider.sub, **claims}
    else:
        saying(provider, **claims)
    answer = await sign_in(owned, provider)
    if comes_in:
        assert answer.headers["location"] == "/canvas"
        return
    assert_problem(answer, 403, "owner_not_known")
    assert "orcheo_owner" not in owned.client.cookies


async def test_no_document_lends_its_word_to_another(owned: TestServer, provider: BadProvider) -> None:
    """An address from one place is not verified by what another place says of another address."""
    provider.sub = "eve"
    saying(provider, email="eve@evil.example", email_verified=True)
    provider.userinfo = {"sub": "eve", "email": "bob@example.org", "email_verified": False}
    assert_problem(await sign_in(owned, provider), 403, "owner_not_known")
    saying(provider, email="bob@example.org")
    provider.userinfo = {"sub": "eve", "email_verified": True}
    assert_problem(await sign_in(owned, provider), 403, "owner_not_known")


async def test_the_userinfo_of_another_person_is_refused(owned: TestServer, provider: BadProvider) -> None:
    """OpenID Connect Core, section 5.3.2."""
    provider.userinfo = {"sub": "ada", "roles": ["owners"]}
    provider.sub = "eve"
    assert_problem(await sign_in(owned, provider), 401, "login_not_verified")


async def test_a_silent_userinfo_endpoint_keeps_no_one_out(owned: TestServer, provider: BadProvider) -> None:
    """Whom the id token names is an owner without it; others are not."""
    provider.metadata = lambda usual: {**usual, "userinfo_endpoint": f"{ISSUER}/nowhere"}
    assert (await sign_in(owned, provider)).headers["location"] == "/canvas"
    owned.client.cookies.clear()
    provider.sub = "eve"
    assert_problem(await sign_in(owned, provider), 403, "owner_not_known")


async def test_nobody_is_an_owner_without_rules(provider: BadProvider) -> None:
    """Whatever provider visitors sign in at."""
    async with build_app_server(provider=provider) as app_server:
        assert_problem(await app_server.client.get(LOGIN), 404, "login_not_set_up")
        assert_problem(await app_server.client.get("/auth/login?purpose=owner"), 404, "login_not_set_up")
        problem = assert_problem(await app_server.client.get(SESSION), 401, "owner_session_missing")
        assert problem["providers"] == []


async def test_a_visitors_login_is_no_owners(owned: TestServer, provider: BadProvider) -> None:
    """The same person at the same provider; and the visitor's login stays when the owner comes."""
    await owned.publish(require_login=True)
    await sign_in(owned, provider, "/auth/login?to=/chat/echo")
    assert "orcheo_owner" not in owned.client.cookies
    assert_problem(await owned.client.get(SESSION), 401, "owner_session_missing")
    login = owned.client.cookies["orcheo_login"]
    await sign_in(owned, provider)
    assert owned.client.cookies["orcheo_login"] == login
    assert (await owned.client.post("/api/chat/echo/session", json={})).status_code == 200


async def test_an_owners_login_is_no_visitors(owned: TestServer, provider: BadProvider) -> None:
    """It opens no chat that asks for a login, and signing out as a visitor does not end it."""
    await owned.publish(require_login=True)
    await sign_in(owned, provider)
    assert "orcheo_login" not in owned.client.cookies
    assert_problem(await owned.client.post("/api/chat/echo/session", json={}), 401, "login_required")
    assert (await owned.client.post("/auth/logout", json={})).status_code == 204
    assert (await owned.client.get(SESSION)).status_code == 200
    acts = [each.act for each in (await owned.store.begin().audit.page(PageQuery())).entries]
    assert "login.began" not in acts
    assert "owner_session.began" in acts


async def test_the_purpose_of_an_attempt_cannot_be_changed(owned: TestServer, provider: BadProvider) -> None:
    """It is in the signed state: what the browser adds to the way back says nothing."""
    brought = provider.authorize(await go(owned, "/auth/login?to=/chat/echo"))
    answer = await owned.client.get("/auth/callback", params={**brought, "purpose": "owner"})
    assert answer.headers["location"] == "/chat/echo"
    assert "orcheo_owner" not in owned.client.cookies


async def test_another_browser_cannot_finish_it(owned: TestServer, provider: BadProvider) -> None:
    """An attacker who sends the way back to someone else signs no one in; and it works once."""
    brought = provider.authorize(await go(owned))
    async with owned.visitor_from("192.0.2.9") as other:
        assert_problem(await other.client.get("/auth/callback", params=brought), 400, "login_attempt_invalid")
        assert not other.client.cookies
    assert (await owned.client.get("/auth/callback", params=brought)).status_code == 303
    assert_problem(await owned.client.get("/auth/callback", params=brought), 400, "login_attempt_invalid")


@pytest.mark.parametrize("to", ["/canvas", "/canvas/workflows/echo"])
async def test_the_way_back_is_in_canvas(owned: TestServer, provider: BadProvider, to: str) -> None:
    """Where the owner was."""
    assert (await sign_in(owned, provider, f"{LOGIN}&to={to}")).headers["location"] == to


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("purpose=owner&to=/chat/echo", "to"),
        ("purpose=owner&to=/canvasx", "to"),
        ("purpose=owner&to=//evil.example", "to"),
        ("purpose=owner&to=https://evil.example/canvas", "to"),
        ("purpose=admin", "purpose"),
    ],
)
async def test_it_leads_nowhere_else(owned: TestServer, query: str, path: str) -> None:
    """No other site, no other page, no other purpose."""
    problem = assert_problem(await owned.client.get(f"/auth/login?{query}"), 422, "invalid_input")
    assert problem["errors"][0]["path"] == path


async def test_one_provider_need_not_be_named(owned: TestServer, provider: BadProvider) -> None:
    """As for visitors."""
    assert (await sign_in(owned, provider, "/auth/login?purpose=owner")).headers["location"] == "/canvas"


async def test_the_provider_can_end_owner_sessions(owned: TestServer, provider: BadProvider) -> None:
    """By back-channel logout."""
    await sign_in(owned, provider)
    notice = provider.logout_token(sub="ada")
    async with owned.visitor_from("192.0.2.9") as backchannel:
        answer = await backchannel.client.post("/auth/backchannel-logout/main", data={"logout_token": notice})
    assert answer.status_code == 200
    assert_problem(await owned.client.get(SESSION), 401, "owner_session_ended")


async def test_signing_in_again_ends_the_former_session(owned: TestServer, provider: BadProvider) -> None:
    """Where the browser says that it has one."""
    await sign_in(owned, provider)
    former = owned.client.cookies["orcheo_owner"]
    await sign_in(owned, provider)
    owned.client.cookies.clear()
    owned.client.cookies["orcheo_owner"] = former
    assert_problem(await owned.client.get(SESSION), 401, "owner_session_ended")


async def test_canvas_can_be_switched_off_for_them(provider: BadProvider) -> None:
    """After the way to the provider too."""
    off = {**environment(*RULES), "ORCHEO_CANVAS_ENABLED": "off"}
    async with build_app_server(provider=provider, environment=off) as app_server:
        assert_problem(await sign_in(app_server, provider), 403, "feature_disabled")


@pytest.mark.parametrize(
    "nonsense", [{}, {"issuer": "https://elsewhere.example.org"}, ["no", "metadata"], "hello", None]
)
async def test_a_provider_that_answers_nonsense_leads_back_to_canvas(
    owned: TestServer, provider: BadProvider, nonsense: Any
) -> None:
    """A page says so, with the way to try again; once the provider is in order, signing in works."""
    provider.metadata = lambda _usual: nonsense
    answer = await owned.client.get(f"{LOGIN}&to=/canvas/register", headers={"accept": "text/html"})
    assert answer.status_code == 503
    assert "The identity provider gives no usable answer" in answer.text
    assert 'href="/canvas/register"' in answer.text
    assert_problem(await owned.client.get(SESSION), 401, "owner_session_missing")
    provider.metadata = lambda usual: usual
    owned.clock.advance(minutes=1)
    assert (await sign_in(owned, provider)).status_code == 303
    assert (await owned.client.get(SESSION)).status_code == 200
