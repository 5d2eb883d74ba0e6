"""An app opens chat sessions for its users over HTTP; what else may be in such a request, and what may not."""

import json
from typing import Any

import pytest

from tests.app_server import USER_INPUT, TestServer, assert_problem, events_of

SESSION = "/api/chat/echo/session"


async def open_session(app_server: TestServer, token: str, **more: Any) -> str:
    """A chat grant for one of the app's users."""
    answer = await app_server.client.post(SESSION, json={"publish_token": token, **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["client_secret"])


async def test_a_user_never_meets_another_users_thread(app_server: TestServer) -> None:
    """Listed, read, retried, renamed, deleted, followed: it is not there; its own user goes on with it."""
    token = (await app_server.publish())["publish_token"]
    one, two = [await open_session(app_server, token, user=user) for user in ("user-1", "user-2")]
    events = events_of(await app_server.chatkit(one, "threads.create", input=USER_INPUT))
    thread, item = events[0]["thread"]["id"], events[-1]["item"]["id"]
    for credential in (two, token, await app_server.grant()):
        assert (await app_server.chatkit(credential, "threads.list")).json()["data"] == []
        for kind, params in (
            ("threads.get_by_id", {}),
            ("items.list", {}),
            ("threads.retry_after_item", {"item_id": item}),
            ("threads.update", {"title": "mine"}),
            ("threads.add_user_message", {"input": USER_INPUT}),
            ("items.feedback", {"item_ids": [item], "kind": "negative"}),
            ("threads.delete", {}),
        ):
            assert_problem(
                await app_server.chatkit(credential, kind, thread_id=thread, **params), 404, "thread_not_found"
            )
    again = await open_session(app_server, token, user="user-1")
    assert [each["id"] for each in (await app_server.chatkit(again, "threads.list")).json()["data"]] == [thread]


async def test_a_files_owner_is_the_user(app_server: TestServer) -> None:
    """What one user announced another one cannot send."""
    token = (await app_server.publish())["publish_token"]
    one, two = [await open_session(app_server, token, user=user) for user in ("user-1", "user-2")]
    about: dict[str, Any] = {"name": "a.txt", "size": 1, "mime_type": "text/plain"}
    attachment = (await app_server.chatkit(one, "attachments.create", **about)).json()["id"]
    for credential in (two, token):
        answer = await app_server.chatkit(credential, "attachments.delete", attachment_id=attachment)
        assert_problem(answer, 404, "attachment_not_found")


async def test_the_owner_reads_who_it_was(app_server: TestServer) -> None:
    """In the list of threads, and as a filter."""
    token = (await app_server.publish())["publish_token"]
    grant = await open_session(app_server, token, user="user-1", display_name="Ada", metadata={"plan": "gold"})
    await app_server.chatkit(grant, "threads.create", input=USER_INPUT)
    (thread,) = (await app_server.result("threads.list", ref="echo"))["threads"]
    assert thread["subject"].startswith("app:")
    assert thread["subject"].endswith(":user-1")
    assert (await app_server.result("threads.list", ref="echo", visitor=thread["subject"]))["threads"] == [thread]


@pytest.mark.parametrize("name", ["visitor", "subject", "user_id", "end_user"])
async def test_other_names_of_a_user_are_refused_with_the_right_one(app_server: TestServer, name: str) -> None:
    """Taken without a word they would make all users one."""
    token = (await app_server.publish())["publish_token"]
    answer = await app_server.client.post(SESSION, json={"publish_token": token, name: "user-1"})
    problem = assert_problem(answer, 422, "invalid_input")
    assert problem["errors"] == [{"path": name, "message": "is not known here; name the user of an app as `user`"}]


async def test_unknown_fields_of_a_session_request_are_named(app_server: TestServer) -> None:
    """All of them, by every way in."""
    token = (await app_server.publish())["publish_token"]
    for body in ({}, {"publish_token": token}):
        answer = await app_server.client.post(SESSION, json={**body, "workflow": {"id": "wf_1"}, "colour": "red"})
        problem = assert_problem(answer, 422, "invalid_input")
        assert [each["path"] for each in problem["errors"]] == ["colour", "workflow"]
        assert "user" in problem["hint"]


@pytest.mark.parametrize(
    ("about", "path"),
    [
        ({"user": 5}, "user"),
        ({"user": ""}, "user"),
        ({"user": "a\x1bb"}, "user"),
        ({"user": "a", "metadata": "gold"}, "metadata"),
        ({"user": "a", "metadata": {"x": "y" * 5_000}}, "metadata"),
        ({"user": "a", "metadata": {"x": json.loads("[" * 50 + "]" * 50)}}, "metadata"),
        ({"user": "a", "display_name": 5}, "display_name"),
        ({"metadata": {}}, "metadata"),
        ({"display_name": "Ada"}, "display_name"),
    ],
)
async def test_a_wrong_user_is_named_by_its_path(app_server: TestServer, about: dict[str, Any], path: str) -> None:
    """Wrong types and values, and something about a user who is not named."""
    token = (await app_server.publish())["publish_token"]
    problem = assert_problem(
        await app_server.client.post(SESSION, json={"publish_token": token, **about}), 422, "invalid_input"
    )
    assert [each["path"] for each in problem["errors"]] == [path]


async def test_only_the_holder_of_the_publish_token_names_a_user(app_server: TestServer) -> None:
    """Neither a visitor with the share link nor a renewal."""
    token = (await app_server.publish())["publish_token"]
    by_link = await app_server.client.post(SESSION, json={"user": "user-1"})
    assert assert_problem(by_link, 422, "invalid_input")["errors"][0]["path"] == "user"
    headers = {"authorization": f"Bearer {await open_session(app_server, token, user='user-1')}"}
    renewal = await app_server.client.post(SESSION, json={"user": "user-2"}, headers=headers)
    assert assert_problem(renewal, 422, "invalid_input")["errors"][0]["path"] == "user"


async def test_the_longest_user_fits_a_grant(app_server: TestServer) -> None:
    """In signs that take most room."""
    token = (await app_server.publish())["publish_token"]
    grant = await open_session(app_server, token, user="\U0001f469" * 128)
    assert (await app_server.chatkit(grant, "threads.list")).status_code == 200


@pytest.mark.parametrize("header", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "orc_pt_x", "Token abc", ""])
async def test_an_authorization_header_that_is_no_bearer_credential_is_refused(
    app_server: TestServer, header: str
) -> None:
    """Ignored it would open an anonymous chat session, which is not what was asked for."""
    token = (await app_server.publish())["publish_token"]
    for body in ({}, {"publish_token": token}):
        answer = await app_server.client.post(SESSION, json=body, headers={"authorization": header})
        assert "Bearer" in assert_problem(answer, 401, "grant_invalid")["detail"]


async def test_two_credentials_in_one_request_are_refused(app_server: TestServer) -> None:
    """Unless they are the same."""
    token = (await app_server.publish())["publish_token"]
    other = (await app_server.publish("other"))["publish_token"]
    headers = {"authorization": f"Bearer {token}"}
    assert (await app_server.client.post(SESSION, json={"publish_token": token}, headers=headers)).status_code == 200
    answer = await app_server.client.post(SESSION, json={"publish_token": other}, headers=headers)
    assert assert_problem(answer, 422, "invalid_input")["errors"][0]["path"] == "publish_token"


async def test_a_wrong_workflow_id_beside_a_chatkit_request_is_refused(app_server: TestServer) -> None:
    """Its own id or handle is fine; another one's was meant for another chat."""
    published = await app_server.publish()
    await app_server.publish("other")
    headers = {"authorization": f"Bearer {published['publish_token']}"}
    for right in ("echo", published["workflow"]["id"], None):
        body = {"type": "threads.list", "workflow_id": right}
        assert (await app_server.client.post("/api/chatkit", json=body, headers=headers)).status_code == 200
    for wrong in ("other", "wf_nope", "", 5):
        body = {"type": "threads.list", "workflow_id": wrong}
        problem = assert_problem(
            await app_server.client.post("/api/chatkit", json=body, headers=headers), 422, "invalid_input"
        )
        assert problem["errors"][0]["path"] == "workflow_id"
