"""Transcripts over HTTP."""

import asyncio
import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from orcheo_adapters.server.process import do_housekeeping
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.items import TextInput, UserItem
from orcheo_core.domain.pages import PageQuery
from orcheo_core.turns.register import WorkKind
from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server, events_of


@pytest.fixture
async def thread_id(app_server: TestServer) -> str:
    """A thread of a program."""
    token = (await app_server.publish())["publish_token"]
    events = events_of(await app_server.chatkit(token, "threads.create", input=USER_INPUT))
    return str(events[0]["thread"]["id"])


@pytest.mark.parametrize(
    ("form", "media_type", "ending"),
    [
        ("json", "application/json", "json"),
        ("jsonl", "application/jsonl", "jsonl"),
        ("markdown", "text/markdown", "md"),
    ],
)
async def test_an_export_is_a_file(
    app_server: TestServer, thread_id: str, form: str, media_type: str, ending: str
) -> None:
    """To be saved, never shown as a page of this origin, never cached."""
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    answer = await app_server.client.get(f"/api/threads/{thread_id}/export?format={form}", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="{thread_id}.{ending}"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text == (await app_server.result("threads.export", id=thread_id, format=form))["content"]


async def test_parts_of_exports_are_made_one_after_the_other(tmp_path: Path) -> None:
    """Each takes its milliseconds, which would add up in one round of the event loop: all chats would wait."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    async with build_app_server(store) as app_server:
        token = (await app_server.publish())["publish_token"]
        events = events_of(await app_server.chatkit(token, "threads.create", input=USER_INPUT))
        headers = {"authorization": f"Bearer {app_server.owner_token}"}
        path = f"/api/threads/{events[0]['thread']['id']}/export"
        exports = [asyncio.create_task(app_server.client.get(path, headers=headers)) for _ in range(8)]
        most = 0
        while not all(each.done() for each in exports):
            await asyncio.sleep(0)
            most = max(most, len(app_server.orcheo.core.register.running(kinds={WorkKind.EXPORT})))
        assert [each.result().status_code for each in exports] == [200] * 8
        assert most == 1
    await store.close()


@pytest.mark.parametrize("form", ["json", "jsonl", "markdown"])
async def test_a_long_export_is_one_file_of_all_its_parts(app_server: TestServer, thread_id: str, form: str) -> None:
    """A part has an item that is larger than a part, or a few that are not."""
    items = app_server.store.begin().items
    first = (await items.page(thread_id, PageQuery())).entries[0]
    assert isinstance(first, UserItem)
    change = app_server.store.begin()
    for number in range(200):
        text = f"{number} said" + " and so on" * (40_000 if number == 150 else 1)
        change.items.save(evolve(first, id=f"{first.id[:-3]}{number:03}", content=(TextInput(text=text),)))
    await change.commit()

    part = await app_server.result("threads.export", id=thread_id, format=form)
    contents = [part["content"]]
    while part["next_after"] is not None:
        part = await app_server.result("threads.export", id=thread_id, format=form, after=part["next_after"])
        contents.append(part["content"])
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    answer = await app_server.client.get(f"/api/threads/{thread_id}/export?format={form}", headers=headers)
    assert len(contents) > 4
    assert answer.text == "".join(contents)
    assert all(answer.text.count(f"{number} said") for number in range(200))


async def test_transcripts_need_a_service_token(app_server: TestServer, thread_id: str) -> None:
    """A visitor's own credential opens none."""
    for path in (f"/api/threads/{thread_id}", f"/api/threads/{thread_id}/export", "/api/workflows/echo/threads"):
        assert_problem(await app_server.client.get(path), 401, "service_token_invalid")
        grant = {"authorization": f"Bearer {await app_server.grant()}"}
        assert_problem(await app_server.client.get(path, headers=grant), 401, "service_token_invalid")


async def test_another_owner_sees_no_transcript(app_server: TestServer, thread_id: str) -> None:
    """Not even that there is one."""
    headers = {"authorization": f"Bearer {await app_server.owner('bob')}"}
    answer = await app_server.client.get(f"/api/threads/{thread_id}", headers=headers)
    assert_problem(answer, 404, "thread_not_found")


async def test_housekeeping_purges_by_the_retention_setting(app_server: TestServer, thread_id: str) -> None:
    """And keeps everything when there is none."""
    app_server.clock.advance(minutes=31 * 24 * 60)
    await do_housekeeping(app_server.orcheo, app_server.store, None)
    await app_server.result("threads.show", id=thread_id)
    await do_housekeeping(app_server.orcheo, app_server.store, timedelta(days=60))
    await app_server.result("threads.show", id=thread_id)
    await do_housekeeping(app_server.orcheo, app_server.store, timedelta(days=30))
    assert_problem(await app_server.operation("threads.show", id=thread_id), 404, "thread_not_found")


async def test_housekeeping_removes_expired_chat_sessions(app_server: TestServer) -> None:
    """Whatever is kept of the threads."""
    await app_server.publish()
    payload = (await app_server.grant()).split(".")[1]
    chat_session_id = json.loads(urlsafe_b64decode(payload + "=="))["sid"]
    assert await app_server.store.begin().chat_sessions.find(chat_session_id)
    app_server.clock.advance(minutes=3 * 24 * 60)
    await do_housekeeping(app_server.orcheo, app_server.store, None)
    assert await app_server.store.begin().chat_sessions.find(chat_session_id) is None


async def test_an_owner_sees_why_turns_fail(app_server: TestServer) -> None:
    """In the workflow, in the list of failed threads and in each thread; a visitor sees nothing of it."""
    await app_server.publish(call="fails_for_a_reason")
    grant = await app_server.grant()
    answer = await app_server.chatkit(grant, "threads.create", input=USER_INPUT)
    thread_id = events_of(answer)[0]["thread"]["id"]

    shown = (await app_server.result("workflows.show", ref="echo"))["activity"]
    reason = shown["last_failure"]["reason"]
    assert "no such thing" in reason
    assert (shown["last_day"]["turns"], shown["last_day"]["failed"], shown["in_all"]["visitors"]) == (1, 1, 1)
    listed = await app_server.result("threads.list", ref="echo", failed=True)
    assert [each["id"] for each in listed["threads"]] == [thread_id]
    (turn,) = (await app_server.result("threads.show", id=thread_id))["turns"]
    assert (turn["status"], turn["code"], turn["reason"]) == ("failed", shown["last_failure"]["code"], reason)
    for form in ("json", "jsonl", "markdown"):
        content = (await app_server.result("threads.export", id=thread_id, format=form))["content"]
        assert turn["code"] in content
        assert "no such thing" in content
    seen = await app_server.chatkit(grant, "threads.get_by_id", thread_id=thread_id)
    assert "no such thing" not in answer.text + seen.text
    assert turn["code"] not in answer.text + seen.text
