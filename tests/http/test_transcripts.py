"""Transcripts over HTTP."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest

from orcheo_adapters.server.process import do_housekeeping
from tests.house import USER_INPUT, House, assert_problem, events_of


@pytest.fixture
async def thread_id(house: House) -> str:
    """A thread of a program."""
    token = (await house.publish())["publish_token"]
    events = events_of(await house.chatkit(token, "threads.create", input=USER_INPUT))
    return str(events[0]["thread"]["id"])


@pytest.mark.parametrize(
    ("form", "media_type", "ending"),
    [
        ("json", "application/json", "json"),
        ("jsonl", "application/jsonl", "jsonl"),
        ("markdown", "text/markdown", "md"),
    ],
)
async def test_an_export_is_a_file(house: House, thread_id: str, form: str, media_type: str, ending: str) -> None:
    """To be saved, never shown as a page of this origin, never cached."""
    headers = {"authorization": f"Bearer {house.owner_token}"}
    answer = await house.client.get(f"/api/threads/{thread_id}/export?format={form}", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="{thread_id}.{ending}"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text == (await house.result("threads.export", id=thread_id, format=form))["content"]


async def test_transcripts_need_a_service_token(house: House, thread_id: str) -> None:
    """A visitor's own credential opens none."""
    for path in (f"/api/threads/{thread_id}", f"/api/threads/{thread_id}/export", "/api/workflows/echo/threads"):
        assert_problem(await house.client.get(path), 401, "service_token_invalid")
        grant = {"authorization": f"Bearer {await house.grant()}"}
        assert_problem(await house.client.get(path, headers=grant), 401, "service_token_invalid")


async def test_another_owner_sees_no_transcript(house: House, thread_id: str) -> None:
    """Not even that there is one."""
    headers = {"authorization": f"Bearer {await house.owner('bob')}"}
    answer = await house.client.get(f"/api/threads/{thread_id}", headers=headers)
    assert_problem(answer, 404, "thread_not_found")


async def test_housekeeping_purges_by_the_retention_setting(house: House, thread_id: str) -> None:
    """And keeps everything when there is none."""
    house.clock.advance(minutes=31 * 24 * 60)
    await do_housekeeping(house.orcheo, house.store, None)
    await house.result("threads.show", id=thread_id)
    await do_housekeeping(house.orcheo, house.store, timedelta(days=60))
    await house.result("threads.show", id=thread_id)
    await do_housekeeping(house.orcheo, house.store, timedelta(days=30))
    assert_problem(await house.operation("threads.show", id=thread_id), 404, "thread_not_found")


async def test_housekeeping_removes_expired_chat_sessions(house: House) -> None:
    """Whatever is kept of the threads."""
    await house.publish()
    payload = (await house.grant()).split(".")[1]
    chat_session_id = json.loads(urlsafe_b64decode(payload + "=="))["sid"]
    assert await house.store.begin().chat_sessions.find(chat_session_id)
    house.clock.advance(minutes=3 * 24 * 60)
    await do_housekeeping(house.orcheo, house.store, None)
    assert await house.store.begin().chat_sessions.find(chat_session_id) is None


async def test_an_owner_sees_why_turns_fail(house: House) -> None:
    """In the workflow, in the list of failed threads and in each thread; a visitor sees nothing of it."""
    await house.publish(call="fails_for_a_reason")
    grant = await house.grant()
    answer = await house.chatkit(grant, "threads.create", input=USER_INPUT)
    thread_id = events_of(answer)[0]["thread"]["id"]

    shown = (await house.result("workflows.show", ref="echo"))["activity"]
    reason = shown["last_failure"]["reason"]
    assert "no such thing" in reason
    assert (shown["last_day"]["turns"], shown["last_day"]["failed"], shown["in_all"]["visitors"]) == (1, 1, 1)
    listed = await house.result("threads.list", ref="echo", failed=True)
    assert [each["id"] for each in listed["threads"]] == [thread_id]
    (turn,) = (await house.result("threads.show", id=thread_id))["turns"]
    assert (turn["status"], turn["code"], turn["reason"]) == ("failed", shown["last_failure"]["code"], reason)
    seen = await house.chatkit(grant, "threads.get_by_id", thread_id=thread_id)
    assert "no such thing" not in answer.text + seen.text
    assert turn["code"] not in answer.text + seen.text
