"""Who may open a chat session to try a workflow: by scope, by owner, by the kind of credential."""

import httpx2
import pytest

from orcheo_core.domain.actor import OWNER_SCOPES, Scope
from tests.app_server import USER_INPUT, TestServer, assert_problem, events_of

PATH = "/api/workflows/{ref}/chatkit/session"
OTHERS = sorted(frozenset(Scope) - {Scope.CHATKIT_SESSION, Scope.WORKFLOWS_READ})
"""``workflows:read`` is what signing in to Canvas takes."""
each_kind = pytest.mark.parametrize("kind", ["service token", "owner session"])


async def asked(app_server: TestServer, kind: str, token: str, ref: str = "echo") -> httpx2.Response:
    """What the route answers to this credential: the token itself, or the owner session that it has opened."""
    if kind == "service token":
        headers = {"authorization": f"Bearer {token}"}
        return await app_server.client.post(PATH.format(ref=ref), json={}, headers=headers)
    await app_server.sign_in(token)
    headers = {"sec-fetch-site": "same-origin"}
    return await app_server.client.post(PATH.format(ref=ref), json={}, headers=headers)


@each_kind
async def test_the_local_owner_may(app_server: TestServer, kind: str) -> None:
    """With the local owner token, and signed in by it: a chat grant that works, under the owner's own subject."""
    added = await app_server.add()
    for ref in ("echo", added["workflow"]["id"]):
        answer = await asked(app_server, kind, app_server.owner_token, ref)
        assert answer.status_code == 200
        events = events_of(await app_server.chatkit(answer.json()["client_secret"], "threads.create", input=USER_INPUT))
        thread = await app_server.store.begin().threads.find(events[0]["thread"]["id"])
        assert thread is not None
        assert thread.subject.key == "owner:local"


@each_kind
async def test_the_scope_alone_is_enough(app_server: TestServer, kind: str) -> None:
    """For an owner's own workflow."""
    await app_server.add()
    token = await app_server.owner("local", Scope.CHATKIT_SESSION, Scope.WORKFLOWS_READ)
    assert (await asked(app_server, kind, token)).status_code == 200


@each_kind
@pytest.mark.parametrize("scope", OTHERS)
async def test_no_other_scope_is(app_server: TestServer, kind: str, scope: Scope) -> None:
    """Each of them alone, the operator's too."""
    await app_server.add()
    token = await app_server.owner("local", scope, Scope.WORKFLOWS_READ)
    problem = assert_problem(await asked(app_server, kind, token), 403, "scope_missing")
    assert Scope.CHATKIT_SESSION in problem["detail"]


@each_kind
async def test_all_scopes_but_this_one_are_not_enough(app_server: TestServer, kind: str) -> None:
    """Together neither."""
    await app_server.add()
    token = await app_server.owner("local", *(frozenset(Scope) - {Scope.CHATKIT_SESSION}))
    assert_problem(await asked(app_server, kind, token), 403, "scope_missing")


@each_kind
@pytest.mark.parametrize("scopes", [OWNER_SCOPES, frozenset(Scope)], ids=["owner", "operator"])
async def test_nobody_elses_workflow_can_be_tried(app_server: TestServer, kind: str, scopes: frozenset[Scope]) -> None:
    """It is as unknown as one that is not there, public or not; an operator sees it elsewhere and chats with none."""
    await app_server.add()
    await app_server.publish("open")
    token = await app_server.owner("bob", *scopes)
    told = [
        assert_problem(await asked(app_server, kind, token, ref), 404, "workflow_not_found")["code"]
        for ref in ("echo", "open", "nothing")
    ]
    assert told == ["workflow_not_found"] * 3


async def test_a_session_loses_with_its_token_what_it_may(app_server: TestServer) -> None:
    """A token that is revoked while the page is open."""
    await app_server.add()
    token = await app_server.owner("local", *OWNER_SCOPES)
    assert (await asked(app_server, "owner session", token)).status_code == 200
    (found, *_) = (await app_server.result("tokens.list"))["service_tokens"]
    await app_server.result("tokens.revoke", id=found["id"])
    answer = await app_server.client.post(PATH.format(ref="echo"), json={}, headers={"sec-fetch-site": "same-origin"})
    assert_problem(answer, 401, "owner_session_ended")


@pytest.mark.parametrize("credential", ["", "x", "orc_st_x", "orc_os_x", "a.b.c"])
async def test_nothing_else_is_a_credential(app_server: TestServer, credential: str) -> None:
    """Not a made-up one, and not the cookie of another kind."""
    await app_server.add()
    headers = {"authorization": f"Bearer {credential}"} if credential else {}
    answer = await app_server.client.post(PATH.format(ref="echo"), json={}, headers=headers)
    assert_problem(answer, 401, "service_token_invalid")


async def test_a_visitors_credentials_open_none(app_server: TestServer) -> None:
    """A publish token, a chat grant, the cookie of a visitor."""
    token = (await app_server.publish())["publish_token"]
    for credential in (token, await app_server.grant()):
        headers = {"authorization": f"Bearer {credential}"}
        answer = await app_server.client.post(PATH.format(ref="echo"), json={}, headers=headers)
        assert_problem(answer, 401, "service_token_invalid")
    headers = {"sec-fetch-site": "same-origin"}
    answer = await app_server.client.post(PATH.format(ref="echo"), json={}, headers=headers)
    assert_problem(answer, 401, "owner_session_missing")
