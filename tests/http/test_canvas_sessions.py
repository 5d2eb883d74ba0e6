"""Owners in the browser: a one-time address, a cookie, and what no other page, host or credential gets out of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orcheo_adapters.runners.registry import KINDS
from orcheo_core.domain.actor import OWNER_SCOPES, Scope
from orcheo_core.domain.pages import PageQuery
from orcheo_core.operations.catalogue import CATALOGUE
from tests.app_server import BASE_URL, NO_LIMITS, TestServer, assert_problem, build_app_server

SESSION, SESSIONS = "/api/canvas/session", "/api/canvas/sessions"
JSON = {"content-type": "application/json"}
TLS = {"ORCHEO_PUBLIC_URL": "https://chat.example.org", **NO_LIMITS}


async def ticket_of(app_server: TestServer, token: str | None = None) -> str:
    """A ticket for the holder of a service token."""
    answer = await app_server.operation("canvas.open", token=token)
    assert answer.status_code == 200, answer.text
    address, _, ticket = answer.json()["address"].partition("#ticket=")
    assert address.endswith("/canvas")
    return str(ticket)


def cookie_of(app_server: TestServer) -> str:
    """The secret in the cookie."""
    return str(app_server.client.cookies["orcheo_owner"])


async def do(app_server: TestServer, name: str, headers: Mapping[str, str] | None = None, **arguments: Any) -> Any:
    """``POST /api/operations/{name}`` with what the browser holds."""
    return await app_server.client.post(f"/api/operations/{name}", json=arguments, headers=headers)


async def test_a_one_time_address_signs_an_owner_in(app_server: TestServer) -> None:
    """With the scopes of the service token, for 12 hours, or until it is idle for an hour."""
    token = await app_server.owner("ada", Scope.WORKFLOWS_READ, Scope.AUDIT_READ)
    opened = await app_server.sign_in(token)
    times = {name: opened[name][:16] for name in ("expires_at", "idle_ends_at")}
    assert opened | times == {
        "owner": "ada",
        "scopes": ["audit:read", "workflows:read"],
        "expires_at": "2026-11-24T00:00",
        "idle_ends_at": "2026-11-23T13:00",
        "features": {"chatkit_publish_enabled": True, "chatkit_canvas_enabled": True, "canvas_enabled": True},
        "csrf": None,
        "telemetry": False,
        "providers": [],
    }
    answer = await app_server.client.get(SESSION)
    assert (answer.status_code, answer.json()) == (200, opened)
    assert answer.headers["cache-control"] == "no-store"
    assert (await do(app_server, "workflows.list")).json()["workflows"] == []
    assert_problem(await do(app_server, "workflows.publish", ref="x"), 403, "scope_missing")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (NO_LIMITS, "orcheo_owner=; HttpOnly; Max-Age=43200; Path=/; SameSite=strict"),
        (TLS, "__Host-orcheo_owner=; HttpOnly; Max-Age=43200; Path=/; SameSite=strict; Secure"),
    ],
    ids=["loopback", "tls"],
)
async def test_the_cookie_is_for_this_servers_own_pages(environment: dict[str, str], expected: str) -> None:
    """No script reads it, no other site's page and no other host gets it sent."""
    async with build_app_server(environment=environment) as app_server:
        answer = await app_server.client.post(SESSION, json={"ticket": await ticket_of(app_server)})
        name, *attributes = answer.headers["set-cookie"].split("; ")
        assert "; ".join([f"{name.partition('=')[0]}=", *attributes]) == expected
        assert name.partition("=")[2].startswith("orc_os_")


async def test_acts_of_canvas_are_audited_as_such(app_server: TestServer) -> None:
    """Whatever channel a header names: that is for programs with a service token."""
    await app_server.sign_in()
    added = {"handle": "echo", "runner": "python", "target": "tests.workflows:echo"}
    assert (await do(app_server, "workflows.add", {"orcheo-channel": "cli"}, **added)).status_code == 200
    entries = (await app_server.store.begin().audit.page(PageQuery())).entries
    assert [(each.act, each.channel) for each in entries[-2:]] == [
        ("owner_session.began", "canvas"),
        ("workflow.added", "canvas"),
    ]


async def test_the_question_before_an_act_is_asked_in_canvas_too(app_server: TestServer) -> None:
    """In the server's words."""
    await app_server.add()
    await app_server.sign_in()
    answer = await app_server.client.post("/api/operations/workflows.publish/question", json={"ref": "echo"})
    assert "echo" in answer.json()["question"]


async def test_a_ticket_is_taken_once(app_server: TestServer) -> None:
    """A replay by someone who has read the address over a shoulder."""
    ticket = await ticket_of(app_server)
    assert (await app_server.client.post(SESSION, json={"ticket": ticket})).status_code == 200
    async with app_server.visitor_from("192.0.2.1") as other:
        problem = assert_problem(
            await other.client.post(SESSION, json={"ticket": ticket}), 401, "canvas_ticket_invalid"
        )
        assert "orcheo canvas" in problem["hint"]
        assert not other.client.cookies
        assert_problem(await other.client.get(SESSION), 401, "owner_session_missing")


async def test_a_ticket_is_too_old_after_a_minute(app_server: TestServer) -> None:
    """As one that never was."""
    ticket = await ticket_of(app_server)
    app_server.clock.advance(seconds=60)
    told = []
    for each in (ticket, "orc_ct_" + "0" * 60, ""):
        answer = await app_server.client.post(SESSION, json={"ticket": each})
        told.append(assert_problem(answer, 401, "canvas_ticket_invalid") | {"request_id": ""})
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("body", [{}, {"ticket": 5}, {"ticket": None}])
async def test_a_ticket_is_a_text(app_server: TestServer, body: dict[str, Any]) -> None:
    """What is wrong is named."""
    problem = assert_problem(await app_server.client.post(SESSION, json=body), 422, "invalid_input")
    assert problem["errors"][0]["path"] == "ticket"


async def test_tickets_and_secrets_cannot_be_guessed_at_speed() -> None:
    """Wrong ones are counted by client address; a right one passes, whatever others behind that address send."""
    environment = {"ORCHEO_LIMIT_FAILED_AUTHENTICATIONS": "2/minute", "ORCHEO_LIMIT_LOGINS": "1/minute"}
    async with build_app_server(environment=environment) as app_server:
        ticket = await ticket_of(app_server)
        for _ in range(2):
            answer = await app_server.client.post(SESSION, json={"ticket": "orc_ct_" + "0" * 60})
            assert_problem(answer, 401, "canvas_ticket_invalid")
        app_server.client.cookies["orcheo_owner"] = "orc_os_" + "0" * 60
        assert_problem(await app_server.client.get(SESSION), 429, "rate_limited")
        app_server.client.cookies.clear()
        assert (await app_server.client.post(SESSION, json={"ticket": ticket})).status_code == 200


async def test_an_attacker_fixes_no_session(app_server: TestServer) -> None:
    """The secret in the cookie is always a new one; a session that the browser had before is over."""
    first = await ticket_of(app_server)
    app_server.client.cookies["orcheo_owner"] = "orc_os_" + "0" * 60
    answer = await app_server.client.post(SESSION, json={"ticket": first})
    one = answer.cookies["orcheo_owner"]
    app_server.client.cookies.clear()
    app_server.client.cookies["orcheo_owner"] = one
    again = await app_server.client.post(SESSION, json={"ticket": await ticket_of(app_server)})
    two = again.cookies["orcheo_owner"]
    assert len({one, two, "orc_os_" + "0" * 60}) == 3
    for secret, status in ((one, 401), (two, 200)):
        app_server.client.cookies.clear()
        app_server.client.cookies["orcheo_owner"] = secret
        assert (await app_server.client.get(SESSION)).status_code == status


FOREIGN: list[dict[str, str]] = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "https://shop.example.org", "sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda each: " ".join(each.values()))
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", SESSION, None),
        ("POST", SESSION, {"ticket": "orc_ct_"}),
        ("DELETE", SESSION, None),
        ("GET", SESSIONS, None),
        ("DELETE", f"{SESSIONS}/x", None),
        ("GET", "/api/canvas/catalogue", None),
        ("POST", "/api/operations/workflows.list", {}),
        ("POST", "/api/operations/workflows.list/question", {}),
        ("POST", "/api/workflows/echo/chatkit/session", {}),
    ],
)
async def test_no_page_of_another_site_uses_an_owner_session(
    method: str, path: str, body: object, headers: dict[str, str]
) -> None:
    """Neither to read nor to write, also one that the operator allows the visitors' routes, also signed out."""
    environment = {"ORCHEO_ALLOWED_ORIGINS": "https://shop.example.org", **NO_LIMITS}
    async with build_app_server(environment=environment) as app_server:
        await app_server.sign_in()
        for _ in ("signed in", "signed out"):
            answer = await app_server.client.request(method, path, json=body, headers={**JSON, **headers})
            is_door = path.startswith(("/api/operations", "/api/workflows"))
            if app_server.client.cookies or not is_door:
                assert_problem(answer, 403, "cross_site_request")
            else:
                assert_problem(answer, 401, "service_token_invalid")
            app_server.client.cookies.clear()


async def test_other_sites_may_not_even_ask_to(app_server: TestServer) -> None:
    """No answer allows another origin anything on these routes."""
    async with build_app_server(environment={"ORCHEO_ALLOWED_ORIGINS": "https://shop.example.org"}) as allowing:
        headers = {"origin": "https://shop.example.org", "access-control-request-method": "POST"}
        for path in (SESSION, "/api/operations/workflows.list"):
            answer = await allowing.client.options(path, headers=headers)
            assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_form_is_no_request_of_canvas(app_server: TestServer, kind: str) -> None:
    """What a page can send without being allowed to."""
    await app_server.sign_in()
    for path in ("/api/operations/workflows.list", SESSION):
        answer = await app_server.client.post(path, content=b"{}", headers={"content-type": kind})
        assert_problem(answer, 400, "malformed_request")


async def test_our_own_page_may(app_server: TestServer) -> None:
    """With the headers that a browser sends for it."""
    await app_server.sign_in()
    headers = {"origin": BASE_URL, "sec-fetch-site": "same-origin"}
    assert (await do(app_server, "workflows.list", headers)).status_code == 200
    assert (await app_server.client.delete(SESSION, headers={**JSON, **headers})).status_code == 204


async def test_a_credential_in_the_header_is_the_only_one(app_server: TestServer) -> None:
    """A wrong service token is refused although the cookie is good; a right one acts through its own channel."""
    await app_server.sign_in()
    for wrong in ("Bearer orc_st_x", "Basic eDp5", "Bearer"):
        answer = await do(app_server, "workflows.list", {"authorization": wrong, "sec-fetch-site": "same-origin"})
        assert_problem(answer, 401, "service_token_invalid")
    reader = await app_server.owner("ada", Scope.WORKFLOWS_READ)
    answer = await do(app_server, "workflows.publish", {"authorization": f"Bearer {reader}"}, ref="echo")
    assert_problem(answer, 403, "scope_missing")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/workflows"),
        ("POST", "/api/workflows"),
        ("PATCH", "/api/workflows/echo"),
        ("DELETE", "/api/workflows/echo"),
        ("POST", "/api/workflows/echo/publish"),
        ("GET", "/api/audit"),
        ("GET", "/api/audit/export"),
        ("POST", "/mcp"),
    ],
)
async def test_the_cookie_opens_no_other_door(app_server: TestServer, method: str, path: str) -> None:
    """What Canvas does not use takes service tokens alone."""
    await app_server.sign_in()
    answer = await app_server.client.request(method, path, headers={**JSON, "sec-fetch-site": "same-origin"})
    assert_problem(answer, 401, "service_token_invalid")


async def test_an_owner_session_is_no_service_token(app_server: TestServer) -> None:
    """Nor a chat grant, a publish token or a login."""
    await app_server.publish()
    await app_server.sign_in()
    secret = cookie_of(app_server)
    app_server.client.cookies.clear()
    assert_problem(await app_server.operation("workflows.list", token=secret), 401, "service_token_invalid")
    assert_problem(await app_server.chatkit(secret, "threads.list"), 401, "grant_invalid")
    app_server.client.cookies["orcheo_login"] = secret
    assert (await app_server.client.get("/api/chat/echo")).json()["signed_in_as"] is None
    app_server.client.cookies.clear()
    app_server.client.cookies["orcheo_owner"] = app_server.owner_token
    assert_problem(await app_server.client.get(SESSION), 401, "owner_session_missing")


async def test_an_owner_session_opens_no_other(app_server: TestServer) -> None:
    """So that it ends when it ends."""
    await app_server.sign_in()
    assert_problem(await do(app_server, "canvas.open"), 403, "service_token_needed")


async def test_signing_out_is_at_once(app_server: TestServer) -> None:
    """In the browser and on the server."""
    await app_server.sign_in()
    secret = cookie_of(app_server)
    answer = await app_server.client.delete(SESSION, headers=JSON)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert_problem(await app_server.client.get(SESSION), 401, "owner_session_missing")
    app_server.client.cookies["orcheo_owner"] = secret
    assert_problem(await app_server.client.get(SESSION), 401, "owner_session_ended")
    assert_problem(await do(app_server, "workflows.list"), 401, "owner_session_ended")
    assert_problem(await app_server.client.delete(SESSION, headers=JSON), 401, "owner_session_ended")


async def test_a_page_without_its_cookie_is_told_that_it_is_signed_out(app_server: TestServer) -> None:
    """The browser has dropped it; a program without a service token is told of service tokens."""
    answer = await do(app_server, "workflows.list", {"sec-fetch-site": "same-origin"})
    assert_problem(answer, 401, "owner_session_missing")
    assert_problem(await do(app_server, "workflows.list"), 401, "service_token_invalid")


async def test_owners_see_and_end_their_sessions_elsewhere(app_server: TestServer) -> None:
    """Where and when they are used, and which is this one."""
    await app_server.sign_in()
    async with app_server.visitor_from("192.0.2.7") as other:
        app_server.clock.advance(seconds=5)
        other.client.headers["user-agent"] = "Firefox\t\x1b[2J"
        await other.sign_in()
        items = (await other.client.get(SESSIONS)).json()["items"]
        assert [(each["current"], each["address"]) for each in items] == [(True, "192.0.2.7"), (False, "127.0.0.1")]
        assert items[0]["user_agent"] == "Firefox [2J"
        assert items[0]["created_at"] == items[0]["last_used_at"] > items[1]["created_at"]
        ended = await app_server.client.delete(f"{SESSIONS}/{items[0]['id']}", headers=JSON)
        assert (ended.status_code, ended.headers.get("set-cookie")) == (204, None)
        assert_problem(await other.client.get(SESSION), 401, "owner_session_ended")
    answer = await app_server.client.delete(f"{SESSIONS}/{items[1]['id']}", headers=JSON)
    assert "Max-Age=0" in answer.headers["set-cookie"]


async def test_others_sessions_are_unknown(app_server: TestServer) -> None:
    """Also to an operator."""
    token = await app_server.owner("ada")
    ada = await app_server.sign_in(token)
    assert ada["owner"] == "ada"
    (hers,) = (await app_server.client.get(SESSIONS)).json()["items"]
    async with app_server.visitor_from("192.0.2.7") as other:
        await other.sign_in()
        assert hers["id"] not in str((await other.client.get(SESSIONS)).json())
        answer = await other.client.delete(f"{SESSIONS}/{hers['id']}", headers=JSON)
        assert_problem(answer, 404, "owner_session_not_found")
    assert (await app_server.client.get(SESSION)).status_code == 200


async def test_revoking_the_service_token_ends_the_session(app_server: TestServer) -> None:
    """The very next request is refused, and says why."""
    token = await app_server.owner("ada", *OWNER_SCOPES)
    await app_server.sign_in(token)
    (mine,) = (await do(app_server, "tokens.list")).json()["service_tokens"]
    assert (await do(app_server, "tokens.revoke", id=mine["id"])).status_code == 200
    problem = assert_problem(await do(app_server, "workflows.list"), 401, "owner_session_ended")
    assert "service token" in problem["detail"]


async def test_rotated_keys_end_no_session(app_server: TestServer) -> None:
    """They sign chat grants, and no owner session is signed."""
    await app_server.sign_in()
    assert (await do(app_server, "keys.rotate")).status_code == 200
    assert (await app_server.client.get(SESSION)).status_code == 200


async def test_without_tls_no_owner_signs_in_from_elsewhere() -> None:
    """Anyone on the way could read the cookie."""
    environment = {"ORCHEO_PUBLIC_URL": "http://chat.example.org", **NO_LIMITS}
    async with build_app_server(environment=environment) as app_server:
        answer = await app_server.client.post(SESSION, json={"ticket": await ticket_of(app_server)})
        assert "ORCHEO_PUBLIC_URL" in assert_problem(answer, 403, "canvas_needs_tls")["hint"]
        assert not app_server.client.cookies


async def test_another_host_name_gets_nothing(app_server: TestServer) -> None:
    """A page may have had its own name point here. Findings: known names only."""
    ticket = await ticket_of(app_server)
    answer = await app_server.client.post(SESSION, json={"ticket": ticket}, headers={"host": "evil.example"})
    assert_problem(answer, 403, "host_not_allowed")
    assert (await app_server.client.post(SESSION, json={"ticket": ticket})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "chat.example.org:99999"])
async def test_a_cookie_on_another_host_name_opens_nothing(app_server: TestServer, host: str) -> None:
    """Names can be pointed here, and a program sends what it likes. Under its own name the session stays."""
    await app_server.sign_in(None)
    headers = {"cookie": f"orcheo_owner={cookie_of(app_server)}", "host": host}
    answers = [await app_server.client.get(path, headers=headers) for path in (SESSION, SESSIONS)]
    for answer in (*answers, await do(app_server, "workflows.list", headers)):
        assert answer.status_code in {400, 403}, answer.text
        assert "workflows" not in answer.json()
    assert (await app_server.client.get(SESSION)).status_code == 200


async def test_canvas_can_be_switched_off() -> None:
    """No address is given out, whoever asks."""
    async with build_app_server(environment={"ORCHEO_CANVAS_ENABLED": "off", **NO_LIMITS}) as app_server:
        assert_problem(await app_server.operation("canvas.open"), 403, "feature_disabled")


async def test_the_page_knows_what_is_switched_off() -> None:
    """So that it offers no chat that would be refused."""
    async with build_app_server(environment={"ORCHEO_CHATKIT_CANVAS_ENABLED": "off", **NO_LIMITS}) as app_server:
        await app_server.add()
        assert (await app_server.sign_in())["features"]["chatkit_canvas_enabled"] is False
        answer = await app_server.client.post("/api/workflows/echo/chatkit/session", json={})
        assert_problem(answer, 403, "feature_disabled")


@pytest.mark.parametrize("path", ["/canvas", "/canvas/", "/canvas/workflows/echo", "/canvas/a.b/c?d=e"])
async def test_the_page_is_the_same_at_each_of_its_addresses(tmp_path: Path, path: str) -> None:
    """Under a policy of its own, never kept, in no frame; it needs no cookie and gets no ticket."""
    (tmp_path / "canvas.html").write_text("<script nonce='__ORCHEO_CSP_NONCE__'></script>")
    async with build_app_server(static_folder=tmp_path) as app_server:
        answers = [await app_server.client.get(path) for _ in range(2)]
        assert [each.status_code for each in answers] == [200, 200]
        policies = [each.headers["content-security-policy"] for each in answers]
        assert "default-src 'none'" in policies[0]
        assert "frame-ancestors 'none'" in policies[0]
        nonces = [each.text.removeprefix("<script nonce='").partition("'")[0] for each in answers]
        assert nonces[0] != nonces[1]
        assert f"'nonce-{nonces[0]}'" in policies[0]
        assert answers[0].headers["cache-control"] == "no-store"
        assert answers[0].headers["content-type"].startswith("text/html")


async def test_a_page_that_was_not_built_says_so(app_server: TestServer) -> None:
    """To a program; to a person it is a page."""
    assert_problem(await app_server.client.get("/canvas"), 503, "page_not_built")


async def test_the_catalogue_has_all_that_forms_need(app_server: TestServer) -> None:
    """Each operation with its words and its schema, each kind of runner with its settings, the same each time."""
    await app_server.sign_in()
    answers = [await app_server.client.get("/api/canvas/catalogue") for _ in range(2)]
    document = answers[0].json()
    assert document == answers[1].json()
    operations = {each.pop("name"): each for each in document["operations"]}
    assert list(operations) == [name for name, each in CATALOGUE.items() if not each.for_people]
    publish, remove = operations["workflows.publish"], operations["workflows.remove"]
    assert (publish["title"], publish["scope"], publish["secret"], publish["destructive"], remove["destructive"]) == (
        "Workflow: publish",
        "workflows:publish",
        "publish_token",
        False,
        True,
    )
    assert publish["confirm"] == CATALOGUE["workflows.publish"].confirmation
    assert operations["workflows.list"]["confirm"] is None
    assert publish["schema"]["required"] == ["ref"]
    runners = {each["name"]: each for each in document["runners"]}
    assert set(runners) == set(KINDS)
    assert runners["openai"]["schema"]["required"] == ["model"]
    assert runners["python"]["executes_code"] is True
    assert all(each["description"] for each in runners["http"]["schema"]["properties"].values())


async def test_the_catalogue_is_compressed_where_the_browser_likes(app_server: TestServer) -> None:
    """It is some tens of kB."""
    await app_server.sign_in()
    codings = {}
    for accepted in ("gzip", "identity"):
        answer = await app_server.client.get("/api/canvas/catalogue", headers={"accept-encoding": accepted})
        codings[accepted] = answer.headers.get("content-encoding")
        assert answer.json()["operations"]
        assert answer.headers["vary"] == "Accept-Encoding"
    assert codings == {"gzip": "gzip", "identity": None}


async def test_the_catalogue_is_for_owners_who_are_signed_in(app_server: TestServer) -> None:
    """A service token does not open the routes of the page."""
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    for path in ("/api/canvas/catalogue", SESSIONS, SESSION):
        answer = await app_server.client.get(path, headers=headers)
        assert_problem(answer, 401, "owner_session_missing")
