"""``POST /api/chatkit``: turns that no message begins, and requests that come twice."""

import asyncio
from typing import Any

import pytest

from tests import workflows
from tests.app_server import USER_INPUT, TestServer, assert_problem, events_of
from tests.http.sending import Visitor

OUTPUT = "threads.add_client_tool_output"
INPUT = "threads.add_structured_input"
SKIPPED = {"status": "skipped"}


@pytest.fixture
async def visitor(app_server: TestServer) -> Visitor:
    """A visitor of the scripted workflow of the protocol tests."""
    await app_server.result("workflows.add", handle="echo", runner="python", target="tests.protocol.scripts:play")
    await app_server.result("workflows.publish", ref="echo")
    return await Visitor.of(app_server)


async def begun(visitor: Visitor, script: str) -> tuple[str, str]:
    """A thread with a first turn: its id and the id of its last item."""
    events = events_of(await visitor.send(text=script))
    return events[0]["thread"]["id"], events[-1]["item"]["id"]


async def repeated(visitor: Visitor, kind: str, /, **params: Any) -> list[list[dict[str, Any]]]:
    """The events that each of two requests with the same key is answered with."""
    answers = [
        await visitor.app_server.chatkit(visitor.grant, kind, {"idempotency-key": "k"}, **params) for _ in range(2)
    ]
    return [events_of(answer) for answer in answers]


async def test_a_tool_output_that_comes_twice_is_one(visitor: Visitor) -> None:
    """The repeat gets the stream of the first, though no call waits any more."""
    thread_id, _ = await begun(visitor, "client tool")
    first, again = await repeated(visitor, OUTPUT, thread_id=thread_id, result={"opened": True})
    assert first == again
    assert first[-1]["item"]["content"][0]["text"] == "The map is open"


async def test_answers_that_come_twice_are_one(visitor: Visitor) -> None:
    """The repeat gets the stream of the first, though the questions are answered."""
    thread_id, item_id = await begun(visitor, "questions")
    first, again = await repeated(visitor, INPUT, thread_id=thread_id, item_id=item_id, input=SKIPPED)
    assert first == again
    assert first[-1]["item"]["content"][0]["text"] == "Thank you"


async def test_an_action_that_comes_twice_is_one(visitor: Visitor) -> None:
    """A double click counts once."""
    thread_id, item_id = await begun(visitor, "widget")
    about = {"thread_id": thread_id, "item_id": item_id, "action": {"type": "choose"}}
    first, again = await repeated(visitor, "threads.custom_action", **about)
    assert first == again


async def test_a_retry_that_comes_twice_is_one(visitor: Visitor) -> None:
    """The key may also come in the metadata, where ChatKit's own client can put it."""
    events = events_of(await visitor.send(text="text"))
    thread_id, item_id = events[0]["thread"]["id"], events[1]["item"]["id"]
    params = {"thread_id": thread_id, "item_id": item_id}
    body = {"type": "threads.retry_after_item", "params": params, "metadata": {"client_id": "k"}}
    headers = {"authorization": f"Bearer {visitor.grant}"}
    answers = [await visitor.app_server.client.post("/api/chatkit", json=body, headers=headers) for _ in range(2)]
    first, again = map(events_of, answers)
    assert first == again


async def test_a_key_is_not_endless(visitor: Visitor) -> None:
    """Two hundred characters are plenty."""
    answer = await visitor.app_server.chatkit(
        visitor.grant, "threads.create", {"idempotency-key": "k" * 201}, input=USER_INPUT
    )
    assert assert_problem(answer, 422, "invalid_input")["errors"][0]["path"] == "Idempotency-Key"


@pytest.mark.parametrize("key", ["k" * 64, "k" * 200, "\N{GRINNING FACE}" * 200])
async def test_a_long_key_is_kept_short(visitor: Visitor, key: str) -> None:
    """A repeat is known all the same, and a key that differs at its end is another one."""
    headers = {"authorization": f"Bearer {visitor.grant}"}
    turns = []
    for each in (key, key, key[:-1] + "!"):
        body = {"type": "threads.create", "params": {"input": USER_INPUT}, "metadata": {"client_id": each}}
        events = events_of(await visitor.app_server.client.post("/api/chatkit", json=body, headers=headers))
        turn = await visitor.app_server.store.begin().turns.latest(events[0]["thread"]["id"])
        assert turn is not None
        assert turn.idempotency_key is not None
        assert len(turn.idempotency_key.encode()) == 64
        turns.append(turn.id)
    first, again, other = turns
    assert first == again != other


async def test_questions_are_answered_once(visitor: Visitor) -> None:
    """Other answers later on change nothing."""
    thread_id, item_id = await begun(visitor, "questions")
    await visitor.ask(INPUT, thread_id=thread_id, item_id=item_id, input=SKIPPED)
    answers = {"status": "answered", "answers": {"why": {"values": ["because"]}}}
    again = await visitor.ask(INPUT, thread_id=thread_id, item_id=item_id, input=answers)
    assert_problem(again, 409, "nothing_pending")
    items = (await visitor.ask("items.list", thread_id=thread_id, order="asc")).json()["data"]
    assert next(each["status"] for each in items if each["id"] == item_id) == "skipped"


async def test_what_is_no_question_cannot_be_answered(visitor: Visitor) -> None:
    """Neither an item of another kind nor one that is not there."""
    thread_id, item_id = await begun(visitor, "text")
    for each in (item_id, "msg_none"):
        answer = await visitor.ask(INPUT, thread_id=thread_id, item_id=each, input=SKIPPED)
        assert_problem(answer, 404, "item_not_found")


async def test_an_output_that_no_call_waits_for(visitor: Visitor) -> None:
    """None was made, it has its output, or the visitor went on without."""
    thread_id, _ = await begun(visitor, "text")
    assert_problem(await visitor.ask(OUTPUT, thread_id=thread_id, result=1), 409, "nothing_pending")
    thread_id, _ = await begun(visitor, "client tool")
    await visitor.ask(OUTPUT, thread_id=thread_id, result=1)
    assert_problem(await visitor.ask(OUTPUT, thread_id=thread_id, result=1), 409, "nothing_pending")
    thread_id, _ = await begun(visitor, "client tool")
    await visitor.send(thread_id=thread_id, text="text")
    assert_problem(await visitor.ask(OUTPUT, thread_id=thread_id, result=1), 409, "nothing_pending")


async def test_an_older_call_that_waits_is_given_up(visitor: Visitor) -> None:
    """By the next message: no page makes it any more, and the output belongs to the newest one."""
    thread_id, older = await begun(visitor, "client tool")
    await visitor.send(thread_id=thread_id, text="client tool")
    assert (await visitor.ask(OUTPUT, thread_id=thread_id, result=1)).status_code == 200
    items = (await visitor.ask("items.list", thread_id=thread_id)).json()["data"]
    calls = [(each["id"] == older, each["status"], each.get("output")) for each in items if "call_id" in each]
    assert calls == [(False, "completed", 1), (True, "completed", None)]


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "²", "1234567890"])
async def test_a_place_to_follow_from_that_is_no_number(visitor: Visitor, after: str) -> None:
    """Whether it comes in the URL or as a browser sends it."""
    thread_id, _ = await begun(visitor, "text")
    url, key = f"/api/chatkit/threads/{thread_id}/events", ("authorization", f"Bearer {visitor.grant}")
    client = visitor.app_server.client
    last = [(name.encode(), value.encode()) for name, value in (key, ("last-event-id", after))]
    for answer in (await client.get(url, params={"after": after}, headers=[key]), await client.get(url, headers=last)):
        assert assert_problem(answer, 422, "invalid_input")["errors"][0]["path"] == "after"


async def test_deleting_a_thread_stops_its_answer(app_server: TestServer) -> None:
    """Nothing is said into a thread that is gone."""
    text = "deleted meanwhile"
    workflows.close_gate(text)
    await app_server.publish(call="held")
    visitor = await Visitor.of(app_server)
    talking = asyncio.create_task(visitor.send(text=text))
    await workflows.reached(text)
    (thread,) = (await visitor.ask("threads.list")).json()["data"]
    assert (await visitor.ask("threads.delete", thread_id=thread["id"])).json() == {}
    assert "after" not in (await talking).text
    assert (await visitor.ask("threads.list")).json()["data"] == []


async def test_a_request_that_comes_again_after_its_events_are_gone_is_not_left_empty(app_server: TestServer) -> None:
    """The thread and its items, as they are stored."""
    token = (await app_server.publish())["publish_token"]
    once = events_of(await app_server.chatkit(token, "threads.create", {"idempotency-key": "k"}, input=USER_INPUT))
    app_server.clock.advance(minutes=10)
    app_server.orcheo.core.live_turns.forget(app_server.clock.now())
    again = events_of(await app_server.chatkit(token, "threads.create", {"idempotency-key": "k"}, input=USER_INPUT))
    assert [each["type"] for each in again] == ["thread.created", "thread.item.done", "thread.item.done"]
    assert again[0]["thread"]["id"] == once[0]["thread"]["id"]
    assert again[-1] == once[-1]


async def test_a_key_that_comes_with_another_message_is_refused(app_server: TestServer) -> None:
    """Rather than acknowledged and dropped."""
    token = (await app_server.publish())["publish_token"]
    await app_server.chatkit(token, "threads.create", {"idempotency-key": "k"}, input=USER_INPUT)
    other = USER_INPUT | {"content": [{"type": "input_text", "text": "Something else"}]}
    answer = await app_server.chatkit(token, "threads.create", {"idempotency-key": "k"}, input=other)
    assert_problem(answer, 409, "idempotency_key_reused")
