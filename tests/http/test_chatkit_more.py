"""``POST /api/chatkit``: what visitors do with threads besides talking, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from orcheo_adapters.http import answers
from orcheo_core import RunContext
from orcheo_core.domain.budget import ANSWER_BYTES, MIB, Holders
from orcheo_core.domain.run import ActionTaken, ContextKept, RunEvent, TextDelta, WidgetShown
from tests import workflows
from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server, events_of
from tests.http.sending import Visitor
from tests.protocol.scripts import CARD

STALLED = "the action stands before its gate"


async def acting(text: str, context: RunContext) -> AsyncIterator[RunEvent]:
    """A workflow that shows a widget whose action does what its payload says."""
    if not isinstance(context.cause, ActionTaken):
        yield ContextKept({"kept": text})
        yield WidgetShown(widget=CARD)
        if text == STALLED:
            async for piece in workflows.held(text):
                yield TextDelta(piece)
        return
    if context.cause.payload == "fail":
        message = "the secret reason"
        raise RuntimeError(message)
    yield TextDelta("Not shown")


def tells_page(_text: str, context: RunContext) -> str:
    """A workflow that answers with what the page said."""
    return json.dumps([context.metadata, context.locale])


async def visiting(app_server: TestServer, target: str) -> Visitor:
    """A visitor of this workflow."""
    await app_server.result("workflows.add", handle="echo", runner="python", target=target)
    await app_server.result("workflows.publish", ref="echo")
    return await Visitor.of(app_server)


@pytest.fixture
async def visitor(app_server: TestServer) -> Visitor:
    """A visitor of the scripted workflow of the protocol tests."""
    return await visiting(app_server, "tests.protocol.scripts:play")


@pytest.fixture
async def actor(app_server: TestServer) -> Visitor:
    """A visitor of the workflow with actions."""
    return await visiting(app_server, "tests.http.test_chatkit_more:acting")


async def begun(visitor: Visitor, script: str = "text") -> tuple[str, list[dict[str, Any]]]:
    """A thread with a first turn: its id and its events."""
    events = events_of(await visitor.send(text=script))
    return events[0]["thread"]["id"], events


async def test_feedback_is_stored_and_can_be_changed(visitor: Visitor) -> None:
    """The last word about an item counts."""
    thread_id, events = await begun(visitor)
    about = {"thread_id": thread_id, "item_ids": [events[-1]["item"]["id"]]}
    for kind in ("positive", "negative"):
        assert (await visitor.ask("items.feedback", **about, kind=kind)).json() == {}
    (given,) = await visitor.app_server.store.begin().feedback.of_thread(thread_id)
    assert (given.item_id, given.kind.value) == (about["item_ids"][0], "negative")


async def test_what_is_done_is_answered_whatever_lies_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that has no room is refused; a change is told as made, and counts."""
    monkeypatch.setattr(answers, "_SMALL", 0)  # as if a title were long
    async with build_app_server(environment={"ORCHEO_LIMIT_ANSWER_BYTES_BY_VISITOR": "1 MiB"}) as app_server:
        visitor = await visiting(app_server, "tests.protocol.scripts:play")
        thread_id, _ = await begun(visitor)
        thread = await app_server.store.begin().threads.find(thread_id)
        assert thread is not None
        holders = Holders.of(thread.subject, "127.0.0.1", thread.workflow_id)
        with app_server.orcheo.core.holding.hold(ANSWER_BYTES, holders, MIB):
            assert_problem(await visitor.ask("threads.get_by_id", thread_id=thread_id), 429, "budget_exceeded")
            changed = await visitor.ask("threads.update", thread_id=thread_id, title="Changed")
            assert (changed.status_code, changed.json()["title"]) == (200, "Changed")
        assert (await visitor.ask("threads.get_by_id", thread_id=thread_id)).json()["title"] == "Changed"


async def test_feedback_comes_back_with_its_items(visitor: Visitor) -> None:
    """To the visitor who gave it, in both ways of reading; what was not judged says nothing."""
    thread_id, events = await begun(visitor)
    item_id = events[-1]["item"]["id"]
    await visitor.ask("items.feedback", thread_id=thread_id, item_ids=[item_id], kind="negative")
    thread = (await visitor.ask("threads.get_by_id", thread_id=thread_id)).json()
    listed = (await visitor.ask("items.list", thread_id=thread_id)).json()["data"]
    for items in (thread["items"]["data"], listed[::-1]):
        assert [each.get("orcheo.feedback") for each in items] == [None, "negative"]


async def test_feedback_on_an_unknown_item_stores_nothing(visitor: Visitor) -> None:
    """One id that is none refuses the whole request."""
    thread_id, events = await begun(visitor)
    _, others = await begun(visitor)
    for unknown in ("msg_none", others[-1]["item"]["id"]):
        ids = [events[-1]["item"]["id"], unknown]
        answer = await visitor.ask("items.feedback", thread_id=thread_id, item_ids=ids, kind="positive")
        assert_problem(answer, 404, "item_not_found")
    assert list(await visitor.app_server.store.begin().feedback.of_thread(thread_id)) == []


async def test_feedback_of_an_unknown_kind(visitor: Visitor) -> None:
    """The refusal names the field."""
    thread_id, events = await begun(visitor)
    ids = [events[-1]["item"]["id"]]
    problem = assert_problem(
        await visitor.ask("items.feedback", thread_id=thread_id, item_ids=ids, kind="so so"), 422, "invalid_input"
    )
    assert problem["errors"][0]["path"] == "params.kind"


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("threads.update", {"title": "Mine now"}),
        ("threads.delete", {}),
        ("items.feedback", {"item_ids": [], "kind": "positive"}),
        ("threads.add_client_tool_output", {"result": 1}),
        ("threads.add_structured_input", {"item_id": "msg_1", "input": {"status": "skipped"}}),
        ("threads.custom_action", {"action": {"type": "a"}}),
        ("threads.sync_custom_action", {"action": {"type": "a"}}),
    ],
)
async def test_threads_of_somebody_else_are_unknown(visitor: Visitor, kind: str, params: dict[str, Any]) -> None:
    """Every request that names one is refused, and the thread is as it was."""
    thread_id, _ = await begun(visitor)
    stranger = await Visitor.of(visitor.app_server)
    assert_problem(await stranger.ask(kind, thread_id=thread_id, **params), 404, "thread_not_found")
    thread = (await visitor.ask("threads.get_by_id", thread_id=thread_id)).json()
    assert (thread["title"], len(thread["items"]["data"])) == ("text", 2)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_image"},
        {},
        "text",
        {"type": "input_text", "text": "x" * 100_001},
        {"type": "input_tag", "id": "t", "text": "@t", "data": []},
    ],
)
async def test_what_a_message_may_not_hold(visitor: Visitor, part: Any) -> None:
    """Parts of another kind, texts without end, tags whose data is no object: nothing is kept of them."""
    said = USER_INPUT | {"content": [part]}
    problem = assert_problem(await visitor.ask("threads.create", input=said), 422, "invalid_input")
    assert problem["errors"][0]["path"].startswith("params.input.content[0]")
    assert (await visitor.ask("threads.list")).json()["data"] == []


async def test_transcription_is_off(visitor: Visitor) -> None:
    """A server without speech recognition says so, as no repeat will help."""
    answer = await visitor.ask("input.transcribe", audio_base64="AAAA", mime_type="audio/webm")
    assert_problem(answer, 422, "transcription_off")


@pytest.mark.parametrize("audio", ["A", "AAA", "%%%%", "AA AA", "ä"])
async def test_audio_that_is_no_base64(visitor: Visitor, audio: str) -> None:
    """It is refused before anyone listens to it."""
    answer = await visitor.ask("input.transcribe", audio_base64=audio, mime_type="audio/webm")
    assert assert_problem(answer, 422, "invalid_input")["errors"][0]["path"] == "params.audio_base64"


async def test_hidden_items_are_on_no_answer(actor: Visitor) -> None:
    """What the workflow keeps for itself is in no event, no thread and no page."""
    thread_id, events = await begun(actor, "Hello")
    newest = (await actor.ask("items.list", thread_id=thread_id)).json()["data"]
    oldest = (await actor.ask("items.list", thread_id=thread_id, order="asc")).json()["data"]
    whole = (await actor.ask("threads.get_by_id", thread_id=thread_id)).json()["items"]["data"]
    assert "kept" not in str([events, newest, oldest, whole])
    assert [len(newest), len(oldest), len(whole)] == [2, 2, 2]


def widget_in(events: list[dict[str, Any]]) -> str:
    """The id of the widget that a turn showed."""
    return str(next(each["item"]["id"] for each in events if each.get("item", {}).get("type") == "widget"))


@pytest.mark.parametrize("kind", ["threads.custom_action", "threads.sync_custom_action"])
async def test_an_action_needs_a_widget(actor: Visitor, kind: str) -> None:
    """Neither an item of another kind nor one that is not there can be acted upon."""
    thread_id, events = await begun(actor)
    for item_id in (events[1]["item"]["id"], "msg_none"):
        answer = await actor.ask(kind, thread_id=thread_id, item_id=item_id, action={"type": "choose"})
        assert_problem(answer, 404, "item_not_found")


async def test_an_action_that_fails_says_so(actor: Visitor) -> None:
    """The visitor sees a fixed sentence, the reason goes to the operator, the thread can go on."""
    thread_id, events = await begun(actor)
    action = {"type": "choose", "payload": "fail"}
    about = {"thread_id": thread_id, "item_id": widget_in(events), "action": action}
    answer = await actor.ask("threads.sync_custom_action", **about)
    assert_problem(answer, 424, "action_failed")
    assert "secret reason" not in answer.text
    assert "the secret reason" in str(actor.app_server.telemetry.run_failures[0])
    assert (await actor.send(thread_id=thread_id)).status_code == 200


@pytest.mark.parametrize("with_widget", [True, False])
async def test_a_sync_action_while_a_turn_runs(actor: Visitor, *, with_widget: bool) -> None:
    """It needs no turn of its own; one that changes nothing answers nothing."""
    workflows.close_gate(STALLED)
    thread_id, events = await begun(actor)
    talking = asyncio.create_task(actor.send(thread_id=thread_id, text=STALLED))
    await workflows.reached(STALLED)
    about = {"item_id": widget_in(events)} if with_widget else {}
    answer = await actor.ask("threads.sync_custom_action", thread_id=thread_id, action={"type": "look"}, **about)
    assert (answer.status_code, answer.json()) == (200, {})
    refused = await actor.ask("threads.custom_action", thread_id=thread_id, action={"type": "look"}, **about)
    assert_problem(refused, 409, "turn_in_progress")
    workflows.open_gate(STALLED)
    assert events_of(await talking)[-1]["type"] == "thread.item.done"


@pytest.mark.parametrize(
    ("said", "languages", "known"),
    [
        ({"metadata": {"page": "/prices", "client_id": "k"}}, None, [{"page": "/prices", "client_id": "k"}, None]),
        ({}, "de-AT,de;q=0.9,en;q=0.8", [{}, "de-at"]),
        ({}, "en;q=0.5, fr", [{}, "fr"]),
        ({}, "*", [{}, None]),
        ({}, "", [{}, None]),
        ({}, None, [{}, None]),
    ],
)
async def test_what_the_page_says_reaches_the_workflow(
    app_server: TestServer, said: dict[str, Any], languages: str | None, known: list[Any]
) -> None:
    """The metadata of the request as it came, and the language that the browser wants most."""
    visitor = await visiting(app_server, "tests.http.test_chatkit_more:tells_page")
    body = {"type": "threads.create", "params": {"input": USER_INPUT}, **said}
    headers = {"authorization": f"Bearer {visitor.grant}"} | ({"accept-language": languages} if languages else {})
    events = events_of(await app_server.client.post("/api/chatkit", headers=headers, json=body))
    assert json.loads(events[-1]["item"]["content"][0]["text"]) == known


async def test_metadata_is_an_object(app_server: TestServer) -> None:
    """As ChatKit's is."""
    visitor = await visiting(app_server, "tests.http.test_chatkit_more:tells_page")
    body = {"type": "threads.create", "params": {"input": USER_INPUT}, "metadata": ["/prices"]}
    headers = {"authorization": f"Bearer {visitor.grant}"}
    answer = await app_server.client.post("/api/chatkit", headers=headers, json=body)
    assert_problem(answer, 422, "invalid_input")
    assert answer.json()["errors"][0]["path"] == "metadata"
