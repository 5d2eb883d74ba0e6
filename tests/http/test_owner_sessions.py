"""An owner tries a workflow of their own."""

from orcheo_core.domain.actor import Scope
from tests.house import USER_INPUT, House, assert_problem, events_of

SESSION = "/api/workflows/echo/chatkit/session"


async def ask(house: House, token: str) -> dict[str, object]:
    """What an owner's request for a chat session is answered."""
    answer = await house.client.post(SESSION, json={}, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    document: dict[str, object] = answer.json()
    return document


async def test_a_private_workflow_can_be_tried(house: House) -> None:
    """For five minutes, in threads of the owner's own."""
    await house.add()
    opened = await ask(house, house.owner_token)
    assert opened["expires_in"] == 300
    grant = str(opened["client_secret"])
    events = events_of(await house.chatkit(grant, "threads.create", input=USER_INPUT))
    thread = await house.store.begin().threads.find(events[0]["thread"]["id"])
    assert thread is not None
    assert thread.subject.key == "owner:local"
    house.clock.advance(minutes=5)
    assert_problem(await house.chatkit(grant, "threads.list"), 401, "grant_expired")
    again = str((await ask(house, house.owner_token))["client_secret"])
    assert len((await house.chatkit(again, "threads.list")).json()["data"]) == 1


async def test_nobody_elses_workflow_can_be_tried(house: House) -> None:
    """Not by another owner, not by an operator, not without the scope."""
    await house.add()
    for token, status, code in (
        (await house.owner("bob"), 404, "workflow_not_found"),
        (await house.owner("root", Scope.CHATKIT_SESSION, Scope.OPERATOR), 404, "workflow_not_found"),
        (await house.owner("local", Scope.WORKFLOWS_READ), 403, "scope_missing"),
    ):
        answer = await house.client.post(SESSION, json={}, headers={"authorization": f"Bearer {token}"})
        assert_problem(answer, status, code)


async def test_an_owners_grant_is_for_one_workflow(house: House) -> None:
    """Its threads are with that one alone."""
    await house.add()
    await house.add("other")
    grant = str((await ask(house, house.owner_token))["client_secret"])
    await house.chatkit(grant, "threads.create", input=USER_INPUT)
    headers = {"authorization": f"Bearer {house.owner_token}"}
    other = (await house.client.post("/api/workflows/other/chatkit/session", json={}, headers=headers)).json()
    assert (await house.chatkit(other["client_secret"], "threads.list")).json()["data"] == []


async def test_rotated_keys_break_no_running_chat(house: House) -> None:
    """Former grants are good to their end, new ones are signed with the new key."""
    await house.publish()
    grant = await house.grant()
    rotated = await house.result("keys.rotate")
    assert rotated["kid"] in rotated["message"]
    assert (await house.chatkit(grant, "threads.list")).status_code == 200
    renewed = await house.client.post("/api/chat/echo/session", json={}, headers={"authorization": f"Bearer {grant}"})
    assert (await house.chatkit(renewed.json()["client_secret"], "threads.list")).status_code == 200
