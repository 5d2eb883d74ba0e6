"""Visitors whom another site knows: what its server has signed is believed, and nothing else."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server, events_of
from tests.identities import signed

SESSION = "/api/chat/echo/session"


@pytest.fixture
async def app_server() -> AsyncIterator[TestServer]:
    """A server with a public workflow ``echo``."""
    async with build_app_server() as app_server:
        await app_server.publish()
        yield app_server


async def new_secret(app_server: TestServer, ref: str = "echo", **more: Any) -> str:
    """An identity secret of a workflow."""
    return str((await app_server.result("workflows.rotate_identity_secret", ref=ref, **more))["identity_secret"])


async def enter(app_server: TestServer, identity: str, ref: str = "echo") -> httpx2.Response:
    """Open a chat session for whom this names."""
    return await app_server.client.post(f"/api/chat/{ref}/session", json={"identity": identity, "embedded": True})


async def say_hello(app_server: TestServer, grant: str) -> str:
    """Begin a thread; its id."""
    events = events_of(await app_server.chatkit(grant, "threads.create", input=USER_INPUT))
    return str(events[0]["thread"]["id"])


async def test_a_person_is_known_again_on_every_device(app_server: TestServer) -> None:
    """By the site's own account; their threads are theirs, and the workflow is given the account and the name."""
    secret = await new_secret(app_server)
    first = await enter(app_server, signed(secret, app_server.clock.now(), name="Ada Lovelace"))
    thread_id = await say_hello(app_server, first.json()["client_secret"])
    app_server.clock.advance(minutes=30 * 24 * 60)
    async with app_server.visitor_from("10.0.0.7") as elsewhere:
        grant = (await enter(elsewhere, signed(secret, app_server.clock.now()))).json()["client_secret"]
        assert [each["id"] for each in (await elsewhere.chatkit(grant, "threads.list")).json()["data"]] == [thread_id]
        other = (await enter(elsewhere, signed(secret, app_server.clock.now(), sub="bob"))).json()["client_secret"]
        assert (await elsewhere.chatkit(other, "threads.list")).json()["data"] == []
    thread = await app_server.store.begin().threads.find(thread_id)
    assert thread is not None
    assert thread.subject.key == f"host:{thread.workflow_id}#ada"
    claims = app_server.orcheo.core.admitting._grants.verify(grant)
    session = await app_server.store.begin().chat_sessions.find(claims.chat_session_id)
    assert session is not None
    assert session.app_user is not None
    assert session.app_user.user == "ada"


def forged(secret: str, app_server: TestServer) -> dict[str, str]:
    """What others make of a secret, or without one."""
    now = app_server.clock.now()
    good = signed(secret, now)
    head, body, signature = good.split(".")
    none = urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    return {
        "nothing": "",
        "no token": "ada",
        "unsigned": f"{none}.{body}.",
        "unsigned with a signature": f"{none}.{body}.{signature}",
        "without a signature": f"{head}.{body}.",
        "other claims": f"{head}.{signed(secret, now, sub='bob').split('.')[1]}.{signature}",
        "another secret": signed("x" * len(secret), now),
        "an empty secret": signed("", now),
        "its public id": signed(secret[:18], now),
        "another algorithm": signed(secret, now, header={"alg": "HS512", "typ": "JWT"}),
        "another kind": signed(secret, now, header={"alg": "HS256", "typ": "chat+jwt"}),
        "a key in the header": signed(secret, now, header={"alg": "HS256", "jwk": "x"}),
        "critical extensions": signed(secret, now, header={"alg": "HS256", "crit": "x"}),
        "another key id": signed(secret, now, header={"alg": "HS256", "kid": "other"}),
        "not yet": signed(secret, now + timedelta(seconds=90)),
        "not before a later time": signed(secret, now, nbf=int(now.timestamp()) + 90),
        "a beginning that is a text": signed(secret, now, nbf="now"),
        "too long a life": signed(secret, now, exp=int(now.timestamp()) + 601),
        "no end": signed(secret, now, exp=None),
        "no begin": signed(secret, now, iat=None),
        "an end before its begin": signed(secret, now, exp=int(now.timestamp()) - 5),
        "a time that is a text": signed(secret, now, exp=str(int(now.timestamp()) + 60)),
        "a time that is a truth": signed(secret, now, iat=True),
        "a time out of this world": signed(secret, now, exp=10**30, iat=10**30),
        "no one": signed(secret, now, sub=None),
        "an empty name": signed(secret, now, sub=""),
        "a number": signed(secret, now, sub=7),
        "a name on two lines": signed(secret, now, sub="ada\nbob"),
        "a name out of bounds": signed(secret, now, sub="a" * 129),
        "a name that is no text": signed(secret, now, name=["Ada"]),
        "for another workflow": signed(secret, now, aud="other"),
        "for several": signed(secret, now, aud=["echo"]),
        "too long": signed(secret, now, filler="x" * 2_000),
        "white space": f" {good}",
        "a line end": f"{good}\n",
    }


async def test_what_the_secret_has_not_signed_as_asked_is_never_believed(app_server: TestServer) -> None:
    """Each gets the same answer and no chat session."""
    secret = await new_secret(app_server)
    for kind, identity in forged(secret, app_server).items():
        answer = await enter(app_server, identity)
        assert answer.json().get("code") == "identity_invalid", kind
        assert "client_secret" not in answer.json(), kind


async def test_an_identity_of_one_workflow_opens_no_other(app_server: TestServer) -> None:
    """Not even with a secret of its own, nor when it names the other one."""
    secret = await new_secret(app_server)
    await app_server.publish("other")
    identity = signed(secret, app_server.clock.now(), aud="other")
    assert_problem(await enter(app_server, identity, "other"), 401, "identity_invalid")
    await new_secret(app_server, "other")
    assert_problem(await enter(app_server, signed(secret, app_server.clock.now()), "other"), 401, "identity_invalid")


async def test_credentials_of_other_kinds_are_no_identity_and_an_identity_is_none_of_them(
    app_server: TestServer,
) -> None:
    """A grant, a token, the secret itself; and an identity as a grant."""
    secret = await new_secret(app_server)
    grant = await app_server.grant()
    for other in (grant, app_server.owner_token, secret):
        assert_problem(await enter(app_server, other), 401, "identity_invalid")
    identity = signed(secret, app_server.clock.now())
    assert_problem(await app_server.chatkit(identity, "threads.list"), 401, "grant_invalid")
    with_token = {"publish_token": "x", "identity": identity}
    assert (await app_server.client.post(SESSION, json=with_token)).status_code in {401, 422}
    for more in ({"user": "bob"}, {"display_name": "Bob"}):
        assert_problem(await app_server.client.post(SESSION, json={"identity": identity, **more}), 422, "invalid_input")


async def test_an_expired_identity_is_over_and_its_chat_is_not(app_server: TestServer) -> None:
    """The chat session is renewed by its grant."""
    identity = signed(
        await new_secret(app_server), app_server.clock.now(), exp=int(app_server.clock.now().timestamp()) + 60
    )
    grant = (await enter(app_server, identity)).json()["client_secret"]
    app_server.clock.advance(seconds=60)
    assert_problem(await enter(app_server, identity), 401, "identity_expired")
    headers = {"authorization": f"Bearer {grant}"}
    assert (await app_server.client.post(SESSION, json={"embedded": True}, headers=headers)).status_code == 200
    renewed_with = await app_server.client.post(SESSION, json={"identity": identity}, headers=headers)
    assert_problem(renewed_with, 422, "invalid_input")


async def test_after_a_logout_neither_chat_nor_identity_is_good(app_server: TestServer) -> None:
    """Other identities of the same person are, and so are other chats."""
    secret = await new_secret(app_server)
    identity, other = signed(secret, app_server.clock.now()), signed(secret, app_server.clock.now(), jti="2")
    grant, others = [(await enter(app_server, each)).json()["client_secret"] for each in (identity, other)]
    headers = {"authorization": f"Bearer {grant}"}
    ended = await app_server.client.post(f"{SESSION}/end", json={"identity": identity}, headers=headers)
    assert ended.status_code == 204
    assert_problem(await app_server.chatkit(grant, "threads.list"), 401, "chat_session_ended")
    assert_problem(await app_server.client.post(SESSION, json={}, headers=headers), 401, "chat_session_ended")
    assert_problem(await enter(app_server, identity), 401, "identity_expired")
    assert (await enter(app_server, other)).status_code == 200
    assert (await app_server.chatkit(others, "threads.list")).status_code == 200
    again = await app_server.client.post(f"{SESSION}/end", json={"identity": identity}, headers=headers)
    assert_problem(again, 401, "chat_session_ended")


async def test_a_logout_ends_no_identity_of_another_person(app_server: TestServer) -> None:
    """And a wrong one does no harm: the chat session ends anyway."""
    secret = await new_secret(app_server)
    ada, bob = signed(secret, app_server.clock.now()), signed(secret, app_server.clock.now(), sub="bob")
    for shown in (bob, "nonsense", None):
        grant = (await enter(app_server, ada)).json()["client_secret"]
        headers = {"authorization": f"Bearer {grant}"}
        body = {} if shown is None else {"identity": shown}
        assert (await app_server.client.post(f"{SESSION}/end", json=body, headers=headers)).status_code == 204
    assert (await enter(app_server, bob)).status_code == 200
    assert (await enter(app_server, ada)).status_code == 200


async def test_only_the_grant_of_a_chat_session_ends_it(app_server: TestServer) -> None:
    """Not without one, not with one of another workflow."""
    await app_server.publish("other")
    grant = await app_server.grant()
    assert_problem(await app_server.client.post(f"{SESSION}/end", json={}), 401, "grant_invalid")
    headers = {"authorization": f"Bearer {grant}"}
    other = await app_server.client.post("/api/chat/other/session/end", json={}, headers=headers)
    assert_problem(other, 401, "grant_invalid")
    wrong = await app_server.client.post(f"{SESSION}/end", json={"identity": 1}, headers=headers)
    assert_problem(wrong, 422, "invalid_input")
    assert (await app_server.chatkit(grant, "threads.list")).status_code == 200


async def test_a_rotated_secret_counts_for_the_grace_period_alone(app_server: TestServer) -> None:
    """Chats that it opened are renewed for as long."""
    old = await new_secret(app_server)
    grant = (await enter(app_server, signed(old, app_server.clock.now()))).json()["client_secret"]
    app_server.clock.advance(seconds=10)
    new = await new_secret(app_server, grace="1m")
    app_server.clock.advance(seconds=30)
    for secret in (old, new):
        assert (await enter(app_server, signed(secret, app_server.clock.now()))).status_code == 200
    headers = {"authorization": f"Bearer {grant}"}
    renewed = await app_server.client.post(SESSION, json={}, headers=headers)
    app_server.clock.advance(seconds=30)
    assert_problem(await enter(app_server, signed(old, app_server.clock.now())), 401, "identity_invalid")
    assert (await enter(app_server, signed(new, app_server.clock.now()))).status_code == 200
    headers = {"authorization": f"Bearer {renewed.json()['client_secret']}"}
    assert_problem(await app_server.client.post(SESSION, json={}, headers=headers), 401, "chat_session_ended")


async def test_the_other_server_may_be_told_apart_by_aud_and_kid(app_server: TestServer) -> None:
    """The id or the handle of the workflow, the public id of the secret; a clock a little ahead is forgiven."""
    secret = await new_secret(app_server)
    shown = await app_server.result("workflows.show", ref="echo")
    for more in ({"aud": shown["id"]}, {"aud": "echo"}, {"nonce": [1, {}]}):
        assert (await enter(app_server, signed(secret, app_server.clock.now(), **more))).status_code == 200
    header = {"alg": "HS256", "kid": secret.removeprefix("orc_is_")[:11]}
    ahead = app_server.clock.now() + timedelta(seconds=50)
    assert (await enter(app_server, signed(secret, ahead, header=header))).status_code == 200


async def test_the_secret_is_shown_once_and_kept_nowhere(app_server: TestServer) -> None:
    """Later there is its public id; the audit has that, too."""
    secret = await new_secret(app_server)
    shown = await app_server.result("workflows.show", ref="echo")
    assert shown["identity_secret_hint"] == f"{secret[:18]}…"
    assert shown["identity_secrets"] == [{"hint": f"{secret[:18]}…", "state": "current", "expires_at": None}]
    workflow = await app_server.store.begin().workflows.find("echo")
    assert secret[18:40] not in f"{shown} {workflow!r}"
    audit = (await app_server.result("audit.list", act="identity_secret.rotated"))["audit_entries"]
    assert audit[0]["note"] == f"identity secret {secret[:18]}…"


async def test_the_audit_has_the_grace_of_a_secret_that_was_replaced(app_server: TestServer) -> None:
    """The first one replaces none."""
    await new_secret(app_server)
    await app_server.result("workflows.rotate_identity_secret", ref="echo", grace="1h")
    notes = [
        each["note"] for each in (await app_server.result("audit.list", act="identity_secret.rotated"))["audit_entries"]
    ]
    assert [each.partition(", ")[2] for each in notes] == ["grace 3600 s", ""]


async def test_the_owner_is_asked_before_a_secret_is_replaced_and_not_before_the_first(app_server: TestServer) -> None:
    """As nothing is lost by that."""
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    path = "/api/operations/workflows.rotate_identity_secret/question"
    first = await app_server.client.post(path, json={"ref": "echo"}, headers=headers)
    await new_secret(app_server)
    second = await app_server.client.post(path, json={"ref": "echo"}, headers=headers)
    assert first.json()["question"] is None
    assert second.json()["question"].startswith("Replace the identity secret of echo? ")


async def test_a_login_rule_takes_the_other_sites_word(app_server: TestServer) -> None:
    """Strangers must sign in, its visitors have; the owner made the secret for that."""
    secret = await new_secret(app_server)
    await app_server.result("workflows.set_login", ref="echo", require_login=True, anyway=True)
    assert_problem(await app_server.client.post(SESSION, json={"embedded": True}), 401, "login_required")
    grant = (await enter(app_server, signed(secret, app_server.clock.now()))).json()["client_secret"]
    headers = {"authorization": f"Bearer {grant}"}
    assert (await app_server.client.post(SESSION, json={}, headers=headers)).status_code == 200


async def test_a_private_workflow_takes_no_ones_word(app_server: TestServer) -> None:
    """As unknown as an unknown one."""
    await app_server.add("hidden")
    secret = await new_secret(app_server, "hidden")
    assert_problem(await enter(app_server, signed(secret, app_server.clock.now()), "hidden"), 404, "chat_unavailable")
    assert_problem(await enter(app_server, signed(secret, app_server.clock.now()), "unknown"), 404, "chat_unavailable")
