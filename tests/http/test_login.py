"""Signing in and out over HTTP: the login wall, the way to the provider and back, the end of a login."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from orcheo_adapters.server.process import do_housekeeping
from orcheo_core.domain.pages import PageQuery
from tests.app_server import NO_LIMITS, USER_INPUT, TestServer, assert_problem, build_app_server, events_of
from tests.fakes.clock import FakeClock
from tests.servers.bad_provider import ISSUER, BadProvider

SESSION = "/api/chat/echo/session"
BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def provider() -> BadProvider:
    """An identity provider in order."""
    return BadProvider(clock=FakeClock())


@pytest.fixture
async def walled(provider: BadProvider) -> AsyncIterator[TestServer]:
    """A server whose workflow ``echo`` is for visitors who sign in."""
    async with build_app_server(provider=provider) as app_server:
        await app_server.publish(require_login=True)
        yield app_server


async def go(app_server: TestServer, to: str = "/chat/echo") -> str:
    """Off to sign in: where the browser is sent."""
    answer = await app_server.client.get("/auth/login", params={"to": to} if to else {})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come_back(
    app_server: TestServer, brought: dict[str, str], headers: dict[str, str] | None = None
) -> httpx2.Response:
    """Back from the provider."""
    return await app_server.client.get("/auth/callback", params=brought, headers=headers)


async def sign_in(app_server: TestServer, provider: BadProvider, to: str = "/chat/echo") -> httpx2.Response:
    """There and back."""
    answer = await come_back(app_server, provider.authorize(await go(app_server, to)))
    assert answer.status_code in {200, 303}, answer.text
    return answer


async def enter(app_server: TestServer) -> httpx2.Response:
    """Ask for a chat session by the share link."""
    return await app_server.client.post(SESSION, json={})


async def test_the_wall_opens_for_whoever_signs_in(walled: TestServer, provider: BadProvider) -> None:
    """Back to the chat, under their own name, in threads of their own."""
    assert_problem(await enter(walled), 401, "login_required")
    info = (await walled.client.get("/api/chat/echo")).json()
    assert (info["require_login"], info["signed_in_as"]) == (True, None)
    back = await sign_in(walled, provider, info["login_url"].partition("?to=")[2])
    assert back.headers["location"] == "/chat/echo"
    entered = (await enter(walled)).json()
    assert entered["signed_in_as"] == "Ada"
    assert (await walled.client.get("/api/chat/echo")).json()["signed_in_as"] == "Ada"
    events = events_of(await walled.chatkit(entered["client_secret"], "threads.create", input=USER_INPUT))
    thread = await walled.store.begin().threads.find(events[0]["thread"]["id"])
    assert thread is not None
    assert thread.subject.key == f"oidc:{ISSUER}#ada"


async def test_the_workflow_knows_the_name_of_whoever_is_signed_in(walled: TestServer, provider: BadProvider) -> None:
    """As long as the browser that holds the grant is signed in as that visitor."""
    target = "tests.chatkit_servers.support:SupportServer"
    await walled.result("workflows.edit", ref="echo", runner="chatkit", target=target)
    info = (await walled.client.get("/api/chat/echo")).json()
    await sign_in(walled, provider, info["login_url"].partition("?to=")[2])
    grant = (await enter(walled)).json()["client_secret"]
    asked = USER_INPUT | {"content": [{"type": "input_text", "text": "context"}]}
    assert "'display_name': 'Ada'" in (await walled.chatkit(grant, "threads.create", input=asked)).text
    walled.client.cookies.clear()
    assert "'display_name': None" in (await walled.chatkit(grant, "threads.create", input=asked)).text


async def test_a_person_is_the_same_in_another_browser(walled: TestServer, provider: BadProvider) -> None:
    """And another person is not."""
    await sign_in(walled, provider)
    mine = (await enter(walled)).json()["client_secret"]
    await walled.chatkit(mine, "threads.create", input=USER_INPUT)
    async with walled.visitor_from("10.0.0.2") as elsewhere:
        await sign_in(elsewhere, provider)
        grant = (await enter(elsewhere)).json()["client_secret"]
        assert len((await elsewhere.chatkit(grant, "threads.list")).json()["data"]) == 1
    async with walled.visitor_from("10.0.0.3") as other:
        provider.sub = "bob"
        await sign_in(other, provider)
        grant = (await enter(other)).json()["client_secret"]
        assert (await other.chatkit(grant, "threads.list")).json()["data"] == []


async def test_a_login_lasts_while_it_is_used_but_not_for_ever(walled: TestServer, provider: BadProvider) -> None:
    """Half an hour idle, eight hours in all; then the wall is there again."""
    await sign_in(walled, provider)
    for _ in range(23):
        walled.clock.advance(minutes=20)
        assert (await enter(walled)).status_code == 200
    walled.clock.advance(minutes=20)
    assert_problem(await enter(walled), 401, "login_required")
    await sign_in(walled, provider)
    walled.clock.advance(minutes=31)
    assert_problem(await enter(walled), 401, "login_required")


async def test_who_signed_out_is_out(walled: TestServer, provider: BadProvider) -> None:
    """In this browser, in a cookie that was copied before, and for the chat session that was opened."""
    await sign_in(walled, provider)
    grant = (await enter(walled)).json()["client_secret"]
    copied = dict(walled.client.cookies)
    assert (await walled.client.post("/auth/logout", json={})).status_code == 204
    assert_problem(await enter(walled), 401, "login_required")
    walled.client.cookies.update(copied)
    assert_problem(await enter(walled), 401, "login_required")
    renewal = {"authorization": f"Bearer {grant}"}
    assert_problem(await walled.client.post(SESSION, json={}, headers=renewal), 401, "login_required")
    assert (await walled.client.post("/auth/logout", json={})).status_code == 204


async def test_signing_out_offers_the_end_at_the_provider(walled: TestServer, provider: BadProvider) -> None:
    """On a shared computer the next person must not be let in without a question."""
    provider.metadata = lambda document: document | {"end_session_endpoint": f"{ISSUER}/logout?a=1"}
    await sign_in(walled, provider)
    answer = await walled.client.post("/auth/logout", json={})
    assert (answer.status_code, answer.json()) == (200, {"next_url": "/auth/signed-out?provider=main"})
    assert_problem(await enter(walled), 401, "login_required")

    page = await walled.client.get(answer.json()["next_url"], params={"provider": "main", "to": "/chat/echo"})
    assert f'href="{ISSUER}/logout?a=1&amp;client_id=' in page.text
    assert 'href="/chat/echo"' in page.text
    alone = await walled.client.get("/auth/signed-out?provider=main")
    assert "Back to the chat" not in alone.text
    assert_problem(await walled.client.get("/auth/signed-out?provider=nobody"), 404, "login_not_set_up")
    assert_problem(await walled.client.get("/auth/signed-out?provider=main&to=//evil.example"), 422, "invalid_input")


async def test_a_signed_out_page_without_a_place_at_the_provider_is_plain(walled: TestServer) -> None:
    """Nothing is offered that is not there."""
    page = await walled.client.get("/auth/signed-out?provider=main")
    assert (page.status_code, "Sign out at" in page.text) == (200, False)


async def test_the_signed_out_page_opened_by_hand_says_who_is_signed_in(
    walled: TestServer, provider: BadProvider
) -> None:
    """Its heading is never untrue; after the sign-out it says that."""
    address = "/auth/signed-out?provider=main&to=/chat/echo"
    await sign_in(walled, provider)
    page = await walled.client.get(address)
    assert "<h1>You are signed in</h1>" in page.text
    assert 'href="/chat/echo"' in page.text
    await walled.client.post("/auth/logout", json={})
    assert "<h1>You are signed out</h1>" in (await walled.client.get(address)).text


async def test_a_login_that_the_provider_has_ended_is_over(walled: TestServer, provider: BadProvider) -> None:
    """The provider tells the server itself; who signs in later is in."""
    await sign_in(walled, provider)
    there = "/auth/backchannel-logout/main"
    async with walled.visitor_from("10.0.0.2") as elsewhere:
        form = {"logout_token": provider.logout_token()}
        assert (await elsewhere.client.post(there, data=form)).status_code == 200
        for again in (form, {}, {"logout_token": "a.b.c"}):
            assert_problem(await elsewhere.client.post(there, data=again), 400, "malformed_request")
        assert_problem(await elsewhere.client.post(f"{there}x", data=form), 404, "login_not_set_up")
    assert_problem(await enter(walled), 401, "login_required")
    walled.clock.advance(seconds=1)
    await sign_in(walled, provider)
    assert (await enter(walled)).status_code == 200


@pytest.mark.parametrize("form", ["a&" * 21, "a=%41&" * 40_000, "%41" * 80_000])
async def test_a_form_of_a_logout_is_small(walled: TestServer, form: str) -> None:
    """Anyone can send one, and a large one would keep its parser busy."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await walled.client.post("/auth/backchannel-logout/main", content=form, headers=headers)
    assert_problem(answer, 400, "malformed_request")


async def test_signing_in_again_ends_the_former_login(walled: TestServer, provider: BadProvider) -> None:
    """A new id at each login: what was planted or copied before is worth nothing."""
    await sign_in(walled, provider)
    former = dict(walled.client.cookies)
    provider.sub = "bob"
    await sign_in(walled, provider)
    async with walled.visitor_from("10.0.0.2") as thief:
        thief.client.cookies.update(former)
        assert_problem(await enter(thief), 401, "login_required")


async def test_a_grant_of_one_person_is_not_renewed_by_another(walled: TestServer, provider: BadProvider) -> None:
    """Who sits down at the same browser does not go on in the other's name."""
    await sign_in(walled, provider)
    headers = {"authorization": f"Bearer {(await enter(walled)).json()['client_secret']}"}
    assert (await walled.client.post(SESSION, json={}, headers=headers)).status_code == 200
    provider.sub = "bob"
    await sign_in(walled, provider)
    assert_problem(await walled.client.post(SESSION, json={}, headers=headers), 401, "login_required")


async def test_nothing_but_the_signed_cookie_says_who_somebody_is(walled: TestServer, provider: BadProvider) -> None:
    """No header, no query, no cookie that was made up or changed."""
    await sign_in(walled, provider)
    cookie = walled.client.cookies["orcheo_login"]
    async with walled.visitor_from("10.0.0.2") as stranger:
        claims = {"x-user": "ada", "x-forwarded-user": "ada", "x-auth-request-user": "ada", "remote-user": "ada"}
        assert_problem(await stranger.client.post(SESSION, json={}, headers=claims), 401, "login_required")
        for forged in ("", cookie[:-1], f"{cookie}x", cookie.swapcase(), "a.b.c", "ada"):
            headers = {"cookie": f"orcheo_login={forged}"}
            answer = await stranger.client.post(SESSION, json={}, headers=headers)
            assert_problem(answer, 401, "login_required")


async def test_an_answer_is_for_the_browser_that_went(walled: TestServer, provider: BadProvider) -> None:
    """No one is signed in as someone else by a link that was sent to them."""
    brought = provider.authorize(await go(walled))
    async with walled.visitor_from("10.0.0.2") as victim:
        assert_problem(await come_back(victim, brought), 400, "login_attempt_invalid")
        await go(victim)
        assert_problem(await come_back(victim, brought), 400, "login_attempt_invalid")


async def test_an_answer_counts_once_and_for_ten_minutes(walled: TestServer, provider: BadProvider) -> None:
    """A second time, too late, changed, or none at all."""
    brought = provider.authorize(await go(walled))
    assert (await come_back(walled, brought)).status_code == 303
    assert_problem(await come_back(walled, brought), 400, "login_attempt_invalid")
    late = provider.authorize(await go(walled))
    walled.clock.advance(minutes=10, seconds=1)
    assert_problem(await come_back(walled, late), 400, "login_attempt_expired")
    changed = provider.authorize(await go(walled))
    assert_problem(await come_back(walled, changed | {"state": changed["state"] + "x"}), 400, "login_attempt_invalid")
    assert_problem(await come_back(walled, {}), 400, "login_attempt_invalid")
    twice = f"/auth/callback?state={changed['state']}&state=x&code=1"
    assert_problem(await walled.client.get(twice), 422, "invalid_input")


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "chat/echo",
        "/\t/evil.example",
        "/\n/evil.example",
        "/chat/echo#<script>",
        "/" + "a" * 600,
    ],
)
async def test_the_way_back_never_leads_elsewhere(walled: TestServer, path: str) -> None:
    """The path is checked before anyone is sent off, and travels inside of the signed state."""
    assert_problem(await walled.client.get("/auth/login", params={"to": path}), 422, "invalid_input")


async def test_who_came_from_nowhere_is_told_so(walled: TestServer, provider: BadProvider) -> None:
    """A page instead of a way back; names are shown as text."""
    provider.name = "<b>Ada</b>"
    page = await sign_in(walled, provider, to="")
    assert "As <bdi>&lt;b&gt;Ada&lt;/b&gt;</bdi>." in page.text
    assert "script" not in page.headers["content-security-policy"]


async def test_a_provider_that_is_down_locks_out_nobody_who_is_in(walled: TestServer, provider: BadProvider) -> None:
    """Signing in answers 503 with what to do; logged-in visitors notice nothing."""
    await sign_in(walled, provider)
    async with build_app_server(provider=provider) as fresh:
        provider.is_down = True
        answer = await fresh.client.get("/auth/login")
        assert_problem(answer, 503, "identity_provider_unavailable")
    brought = provider.authorize(await go(walled))  # its addresses are known already
    assert_problem(await come_back(walled, brought), 503, "identity_provider_unavailable")
    assert (await enter(walled)).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda answer: {"state": answer["state"], "iss": ISSUER, "error": "access_denied"}, 403, "login_denied"),
        (lambda answer: answer | {"iss": "https://evil.example"}, 401, "login_not_verified"),
        (lambda answer: answer | {"code": "stolen"}, 401, "login_not_verified"),
    ],
)
async def test_people_see_a_page_programs_a_problem(
    walled: TestServer,
    provider: BadProvider,
    change: Callable[[dict[str, str]], dict[str, str]],
    status: int,
    code: str,
) -> None:
    """With the same words, and the way back to the chat; the audit keeps that someone was refused."""
    problem = assert_problem(await come_back(walled, change(provider.authorize(await go(walled)))), status, code)
    page = await come_back(walled, change(provider.authorize(await go(walled))), BROWSER)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert escape(problem["detail"]) in page.text
    assert 'href="/chat/echo"' in page.text
    assert "access_denied" not in page.text
    await walled.orcheo.core.tally.write()
    entries = (await walled.store.begin().audit.page(PageQuery(limit=100))).entries
    assert [each.note for each in entries if each.act.value == "login.denied"] == [f"main: {code}: 2 times"]


async def test_errors_before_the_way_are_pages_too(walled: TestServer) -> None:
    """Without a way back where there is none to be believed."""
    page = await walled.client.get("/auth/login?to=//evil.example", headers=BROWSER)
    assert (page.status_code, "evil" in page.text) == (422, False)
    page = await walled.client.get("/auth/login?provider=other&to=/chat/echo", headers=BROWSER)
    assert page.status_code == 404
    assert 'href="/chat/echo"' in page.text
    page = await walled.client.get("/auth/callback?state=junk", headers=BROWSER)
    assert (page.status_code, "share link" in page.text) == (400, True)


async def test_a_failed_sign_in_leads_back_to_the_chat(walled: TestServer, provider: BadProvider) -> None:
    """Also when it came too late, a second time, or in another browser: the state says whose chat it was."""
    used = provider.authorize(await go(walled))
    await come_back(walled, used)
    again = await come_back(walled, used, BROWSER)
    foreign = provider.authorize(await go(walled))
    walled.client.cookies.clear()
    elsewhere = await come_back(walled, foreign, BROWSER)
    late = provider.authorize(await go(walled))
    walled.clock.advance(minutes=11)
    too_late = await come_back(walled, late, BROWSER)
    for page in (again, elsewhere, too_late):
        assert page.status_code == 400
        assert '<a class="way" href="/chat/echo">' in page.text


async def test_programs_too_need_a_login_where_it_is_asked_for(walled: TestServer, provider: BadProvider) -> None:
    """A publish token alone opens nothing then."""
    token = (await walled.result("workflows.rotate_publish_token", ref="echo"))["publish_token"]
    assert_problem(await walled.client.post(SESSION, json={"publish_token": token}), 401, "login_required")
    assert_problem(await walled.chatkit(token, "threads.list"), 401, "login_required")
    await sign_in(walled, provider)
    assert (await walled.client.post(SESSION, json={"publish_token": token})).status_code == 200


async def test_signing_out_is_not_for_other_sites(walled: TestServer, provider: BadProvider) -> None:
    """A link or a form elsewhere does not do it."""
    await sign_in(walled, provider)
    headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert_problem(await walled.client.post("/auth/logout", json={}, headers=headers), 403, "cross_site_request")
    assert (await walled.client.get("/auth/logout")).status_code == 405
    assert (await enter(walled)).status_code == 200


async def test_cookies_are_for_this_server_alone(walled: TestServer, provider: BadProvider) -> None:
    """Scripts never read them, other sites do not send them along; over TLS they bear the prefix."""
    back = await come_back(walled, provider.authorize(await go(walled)))
    cookie = back.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/", "max-age=1800"))
    async with build_app_server(
        provider=provider, environment={"ORCHEO_PUBLIC_URL": "https://chat.example.org", **NO_LIMITS}
    ) as secure:
        went = (await secure.client.get("/auth/login")).headers["set-cookie"]
        assert went.startswith("__Host-orcheo_login_browser=")
        assert "secure" in went.lower()


async def test_without_a_provider_nobody_can_sign_in(app_server: TestServer) -> None:
    """And is told so; a login is asked for only if the owner says so twice."""
    await app_server.add()
    refused = await app_server.operation("workflows.publish", ref="echo", require_login=True)
    assert "add `anyway`" in assert_problem(refused, 409, "no_identity_provider")["hint"]
    published = await app_server.result("workflows.publish", ref="echo", require_login=True, anyway=True)
    assert "No visitor can sign in yet" in published["message"]
    assert published["workflow"]["obstacle"] == "no_identity_provider"
    told = assert_problem(await app_server.client.post("/api/chat/echo/session", json={}), 401, "login_required")
    assert "Sign in" not in told["hint"]
    by_token = await app_server.chatkit(published["publish_token"], "threads.list")
    assert "does not offer sign-in" in assert_problem(by_token, 401, "login_required")["hint"]
    assert (await app_server.client.get("/api/chat/echo")).json()["login_url"] is None
    assert_problem(await app_server.client.get("/auth/login"), 404, "login_not_set_up")
    assert_problem(await app_server.client.get("/auth/trial?state=x"), 404, "login_not_set_up")


async def test_with_several_providers_the_visitor_chooses(provider: BadProvider) -> None:
    """By title; the choice keeps the way back."""
    environment: dict[str, Any] = {"ORCHEO_DEV_LOGIN": "on", **NO_LIMITS}
    async with build_app_server(provider=provider, environment=environment) as app_server:
        page = await app_server.client.get("/auth/login?to=/chat/echo")
        assert page.status_code == 200
        assert "/auth/login?provider=main&amp;to=%2Fchat%2Fecho" in page.text
        assert "Trial sign-in" in page.text
        chosen = await app_server.client.get("/auth/login?provider=main&to=/chat/echo")
        assert chosen.headers["location"].startswith(f"{ISSUER}/authorize?")


async def test_the_trial_sign_in_takes_any_name() -> None:
    """On this machine only; the form says what it is, and belongs to the browser that asked for it."""
    async with build_app_server(environment={"ORCHEO_DEV_LOGIN": "on", **NO_LIMITS}) as app_server:
        await app_server.publish(require_login=True)
        assert (await app_server.client.get("/api/chat/echo")).json()["dev_login"] is True
        form = await go(app_server)
        state = parse_qs(urlsplit(form).query)["state"][0]
        page = await app_server.client.get(form)
        assert "anyone can sign in under any name" in page.text
        async with app_server.visitor_from("10.0.0.2") as other:
            assert_problem(await other.client.get(form), 400, "login_attempt_invalid")
        assert_problem(await come_back(app_server, {"state": state, "code": " "}), 403, "login_denied")
        state = parse_qs(urlsplit(await go(app_server)).query)["state"][0]
        assert (await come_back(app_server, {"state": state, "code": "Ada Müller"})).status_code == 303
        assert (await enter(app_server)).json()["signed_in_as"] == "Ada Müller"


async def test_logins_of_one_address_are_limited(provider: BadProvider) -> None:
    """So no one drives the provider mad through us."""
    async with build_app_server(provider=provider, environment={}) as app_server:
        answers = [(await app_server.client.get("/auth/login")).status_code for _ in range(61)]
        assert answers == [303] * 60 + [429]
        page = await app_server.client.get("/auth/login", headers=BROWSER)
        assert page.headers["retry-after"]
        assert_problem(await app_server.client.get("/auth/signed-out?provider=main"), 429, "rate_limited")


async def test_logins_and_their_ends_are_audited(walled: TestServer, provider: BadProvider) -> None:
    """By subject and id; nothing of what the provider sent."""
    await sign_in(walled, provider)
    await walled.client.post("/auth/logout", json={})
    entries = (await walled.store.begin().audit.page(PageQuery(limit=100))).entries
    began, ended = [each for each in entries if each.act.value.startswith("login.")]
    assert (began.act.value, ended.act.value) == ("login.began", "login.ended")
    assert began.actor.name == ended.actor.name == f"oidc:{ISSUER}#ada"
    assert began.note == f"main: {ended.note}"


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1), timedelta(days=4_000)])
async def test_a_clock_that_was_ahead_for_a_while_keeps_no_one_out(
    walled: TestServer, provider: BadProvider, ahead: timedelta
) -> None:
    """Housekeeping forgets no used-up id by such a clock: it would have to refuse all that was made since."""
    await sign_in(walled, provider)
    await walled.client.post("/auth/logout", json={})
    for by in (ahead, -ahead):
        walled.clock.set_off(by)
        for _ in range(59):
            walled.clock.advance(minutes=1)
            await do_housekeeping(walled.orcheo, walled.store, None)
    assert_problem(await enter(walled), 401, "login_required")
    await sign_in(walled, provider)
    assert (await enter(walled)).status_code == 200
