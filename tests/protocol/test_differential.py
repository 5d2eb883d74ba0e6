"""The same requests to OpenAI's own ChatKit server and to ours: the same course, but for what differs on purpose."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.app_server import TestServer, build_app_server
from tests.protocol.players import Official, Ours, Player, message, types_of
from tests.protocol.scripts import SCRIPTS

TITLED = "thread.updated"
DIFFERENCES = {
    # script: (theirs, ours), each a list of the event types that only one of the two sends
    "nothing": ([], ["thread.item.done end_of_turn", "error"]),  # the visitor is told that there was no answer
    "notice": ([], ["thread.item.done end_of_turn"]),  # kept, for those who open the thread later
    "title": ([TITLED], [TITLED]),  # ours comes when the title is given, theirs when the workflow says the next thing
}
"""All the deliberate differences in the course of a turn."""
HOSTED = {**DIFFERENCES, "nothing": ([], ["thread.item.done end_of_turn"])}
"""Those of the official server as a workflow: it may end without a word, as it may by itself."""

Course = list[dict[str, Any]]
OPENINGS = [name for name in SCRIPTS if not name.startswith("after ")]


@pytest.fixture(params=["python", "chatkit"])
async def app_server(request: pytest.FixtureRequest) -> AsyncIterator[TestServer]:
    """Ours with the scripts as a callable, and with the official server itself as the workflow."""
    target = {"python": "tests.protocol.scripts:play", "chatkit": "tests.protocol.official:OfficialServer"}
    async with build_app_server() as app_server:
        runner = request.param
        await app_server.result("workflows.add", handle="echo", runner=runner, target=target[runner])
        await app_server.result("workflows.publish", ref="echo")
        yield app_server


@pytest.fixture
async def players(app_server: TestServer) -> tuple[Player, Player]:
    return Official(), Ours(app_server, await app_server.grant())


def assert_same_course(theirs: Course, ours: Course, *, script: str = "", hosted: bool = False) -> None:
    """Type by type; what only one side sends must stand in the table."""
    only_theirs, only_ours = (HOSTED if hosted else DIFFERENCES).get(script, ([], []))
    shared_theirs = [each for each in types_of(theirs) if each not in only_theirs]
    shared_ours = [each for each in types_of(ours) if each not in only_ours]
    assert shared_ours == shared_theirs
    assert set(only_ours) <= set(types_of(ours))


async def begin(player: Player, script: str) -> tuple[str, list[dict[str, Any]]]:
    events = await player.stream("threads.create", input=message(script))
    return events[0]["thread"]["id"], events


@pytest.mark.parametrize("script", OPENINGS)
async def test_a_first_turn_takes_the_same_course(
    players: tuple[Player, Player], script: str, request: pytest.FixtureRequest
) -> None:
    """Whatever the workflow says."""
    (_, theirs), (_, ours) = [await begin(player, script) for player in players]
    assert_same_course(theirs, ours, script=script, hosted="chatkit" in request.node.name)


@pytest.mark.parametrize("script", OPENINGS)
async def test_a_thread_reads_the_same(players: tuple[Player, Player], script: str) -> None:
    """After the turn the items are there, in the same order, and hidden ones are not."""
    kinds = []
    for player in players:
        thread_id, _ = await begin(player, script)
        thread = await player.ask("threads.get_by_id", thread_id=thread_id)
        kinds.append([item["type"] for item in thread["items"]["data"] if item["type"] != "end_of_turn"])
    assert kinds[0] == kinds[1]


async def test_a_second_message_takes_the_same_course(players: tuple[Player, Player]) -> None:
    """threads.add_user_message."""
    courses = []
    for player in players:
        thread_id, _ = await begin(player, "text")
        courses.append(await player.stream("threads.add_user_message", thread_id=thread_id, input=message("cited")))
    assert_same_course(*courses)


async def test_a_client_tool_takes_the_same_course(players: tuple[Player, Player]) -> None:
    """threads.add_client_tool_output goes on with the call that waits."""
    courses = []
    for player in players:
        thread_id, _ = await begin(player, "client tool")
        output = {"opened": True}
        courses.append(await player.stream("threads.add_client_tool_output", thread_id=thread_id, result=output))
        items = await player.ask("items.list", thread_id=thread_id, order="asc")
        call = items["data"][1]
        assert (call["status"], call["output"]) == ("completed", output)
    assert_same_course(*courses)


@pytest.mark.parametrize("status", ["answered", "skipped"])
async def test_structured_input_takes_the_same_course(players: tuple[Player, Player], status: str) -> None:
    """threads.add_structured_input replaces the questions and goes on."""
    courses = []
    for player in players:
        thread_id, events = await begin(player, "questions")
        answers = {"why": {"values": ["because"], "skipped": False}, "unknown": {"values": ["x"], "skipped": False}}
        given = {"status": status, "answers": answers}
        item_id = events[-1]["item"]["id"]
        course = await player.stream("threads.add_structured_input", thread_id=thread_id, item_id=item_id, input=given)
        replaced = course[1]["item"]
        answer = {"values": ["because"], "skipped": False} if status == "answered" else {"values": [], "skipped": True}
        assert (replaced["status"], replaced["inputs"][-1]["answer"]) == (status, answer)
        courses.append(course)
    assert_same_course(*courses)


async def test_an_action_takes_the_same_course(players: tuple[Player, Player]) -> None:
    """threads.custom_action changes its widget and goes on."""
    courses = []
    for player in players:
        thread_id, events = await begin(player, "widget")
        action = {"type": "choose", "payload": {"n": 1}}
        item_id = events[-1]["item"]["id"]
        courses.append(
            await player.stream("threads.custom_action", thread_id=thread_id, item_id=item_id, action=action)
        )
    assert_same_course(*courses)


async def test_a_sync_action_answers_the_same(players: tuple[Player, Player]) -> None:
    """threads.sync_custom_action gives the changed widget back."""
    widgets = []
    for player in players:
        thread_id, events = await begin(player, "widget")
        action = {"type": "choose", "payload": {"n": 1}}
        item_id = events[-1]["item"]["id"]
        answer = await player.ask("threads.sync_custom_action", thread_id=thread_id, item_id=item_id, action=action)
        widgets.append(answer["updated_item"]["widget"])
    assert widgets[0] == widgets[1]


async def test_a_retry_takes_the_same_course(players: tuple[Player, Player]) -> None:
    """threads.retry_after_item: ours says besides that the old answer is gone, once the new one is durable."""
    courses = []
    for player in players:
        thread_id, events = await begin(player, "text")
        item_id = next(each["item"]["id"] for each in events if each["type"] == "thread.item.done")
        courses.append(await player.stream("threads.retry_after_item", thread_id=thread_id, item_id=item_id))
    theirs, ours = courses
    assert [each for each in types_of(ours) if each != "thread.item.removed"] == types_of(theirs)
    assert types_of(ours).count("thread.item.removed") == 1


async def test_titles_lists_feedback_and_deletion_answer_the_same(players: tuple[Player, Player]) -> None:
    """The requests that are answered with a document."""
    answers = []
    for player in players:
        thread_id, events = await begin(player, "text")
        item_id = events[-1]["item"]["id"]
        renamed = await player.ask("threads.update", thread_id=thread_id, title="Mine")
        listed = await player.ask("threads.list", limit=5)
        judged = await player.ask("items.feedback", thread_id=thread_id, item_ids=[item_id], kind="positive")
        deleted = await player.ask("threads.delete", thread_id=thread_id)
        left = await player.ask("threads.list")
        answers.append(
            (renamed["title"], renamed["items"], [each["title"] for each in listed["data"]], judged, deleted, left)
        )
    assert answers[0] == answers[1]
