"""What workflows hand over that no encoder takes, and actions that are carried out at once."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from orcheo_adapters.wire.strict import MOST_VALUES, load_object
from orcheo_core.domain.component_items import Step
from orcheo_core.domain.items import AssistantItem, Citation
from orcheo_core.domain.json_values import JSON_DEPTH, has_more_values, json_fault
from orcheo_core.domain.run import (
    AnswerEnded,
    ClientToolCalled,
    ContextKept,
    EffectCaused,
    ImageShown,
    NoticeGiven,
    RunEvent,
    SourceCited,
    StepNoted,
    TextDelta,
    WidgetChanged,
    WidgetShown,
)
from orcheo_core.domain.sources import Source
from orcheo_core.domain.turn import TurnFault, TurnStatus
from orcheo_core.errors import ActionFailed, ChatSessionEnded, MalformedRequest, ThreadNotFound
from orcheo_core.ports.runner import RunFailed
from orcheo_core.services.visitors.acting import ActionInput
from orcheo_core.turns.room_to_say import MOST_SHOWN
from tests.core.harness import ADA, CoreHarness

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
    harness: CoreHarness, value: Any, fault: str
) -> None:
    """A widget is left out, anything else ends the turn; the thread takes the next message in either case."""
    visit = await harness.visit()
    thread_id = None
    for event in (
        WidgetShown(widget={"type": "Card", "x": value}),
        ContextKept(value),
        EffectCaused(name="go", data={"x": value}),
        ClientToolCalled(name="go", arguments={"x": value}),
    ):
        turn = await harness.answered(visit, [TextDelta("Look: "), event], thread_id=thread_id)
        thread_id, latest = turn.thread_id, await harness.latest(turn.thread_id)
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


async def test_an_action_at_once_brings_nothing_back_that_is_gone(harness: CoreHarness) -> None:
    """A widget that another try took away while the workflow was at work stays away, and so does a former title."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [WidgetShown(widget=CARD)])
    said, widget = await harness.items(turn.thread_id)

    async def meanwhile() -> None:
        before, harness.runners.script = harness.runners.script, ([TextDelta("Again")],)
        await harness.core.chatting.retry(visit, turn.thread_id, said.id)
        await harness.background.run_all()
        await harness.core.own_threads.set_title(visit, turn.thread_id, "Mine")
        harness.runners.script = before

    harness.runners.script = (meanwhile, [WidgetChanged(widget=CARD), ContextKept("x")])
    asked = ActionInput(type="go", item_id=widget.id)
    assert await harness.core.acting.act_now(visit, turn.thread_id, asked) is None
    assert await harness.store.begin().items.find(turn.thread_id, widget.id) is None
    assert harness.telemetry.left_outs == ["WidgetChanged of an action that belongs to no widget"]
    thread = await harness.store.begin().threads.find(turn.thread_id)
    assert thread is not None
    assert thread.title == "Mine"


async def test_an_action_at_once_in_a_thread_that_was_deleted_is_lost(harness: CoreHarness) -> None:
    """The thread stays deleted."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [WidgetShown(widget=CARD)])
    harness.runners.script = (lambda: harness.core.own_threads.delete(visit, turn.thread_id), [ContextKept("x")])
    with pytest.raises(ThreadNotFound):
        await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))


@pytest.mark.parametrize(
    ("said", "times"),
    [
        (TextDelta("x" * 100_000), 1_001),
        (ContextKept("x"), 1_001),
        (ContextKept({"x": "x" * 1_000_000}), 1),
        (WidgetChanged(widget={**CARD, "key": "x" * 100_000}), 10),
    ],
)
async def test_an_action_at_once_that_talks_without_end_fails(harness: CoreHarness, said: RunEvent, times: int) -> None:
    """It would fill the memory until its time is up, and what it keeps the disk."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.runners.script = ([said] * times,)
    with pytest.raises(ActionFailed):
        await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))


_BESIDES = (
    "The workflow has said more than 1,000,000 characters besides text: "
    "sources, steps, questions, tool calls, notices, hidden context."
)
_SHOWN = "The workflow has shown more than 20,000,000 characters of widgets and images."
_MANY_SHOWN = "The workflow has shown more than 10,000 widgets and images."


@pytest.mark.parametrize(
    ("said", "times", "reason"),
    [
        (lambda at: ContextKept([Step(title="x" * 300_000)]), 4, _BESIDES),
        (lambda at: SourceCited(Citation(source=Source(title="x" * 300_000))), 4, _BESIDES),
        (lambda at: StepNoted(index=at, step=Step(title="x" * 300_000)), 4, _BESIDES),
        (lambda at: ClientToolCalled(name="x", arguments={"x": "x" * 300_000}), 4, _BESIDES),
        (lambda at: NoticeGiven(message="x" * 300_000), 4, _BESIDES),
        (lambda at: AnswerEnded(), 10_001, _BESIDES),
        (lambda at: WidgetShown(widget={**CARD, "key": "x" * 65_000}), 308, _SHOWN),
        (lambda at: ImageShown(url="/" + "x" * 999_999), 21, _SHOWN),
        (lambda at: WidgetShown(widget=CARD), MOST_SHOWN + 1, _MANY_SHOWN),
    ],
)
async def test_a_turn_keeps_only_so_much_besides_text(
    harness: CoreHarness, said: Callable[[int], RunEvent], times: int, reason: str
) -> None:
    """It would fill the disk, up to the bytes of its frames; what was said until then stays, as text does."""
    kept = [said(at) for at in range(times)]
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("So far"), *kept])
    ended = await harness.latest(turn.thread_id)
    assert (ended.status, ended.fault) == (TurnStatus.FAILED, TurnFault("too_long", reason))
    items = await harness.items(turn.thread_id)
    assert any(isinstance(each, AssistantItem) and each.text == "So far" for each in items)
    again = await harness.answered(visit, [TextDelta("So far"), *kept[:-1]])
    assert (await harness.latest(again.thread_id)).status is TurnStatus.COMPLETED


async def test_a_step_that_grows_counts_once(harness: CoreHarness) -> None:
    """Thoughts of models come as one step that is longer each time, 5,000,000 characters in all here."""
    grown = [StepNoted(index=0, step=Step(content="x" * length)) for length in range(0, 100_000, 1_000)]
    turn = await harness.answered(await harness.visit(), [*grown, TextDelta("Thought")])
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.COMPLETED


async def test_context_of_an_action_at_once_is_json(harness: CoreHarness) -> None:
    """What is not is named in the log."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.runners.script = ([ContextKept({1, 2}), TextDelta("a"), TextDelta("b")],)
    await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    assert harness.telemetry.left_outs == [
        "TextDelta of an action that was carried out without a turn",
        "ContextKept that cannot be kept: set is no type of JSON",
    ]


def test_a_request_that_is_nested_too_deeply_is_refused() -> None:
    """Its values could not be stored, or not be read again."""
    assert load_object(b'{"x":' + b"[" * 99 + b"]" * 99 + b"}")
    with pytest.raises(MalformedRequest, match="nested more than 100 levels deep"):
        load_object(b'{"x":' + b"[" * 100 + b"]" * 100 + b"}")


def test_a_request_of_too_many_values_is_refused() -> None:
    """Half a megabyte of brackets would keep the server busy for seconds; in a text they are letters like others."""
    assert load_object(b'{"x":[' + b"[]," * 9_990 + b"1]}")
    for value in (b"[]", b"{}", b"1", b'"a"', b'{"a":"[,"}'):
        with pytest.raises(MalformedRequest, match="more than 20,000 values"):
            load_object(b'{"x":[' + (value + b",") * MOST_VALUES + b"1]}")
    said = {"text": ',[{"\\' * 50_000 + '"', "more": "\\"}
    assert load_object(orjson.dumps(said)) == said


@pytest.mark.parametrize("rest", [b'\\"', b"\\", b'"', b'\\\\"'])
def test_what_is_no_json_is_gone_through_once(rest: bytes) -> None:
    """A text without an end, or one that ends in the middle of an escape, is looked at from its beginning only."""
    with pytest.raises(MalformedRequest, match="not valid JSON"):
        load_object(b'{"x":"' + b"," * MOST_VALUES + rest * 100_000 + b"\\")


async def test_an_action_at_once_keeps_nothing_after_the_owner_archived_the_workflow(harness: CoreHarness) -> None:
    """It was under way when all chats were ended."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [WidgetShown(widget=CARD)])
    widget = (await harness.items(turn.thread_id))[-1]
    other = {"type": "Card", "children": [{"type": "Text", "value": "late"}]}
    harness.runners.script = (lambda: harness.core.publishing.archive(ADA, "echo"), [WidgetChanged(widget=other)])
    with pytest.raises(ChatSessionEnded):
        await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go", item_id=widget.id))
    assert await harness.store.begin().items.find(turn.thread_id, widget.id) == widget


@pytest.mark.parametrize(
    ("document", "marks"),
    [
        (b'["a,b", {"c": "\\"[,"}]', 3),
        (b'["\\\\", 1, "\\\\\\",["]', 3),
        (b'["\\n[", "]", ","]', 3),
        (b'[1, "[[[', 2),
        (b'"' + b"[" * 70_000 + b'",' + b"," * 70_000 + b'"' + b"," * 70_000, 70_001),
    ],
    ids=["texts", "backslashes", "three", "open", "long"],
)
def test_values_are_counted_without_what_is_in_texts(document: bytes, marks: int) -> None:
    """However long the texts are; all wait while it is counted."""
    assert [has_more_values(document, most) for most in (marks - 1, marks)] == [True, False]
