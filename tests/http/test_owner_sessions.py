"""An owner tries a workflow of their own."""

from orcheo_core.domain.actor import Scope
from tests.app_server import USER_INPUT, TestServer, assert_problem, events_of

SESSION = "/api/workflows/echo/chatkit/session"


async def ask(app_server: TestServer, token: str) -> dict[str, object]:
    """What an owner's request for a chat session is answered."""
    answer = await app_server.client.post(SESSION, json={}, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    document: dict[str, object] = answer.json()
    return document


async def test_a_private_workflow_can_be_tried(app_server: TestServer) -> None:
    """For five minutes, in threads of the owner's own."""
    await app_server.add()
    opened = await ask(app_server, app_server.owner_token)
    assert opened["expires_in"] == 300
    grant = str(opened["client_secret"])
    events = events_of(await app_server.chatkit(grant, "threads.create", input=USER_INPUT))
    thread = await app_server.store.begin().threads.find(events[0]["thread"]["id"])
    assert thread is not None
    assert thread.subject.key == "owner:local"
    app_server.clock.advance(minutes=5)
    assert_problem(await app_server.chatkit(grant, "threads.list"), 401, "grant_expired")
    again = str((await ask(app_server, app_server.owner_token))["client_secret"])
    assert len((await app_server.chatkit(again, "threads.list")).json()["data"]) == 1


async def test_nobody_elses_workflow_can_be_tried(app_server: TestServer) -> None:
    """Not by another owner, not by an operator, not without the scope."""
    await app_server.add()
    for token, status, code in (
        (await app_server.owner("bob"), 404, "workflow_not_found"),
        (await app_server.owner("root", Scope.CHATKIT_SESSION, Scope.OPERATOR), 404, "workflow_not_found"),
        (await app_server.owner("local", Scope.WORKFLOWS_READ), 403, "scope_missing"),
    ):
        answer = await app_server.client.post(SESSION, json={}, headers={"authorization": f"Bearer {token}"})
        assert_problem(answer, status, code)


async def test_an_owners_grant_is_for_one_workflow(app_server: TestServer) -> None:
    """Its threads are with that one alone."""
    await app_server.add()
    await app_server.add("other")
    grant = str((await ask(app_server, app_server.owner_token))["client_secret"])
    await app_server.chatkit(grant, "threads.create", input=USER_INPUT)
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    other = (await app_server.client.post("/api/workflows/other/chatkit/session", json={}, headers=headers)).json()
    assert (await app_server.chatkit(other["client_secret"], "threads.list")).json()["data"] == []


async def test_rotated_keys_break_no_running_chat(app_server: TestServer) -> None:
    """Former grants are good to their end, new ones are signed with the new key."""
    await app_server.publish()
    grant = await app_server.grant()
    rotated = await app_server.result("keys.rotate")
    assert rotated["kid"] in rotated["message"]
    assert (await app_server.chatkit(grant, "threads.list")).status_code == 200
    renewed = await app_server.client.post(
        "/api/chat/echo/session", json={}, headers={"authorization": f"Bearer {grant}"}
    )
    assert (await app_server.chatkit(renewed.json()["client_secret"], "threads.list")).status_code == 200
