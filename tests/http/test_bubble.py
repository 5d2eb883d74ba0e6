"""What the server answers to bubbles on other sites: the frame, its script, its visitors and their logins."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server
from tests.fakes.clock import FakeClock
from tests.http.test_login import come_back, go, sign_in
from tests.servers.bad_provider import BadProvider

SHOP, LOCAL = "https://shop.example.org", "http://localhost:3000"
SESSION = "/api/chat/echo/session"


@pytest.fixture
def provider() -> BadProvider:
    """An identity provider in order."""
    return BadProvider(clock=FakeClock())


@pytest.fixture
async def app_server(tmp_path: Path, provider: BadProvider) -> AsyncIterator[TestServer]:
    """A server with a public workflow ``echo`` and something in place of the built bundle."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "embed.html").write_text('<meta content="__ORCHEO_ORIGINS__"><i nonce="__ORCHEO_CSP_NONCE__">')
    (tmp_path / "embed.js").write_text("bubble()")
    (tmp_path / "assets" / "embed-1a2b.js").write_text("bubble()")
    (tmp_path / "assets" / "chat-1a2b.js").write_text("chat()")
    async with build_app_server(static_folder=tmp_path, provider=provider) as app_server:
        await app_server.publish()
        yield app_server


def ancestors(answer: httpx2.Response) -> str:
    """Who may frame a page."""
    (rule,) = [each for each in answer.headers["content-security-policy"].split("; ") if "frame-ancestors" in each]
    return rule.removeprefix("frame-ancestors ")


async def test_a_frame_is_for_the_allowed_origins_of_its_workflow_alone(app_server: TestServer) -> None:
    """By its policy, and by what its page is told; the chat page itself is never framed."""
    await app_server.result("workflows.edit", ref="echo", allowed_origins=[SHOP, LOCAL])
    await app_server.publish("other")
    framed = await app_server.client.get("/embed/echo")
    assert framed.status_code == 200
    assert ancestors(framed) == f"{LOCAL} {SHOP}"
    assert f'content="{LOCAL} {SHOP}"' in framed.text
    assert framed.headers["cache-control"] == "no-store"
    assert "'unsafe-inline'" not in framed.headers["content-security-policy"]
    assert ancestors(await app_server.client.get("/embed/other")) == "'none'"
    assert ancestors(await app_server.client.get("/embed/echo/sign-in")) == "'none'"


async def test_a_site_that_is_taken_out_is_out_at_once(app_server: TestServer) -> None:
    """With the next frame that is opened."""
    await app_server.result("workflows.edit", ref="echo", allowed_origins=[SHOP])
    await app_server.result("workflows.edit", ref="echo", reset=["allowed_origins"])
    assert ancestors(await app_server.client.get("/embed/echo")) == "'none'"


async def test_frames_of_private_and_unknown_workflows_look_alike(app_server: TestServer) -> None:
    """No site may frame them, whatever origins the private one has."""
    await app_server.add("hidden")
    await app_server.result("workflows.edit", ref="hidden", allowed_origins=[SHOP])
    hidden, unknown = await app_server.client.get("/embed/hidden"), await app_server.client.get("/embed/unknown")
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert ancestors(hidden) == ancestors(unknown) == "'none'"
    assert SHOP not in hidden.text


async def test_any_site_may_name_the_bubbles_script(app_server: TestServer) -> None:
    """Under the name that stays, and under the one that changes with the content; no other asset is for all."""
    stays = await app_server.client.get("/embed.js")
    assert (stays.text, stays.headers["cross-origin-resource-policy"]) == ("bubble()", "cross-origin")
    assert stays.headers["cache-control"] == "public, max-age=300"
    lasting = await app_server.client.get("/assets/embed-1a2b.js")
    assert lasting.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "immutable" in lasting.headers["cache-control"]
    other = await app_server.client.get("/assets/chat-1a2b.js")
    assert other.headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_bubbles_visitor_is_known_by_a_cookie_of_the_site_around_it(app_server: TestServer) -> None:
    """Which the chat page neither reads nor gets: the two are different visitors."""
    answer = await app_server.client.post(SESSION, json={"embedded": True})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("orcheo_bubble_visitor=")
    assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= set(cookie.split("; "))
    value = cookie.partition("=")[2].partition(";")[0]
    carried = {"cookie": f"orcheo_bubble_visitor={value}"}
    grant = answer.json()["client_secret"]
    await app_server.chatkit(grant, "threads.create", input=USER_INPUT)
    again = (await app_server.client.post(SESSION, json={"embedded": True}, headers=carried)).json()["client_secret"]
    assert len((await app_server.chatkit(again, "threads.list")).json()["data"]) == 1
    page = (await app_server.client.post(SESSION, json={}, headers=carried)).json()["client_secret"]
    assert (await app_server.chatkit(page, "threads.list")).json()["data"] == []


async def test_a_login_pass_stands_for_the_login_where_no_cookie_comes(
    app_server: TestServer, provider: BadProvider
) -> None:
    """The sign-in window hands it over; the frame renews its chat with it, and ends the login with it."""
    workflow_id = (await app_server.result("workflows.set_login", ref="echo", require_login=True))["workflow"]["id"]
    await sign_in(app_server, provider, "/embed/echo/sign-in")
    window = (await app_server.client.post(SESSION, json={"embedded": True})).json()
    assert window["signed_in_as"] == "Ada"
    async with app_server.visitor_from("10.0.0.9") as frame:
        known = {"embedded": True, "login_pass": window["login_pass"]}
        assert_problem(await frame.client.post(SESSION, json={"embedded": True}), 401, "login_required")
        opened = await frame.client.post(SESSION, json=known)
        assert opened.json()["signed_in_as"] == "Ada"
        assert "set-cookie" not in opened.headers
        app_server.clock.advance(minutes=4)
        headers = {"authorization": f"Bearer {opened.json()['client_secret']}"}
        renewed = await frame.client.post(SESSION, json=known, headers=headers)
        assert renewed.status_code == 200
        assert renewed.json()["login_pass"] != window["login_pass"]
        end = {"login_pass": renewed.json()["login_pass"], "workflow_id": workflow_id}
        assert (await frame.client.post("/auth/logout", json=end)).status_code == 204
        assert_problem(await frame.client.post(SESSION, json=known), 401, "login_required")


@pytest.mark.parametrize(
    ("end", "path"),
    [
        ({"login_pass": "x", "workflow_id": 5}, "workflow_id"),
        ({"login_pass": [], "workflow_id": "wf_x"}, "login_pass"),
        ({"login_pass": "x"}, "workflow_id"),
        ({"login_pass": "x", "workflow_id": None}, "workflow_id"),
        ({"workflow_id": "wf_x"}, "login_pass"),
    ],
)
async def test_a_login_pass_that_is_said_badly_does_not_end_the_login_of_the_browser(
    app_server: TestServer, provider: BadProvider, end: dict[str, Any], path: str
) -> None:
    """The frame of a bubble meant its own login, not that of the cookie."""
    await app_server.result("workflows.set_login", ref="echo", require_login=True)
    await sign_in(app_server, provider, "/embed/echo/sign-in")
    problem = assert_problem(await app_server.client.post("/auth/logout", json=end), 422, "invalid_input")
    assert [each["path"] for each in problem["errors"]] == [path]
    assert (await app_server.client.post(SESSION, json={})).json()["signed_in_as"] == "Ada"


async def test_a_login_pass_is_good_for_its_workflow_and_its_time_alone(
    app_server: TestServer, provider: BadProvider
) -> None:
    """Neither for another workflow, nor as a cookie, nor the cookie as a pass, nor half an hour later."""
    await app_server.publish("other", require_login=True)
    await app_server.result("workflows.set_login", ref="echo", require_login=True)
    await sign_in(app_server, provider)
    cookie = app_server.client.cookies["orcheo_login"]
    login_pass = (await app_server.client.post(SESSION, json={"embedded": True})).json()["login_pass"]
    async with app_server.visitor_from("10.0.0.9") as frame:
        other = await frame.client.post("/api/chat/other/session", json={"embedded": True, "login_pass": login_pass})
        assert_problem(other, 401, "login_required")
        as_cookie = await frame.client.post(SESSION, json={}, headers={"cookie": f"orcheo_login={login_pass}"})
        assert_problem(as_cookie, 401, "login_required")
        as_pass = await frame.client.post(SESSION, json={"embedded": True, "login_pass": cookie})
        assert_problem(as_pass, 401, "login_required")
        app_server.clock.advance(minutes=31)
        late = await frame.client.post(SESSION, json={"embedded": True, "login_pass": login_pass})
        assert_problem(late, 401, "login_required")


async def test_the_chat_page_is_given_no_login_pass(app_server: TestServer, provider: BadProvider) -> None:
    """Its cookie is out of reach of scripts, and stays so."""
    await sign_in(app_server, provider)
    assert (await app_server.client.post(SESSION, json={})).json()["login_pass"] is None


async def test_a_sign_in_window_keeps_sight_of_the_frame_that_opened_it(
    app_server: TestServer, provider: BadProvider
) -> None:
    """On all of its way, errors included; a sign-in from the chat page stays on its own."""
    coop, to = "cross-origin-opener-policy", "/embed/echo/sign-in"
    window = await app_server.client.get(to)
    leaving = await app_server.client.get("/auth/login", params={"to": to})
    back = await come_back(app_server, provider.authorize(leaving.headers["location"]))
    denied = await come_back(
        app_server,
        {"state": provider.authorize(await go(app_server, to))["state"], "error": "access_denied"},
        {"accept": "text/html"},
    )
    assert denied.is_client_error
    assert [each.headers[coop] for each in (window, leaving, back, denied)] == ["unsafe-none"] * 4
    own = await app_server.client.get("/auth/login", params={"to": "/chat/echo"})
    assert own.headers[coop] == "same-origin"
    assert (await app_server.client.get("/embed/echo")).headers[coop] == "same-origin"
