"""``POST /api/chatkit``: what visitors get, held against the official types."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from chatkit.types import Page, Thread, ThreadItem, ThreadStreamEvent
from pydantic import TypeAdapter

from tests import workflows
from tests.app_server import USER_INPUT, TestServer, assert_problem, events_of

EVENT: TypeAdapter[Any] = TypeAdapter(ThreadStreamEvent)
ITEM_PAGE: TypeAdapter[Any] = TypeAdapter(Page[ThreadItem])
THREAD_PAGE: TypeAdapter[Any] = TypeAdapter(Page[Thread])


def types(events: list[dict[str, Any]]) -> list[str]:
    """The types of events, an update by what it updates."""
    return [event["update"]["type"] if "update" in event else event["type"] for event in events]


async def create(app_server: TestServer, text: str = "Hello", **headers: str) -> tuple[str, list[dict[str, Any]]]:
    """A grant, and the events of a first turn."""
    grant = await app_server.grant()
    said = USER_INPUT | {"content": [{"type": "input_text", "text": text}]}
    return grant, events_of(await app_server.chatkit(grant, "threads.create", headers, input=said))


async def test_a_first_turn_has_the_events_of_the_official_server_in_its_order(app_server: TestServer) -> None:
    """The sequence is that of a captured stream of the official SDK; pieces that come together are one delta."""
    await app_server.publish(call="twenty")
    _, events = await create(app_server)
    part = "assistant_message.content_part"
    opening = ["thread.created", "thread.item.done", "stream_options", "thread.item.added", f"{part}.added"]
    assert types(events) == [*opening, f"{part}.text_delta", f"{part}.done", "thread.item.done"]


@pytest.mark.parametrize("call", ["echo", "twenty", "rich", "silent", "broken"])
async def test_every_event_is_valid_for_the_official_types(app_server: TestServer, call: str) -> None:
    """Each event of each kind of answer passes the official type check."""
    await app_server.publish(call=call)
    _, events = await create(app_server)
    for event in events:
        EVENT.validate_python(event)


async def test_a_stream_says_what_it_is(app_server: TestServer) -> None:
    """Proxies must neither keep nor hold back a stream."""
    await app_server.publish()
    answer = await app_server.chatkit(await app_server.grant(), "threads.create", input=USER_INPUT)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "id:" not in answer.text


async def test_a_client_that_can_resume_gets_numbers(app_server: TestServer) -> None:
    """``Orcheo-Resume: 1`` adds id lines that count from 1."""
    await app_server.publish()
    headers = {"orcheo-resume": "1"}
    answer = await app_server.chatkit(await app_server.grant(), "threads.create", headers, input=USER_INPUT)
    numbers = [int(line[4:]) for line in answer.text.splitlines() if line.startswith("id: ")]
    assert numbers == list(range(1, len(events_of(answer)) + 1))


async def test_reading_a_thread_again(app_server: TestServer) -> None:
    """A thread, its items and the list of threads are there after the turn, valid for the official types."""
    await app_server.publish()
    grant, events = await create(app_server)
    thread_id = events[0]["thread"]["id"]
    thread = (await app_server.chatkit(grant, "threads.get_by_id", thread_id=thread_id)).json()
    Thread.model_validate(thread)
    assert [item["type"] for item in thread["items"]["data"]] == ["user_message", "assistant_message"]
    assert thread["items"]["data"][1]["content"][0]["text"] == "Hello"
    assert thread["metadata"]["orcheo.turn"]["status"] == "completed"
    listed = (await app_server.chatkit(grant, "threads.list")).json()
    THREAD_PAGE.validate_python(listed)
    assert [each["id"] for each in listed["data"]] == [thread_id]
    items = (await app_server.chatkit(grant, "items.list", thread_id=thread_id, limit=1)).json()
    ITEM_PAGE.validate_python(items)
    assert items["has_more"] is True
    assert items["data"][0]["type"] == "assistant_message"
    rest = await app_server.chatkit(grant, "items.list", thread_id=thread_id, after=items["after"])
    assert [item["type"] for item in rest.json()["data"]] == ["user_message"]


async def test_the_workflow_learns_what_was_said_before(app_server: TestServer) -> None:
    """The second turn sees the first one as history, and that it had no answer, which has no words."""
    await app_server.publish(call="remembers")
    grant, events = await create(app_server, "One")
    thread_id = events[0]["thread"]["id"]
    second = await app_server.chatkit(grant, "threads.add_user_message", thread_id=thread_id, input=USER_INPUT)
    assert events_of(second)[-1]["item"]["content"][0]["text"] == "visitor: One | workflow: "


async def test_sources_travel_as_annotations(app_server: TestServer) -> None:
    """Citations are annotations of the answer, and progress is told on the way."""
    await app_server.publish(call="rich")
    _, events = await create(app_server)
    assert {"type": "progress_update", "text": "Looking it up", "icon": "search"} in events
    sources = [each["source"]["type"] for each in events[-1]["item"]["content"][0]["annotations"]]
    assert sources == ["file", "url"]


async def test_a_failing_workflow_ends_with_an_error_event_and_keeps_what_was_said(app_server: TestServer) -> None:
    """The visitor sees a fixed sentence, the reason goes to the operator."""
    await app_server.publish(call="broken")
    grant, events = await create(app_server)
    assert events[-1]["type"] == "error"
    assert events[-1]["allow_retry"] is True
    assert "secret reason" not in str(events)
    assert "the secret reason" in str(app_server.telemetry.run_failures[0])
    thread = (await app_server.chatkit(grant, "threads.get_by_id", thread_id=events[0]["thread"]["id"])).json()
    assert thread["metadata"]["orcheo.turn"]["status"] == "failed"
    assert thread["items"]["data"][1]["content"][0]["text"] == "half "


async def test_a_failure_that_passes_says_when_to_try_again(app_server: TestServer) -> None:
    """In seconds from the end of the turn, which the thread says is how long ago."""
    await app_server.publish(call="busy")
    grant, events = await create(app_server)
    told = {"kind": "failed", "message": "The workflow is busy.", "allow_retry": True, "retry_after": 20}
    assert [each["item"].get("orcheo.ending") for each in events if "item" in each][-1] == told
    app_server.clock.advance(seconds=7)
    thread = (await app_server.chatkit(grant, "threads.get_by_id", thread_id=events[0]["thread"]["id"])).json()
    Thread.model_validate(thread)
    assert thread["metadata"]["orcheo.turn"]["seconds"] == 7
    assert thread["items"]["data"][-1]["orcheo.ending"] == told


async def test_a_repeated_message_is_one_message(app_server: TestServer) -> None:
    """The same idempotency key returns the first turn's stream."""
    await app_server.publish()
    grant, first = await create(app_server, **{"idempotency-key": "one"})
    again = await app_server.chatkit(grant, "threads.create", {"idempotency-key": "one"}, input=USER_INPUT)
    assert events_of(again) == first
    assert len((await app_server.chatkit(grant, "threads.list")).json()["data"]) == 1


async def running_turn(app_server: TestServer, text: str) -> tuple[str, str, "asyncio.Task[Any]"]:
    """A grant, a thread whose answer is held half-way, and the request that waits for it."""
    workflows.close_gate(text)
    await app_server.publish(call="held")
    grant = await app_server.grant()
    said = USER_INPUT | {"content": [{"type": "input_text", "text": text}]}
    headers = {"orcheo-resume": "1"}
    request = asyncio.create_task(app_server.chatkit(grant, "threads.create", headers, input=said))
    await workflows.reached(text)
    threads = (await app_server.chatkit(grant, "threads.list")).json()["data"]
    return grant, threads[0]["id"], request


async def test_one_turn_at_a_time_in_a_thread(app_server: TestServer) -> None:
    """A second message while an answer is being written is a conflict, and nothing of it is kept."""
    grant, thread_id, request = await running_turn(app_server, "one at a time")
    refused = await app_server.chatkit(grant, "threads.add_user_message", thread_id=thread_id, input=USER_INPUT)
    assert_problem(refused, 409, "turn_in_progress")
    workflows.open_gate("one at a time")
    assert types(events_of(await request)).count("thread.item.done") == 2
    items = (await app_server.chatkit(grant, "items.list", thread_id=thread_id)).json()
    assert len(items["data"]) == 2


async def test_stop_keeps_what_was_said(app_server: TestServer) -> None:
    """``threads.cancel`` ends the turn with the text so far, and the thread remembers it."""
    grant, thread_id, request = await running_turn(app_server, "stop")
    assert (await app_server.chatkit(grant, "threads.cancel", thread_id=thread_id)).json() == {}
    answer, mark = events_of(await request)[-2:]
    assert answer["item"]["content"][0]["text"] == "before "
    assert mark["item"]["orcheo.ending"] == {"kind": "stopped", "allow_retry": True}
    thread = (await app_server.chatkit(grant, "threads.get_by_id", thread_id=thread_id)).json()
    assert thread["metadata"]["orcheo.turn"]["status"] == "cancelled"


async def test_following_a_running_turn_from_the_start(app_server: TestServer) -> None:
    """A second window sees the whole turn, numbers and all, and ends with it."""
    grant, thread_id, request = await running_turn(app_server, "follow")
    url = f"/api/chatkit/threads/{thread_id}/events?after=3"
    following = asyncio.create_task(app_server.client.get(url, headers={"authorization": f"Bearer {grant}"}))
    await asyncio.sleep(0)
    workflows.open_gate("follow")
    whole, rest = events_of(await request), events_of(await following)
    assert rest == whole[3:]


async def test_nothing_to_follow(app_server: TestServer) -> None:
    """Once housekeeping has forgotten its events a turn can be read, but not followed."""
    await app_server.publish()
    grant, events = await create(app_server)
    app_server.clock.advance(minutes=3)
    app_server.orcheo.core.live_turns.forget(app_server.clock.now())
    url = f"/api/chatkit/threads/{events[0]['thread']['id']}/events"
    answer = await app_server.client.get(url, headers={"authorization": f"Bearer {grant}"})
    assert answer.status_code == 204


async def test_retry_replaces_the_answer(app_server: TestServer) -> None:
    """A retry answers the same message again and takes the place of the old answer."""
    await app_server.publish()
    grant, events = await create(app_server)
    thread_id, user_item_id, old_answer = events[0]["thread"]["id"], events[1]["item"]["id"], events[-1]["item"]["id"]
    answer = await app_server.chatkit(grant, "threads.retry_after_item", thread_id=thread_id, item_id=user_item_id)
    assert {"type": "thread.item.removed", "item_id": old_answer} in events_of(answer)
    items = (await app_server.chatkit(grant, "items.list", thread_id=thread_id, order="asc")).json()["data"]
    assert [item["type"] for item in items] == ["user_message", "assistant_message"]
    assert items[1]["id"] != old_answer


async def test_retry_with_content_changes_the_message_first(app_server: TestServer) -> None:
    """Followers see the new words in the place of the old ones, and the old answer go."""
    await app_server.publish()
    grant, events = await create(app_server)
    thread_id, item_id, old_answer = events[0]["thread"]["id"], events[1]["item"]["id"], events[-1]["item"]["id"]
    content = [{"type": "input_text", "text": "Another question"}]
    params = {"thread_id": thread_id, "item_id": item_id}
    told = events_of(await app_server.chatkit(grant, "threads.retry_after_item", content=content, **params))
    assert {"type": "thread.item.removed", "item_id": old_answer} in told
    replaced = [each["item"] for each in told if each["type"] == "thread.item.replaced"]
    assert [each["content"][0]["text"] for each in replaced] == ["Another question"]
    items = (await app_server.chatkit(grant, "items.list", thread_id=thread_id, order="asc")).json()["data"]
    assert items[0]["content"][0]["text"] == "Another question"
    assert [item["type"] for item in items] == ["user_message", "assistant_message"]
    wrong = await app_server.chatkit(grant, "threads.retry_after_item", content=[{"type": "x"}], **params)
    assert_problem(wrong, 422, "invalid_input")


async def test_retry_needs_a_message_of_the_visitor(app_server: TestServer) -> None:
    """An answer cannot be answered again."""
    await app_server.publish()
    grant, events = await create(app_server)
    thread_id, answer_id = events[0]["thread"]["id"], events[-1]["item"]["id"]
    answer = await app_server.chatkit(grant, "threads.retry_after_item", thread_id=thread_id, item_id=answer_id)
    assert_problem(answer, 404, "item_not_found")


async def test_nobody_sees_the_threads_of_another_visitor(app_server: TestServer) -> None:
    """Every request that names a thread is refused to another subject, as if there were none."""
    await app_server.publish()
    _, events = await create(app_server)
    thread_id, item_id = events[0]["thread"]["id"], events[1]["item"]["id"]
    app_server.client.cookies.clear()
    stranger = await app_server.grant()
    assert (await app_server.chatkit(stranger, "threads.list")).json()["data"] == []
    for kind, params in {
        "threads.get_by_id": {},
        "items.list": {},
        "threads.cancel": {},
        "threads.add_user_message": {"input": USER_INPUT},
        "threads.retry_after_item": {"item_id": item_id},
    }.items():
        answer = await app_server.chatkit(stranger, kind, thread_id=thread_id, **params)
        assert_problem(answer, 404, "thread_not_found")
    headers = {"authorization": f"Bearer {stranger}"}
    assert_problem(
        await app_server.client.get(f"/api/chatkit/threads/{thread_id}/events", headers=headers),
        404,
        "thread_not_found",
    )


async def test_the_cookie_makes_a_visitor_the_same_one_again(app_server: TestServer) -> None:
    """A new chat session of the same browser sees the old threads."""
    await app_server.publish()
    _, events = await create(app_server)
    again = await app_server.grant()
    assert (await app_server.chatkit(again, "threads.list")).json()["data"][0]["id"] == events[0]["thread"]["id"]


@pytest.mark.parametrize(
    ("body", "status", "code", "path"),
    [
        (b"{", 400, "malformed_request", None),
        (b"[]", 400, "malformed_request", None),
        (b'{"type": "threads.fly"}', 422, "invalid_input", "type"),
        (b'{"type": 3}', 422, "invalid_input", "type"),
        (b'{"type": "threads.create", "params": {}}', 422, "invalid_input", "params.input"),
        (b'{"type": "threads.create", "params": 7}', 422, "invalid_input", "params"),
        (b'{"type": "threads.list", "params": {"limit": 0}}', 422, "invalid_input", "params.limit"),
        (b'{"type": "threads.list", "params": {"limit": "9"}}', 422, "invalid_input", "params.limit"),
        (b'{"type": "threads.list", "params": {"after": "thr_x"}}', 422, "invalid_input", "params.after"),
        (b'{"type": "items.list", "params": {"thread_id": "x", "limit": 999}}', 422, "invalid_input", "params.limit"),
        (
            b'{"type": "attachments.create", "params": {"name": "a", "size": 1, "mime_type": "a/b"}}',
            422,
            "invalid_input",
            "params.mime_type",
        ),
        (
            b'{"type": "attachments.create", "params": {"name": "a", "size": 0, "mime_type": "text/plain"}}',
            422,
            "invalid_input",
            "params.size",
        ),
        (
            b'{"type": "attachments.create", "params": {"name": "", "size": 1, "mime_type": "text/plain"}}',
            422,
            "invalid_input",
            "params.name",
        ),
        (b'{"type": "threads.list", "params": {"order": "up"}}', 422, "invalid_input", "params.order"),
        (
            b"""{"type": "threads.create", "params": {"input": {
                "content": [{"type": "input_text", "text": 1}], "attachments": [], "inference_options": {}}}}""",
            422,
            "invalid_input",
            "params.input.content[0].text",
        ),
    ],
)
async def test_bad_requests_name_what_is_wrong(
    app_server: TestServer, body: bytes, status: int, code: str, path: str | None
) -> None:
    """Each is refused before the headers of a stream, with the path of the wrong field."""
    await app_server.publish()
    headers = {"authorization": f"Bearer {await app_server.grant()}"}
    problem = assert_problem(await app_server.client.post("/api/chatkit", content=body, headers=headers), status, code)
    if path is not None:
        assert path in [each["path"] for each in problem["errors"]]


async def test_an_empty_message_is_refused(app_server: TestServer) -> None:
    """White space is no message, and no empty thread stays."""
    await app_server.publish()
    grant = await app_server.grant()
    said = USER_INPUT | {"content": [{"type": "input_text", "text": " \n"}]}
    assert_problem(await app_server.chatkit(grant, "threads.create", input=said), 422, "invalid_input")
    assert (await app_server.chatkit(grant, "threads.list")).json()["data"] == []


async def test_a_tag_is_kept_as_it_came(app_server: TestServer) -> None:
    """Mentions keep their data."""
    await app_server.publish()
    tag = {"type": "input_tag", "id": "t1", "text": "@Ann", "data": {"n": 1}, "interactive": True}
    said = USER_INPUT | {
        "content": [tag],
        "quoted_text": "q",
        "inference_options": {"model": "m", "tool_choice": {"id": "t"}},
    }
    item = events_of(await app_server.chatkit(await app_server.grant(), "threads.create", input=said))[1]["item"]
    assert item["content"] == [tag]
    assert item["quoted_text"] == "q"
    assert item["inference_options"] == {"model": "m", "tool_choice": {"id": "t"}}


async def test_a_server_that_stops_ends_turns_with_an_event(app_server: TestServer) -> None:
    """The last event says that the server is restarting, the turn is marked, and no new one begins."""
    grant, thread_id, request = await running_turn(app_server, "shutdown")
    app_server.orcheo.core.register.close()
    assert events_of(await request)[-1]["type"] == "error"
    thread = (await app_server.chatkit(grant, "threads.get_by_id", thread_id=thread_id)).json()
    assert thread["metadata"]["orcheo.turn"]["status"] == "interrupted"
    refused = await app_server.chatkit(grant, "threads.create", input=USER_INPUT)
    assert_problem(refused, 503, "server_stopping")


async def test_an_expired_grant_says_so(app_server: TestServer) -> None:
    """After 300 s a grant is over, and the page knows to renew."""
    await app_server.publish()
    grant = await app_server.grant()
    app_server.clock.advance(seconds=timedelta(minutes=5).total_seconds())
    assert_problem(await app_server.chatkit(grant, "threads.list"), 401, "grant_expired")


async def test_the_longest_message_fits_in_any_script(app_server: TestServer) -> None:
    """The page's composer is told the same limit that the server keeps, in characters and not in bytes."""
    await app_server.publish()
    grant, limit = await app_server.grant(), (await app_server.client.get("/api/chat/echo")).json()["message_limit"]
    said = {**USER_INPUT, "content": [{"type": "input_text", "text": "\U0001f600" * limit}]}
    assert (await app_server.chatkit(grant, "threads.create", input=said)).status_code == 200
    more = {**USER_INPUT, "content": [{"type": "input_text", "text": "\U0001f600" * (limit + 1)}]}
    assert_problem(await app_server.chatkit(grant, "threads.create", input=more), 422, "invalid_input")
