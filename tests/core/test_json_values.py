"""What workflows hand over that no encoder takes, and actions that are carried out at once."""

from typing import Any

import pytest

from orcheo_adapters.wire.strict import load_object
from orcheo_core.domain.component_items import Step
from orcheo_core.domain.json_values import JSON_DEPTH, json_fault
from orcheo_core.domain.run import (
    ClientToolCalled,
    ContextKept,
    EffectCaused,
    RunEvent,
    TextDelta,
    WidgetChanged,
    WidgetShown,
)
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import ActionFailed, ChatSessionEnded, MalformedRequest, ThreadNotFound
from orcheo_core.ports.runner import RunFailed
from orcheo_core.services.visitors.acting import ActionInput
from tests.core.hall import ADA, Hall

CARD = {"type": "Card", "children": []}


DEEP: Any = []
for _ in range(JSON_DEPTH):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (DEEP, "it is nested more than 100 levels deep"),
        ({"x": float("nan")}, "nan is no number in JSON"),
        ([2**64], "a whole number has more than 64 bits"),
        ({"x": "a\ud800b"}, "a text has half of a character (a lone surrogate)"),
        ({"a\ud800": 1}, "a text has half of a character (a lone surrogate)"),
        ({1: 2}, "dict is no type of JSON"),
        ({"x": {1, 2}}, "set is no type of JSON"),
    ],
    ids=["deep", "nan", "big", "half", "half-name", "number-name", "set"],
)
async def test_what_cannot_be_written_as_json_never_leaves_a_turn_without_end(
    hall: Hall, value: Any, fault: str
) -> None:
    """A widget is left out, anything else ends the turn; the thread takes the next message in either case."""
    visit = await hall.visit()
    thread_id = None
    for event in (
        WidgetShown(widget={"type": "Card", "x": value}),
        ContextKept(value),
        EffectCaused(name="go", data={"x": value}),
        ClientToolCalled(name="go", arguments={"x": value}),
    ):
        turn = await hall.answered(visit, [TextDelta("Look: "), event], thread_id=thread_id)
        thread_id, latest = turn.thread_id, await hall.latest(turn.thread_id)
        assert latest.status is (TurnStatus.COMPLETED if isinstance(event, WidgetShown) else TurnStatus.FAILED)
        assert latest.fault is not None
        assert fault in latest.fault.reason


def test_values_as_deep_as_documents_go_are_json() -> None:
    """One level less than is refused, every kind of value in it."""
    assert json_fault(DEEP[0]) is None
    assert json_fault({"a": [None, True, 1, 1.5, "x", (2,)], "b": Step(title="x")}) is None


def test_a_failure_never_brings_halves_of_characters() -> None:
    """Neither to the visitor nor to the store."""
    failed = RunFailed("a\ud800", "b\ud800", visitor_message="c\ud800\x1b d")
    assert (failed.code, failed.reason, failed.visitor_message) == ("a", "b", "c d")


async def test_an_action_at_once_brings_nothing_back_that_is_gone(hall: Hall) -> None:
    """A widget that another try took away while the workflow was at work stays away, and so does a former title."""
    visit = await hall.visit()
    turn = await hall.answered(visit, [WidgetShown(widget=CARD)])
    said, widget = await hall.items(turn.thread_id)

    async def meanwhile() -> None:
        before, hall.runners.script = hall.runners.script, ([TextDelta("Again")],)
        await hall.core.chatting.retry(visit, turn.thread_id, said.id)
        await hall.background.run_all()
        await hall.core.own_threads.set_title(visit, turn.thread_id, "Mine")
        hall.runners.script = before

    hall.runners.script = (meanwhile, [WidgetChanged(widget=CARD), ContextKept("x")])
    asked = ActionInput(type="go", item_id=widget.id)
    assert await hall.core.acting.act_now(visit, turn.thread_id, asked) is None
    assert await hall.store.begin().items.find(turn.thread_id, widget.id) is None
    assert hall.telemetry.left_outs == ["WidgetChanged of an action that belongs to no widget"]
    thread = await hall.store.begin().threads.find(turn.thread_id)
    assert thread is not None
    assert thread.title == "Mine"


async def test_an_action_at_once_in_a_thread_that_was_deleted_is_lost(hall: Hall) -> None:
    """The thread stays deleted."""
    visit = await hall.visit()
    turn = await hall.answered(visit, [WidgetShown(widget=CARD)])
    hall.runners.script = (lambda: hall.core.own_threads.delete(visit, turn.thread_id), [ContextKept("x")])
    with pytest.raises(ThreadNotFound):
        await hall.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))


@pytest.mark.parametrize("said", [TextDelta("x" * 100_000), ContextKept("x")])
async def test_an_action_at_once_that_talks_without_end_fails(hall: Hall, said: RunEvent) -> None:
    """It would fill the memory until its time is up."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    hall.runners.script = ([said] * 1_001,)
    with pytest.raises(ActionFailed):
        await hall.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))


async def test_context_of_an_action_at_once_is_json(hall: Hall) -> None:
    """What is not is named in the log."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    hall.runners.script = ([ContextKept({1, 2}), TextDelta("a"), TextDelta("b")],)
    await hall.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    assert hall.telemetry.left_outs == [
        "TextDelta of an action that was carried out without a turn",
        "ContextKept that cannot be kept: set is no type of JSON",
    ]


def test_a_request_that_is_nested_too_deeply_is_refused() -> None:
    """Its values could not be stored, or not be read again."""
    assert load_object(b'{"x":' + b"[" * 99 + b"]" * 99 + b"}")
    with pytest.raises(MalformedRequest, match="nested more than 100 levels deep"):
        load_object(b'{"x":' + b"[" * 100 + b"]" * 100 + b"}")


async def test_an_action_at_once_keeps_nothing_after_the_owner_archived_the_workflow(hall: Hall) -> None:
    """It was under way when all chats were ended."""
    visit = await hall.visit()
    turn = await hall.answered(visit, [WidgetShown(widget=CARD)])
    widget = (await hall.items(turn.thread_id))[-1]
    other = {"type": "Card", "children": [{"type": "Text", "value": "late"}]}
    hall.runners.script = (lambda: hall.core.publishing.archive(ADA, "echo"), [WidgetChanged(widget=other)])
    with pytest.raises(ChatSessionEnded):
        await hall.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go", item_id=widget.id))
    assert await hall.store.begin().items.find(turn.thread_id, widget.id) == widget
