"""What browsers are told and what is believed of them: security headers, CSRF, CORS."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server

SHOP = "https://shop.example.org"
URL = "/api/chat/echo/session"
HTTP_PAGE = Path("docs/reference/http.md").read_text("utf-8").lower()


@pytest.fixture
async def with_shop() -> AsyncIterator[TestServer]:
    """A server that lets the pages of one other site talk to the visitors' routes."""
    async with build_app_server(environment={"ORCHEO_ALLOWED_ORIGINS": SHOP}) as app_server:
        await app_server.publish()
        yield app_server


async def every_kind_of_answer(app_server: TestServer) -> list[httpx2.Response]:
    """A result, a stream, a refusal by routing, by a handler, by a middleware, and a crash."""
    await app_server.publish()
    answers = [
        await app_server.chatkit(await app_server.grant(), "threads.create", input=USER_INPUT),
        await app_server.operation("workflows.list"),
        await app_server.client.get("/nowhere"),
        await app_server.client.get("/api/chat/nobody"),
        await app_server.client.get("/assets/nothing.js"),
        await app_server.client.get("/chat/echo"),
        await app_server.client.post(URL, content=b" " * 300_000),
        await app_server.client.post(URL, json={}, headers={"sec-fetch-site": "cross-site"}),
        await app_server.client.get("/healthz"),
    ]
    object.__setattr__(app_server.store, "check", None)
    return [*answers, await app_server.client.get("/readyz")]


async def test_every_answer_has_the_security_headers(app_server: TestServer) -> None:
    """Errors and crashes too."""
    answers = await every_kind_of_answer(app_server)
    assert {each.status_code for each in answers} == {200, 403, 404, 413, 500, 503}
    for each in answers:
        assert each.headers["x-content-type-options"] == "nosniff"
        assert each.headers["referrer-policy"] == "no-referrer"
        assert each.headers["cross-origin-opener-policy"] == "same-origin"
        assert each.headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in each.headers["permissions-policy"]
        assert "frame-ancestors 'none'" in each.headers["content-security-policy"]
        assert each.headers["x-request-id"].startswith("req_")
        assert "strict-transport-security" not in each.headers
        assert len(each.headers.get_list("content-security-policy")) == 1


async def test_over_tls_every_answer_asks_to_stay_there() -> None:
    """When the public URL says https."""
    async with build_app_server(environment={"ORCHEO_PUBLIC_URL": "https://chat.example.org"}) as app_server:
        for each in await every_kind_of_answer(app_server):
            assert each.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
    ],
)
async def test_a_write_with_our_cookie_from_another_site_is_refused(
    app_server: TestServer, headers: dict[str, str]
) -> None:
    """By either of the two headers in which a browser says where a request comes from."""
    await app_server.publish()
    await app_server.grant()
    assert app_server.client.cookies
    assert_problem(await app_server.client.post(URL, json={}, headers=headers), 403, "cross_site_request")
    assert_problem(
        await app_server.client.post("/api/operations/x", json={}, headers=headers), 403, "cross_site_request"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8700"},
        {"sec-fetch-site": "none"},
        {"origin": "http://127.0.0.1:8700"},
    ],
)
async def test_a_write_from_our_own_page_passes(app_server: TestServer, headers: dict[str, str]) -> None:
    """And one of a program, which sends neither."""
    await app_server.publish()
    await app_server.grant()
    assert (await app_server.client.post(URL, json={}, headers=headers)).status_code == 200


async def test_our_own_origin_is_the_one_that_visitors_know() -> None:
    """A proxy may pass on another Host header, without the port for instance."""
    async with build_app_server(environment={"ORCHEO_PUBLIC_URL": "http://chat.example.org:8443"}) as app_server:
        await app_server.publish()
        await app_server.grant()
        for origin, status in (("http://chat.example.org:8443", 200), ("http://chat.example.org", 403)):
            answer = await app_server.client.post(URL, json={}, headers={"origin": origin})
            assert answer.status_code == status


@pytest.mark.parametrize(
    ("public", "origin", "status"),
    [
        ("https://chat.example.org", "https://chat.example.org", 200),
        ("https://chat.example.org", "http://chat.example.org", 403),
        ("https://chat.example.org", "https://x", 200),
        ("https://chat.example.org", "http://x", 403),
        ("https://chat.example.org", "ftp://x", 403),
        ("http://chat.example.org", "https://chat.example.org", 403),
        ("http://chat.example.org", "http://x", 200),
        ("http://chat.example.org", "https://x", 200),
        ("http://chat.example.org", "http://", 403),
        ("https://chat.example.org", "http://127.0.0.1:8700", 200),
    ],
)
async def test_the_scheme_of_an_origin_counts(public: str, origin: str, status: int) -> None:
    """A page without TLS may be written by anyone on the way; only this machine's own needs none.

    Findings: a workflow is named and bounded.
    """
    async with build_app_server(environment={"ORCHEO_PUBLIC_URL": public, "ORCHEO_ALLOWED_HOSTS": "x"}) as app_server:
        await app_server.publish()
        host = origin.partition("://")[2] or "x"
        sent = {"origin": origin, "host": host}
        opened = await app_server.client.post(URL, json={}, headers=sent)
        assert opened.status_code == status


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_form_cannot_write_with_our_cookie(app_server: TestServer, kind: str) -> None:
    """A browser too old to say where a request comes from cannot send JSON from another site's form."""
    await app_server.publish()
    await app_server.grant()
    answer = await app_server.client.post(URL, content=b"", headers={"content-type": kind} if kind else {})
    assert_problem(answer, 400, "malformed_request")


async def test_a_bearer_credential_needs_no_cookie_rules(app_server: TestServer) -> None:
    """No other site's page can send one without being asked first."""
    await app_server.publish()
    headers = {"authorization": f"Bearer {await app_server.grant()}"}
    assert (await app_server.client.post(URL, headers=headers)).status_code == 200


async def preflight(app_server: TestServer, url: str, origin: str) -> httpx2.Response:
    """What a browser asks before it lets a page of another site send JSON."""
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    return await app_server.client.options(url, headers={"origin": origin, **asked})


async def test_by_default_no_other_origin_is_let_in(app_server: TestServer) -> None:
    """Neither preflight nor answer names one."""
    await app_server.publish()
    for answer in (
        await preflight(app_server, URL, SHOP),
        await app_server.client.get("/api/chat/echo", headers={"origin": SHOP}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert (await preflight(app_server, URL, SHOP)).status_code == 405


@pytest.mark.parametrize("url", [URL, "/api/chatkit"])
async def test_an_allowed_origin_gets_its_preflight_answered(with_shop: TestServer, url: str) -> None:
    """By name, for what the chat element sends, and never with cookies."""
    answer = await preflight(with_shop, url, SHOP)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == SHOP
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "content-type", "idempotency-key", "orcheo-resume"} <= set(allowed)
    documented = HTTP_PAGE.partition("preflights allow\n")[2].partition(".")[0]
    assert re.findall(r"`(.+?)`", documented) == allowed
    assert answer.headers["vary"] == "origin"
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_page_of_an_allowed_origin_may_send_headers_of_its_own(with_shop: TestServer) -> None:
    """Those for a workflow; none that says something about proxies or cookies, and none that is no name."""
    asked = "Map-Id, x-forwarded-for, cookie, a b, " + ", ".join(f"x-{n}" for n in range(30))
    headers = {"origin": SHOP, "access-control-request-method": "POST", "access-control-request-headers": asked}
    answer = await with_shop.client.options("/api/chatkit", headers=headers)
    allowed = answer.headers["access-control-allow-headers"].split(", ")[6:]
    assert allowed == ["map-id", *(f"x-{n}" for n in range(19))]


async def test_a_page_of_an_allowed_origin_chats(with_shop: TestServer) -> None:
    """From the chat session to the stream; problems and their waits can be read as well."""
    headers = {"origin": SHOP, "sec-fetch-site": "cross-site"}
    opened = await with_shop.client.post(URL, json={}, headers=headers)
    turn = await with_shop.chatkit(opened.json()["client_secret"], "threads.create", headers, input=USER_INPUT)
    refused = await with_shop.client.get("/api/chat/nobody", headers=headers)
    for answer in (opened, turn, refused):
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "retry-after" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://shop.example.org.evil.example", "http://shop.example.org", "https://shop.example.org:444", "*"]
)
async def test_an_origin_is_allowed_exactly_or_not_at_all(with_shop: TestServer, origin: str) -> None:
    """Another scheme, port or ending is another origin."""
    answer = await with_shop.client.get("/api/chat/echo", headers={"origin": origin})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "origin"
    assert (await preflight(with_shop, URL, origin)).status_code == 405
    post = await with_shop.client.post(URL, json={}, headers={"origin": origin, "sec-fetch-site": "cross-site"})
    assert_problem(post, 403, "cross_site_request")


async def test_the_owner_api_is_never_open_to_another_origin(with_shop: TestServer) -> None:
    """Only the visitors' routes are."""
    answer = await preflight(with_shop, "/api/operations/workflows.list", SHOP)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("carried", "is_known"),
    [
        (["orcheo_visitor={}"], True),
        (["a=b;  orcheo_visitor = {} ;;c"], True),
        (["orcheo_visitor=x; orcheo_visitor={}"], True),
        (["a=b", "orcheo_visitor={}"], True),
        (["orcheo_visitor={}; orcheo_visitor=x"], False),
        (["orcheo_visitor"], False),
        (['orcheo_visitor="{}"'], False),
    ],
)
async def test_cookies_are_taken_as_they_come(app_server: TestServer, carried: list[str], is_known: bool) -> None:
    """The last of a name counts. No quotation marks are undone: some Pythons take seconds for those of a stranger."""
    await app_server.publish()
    value = (await app_server.client.post(URL, json={})).cookies["orcheo_visitor"]
    app_server.client.cookies.clear()
    headers = [("cookie", each.format(value)) for each in carried]
    again = await app_server.client.post(URL, json={}, headers=[*headers, ("sec-fetch-site", "same-origin")])
    visitor_id = value.partition(".")[0]
    assert again.cookies["orcheo_visitor"].startswith(visitor_id) is is_known
