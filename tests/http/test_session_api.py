"""OpenAI's session API: an app opens chat sessions for its users with the official client, and reads their threads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import openai
import pytest
from openai.types.beta.chatkit import ChatKitThread, ChatSession

from orcheo_core.domain.turn import TurnStatus
from orcheo_core.turns.register import WorkKind
from tests import workflows
from tests.app_server import BASE_URL, NO_LIMITS, USER_INPUT, TestServer, assert_problem, build_app_server, events_of

SAID: dict[str, Any] = {"attachments": [], "inference_options": {}}


@asynccontextmanager
async def client_of(app_server: TestServer, token: str) -> AsyncIterator[openai.AsyncOpenAI]:
    """The official client, with another base address and a publish token as its key; it tries nothing twice."""
    transport = httpx2.ASGITransport(app_server.orcheo.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport) as http:
        yield openai.AsyncOpenAI(api_key=token, base_url=f"{BASE_URL}/v1", http_client=http, max_retries=0)


@asynccontextmanager
async def app(call: str = "echo", **environment: str) -> AsyncIterator[tuple[TestServer, str, openai.AsyncOpenAI]]:
    """A server with a public workflow, its publish token, and the client of the app that holds it."""
    async with build_app_server(environment={**NO_LIMITS, **environment}) as app_server:
        token = (await app_server.publish(call=call))["publish_token"]
        async with client_of(app_server, token) as client:
            yield app_server, token, client


async def opened(client: openai.AsyncOpenAI, user: str = "ada", **options: Any) -> ChatSession:
    """A chat session of a user."""
    return await client.beta.chatkit.sessions.create(user=user, workflow={"id": "echo"}, **options)


async def say(app_server: TestServer, session: ChatSession, text: str = "Hello") -> dict[str, Any]:
    """The thread of a first message."""
    content = [{"type": "input_text", "text": text}]
    answer = await app_server.chatkit(session.client_secret, "threads.create", input={"content": content, **SAID})
    assert answer.status_code == 200, answer.text
    thread: dict[str, Any] = events_of(answer)[0]["thread"]
    return thread


async def refusal(call: Any) -> tuple[int, str | None, str | None]:
    """Status, code and parameter of the error that the client raises."""
    with pytest.raises(openai.APIStatusError) as caught:
        await call
    assert caught.value.type
    assert caught.value.message
    return caught.value.status_code, caught.value.code, caught.value.param


async def test_a_session_is_answered_in_openais_form_with_its_defaults() -> None:
    """Ten minutes, ten requests a minute, titles and history on, files off; the secret opens a chat."""
    async with app() as (app_server, _token, client):
        session = await opened(client)
        workflow = await app_server.result("workflows.show", ref="echo")
        assert (session.object, session.status, session.user) == ("chatkit.session", "active", "ada")
        assert session.expires_at == int((app_server.clock.now() + timedelta(seconds=600)).timestamp())
        assert session.workflow.id == workflow["id"]
        assert (session.workflow.version, session.workflow.state_variables) == (None, None)
        assert session.workflow.tracing.enabled is False
        assert session.rate_limits.max_requests_per_1_minute == session.max_requests_per_1_minute == 10
        assert session.chatkit_configuration.to_dict() == {
            "automatic_thread_titling": {"enabled": True},
            "file_upload": {"enabled": False, "max_file_size": 10, "max_files": 10},
            "history": {"enabled": True, "recent_threads": None},
        }
        assert (await say(app_server, session))["title"] == "Hello"


async def test_the_secret_lasts_as_long_as_the_session_and_no_longer() -> None:
    """``expires_after`` bounds both; then the grant is expired, which the chat element takes as a sign to renew."""
    async with app() as (app_server, _token, client):
        short = await opened(client, expires_after={"anchor": "created_at", "seconds": 60})
        long = await opened(client)
        app_server.clock.advance(seconds=59)
        assert (await app_server.chatkit(short.client_secret, "threads.list")).status_code == 200
        app_server.clock.advance(seconds=1)
        assert_problem(await app_server.chatkit(short.client_secret, "threads.list"), 401, "grant_expired")
        app_server.clock.advance(seconds=539)
        assert (await app_server.chatkit(long.client_secret, "threads.list")).status_code == 200
        app_server.clock.advance(seconds=1)
        assert_problem(await app_server.chatkit(long.client_secret, "threads.list"), 401, "grant_expired")


async def test_an_answer_is_completed_when_its_session_runs_out() -> None:
    """It began in time; only what is asked from then on is refused."""
    async with app("held") as (app_server, _token, client):
        session = await opened(client)
        workflows.close_gate("Hello")
        running = asyncio.create_task(app_server.chatkit(session.client_secret, "threads.create", input=USER_INPUT))
        await workflows.reached("Hello")
        app_server.clock.advance(seconds=600)
        workflows.open_gate("Hello")
        events = events_of(await running)
        assert events[-1]["type"] == "thread.item.done"
        turn = await app_server.store.begin().turns.latest(events[0]["thread"]["id"])
        assert turn is not None
        assert turn.status is TurnStatus.COMPLETED
        assert_problem(await app_server.chatkit(session.client_secret, "threads.list"), 401, "grant_expired")


async def test_state_variables_reach_the_workflow_and_the_answer() -> None:
    """As the metadata of the app's user; a version is taken, and the answer says that there is none."""
    async with app("knows_its_user") as (app_server, _token, client):
        session = await client.beta.chatkit.sessions.create(
            user="ada",
            workflow={
                "id": "echo",
                "version": "3",
                "state_variables": {"plan": "gold", "seats": 2, "trial": False},
                "tracing": {"enabled": True},
            },
        )
        assert session.workflow.version is None
        await say(app_server, session)
        listed = await client.beta.chatkit.threads.list_items((await only_thread(client)).id, order="asc")
        answer = listed.data[1].to_dict()["content"]
        assert answer == [{"type": "output_text", "annotations": [], "text": repr(session.workflow.state_variables)}]


async def only_thread(client: openai.AsyncOpenAI) -> ChatKitThread:
    """The one thread of all users of the app."""
    (thread,) = (await client.beta.chatkit.threads.list()).data
    return thread


async def test_a_session_has_its_own_rate() -> None:
    """Turns are counted, reads are not; another session of the same user has a rate of its own."""
    async with app() as (app_server, _token, client):
        first = await opened(client, rate_limits={"max_requests_per_1_minute": 2})
        assert first.max_requests_per_1_minute == 2
        await say(app_server, first)
        await say(app_server, first)
        problem = assert_problem(
            await app_server.chatkit(first.client_secret, "threads.create", input=USER_INPUT), 429, "rate_limited"
        )
        assert problem["retry_after"] == 60
        assert (await app_server.chatkit(first.client_secret, "threads.list")).status_code == 200
        await say(app_server, await opened(client))
        app_server.clock.advance(seconds=60)
        await say(app_server, first)


async def test_a_session_tells_what_the_server_allows_at_most() -> None:
    """More turns than a visitor may have, larger files, or a longer list, are cut in the answer as in effect."""
    async with build_app_server(environment={}) as app_server:
        token = (await app_server.publish())["publish_token"]
        async with client_of(app_server, token) as client:
            wanted = {
                "file_upload": {"enabled": True, "max_file_size": 512},
                "history": {"enabled": True, "recent_threads": 2**62},
            }
            session = await opened(client, rate_limits={"max_requests_per_1_minute": 500}, chatkit_configuration=wanted)
            assert session.max_requests_per_1_minute == 20
            assert session.chatkit_configuration.file_upload.max_file_size == 10
            assert session.chatkit_configuration.history.recent_threads == 1_000


async def announce(app_server: TestServer, session: ChatSession, size: int = 3) -> httpx2.Response:
    """Say that a file comes."""
    answer: httpx2.Response = await app_server.chatkit(
        session.client_secret, "attachments.create", name="a.txt", size=size, mime_type="text/plain"
    )
    return answer


async def test_files_are_off_unless_the_app_switches_them_on() -> None:
    """In both ways of uploading; the grant names it for the page."""
    async with app() as (app_server, _token, client):
        session = await opened(client)
        assert_problem(await announce(app_server, session), 403, "files_off")
        direct = await app_server.client.post(
            "/api/chatkit/attachments",
            files={"file": ("a.txt", b"abc", "text/plain")},
            headers={"authorization": f"Bearer {session.client_secret}"},
        )
        assert_problem(direct, 403, "files_off")


async def test_files_are_bounded_in_size_and_number() -> None:
    """For this session alone."""
    async with app() as (app_server, _token, client):
        configuration = {"file_upload": {"enabled": True, "max_file_size": 1, "max_files": 2}}
        session = await opened(client, chatkit_configuration=configuration)
        problem = assert_problem(await announce(app_server, session, 1024 * 1024 + 1), 422, "invalid_input")
        [wrong] = problem["errors"]
        assert wrong == {"path": "params.size", "message": "must be at most 1048576 bytes", "limit": 1048576}
        assert (await announce(app_server, session, 1024 * 1024)).status_code == 200
        assert (await announce(app_server, session)).status_code == 200
        problem = assert_problem(await announce(app_server, session), 403, "too_many_files")
        assert "2 uploaded files" in problem["detail"]
        assert (
            await announce(app_server, await opened(client, chatkit_configuration=configuration))
        ).status_code == 200


async def test_titles_are_made_unless_the_app_switches_them_off() -> None:
    """The thread is without a title then, for the visitor and for the app."""
    async with app() as (app_server, _token, client):
        configuration = {"automatic_thread_titling": {"enabled": False}}
        session = await opened(client, chatkit_configuration=configuration)
        assert "title" not in await say(app_server, session)
        assert (await only_thread(client)).title is None


async def test_history_shows_as_many_threads_as_the_app_wants() -> None:
    """All, the newest few in pages, or none; a page that knows a thread can continue it."""
    async with app() as (app_server, _token, client):
        session = await opened(client)
        ids = [(await say(app_server, session))["id"] for _ in range(4)]
        few = await opened(client, chatkit_configuration={"history": {"recent_threads": 3}})
        many = await opened(client, chatkit_configuration={"history": {"recent_threads": 9}})
        none = await opened(client, chatkit_configuration={"history": {"enabled": False}})

        async def shown(opened_session: ChatSession, **query: Any) -> list[str]:
            answer = await app_server.chatkit(opened_session.client_secret, "threads.list", **query)
            return [each["id"] for each in answer.json()["data"]]

        assert await shown(session) == ids[::-1]
        assert await shown(few) == ids[:0:-1]
        assert await shown(few, limit=2) == [ids[3], ids[2]]
        assert await shown(few, limit=2, after=ids[2]) == [ids[1]]
        assert await shown(few, order="asc", limit=1) == [ids[1]]
        assert await shown(many) == ids[::-1]
        assert await shown(none) == []
        answer = await app_server.chatkit(none.client_secret, "threads.get_by_id", thread_id=ids[0])
        assert answer.json()["id"] == ids[0]


async def test_cancelling_ends_a_session_and_what_runs_under_it() -> None:
    """At once: the answer is cut with a word, the secret opens nothing, and cancelling again changes nothing.

    Findings: whatever runs can be stopped.
    """
    async with app("held") as (app_server, _token, client):
        session = await opened(client)
        workflows.close_gate("Hello")
        running = asyncio.create_task(app_server.chatkit(session.client_secret, "threads.create", input=USER_INPUT))
        await workflows.reached("Hello")
        cancelled = await client.beta.chatkit.sessions.cancel(session.id)
        assert (cancelled.id, cancelled.status, cancelled.client_secret) == (session.id, "cancelled", "")
        assert cancelled.expires_at == session.expires_at
        errors = [each for each in events_of(await running) if each["type"] == "error"]
        assert [(each["message"], each["allow_retry"]) for each in errors] == [("The app has ended this chat.", False)]
        assert_problem(await app_server.chatkit(session.client_secret, "threads.list"), 401, "chat_session_ended")
        assert (await client.beta.chatkit.sessions.cancel(session.id)).status == "cancelled"


async def test_cancelled_sessions_are_counted_by_the_minute_in_the_audit() -> None:
    """One entry for each publish token, however many there were; what was over already is not counted."""
    async with app() as (app_server, _token, client):
        sessions = [await opened(client) for _ in range(3)]
        for session in (*sessions, sessions[0]):
            await client.beta.chatkit.sessions.cancel(session.id)
        await app_server.orcheo.core.tally.write()
        entries = (await app_server.result("audit.list", act="chat_session.cancelled"))["audit_entries"]
        assert [(each["note"], each["actor"].split(":")[1]) for each in entries] == [("3 chat sessions", "program")]


async def test_a_session_is_forgotten_an_hour_after_it_expired() -> None:
    """Cancelled or not; its thread stays, and until then the app learns how it ended.

    Findings: what is over is forgotten.
    """
    async with app() as (app_server, _token, client):
        cancelled, expired = await opened(client), await opened(client)
        thread = await say(app_server, expired)
        await client.beta.chatkit.sessions.cancel(cancelled.id)
        app_server.clock.advance(seconds=600 + 3_600)
        await app_server.orcheo.core.housekeeping.remove_aged(None)
        assert (await client.beta.chatkit.sessions.cancel(cancelled.id)).status == "cancelled"
        app_server.clock.advance(seconds=1)
        await app_server.orcheo.core.housekeeping.remove_aged(None)
        for session in (cancelled, expired):
            found = await refusal(client.beta.chatkit.sessions.cancel(session.id))
            assert found == (404, "chat_session_not_found", None)
        assert_problem(await app_server.chatkit(expired.client_secret, "threads.list"), 401, "grant_expired")
        assert (await client.beta.chatkit.threads.retrieve(thread["id"])).user == "ada"


async def test_state_variables_are_bounded_in_bytes() -> None:
    """A letter of four bytes counts as four."""
    async with app() as (_app_server, _token, client):
        for letters, fits in (("\N{GRINNING FACE}" * 1_022, True), ("\N{GRINNING FACE}" * 1_023, False)):
            workflow: Any = {"id": "echo", "state_variables": {"a": letters}}
            opening = client.beta.chatkit.sessions.create(user="ada", workflow=workflow)
            if fits:
                assert (await opening).workflow.state_variables == {"a": letters}
            else:
                assert await refusal(opening) == (400, "invalid_input", "workflow.state_variables")


async def test_an_app_opens_so_many_sessions_in_a_minute() -> None:
    """Counted together by both ways to open them; reads are counted apart."""
    async with app(ORCHEO_LIMITS="on", ORCHEO_LIMIT_CHAT_SESSIONS_BY_PROGRAM="3/minute") as (app_server, token, client):
        headers = {"authorization": f"Bearer {token}"}
        await opened(client)
        assert (await app_server.client.post("/api/chat/echo/session", headers=headers)).status_code == 200
        await opened(client)
        assert (await refusal(opened(client)))[:2] == (429, "rate_limited")
        again = await app_server.client.post("/api/chat/echo/session", headers=headers)
        assert_problem(again, 429, "rate_limited")
        assert again.headers["ratelimit-policy"].startswith('"chat-sessions-by-program"')
        await client.beta.chatkit.threads.list()
        app_server.clock.advance(seconds=60)
        await opened(client)


async def test_cancelling_ends_a_stream_of_an_answer_of_another_session() -> None:
    """The user has the thread open in two places; the answer itself continues in the one that stays."""
    async with app("held") as (app_server, _token, client):
        first, second = await opened(client), await opened(client)
        workflows.close_gate("Hello")
        resumable = {"orcheo-resume": "1"}
        running = asyncio.create_task(
            app_server.chatkit(first.client_secret, "threads.create", headers=resumable, input=USER_INPUT)
        )
        await workflows.reached("Hello")
        thread = (await app_server.chatkit(second.client_secret, "threads.list")).json()["data"][0]["id"]
        headers = {"authorization": f"Bearer {second.client_secret}"}
        path = f"/api/chatkit/threads/{thread}/events"
        following = asyncio.create_task(app_server.client.get(path, headers=headers))
        while len(app_server.orcheo.core.register.running(kinds={WorkKind.FOLLOWING})) < 2:  # noqa: ASYNC110 - its own loop
            await asyncio.sleep(0)
        assert (await app_server.result("workflows.show", ref="echo"))["running"] == {"turn": 1}
        await client.beta.chatkit.sessions.cancel(second.id)
        assert "thread.item.done" not in [each["type"] for each in events_of(await following)[3:]]
        workflows.open_gate("Hello")
        assert events_of(await running)[-1]["type"] == "thread.item.done"


async def test_cancelling_ends_uploads_that_were_announced() -> None:
    """Their tickets open nothing any more."""
    async with app() as (app_server, _token, client):
        session = await opened(client, chatkit_configuration={"file_upload": {"enabled": True}})
        upload = (await announce(app_server, session)).json()["upload_descriptor"]
        await client.beta.chatkit.sessions.cancel(session.id)
        answer = await app_server.client.put(upload["url"], content=b"abc", headers=upload["headers"])
        assert_problem(answer, 401, "chat_session_ended")


async def test_cancelling_ends_this_session_alone() -> None:
    """Another one of the same user continues; one that has expired says so."""
    async with app() as (app_server, _token, client):
        first, second = await opened(client), await opened(client)
        await client.beta.chatkit.sessions.cancel(first.id)
        await say(app_server, second)
        app_server.clock.advance(seconds=600)
        assert (await client.beta.chatkit.sessions.cancel(second.id)).status == "expired"


async def test_only_the_app_that_opened_a_session_cancels_it() -> None:
    """Not another workflow's, and no chat session that was opened in another way."""
    async with app() as (app_server, _token, client):
        session = await opened(client)
        other = (await app_server.publish("other"))["publish_token"]
        async with client_of(app_server, other) as stranger:
            assert await refusal(stranger.beta.chatkit.sessions.cancel(session.id)) == (
                404,
                "chat_session_not_found",
                None,
            )
        by_link = (await app_server.orcheo.core.admitting.visit_by_grant(await app_server.grant())).chat_session_id
        for unknown in (str(by_link), "cs_nothing"):
            assert (await refusal(client.beta.chatkit.sessions.cancel(unknown)))[:2] == (404, "chat_session_not_found")


async def test_an_app_lists_reads_and_deletes_threads_of_its_users() -> None:
    """Of all of them or of one, in pages."""
    async with app() as (app_server, _token, client):
        threads = client.beta.chatkit.threads
        ada, bob = await opened(client), await opened(client, "bob")
        ids = [(await say(app_server, each))["id"] for each in (ada, bob, ada)]
        assert [each.id async for each in threads.list(limit=1)] == ids[::-1]
        assert [each.id async for each in threads.list(user="ada", order="asc")] == [ids[0], ids[2]]
        assert [each.user for each in (await threads.list()).data] == ["ada", "bob", "ada"]
        shown = await threads.retrieve(ids[1])
        assert (shown.object, shown.status.type, shown.title, shown.user) == (
            "chatkit.thread",
            "active",
            "Hello",
            "bob",
        )
        assert shown.created_at == int(app_server.clock.now().timestamp())
        deleted = await threads.delete(ids[1])
        assert (deleted.id, deleted.deleted, deleted.object) == (ids[1], True, "chatkit.thread.deleted")
        assert await refusal(threads.retrieve(ids[1])) == (404, "thread_not_found", None)
        assert_problem(
            await app_server.chatkit(bob.client_secret, "threads.get_by_id", thread_id=ids[1]), 404, "thread_not_found"
        )
        entries = (await app_server.result("audit.list", act="thread.deleted"))["audit_entries"]
        assert [(each["note"], each["actor"].split(":")[1]) for each in entries] == [(ids[1], "program")]


async def test_a_page_may_end_before_an_entry() -> None:
    """``before`` gives the page in front of it, in the order of the list; with ``after``, what is between."""
    async with app() as (app_server, _token, client):
        session = await opened(client)
        ids = [(await say(app_server, session))["id"] for _ in range(5)]
        threads = client.beta.chatkit.threads

        async def page(**query: Any) -> tuple[list[int], bool | None]:
            found = await threads.list(**query)
            return [ids.index(each.id) for each in found.data], found.has_more

        assert await page(order="asc", before=ids[3], limit=2) == ([1, 2], True)
        assert await page(order="asc", before=ids[2], limit=2) == ([0, 1], False)
        assert await page(before=ids[1], limit=2) == ([3, 2], True)
        assert await page(order="asc", after=ids[0], before=ids[3]) == ([1, 2], False)
        assert await page(order="asc", after=ids[0], before=ids[4], limit=2) == ([1, 2], True)
        raw = await threads.with_raw_response.list(limit=2)
        document = raw.http_response.json()
        assert (document["object"], document["first_id"], document["last_id"]) == ("list", ids[4], ids[3])
        assert (await threads.list(user="nobody-yet")).data == []


async def test_a_page_of_long_items_is_shorter() -> None:
    """By their bytes; the client reads on by itself."""
    async with app() as (app_server, _token, client):
        session = await opened(client)
        long = "x" * 100_000
        thread = (await say(app_server, session, long))["id"]
        said = {"content": [{"type": "input_text", "text": long}], **SAID}
        for _ in range(6):
            answer = await app_server.chatkit(
                session.client_secret, "threads.add_user_message", thread_id=thread, input=said
            )
            assert answer.status_code == 200, answer.text
        threads = client.beta.chatkit.threads
        page = await threads.list_items(thread, limit=100)
        assert 1 < len(page.data) < 14
        assert page.has_more
        assert len([each async for each in threads.list_items(thread, limit=100)]) == 14


async def test_threads_of_other_apps_and_visitors_are_not_there() -> None:
    """Neither a visitor's with the share link, nor the program's own, nor those of another workflow's app."""
    async with app() as (app_server, token, client):
        await say(app_server, await opened(client))
        theirs = events_of(await app_server.chatkit(await app_server.grant(), "threads.create", input=USER_INPUT))[0][
            "thread"
        ]
        own = events_of(await app_server.chatkit(token, "threads.create", input=USER_INPUT))[0]["thread"]
        threads = client.beta.chatkit.threads
        assert len((await threads.list()).data) == 1
        for hidden in (theirs["id"], own["id"], "thr_nothing"):
            for call in (threads.retrieve(hidden), threads.list_items(hidden), threads.delete(hidden)):
                assert (await refusal(call))[:2] == (404, "thread_not_found")
        other = (await app_server.publish("other"))["publish_token"]
        async with client_of(app_server, other) as stranger:
            assert (await stranger.beta.chatkit.threads.list()).data == []


async def test_a_rotated_publish_token_gives_way_to_its_successor() -> None:
    """The old one is refused on every route; the new one speaks for the same users and sessions."""
    async with app() as (app_server, _token, client):
        session = await opened(client)
        thread = await say(app_server, session)
        fresh = (await app_server.result("workflows.rotate_publish_token", ref="echo"))["publish_token"]
        for call in (
            opened(client),
            client.beta.chatkit.sessions.cancel(session.id),
            client.beta.chatkit.threads.list(),
            client.beta.chatkit.threads.delete(thread["id"]),
        ):
            assert await refusal(call) == (401, "publish_token_rotated", None)
        async with client_of(app_server, fresh) as successor:
            assert (await only_thread(successor)).id == thread["id"]
            assert (await successor.beta.chatkit.sessions.cancel(session.id)).status == "cancelled"


async def test_other_credentials_are_refused() -> None:
    """A service token, a chat grant, none; the form of the error is OpenAI's, with a request id in the header."""
    async with app() as (app_server, _token, client):
        grant = (await opened(client)).client_secret
        for credential in (app_server.owner_token, grant, "orc_pt_" + "0" * 60):
            async with client_of(app_server, credential) as stranger:
                assert await refusal(opened(stranger)) == (401, "publish_token_invalid", None)
        async with client_of(app_server, app_server.owner_token) as stranger:
            with pytest.raises(openai.AuthenticationError, match="This is a service token, which is for the owner API"):
                await opened(stranger)
        answer = await app_server.client.post("/v1/chatkit/sessions", json={})
        assert answer.status_code == 401
        assert answer.headers["x-request-id"].startswith("req_")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
        assert answer.json()["error"]["type"] == "authentication_error"


GOOD: dict[str, Any] = {"user": "ada", "workflow": {"id": "echo"}}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no user": ({"workflow": {"id": "echo"}}, "user"),
    "empty user": ({**GOOD, "user": ""}, "user"),
    "user of a wrong type": ({**GOOD, "user": 7}, "user"),
    "no workflow": ({"user": "ada"}, "workflow"),
    "another workflow": ({**GOOD, "workflow": {"id": "other"}}, "workflow.id"),
    "unknown field": ({**GOOD, "visitor": "ada"}, "visitor"),
    "unknown field inside": ({**GOOD, "workflow": {"id": "echo", "model": "x"}}, "workflow.model"),
    "version": ({**GOOD, "workflow": {"id": "echo", "version": 2}}, "workflow.version"),
    "state": ({**GOOD, "workflow": {"id": "echo", "state_variables": {"a": []}}}, "workflow.state_variables.a"),
    "state list": ({**GOOD, "workflow": {"id": "echo", "state_variables": []}}, "workflow.state_variables"),
    "state too long": (
        {**GOOD, "workflow": {"id": "echo", "state_variables": {"a": "x" * 5_000}}},
        "workflow.state_variables",
    ),
    "state name": (
        {**GOOD, "workflow": {"id": "echo", "state_variables": {"a" * 65: 1}}},
        "workflow.state_variables." + "a" * 65,
    ),
    "anchor": ({**GOOD, "expires_after": {"anchor": "now", "seconds": 5}}, "expires_after.anchor"),
    "no seconds": ({**GOOD, "expires_after": {"anchor": "created_at"}}, "expires_after.seconds"),
    "too many seconds": (
        {**GOOD, "expires_after": {"anchor": "created_at", "seconds": 601}},
        "expires_after.seconds",
    ),
    "no rate": ({**GOOD, "rate_limits": {"max_requests_per_1_minute": 0}}, "rate_limits.max_requests_per_1_minute"),
    "file size": (
        {**GOOD, "chatkit_configuration": {"file_upload": {"max_file_size": 513}}},
        "chatkit_configuration.file_upload.max_file_size",
    ),
    "files": (
        {**GOOD, "chatkit_configuration": {"file_upload": {"max_files": 0}}},
        "chatkit_configuration.file_upload.max_files",
    ),
    "threads": (
        {**GOOD, "chatkit_configuration": {"history": {"recent_threads": -1}}},
        "chatkit_configuration.history.recent_threads",
    ),
    "switch": (
        {**GOOD, "chatkit_configuration": {"history": {"enabled": "yes"}}},
        "chatkit_configuration.history.enabled",
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_field_is_named(name: str) -> None:
    """As ``param``, with the status 400 that OpenAI's clients expect."""
    body, param = WRONG[name]
    async with app() as (_app_server, _token, client):
        assert await refusal(client.post("/chatkit/sessions", body=body, cast_to=ChatSession)) == (
            400,
            "invalid_input",
            param,
        )


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "few"}, "limit"),
        ({"order": "up"}, "order"),
        ({"after": "x"}, "after"),
        ({"before": "msg_1"}, "before"),
        ({"page": 2}, "page"),
    ],
)
async def test_a_wrong_query_is_named(query: dict[str, Any], param: str) -> None:
    """Unknown names too."""
    async with app() as (_app_server, _token, client):
        listing = client.beta.chatkit.threads.list(extra_query=query)
        assert await refusal(listing) == (400, "invalid_input", param)


async def test_errors_of_the_server_itself_have_openais_form_too() -> None:
    """An unknown address, a wrong method, a body that is too large or no JSON, cookies of another site."""
    async with app() as (app_server, token, _client):
        headers = {"authorization": f"Bearer {token}"}
        wrong = [
            await app_server.client.get("/v1/models", headers={**headers, "accept": "text/html"}),
            await app_server.client.get("/v1/chatkit/sessions", headers=headers),
            await app_server.client.post("/v1/chatkit/sessions", content="x" * 300_000, headers=headers),
            await app_server.client.post(
                "/v1/chatkit/sessions", content="{", headers={**headers, "content-type": "application/json"}
            ),
            await app_server.client.post(
                "/v1/chatkit/sessions", json={}, headers={"cookie": "a=b", "sec-fetch-site": "cross-site"}
            ),
        ]
        assert [each.status_code for each in wrong] == [404, 405, 413, 400, 403]
        for each in wrong:
            assert each.json()["error"]["type"] in {"invalid_request_error", "permission_error"}


async def test_sign_in_and_privacy_close_this_way_too() -> None:
    """No chat session for users who must sign in; the app still reads and deletes what they have said."""
    async with app() as (app_server, _token, client):
        thread = await say(app_server, await opened(client))
        await app_server.result("workflows.set_login", ref="echo", require_login=True, anyway=True)
        assert (await refusal(opened(client)))[:2] == (401, "login_required")
        assert (await client.beta.chatkit.threads.delete(thread["id"])).deleted
        await app_server.result("workflows.unpublish", ref="echo")
        assert (await refusal(client.beta.chatkit.threads.list()))[:2] == (401, "publish_token_revoked")


async def test_a_session_is_ended_by_the_owner_like_any_other() -> None:
    """Its status is cancelled then."""
    async with app() as (app_server, _token, client):
        session = await opened(client)
        await app_server.result("workflows.unpublish", ref="echo", end_sessions=True)
        assert_problem(await app_server.chatkit(session.client_secret, "threads.list"), 401, "chat_session_ended")
        token = (await app_server.result("workflows.publish", ref="echo"))["publish_token"]
        async with client_of(app_server, token) as successor:
            assert (await successor.beta.chatkit.sessions.cancel(session.id)).status == "cancelled"


async def test_a_session_that_had_run_out_is_not_cancelled_by_the_owners_end() -> None:
    """It stays expired."""
    async with app() as (app_server, _token, client):
        session = await opened(client)
        app_server.clock.advance(seconds=601)
        await app_server.result("workflows.unpublish", ref="echo", end_sessions=True)
        token = (await app_server.result("workflows.publish", ref="echo"))["publish_token"]
        async with client_of(app_server, token) as successor:
            assert (await successor.beta.chatkit.sessions.cancel(session.id)).status == "expired"
