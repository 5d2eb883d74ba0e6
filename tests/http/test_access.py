"""Who gets in: share link, publish token, grant; and what each of them learns when not."""

import pytest

from orcheo_core.domain.actor import Scope
from tests.app_server import USER_INPUT, TestServer, assert_problem, events_of


async def test_unknown_private_and_unpublished_look_the_same(app_server: TestServer) -> None:
    """A visitor cannot tell which of the three it is, on any visitor route."""
    await app_server.add("private")
    await app_server.publish("closed")
    await app_server.result("workflows.unpublish", ref="closed")
    problems = []
    for ref in ("unknown", "private", "closed"):
        info = assert_problem(await app_server.client.get(f"/api/chat/{ref}"), 404, "chat_unavailable")
        opened = assert_problem(await app_server.client.post(f"/api/chat/{ref}/session"), 404, "chat_unavailable")
        problems.append([{**each, "request_id": None} for each in (info, opened)])
    assert problems[0] == problems[1] == problems[2]


async def test_the_page_learns_the_name_and_not_the_description(app_server: TestServer) -> None:
    """By handle and by id alike."""
    added = await app_server.add()
    await app_server.result("workflows.edit", ref="echo", name="Echo", description="for my eyes")
    await app_server.result("workflows.publish", ref="echo")
    for ref in ("echo", added["workflow"]["id"]):
        info = (await app_server.client.get(f"/api/chat/{ref}")).json()
        assert info["name"] == "Echo"
        assert "my eyes" not in str(info)


@pytest.mark.parametrize("in_body", [True, False])
async def test_a_publish_token_opens_a_chat_session(app_server: TestServer, in_body: bool) -> None:
    """In the body or as bearer."""
    token = (await app_server.publish())["publish_token"]
    body = {"publish_token": token} if in_body else {}
    headers = {} if in_body else {"authorization": f"Bearer {token}"}
    answer = await app_server.client.post("/api/chat/echo/session", json=body, headers=headers)
    assert answer.json()["expires_in"] == 300
    turn = await app_server.chatkit(answer.json()["client_secret"], "threads.create", input=USER_INPUT)
    assert events_of(turn)[-1]["item"]["content"][0]["text"] == "Hello"


async def test_a_publish_token_serves_as_credential_of_each_request(app_server: TestServer) -> None:
    """Plain API use needs no chat session."""
    token = (await app_server.publish())["publish_token"]
    assert events_of(await app_server.chatkit(token, "threads.create", input=USER_INPUT))


async def test_after_rotate_the_old_token_is_refused_by_name(app_server: TestServer) -> None:
    """Its holder learns when it was rotated; the new one works."""
    old = (await app_server.publish())["publish_token"]
    new = (await app_server.result("workflows.rotate_publish_token", ref="echo"))["publish_token"]
    problem = assert_problem(
        await app_server.client.post("/api/chat/echo/session", json={"publish_token": old}),
        401,
        "publish_token_rotated",
    )
    assert "2026-11-23 12:00 UTC" in problem["detail"]
    assert_problem(await app_server.chatkit(old, "threads.list"), 401, "publish_token_rotated")
    assert (await app_server.client.post("/api/chat/echo/session", json={"publish_token": new})).status_code == 200


async def test_a_grace_period_ends(app_server: TestServer) -> None:
    """Both tokens work for so long, then one."""
    old = (await app_server.publish())["publish_token"]
    await app_server.result("workflows.rotate_publish_token", ref="echo", grace_seconds=60)
    assert (await app_server.chatkit(old, "threads.list")).status_code == 200
    app_server.clock.advance(seconds=60)
    assert_problem(await app_server.chatkit(old, "threads.list"), 401, "publish_token_rotated")


async def test_after_unpublish_the_token_is_revoked(app_server: TestServer) -> None:
    """Its holder is told; a stranger with a made-up token is not."""
    token = (await app_server.publish())["publish_token"]
    await app_server.result("workflows.unpublish", ref="echo")
    assert_problem(await app_server.chatkit(token, "threads.list"), 401, "publish_token_revoked")
    forged = token[:20] + ("a" if token[20] != "a" else "b") + token[21:]
    assert_problem(await app_server.chatkit(forged, "threads.list"), 401, "publish_token_invalid")


async def test_a_publish_token_of_another_workflow_is_a_stranger(app_server: TestServer) -> None:
    """No more is said than to anyone."""
    token = (await app_server.publish("one"))["publish_token"]
    await app_server.publish("two")
    answer = await app_server.client.post("/api/chat/two/session", json={"publish_token": token})
    assert_problem(answer, 401, "publish_token_invalid")


async def test_a_grant_is_renewed_while_the_chat_is_open(app_server: TestServer) -> None:
    """The chat session stays the same; after unpublish there is no renewal."""
    await app_server.publish()
    grant = await app_server.grant()
    headers = {"authorization": f"Bearer {grant}"}
    assert (await app_server.client.post("/api/chat/echo/session", headers=headers)).status_code == 200
    await app_server.result("workflows.unpublish", ref="echo")
    assert_problem(await app_server.client.post("/api/chat/echo/session", headers=headers), 404, "chat_unavailable")


async def test_publishing_again_does_not_revive_old_chat_sessions(app_server: TestServer) -> None:
    """A chat session belongs to the publication it was opened under."""
    await app_server.publish()
    headers = {"authorization": f"Bearer {await app_server.grant()}"}
    await app_server.result("workflows.unpublish", ref="echo")
    app_server.clock.advance(seconds=1)
    await app_server.result("workflows.publish", ref="echo")
    assert_problem(await app_server.client.post("/api/chat/echo/session", headers=headers), 401, "chat_session_ended")


async def test_end_sessions_ends_them_at_once(app_server: TestServer) -> None:
    """The very next request under an old grant is refused."""
    await app_server.publish()
    grant = await app_server.grant()
    await app_server.result("workflows.unpublish", ref="echo", end_sessions=True)
    assert_problem(await app_server.chatkit(grant, "threads.list"), 401, "chat_session_ended")


async def test_a_grant_of_another_workflow_renews_nothing_here(app_server: TestServer) -> None:
    """A grant opens only its own door."""
    await app_server.publish("one")
    await app_server.publish("two")
    headers = {"authorization": f"Bearer {await app_server.grant('one')}"}
    assert_problem(await app_server.client.post("/api/chat/two/session", headers=headers), 401, "grant_invalid")


async def test_login_required_keeps_anonymous_visitors_out(app_server: TestServer) -> None:
    """By link, by publish token, at renewal."""
    token = (await app_server.publish())["publish_token"]
    headers = {"authorization": f"Bearer {await app_server.grant()}"}
    await app_server.result("workflows.set_login", ref="echo", require_login=True, anyway=True)
    assert_problem(await app_server.client.post("/api/chat/echo/session", json={}), 401, "login_required")
    assert_problem(await app_server.client.post("/api/chat/echo/session", headers=headers), 401, "login_required")
    assert_problem(await app_server.chatkit(token, "threads.list"), 401, "login_required")
    assert (await app_server.client.get("/api/chat/echo")).json()["require_login"] is True


@pytest.mark.parametrize("credential", ["", "nonsense", "orc_pt_short", "a.b.c"])
async def test_no_credential_no_chat(app_server: TestServer, credential: str) -> None:
    """Whatever is sent, the answer is a 401 that says how to authenticate."""
    headers = {"authorization": f"Bearer {credential}"} if credential else {}
    answer = await app_server.client.post("/api/chatkit", json={"type": "threads.list"}, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_another_sites_page_cannot_open_a_chat_session(app_server: TestServer) -> None:
    """The visitor's cookie does not count there."""
    await app_server.publish()
    answer = await app_server.client.post("/api/chat/echo/session", headers={"sec-fetch-site": "cross-site"})
    assert_problem(answer, 403, "cross_site_request")


async def test_the_owner_api_needs_a_service_token(app_server: TestServer) -> None:
    """A publish token, a grant or nothing are not enough."""
    token = (await app_server.publish())["publish_token"]
    for credential in (token, await app_server.grant(), "x"):
        assert_problem(await app_server.operation("workflows.list", token=credential), 401, "service_token_invalid")
    assert_problem(await app_server.client.get("/api/workflows"), 401, "service_token_invalid")


async def test_owners_do_not_see_each_other(app_server: TestServer) -> None:
    """Another owner's workflow is as unknown as none."""
    await app_server.publish()
    other = await app_server.owner("ann")
    assert_problem(await app_server.operation("workflows.show", token=other, ref="echo"), 404, "workflow_not_found")
    assert_problem(
        await app_server.operation("workflows.unpublish", token=other, ref="echo"), 404, "workflow_not_found"
    )
    assert (await app_server.operation("workflows.list", token=other)).json()["workflows"] == []


async def test_a_service_token_does_only_what_its_scopes_say(app_server: TestServer) -> None:
    """Reading is not publishing, and writing is not running code."""
    await app_server.add()
    reader = await app_server.owner("local", Scope.WORKFLOWS_READ)
    writer = await app_server.owner("local", Scope.WORKFLOWS_WRITE)
    assert (await app_server.operation("workflows.show", token=reader, ref="echo")).status_code == 200
    assert_problem(await app_server.operation("workflows.publish", token=reader, ref="echo"), 403, "scope_missing")
    refused = await app_server.operation("workflows.add", token=writer, handle="x", runner="python", target="a:b")
    assert_problem(refused, 403, "scope_missing")
