"""Every way into a chat, whatever the owner does at the same time: what happens to whom.

In each row a chat session is open and an answer is being written when the owner acts. The columns say what comes of
a new chat session, of the running answer, of the next message, and of a renewal.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from attrs import frozen

from tests import workflows
from tests.app_server import USER_INPUT, TestServer, build_app_server, events_of
from tests.identities import signed

ACTS: dict[str, tuple[str, dict[str, Any]] | None] = {
    "public": None,
    "login": ("workflows.set_login", {"require_login": True, "anyway": True}),
    "rotated": ("workflows.rotate_publish_token", {}),
    "grace": ("workflows.rotate_publish_token", {"grace_seconds": 60}),
    "new-identity": ("workflows.rotate_identity_secret", {}),
    "no-identity": ("workflows.edit", {"reset": ["identity_secret"]}),
    "unpublished": ("workflows.unpublish", {}),
    "ended": ("workflows.unpublish", {"end_sessions": True}),
    "archived": ("workflows.archive", {}),
}
"""What the owner does."""

TABLE = """
way         act          new session            running    next message           renewal
link        public       ok                     completed  ok                     ok
link        login        login_required         completed  ok                     login_required
link        new-identity ok                     completed  ok                     ok
link        no-identity  ok                     completed  ok                     ok
host        public       ok                     completed  ok                     ok
host        login        ok                     completed  ok                     ok
host        rotated      ok                     completed  ok                     ok
host        grace        ok                     completed  ok                     ok
host        new-identity identity_invalid       completed  ok                     chat_session_ended
host        no-identity  identity_invalid       completed  ok                     chat_session_ended
host        unpublished  chat_unavailable       completed  ok                     chat_unavailable
host        ended        chat_unavailable       cancelled  chat_session_ended     chat_session_ended
host        archived     chat_unavailable       cancelled  chat_session_ended     chat_session_ended
token       new-identity ok                     completed  ok                     ok
token       no-identity  ok                     completed  ok                     ok
app-user    new-identity ok                     completed  ok                     ok
app-user    no-identity  ok                     completed  ok                     ok
bare-token  new-identity ok                     completed  ok                     -
bare-token  no-identity  ok                     completed  ok                     -
session-api new-identity ok                     completed  ok                     ok
session-api no-identity  ok                     completed  ok                     ok
owner       new-identity ok                     completed  ok                     chat_session_ended
owner       no-identity  ok                     completed  ok                     chat_session_ended
link        rotated      ok                     completed  ok                     ok
link        grace        ok                     completed  ok                     ok
link        unpublished  chat_unavailable       completed  ok                     chat_unavailable
link        ended        chat_unavailable       cancelled  chat_session_ended     chat_session_ended
link        archived     chat_unavailable       cancelled  chat_session_ended     chat_session_ended
token       archived     publish_token_revoked  cancelled  chat_session_ended     chat_session_ended
app-user    archived     publish_token_revoked  cancelled  chat_session_ended     chat_session_ended
bare-token  archived     publish_token_revoked  cancelled  publish_token_revoked  -
session-api archived     publish_token_revoked  cancelled  chat_session_ended     chat_session_ended
owner       archived     ok                     cancelled  chat_session_ended     chat_session_ended
token       public       ok                     completed  ok                     ok
token       login        login_required         completed  ok                     login_required
token       rotated      publish_token_rotated  completed  ok                     ok
token       grace        ok                     completed  ok                     ok
token       unpublished  publish_token_revoked  completed  ok                     chat_unavailable
token       ended        publish_token_revoked  cancelled  chat_session_ended     chat_session_ended
app-user    public       ok                     completed  ok                     ok
app-user    login        login_required         completed  ok                     login_required
app-user    rotated      publish_token_rotated  completed  ok                     ok
app-user    grace        ok                     completed  ok                     ok
app-user    unpublished  publish_token_revoked  completed  ok                     chat_unavailable
app-user    ended        publish_token_revoked  cancelled  chat_session_ended     chat_session_ended
session-api public       ok                     completed  ok                     ok
session-api login        login_required         completed  ok                     login_required
session-api rotated      publish_token_rotated  completed  ok                     ok
session-api grace        ok                     completed  ok                     ok
session-api unpublished  publish_token_revoked  completed  ok                     chat_unavailable
session-api ended        publish_token_revoked  cancelled  chat_session_ended     chat_session_ended
bare-token  public       ok                     completed  ok                     -
bare-token  login        login_required         completed  login_required         -
bare-token  rotated      publish_token_rotated  completed  publish_token_rotated  -
bare-token  grace        ok                     completed  ok                     -
bare-token  unpublished  publish_token_revoked  completed  publish_token_revoked  -
bare-token  ended        publish_token_revoked  cancelled  publish_token_revoked  -
owner       public       ok                     completed  ok                     chat_session_ended
owner       login        ok                     completed  ok                     chat_session_ended
owner       rotated      ok                     completed  ok                     chat_session_ended
owner       grace        ok                     completed  ok                     chat_session_ended
owner       unpublished  ok                     completed  ok                     chat_session_ended
owner       ended        ok                     cancelled  chat_session_ended     chat_session_ended
canvas      new-identity ok                     completed  ok                     chat_session_ended
canvas      no-identity  ok                     completed  ok                     chat_session_ended
canvas      archived     ok                     cancelled  chat_session_ended     chat_session_ended
canvas      public       ok                     completed  ok                     chat_session_ended
canvas      login        ok                     completed  ok                     chat_session_ended
canvas      rotated      ok                     completed  ok                     chat_session_ended
canvas      grace        ok                     completed  ok                     chat_session_ended
canvas      unpublished  ok                     completed  ok                     chat_session_ended
canvas      ended        ok                     cancelled  chat_session_ended     chat_session_ended
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]


@frozen
class Shown:
    """What the owner was shown once."""

    token: str
    identity_secret: str


Way = Callable[[TestServer, Shown], Awaitable[httpx2.Response]]


async def by_link(app_server: TestServer, _shown: Shown) -> httpx2.Response:
    """A visitor with the share link."""
    return await app_server.client.post("/api/chat/echo/session", json={})


async def by_token(app_server: TestServer, shown: Shown) -> httpx2.Response:
    """A program that opens a chat session with its publish token."""
    return await app_server.client.post("/api/chat/echo/session", json={"publish_token": shown.token})


async def by_app_user(app_server: TestServer, shown: Shown) -> httpx2.Response:
    """A user for whom an app opens a chat session with its publish token."""
    return await app_server.client.post("/api/chat/echo/session", json={"publish_token": shown.token, "user": "user-1"})


async def by_session_api(app_server: TestServer, shown: Shown) -> httpx2.Response:
    """A user for whom an app opens a chat session through OpenAI's session API."""
    headers = {"authorization": f"Bearer {shown.token}"}
    body = {"user": "user-1", "workflow": {"id": "echo"}}
    return await app_server.client.post("/v1/chatkit/sessions", json=body, headers=headers)


async def by_identity(app_server: TestServer, shown: Shown) -> httpx2.Response:
    """A visitor whom another site has signed in with the identity secret that it was given first."""
    identity = signed(shown.identity_secret, app_server.clock.now())
    return await app_server.client.post("/api/chat/echo/session", json={"identity": identity})


async def by_bare_token(app_server: TestServer, shown: Shown) -> httpx2.Response:
    """A program that sends its publish token with each request."""
    answer: httpx2.Response = await app_server.chatkit(shown.token, "threads.list")
    return answer


async def by_owner(app_server: TestServer, _shown: Shown) -> httpx2.Response:
    """The owner, who tries the workflow."""
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    return await app_server.client.post("/api/workflows/echo/chatkit/session", json={}, headers=headers)


async def by_canvas(app_server: TestServer, _shown: Shown) -> httpx2.Response:
    """The same owner, who is signed in to Canvas."""
    if "orcheo_owner" not in app_server.client.cookies:
        await app_server.sign_in()
    return await app_server.client.post("/api/workflows/echo/chatkit/session", json={})


WAYS: dict[str, Way] = {
    "link": by_link,
    "token": by_token,
    "app-user": by_app_user,
    "session-api": by_session_api,
    "host": by_identity,
    "bare-token": by_bare_token,
    "owner": by_owner,
    "canvas": by_canvas,
}


def outcome(answer: httpx2.Response) -> str:
    """``ok`` or the code of the problem."""
    document = answer.json() if not answer.is_success else {}
    return "ok" if answer.is_success else str(document.get("error", document)["code"])


async def outcomes(app_server: TestServer, way: str, act: str) -> list[str]:
    """What happens, in the order of the columns."""
    enter = WAYS[way]
    token = (await app_server.publish(call="held"))["publish_token"]
    secret = (await app_server.result("workflows.rotate_identity_secret", ref="echo"))["identity_secret"]
    shown = Shown(token, secret)
    opened = await enter(app_server, shown)
    credential = token if way == "bare-token" else opened.json()["client_secret"]
    question = USER_INPUT | {"content": [{"type": "input_text", "text": f"{way} {act}"}]}
    workflows.close_gate(f"{way} {act}")
    running = asyncio.create_task(app_server.chatkit(credential, "threads.create", input=question))
    await workflows.reached(f"{way} {act}")
    app_server.clock.advance(seconds=1)
    if (done := ACTS[act]) is not None:
        await app_server.result(done[0], ref="echo", **done[1])
    new = outcome(await enter(app_server, shown))
    following = outcome(await app_server.chatkit(credential, "threads.list"))
    renewal = await app_server.client.post(
        "/api/chat/echo/session", json={}, headers={"authorization": f"Bearer {credential}"}
    )
    workflows.open_gate(f"{way} {act}")
    events = events_of(await running)
    thread = await app_server.store.begin().turns.latest(events[0]["thread"]["id"])
    assert thread is not None
    return [new, thread.status.value, following, "-" if way == "bare-token" else outcome(renewal)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
async def test_each_way_in_keeps_its_promise(row: list[str]) -> None:
    """Row by row."""
    way, act, *expected = row
    async with build_app_server() as app_server:
        assert await outcomes(app_server, way, act) == expected


def test_the_table_is_whole() -> None:
    """Every way with every act."""
    assert {(way, act) for way, act, *_ in ROWS} == {(way, act) for way in WAYS for act in ACTS}


async def test_an_ended_answer_says_who_ended_it() -> None:
    """The last event of the stream, not a cut connection."""
    async with build_app_server() as app_server:
        token = (await app_server.publish(call="held"))["publish_token"]
        workflows.close_gate("Hello")
        running = asyncio.create_task(app_server.chatkit(token, "threads.create", input=USER_INPUT))
        await workflows.reached("Hello")
        await app_server.result("workflows.unpublish", ref="echo", end_sessions=True)
        errors = [event for event in events_of(await running) if event["type"] == "error"]
        assert [each["message"] for each in errors] == ["The owner has closed this chat."]
        assert errors[0]["allow_retry"] is False
