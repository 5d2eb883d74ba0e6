"""Each event of AG-UI, and what becomes of it."""

from collections.abc import Callable
from itertools import repeat
from typing import Any

import pytest

from orcheo_adapters.runners.agui import memory, work
from orcheo_adapters.runners.agui.events import AgentEvents
from orcheo_adapters.runners.agui.options import Options
from orcheo_adapters.runners.agui.wire import AgentBrokeOff, AgentFailed, AgentNotUnderstood
from orcheo_adapters.runners.steps import beginning
from orcheo_core.domain.component_items import Step, StepKind, StepState
from orcheo_core.domain.run import (
    AnswerEnded,
    ClientToolCalled,
    CutShort,
    EffectCaused,
    FaultNoted,
    InputAsked,
    ProgressNote,
    RunEvent,
    StepNoted,
    TextDelta,
    UsageReported,
    WidgetShown,
)
from orcheo_core.domain.structured_input import Question
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.runner import NothingSaid, RunTooLong
from tests.adapters.runners.agui_events import (
    FINISHED,
    HELLO,
    STARTED,
    call,
    kept,
    result,
    seen,
    taken,
    text,
    words_of,
)

DETAILS = Options(steps="details")
CARD = {"type": "Card", "children": [{"type": "Text", "value": "Hi"}]}


def steps_of(said: list[RunEvent]) -> list[tuple[int, str | None, str | None, StepState]]:
    """Index, title, detail and state of each step that is noted."""
    noted = [each for each in said if isinstance(each, StepNoted)]
    return [(each.index, each.step.title, each.step.content, each.step.state) for each in noted]


# --- text -------------------------------------------------------------------------------------------------------------


def test_text_is_the_answer() -> None:
    """A message in pieces is text in pieces."""
    assert seen(HELLO) == [TextDelta("Hel"), TextDelta("lo")]


def test_another_message_is_another_item() -> None:
    """A message with another id begins a new answer; the thread is not told of an end after the last one."""
    second = [{"type": "TEXT_MESSAGE_START", "messageId": "m2"}, text("m2", "You"), text("m2", " there")]
    assert seen([*HELLO, *second]) == [
        TextDelta("Hel"),
        TextDelta("lo"),
        AnswerEnded(),
        TextDelta("You"),
        TextDelta(" there"),
    ]


def test_a_thought_in_tags_at_the_beginning_of_a_message_is_a_thought() -> None:
    """As models without a reasoning parser write it; messages that wait for another one are read as well."""
    first = [text("m1", "<th"), text("m1", "ink>Hm.</think>"), text("m2", "<think>So.</think>You"), text("m1", "Hi")]
    assert words_of(seen(first)) == "HiYou"
    steps = [str(each.step.content) for each in seen(first) if isinstance(each, StepNoted)]
    assert list(dict.fromkeys(steps)) == ["Hm.", "So."]
    with pytest.raises(NothingSaid, match="only what the model thought"):
        seen([text("m1", "<think>Hm.")], Options(shows_reasoning=False))


def test_an_empty_message_is_nothing() -> None:
    """A message without text, or with blanks alone, as some servers send before a tool call, adds nothing."""
    empty = [
        {"type": "TEXT_MESSAGE_START", "messageId": "m0", "role": "assistant"},
        text("m0", ""),
        text("m0", " \n"),
        {"type": "TEXT_MESSAGE_END", "messageId": "m0"},
    ]
    assert seen([*empty, *HELLO]) == [TextDelta("Hel"), TextDelta("lo")]


def test_chunks_need_no_start_and_no_end() -> None:
    """A chunk without an id continues the one before; one with another id begins a new item."""
    chunks = [
        {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "role": "assistant", "delta": "a"},
        {"type": "TEXT_MESSAGE_CHUNK", "delta": "b"},
        {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m2", "delta": "c"},
    ]
    assert seen(chunks) == [TextDelta("a"), TextDelta("b"), AnswerEnded(), TextDelta("c")]


def test_messages_of_others_are_not_the_answer() -> None:
    """A message of the visitor, the system or a developer that a server repeats is not shown."""
    other = [
        {"type": "TEXT_MESSAGE_START", "messageId": "u1", "role": "user"},
        text("u1", "What is up?"),
        {"type": "TEXT_MESSAGE_CHUNK", "messageId": "s1", "role": "system", "delta": "Be kind"},
        {"type": "TEXT_MESSAGE_CHUNK", "delta": " and short"},
    ]
    assert seen([*other, *HELLO]) == [TextDelta("Hel"), TextDelta("lo")]


def test_messages_at_once_come_one_after_the_other() -> None:
    """What a second message says while the first is written waits for the end of the first."""
    mixed = [text("a", "1"), text("b", "2"), text("a", "3"), {"type": "TEXT_MESSAGE_END", "messageId": "b"}]
    assert seen([*mixed, text("c", "4")]) == [
        TextDelta("1"),
        TextDelta("3"),
        AnswerEnded(),
        TextDelta("2"),
        AnswerEnded(),
        TextDelta("4"),
    ]


def test_text_that_waits_is_bounded() -> None:
    """A message that never ends does not gather the text of another one without end."""
    stream = AgentEvents(Options())
    stream.take(text("a", "x"))
    for _ in range(20):
        stream.take(text("b", "y" * 50_000))
    with pytest.raises(RunTooLong):
        stream.take(text("b", "y"))


def test_halves_of_characters_are_joined() -> None:
    """Servers in JavaScript cut emoji in half."""
    assert words_of(seen([text("m", "a\ud83d"), text("m", "\udc4b b"), text("m", "\ud83d")])) == "a👋 b\ufffd"


def test_events_out_of_order_are_read_as_far_as_they_make_sense() -> None:
    """Content without a start, an end without a beginning, a start that comes twice."""
    odd = [
        {"type": "TEXT_MESSAGE_END", "messageId": "m9"},
        text("m1", "a"),
        {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"},
        text("m1", "b"),
        {"type": "TEXT_MESSAGE_END", "messageId": "m1"},
        {"type": "TEXT_MESSAGE_END", "messageId": "m1"},
    ]
    assert words_of(seen(odd)) == "ab"


def test_fields_that_1_0_does_not_have_are_ignored() -> None:
    """Servers before 1.0 send thread and run in each event, and names in snake case."""
    old = {"type": "TEXT_MESSAGE_CONTENT", "message_id": "m1", "delta": "a", "threadId": "t", "runId": "r", "x": None}
    assert seen([old, text("m1", "b", threadId="t")]) == [TextDelta("a"), TextDelta("b")]


class _Object:
    """Stands for an event object of the protocol's package."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__ |= fields
        self.dumps = 0

    def model_dump(self, *, by_alias: bool, exclude: set[str]) -> dict[str, Any]:
        self.dumps += 1
        names = {"message_id": "messageId"}
        assert by_alias
        return {names.get(name, name): each for name, each in vars(self).items() if name not in exclude}


def test_objects_of_the_protocol_are_read_too() -> None:
    """And plain text that continues a message is read without taking them apart."""
    fields: dict[str, Any] = {"type": "TEXT_MESSAGE_CONTENT", "message_id": "m1", "raw_event": object()}
    first, second = _Object(delta="a", **fields), _Object(delta="b", **fields)
    assert seen([first, second]) == [TextDelta("a"), TextDelta("b")]
    assert (first.dumps, second.dumps) == (1, 0)


# --- steps ------------------------------------------------------------------------------------------------------------


def test_a_tool_call_is_a_step() -> None:
    """It has a name, is under way, then done; text after it ends the note."""
    weather = [*call("c1", "get_weather", '{"city": "Paris"}'), result("c1", "18 °C")]
    said = seen([*weather, *HELLO])
    assert steps_of(said) == [
        (0, "Get weather", None, StepState.LOADING),
        (0, "Get weather", None, StepState.COMPLETE),
    ]
    assert said[-2:] == [TextDelta("Hel"), TextDelta("lo")]


def test_details_are_arguments_and_results_shortened() -> None:
    """Both in one line, when the owner wants them to be seen."""
    weather = [*call("c1", "get_weather", '{"city": "Paris", "days": 2}'), result("c1", "sun\n" * 400)]
    *_, (_, _, detail, _) = steps_of(seen([*weather, *HELLO], DETAILS))
    assert detail is not None
    assert detail.startswith("city: Paris, days: 2 → sun sun")
    assert len(detail) == 499  # without the blank before the mark
    assert steps_of(seen([*weather, *HELLO], DETAILS))[1][2] == "city: Paris, days: 2"


def test_steps_can_be_hidden() -> None:
    """Tool calls, sub-agents and status lines; reasoning has a setting of its own."""
    work = [
        *call("c1", "get_weather", "{}"),
        result("c1", "sun"),
        {"type": "SUBAGENT_STARTED", "subagentRunId": "s1", "name": "research"},
        {"type": "STEP_STARTED", "stepName": "plan"},
    ]
    assert seen([*work, *HELLO], Options(steps="none")) == [TextDelta("Hel"), TextDelta("lo")]


def test_calls_at_once_are_steps_of_one_note() -> None:
    """Each has its own index; chunks are calls as well, and a call that begins twice is one."""
    chunks = [
        {"type": "TOOL_CALL_CHUNK", "toolCallId": "c1", "toolCallName": "one", "delta": '{"a"'},
        {"type": "TOOL_CALL_CHUNK", "delta": ": 1}"},
        {"type": "TOOL_CALL_CHUNK", "toolCallId": "c2", "toolCallName": "two", "delta": "{}"},
        {"type": "TOOL_CALL_START", "toolCallId": "c2", "toolCallName": "two"},
    ]
    noted = steps_of(seen([*chunks, result("c2", "b"), result("c1", "a"), *HELLO], DETAILS))
    assert noted == [
        (0, "One", None, StepState.LOADING),
        (0, "One", "a: 1", StepState.LOADING),
        (1, "Two", None, StepState.LOADING),
        (1, "Two", "b", StepState.COMPLETE),
        (0, "One", "a: 1 → a", StepState.COMPLETE),
    ]


def test_a_call_that_never_ends_is_not_left_under_way() -> None:
    """When text follows, nothing turns beside it any more; its late result is a step of another note."""
    weather = call("c1", "get_weather", "{}")
    said = seen([*weather, text("m1", "Well."), result("c1", "18"), text("m1", " Sunny.")])
    assert steps_of(said) == [
        (0, "Get weather", None, StepState.LOADING),
        (0, "Get weather", None, StepState.NONE),
        (0, "Get weather", None, StepState.COMPLETE),
    ]
    assert words_of(said) == "Well. Sunny."


def test_arguments_and_results_of_unknown_calls_are_ignored() -> None:
    """As when events come out of order."""
    odd = [{"type": "TOOL_CALL_ARGS", "toolCallId": "cx", "delta": "{"}, {"type": "TOOL_CALL_END", "toolCallId": "cx"}]
    assert seen([*odd, result("cy", "1"), *HELLO]) == [TextDelta("Hel"), TextDelta("lo")]


def test_steps_are_bounded() -> None:
    """Further ones are not shown; the run continues."""
    many = [event for n in range(300) for event in call(f"c{n}", "f", "{}")]
    said = seen([*many, *HELLO])
    assert len({index for index, *_ in steps_of(said)}) == 200
    assert words_of(said) == "Hello"


def test_a_named_step_is_a_status_line() -> None:
    """Nothing is kept of it."""
    step = [{"type": "STEP_STARTED", "stepName": "look_up"}, {"type": "STEP_FINISHED", "stepName": "look_up"}]
    assert seen([*step, *HELLO])[0] == ProgressNote(text="Look up")


def test_reasoning_is_a_thought() -> None:
    """It grows, and is whole when text begins."""
    thoughts = [
        {"type": "REASONING_START", "messageId": "t"},
        {"type": "REASONING_MESSAGE_START", "messageId": "t1", "role": "reasoning"},
        {"type": "REASONING_MESSAGE_CONTENT", "messageId": "t1", "delta": "Hm"},
        {"type": "REASONING_MESSAGE_CONTENT", "messageId": "t1", "delta": ", well"},
        {"type": "REASONING_MESSAGE_END", "messageId": "t1"},
        {"type": "REASONING_END", "messageId": "t"},
    ]
    assert seen([*thoughts, *HELLO])[:2] == [
        StepNoted(index=0, step=Step(kind=StepKind.THOUGHT, content="Hm", state=StepState.LOADING)),
        StepNoted(index=0, step=Step(kind=StepKind.THOUGHT, content="Hm, well", state=StepState.COMPLETE)),
    ]
    assert seen([*thoughts, *HELLO], Options(shows_reasoning=False)) == [TextDelta("Hel"), TextDelta("lo")]


def test_thoughts_of_old_servers_and_calls_share_a_note() -> None:
    """``THINKING_*`` is what reasoning was called before 1.0; a call after a thought is the next step."""
    thoughts = [
        {"type": "THINKING_START", "title": "Thinking"},
        {"type": "THINKING_TEXT_MESSAGE_START"},
        {"type": "THINKING_TEXT_MESSAGE_CONTENT", "delta": "Hm"},
        {"type": "THINKING_TEXT_MESSAGE_END"},
        {"type": "THINKING_END"},
    ]
    noted = steps_of(seen([*thoughts, *call("c", "f", "{}"), *thoughts, *HELLO]))
    assert [index for index, *_ in noted] == [0, 0, 1, 2, 2, 1]
    assert noted[-1] == (1, "F", None, StepState.NONE)


def test_sub_agents_are_steps_with_nested_names() -> None:
    """What they say stays out of the answer."""
    work = [
        {"type": "SUBAGENT_STARTED", "subagentRunId": "s1", "name": "research_team", "description": "Looks up"},
        {"type": "SUBAGENT_STARTED", "subagentRunId": "s2", "name": "search", "parentSubagentRunId": "s1"},
        *call("c1", "web", "{}", subagentRunId="s2"),
        text("x1", "Found it", subagentRunId="s2"),
        {"type": "SUBAGENT_FINISHED", "subagentRunId": "s2"},
        {"type": "SUBAGENT_ERROR", "subagentRunId": "s1", "message": "secret trouble"},
    ]
    said = seen([*work, *HELLO], DETAILS)
    assert steps_of(said) == [
        (0, "Research team", "Looks up", StepState.LOADING),
        (1, "Research team › Search", None, StepState.LOADING),
        (2, "Research team › Search › Web", None, StepState.LOADING),
        (1, "Research team › Search", "Found it", StepState.COMPLETE),
        (0, "Research team", "Looks up", StepState.NONE),
        (2, "Research team › Search › Web", None, StepState.NONE),
    ]
    assert words_of(said) == "Hello"


def test_long_names_of_nested_sub_agents_do_not_add_up() -> None:
    """Each repeats those above it: with whole names, ten megabytes of events would become gigabytes."""
    work = [
        {"type": "SUBAGENT_STARTED", "subagentRunId": f"s{at}", "parentSubagentRunId": f"s{at - 1}", "name": "n" * 300}
        for at in range(3)
    ]
    stream = AgentEvents(DETAILS)
    said = [said for event in [STARTED, *work] for said in stream.take(event)]
    assert [len(title or "") for _, title, _, _ in steps_of(said)] == [200, 200, 200]
    names = [each.name for each in stream._work._subagents.values()]
    assert [*map(len, names)] == [200, 200, 200]


def test_without_an_answer_of_its_own_a_sub_agent_answers() -> None:
    """The last message of the last one."""
    work = [
        {"type": "SUBAGENT_STARTED", "subagentRunId": "s1", "name": "a"},
        text("x1", "First", subagentRunId="s1"),
        text("x2", "Se", subagentRunId="s1"),
        text("x2", "cond", subagentRunId="s1"),
    ]
    assert words_of(seen(work)) == "Second"


def test_sub_agents_are_bounded() -> None:
    """Thousands of them are a fault."""
    many = [{"type": "SUBAGENT_STARTED", "subagentRunId": f"s{n}", "name": "a"} for n in range(201)]
    with pytest.raises(AgentNotUnderstood, match="more than 200 sub-agents"):
        seen(many)


# --- state, snapshots, activities -------------------------------------------------------------------------------------


def test_state_is_kept_for_the_thread() -> None:
    """A snapshot, and patches on top of it; visitors see nothing of it."""
    events = [
        {"type": "STATE_SNAPSHOT", "snapshot": {"list": [1]}},
        {"type": "STATE_DELTA", "delta": [{"op": "add", "path": "/list/-", "value": 2}]},
    ]
    assert seen([*events, *HELLO]) == [TextDelta("Hel"), TextDelta("lo")]
    assert kept([*events, *HELLO, FINISHED])["state"] == {"list": [1, 2]}
    assert kept([*HELLO, FINISHED], state={"a": 1})["state"] == {"a": 1}


def test_a_patch_that_does_not_apply_is_told() -> None:
    """The state stays as it was; the owner reads the reason, and the visitor has the answer."""
    wrong = {"type": "STATE_DELTA", "delta": [{"op": "remove", "path": "/nothing"}]}
    said = seen([wrong, *HELLO], state={"a": 1})
    assert words_of(said) == "Hello"
    fault = said[-1]
    assert isinstance(fault, FaultNoted)
    assert (fault.code, fault.reason) == (
        "state_not_kept",
        "The agent changed its state by a JSON Patch that does not apply: operation 1: there is no '/nothing'.",
    )
    assert kept([wrong, *HELLO, FINISHED], state={"a": 1})["state"] == {"a": 1}


def test_a_state_that_is_too_large_is_not_kept() -> None:
    """A state of 50 MB is looked at only to the limit; the next run begins without one."""
    events = [{"type": "STATE_SNAPSHOT", "snapshot": {"text": ["x" * 1_000_000] * 50}}, *HELLO]
    said = seen(events, state={"a": 1})
    assert any(isinstance(each, FaultNoted) and "more than 65,536 characters" in each.reason for each in said)
    assert words_of(said) == "Hello"
    assert "state" not in kept([*events, FINISHED], state={"a": 1})


def test_a_snapshot_of_messages_answers_only_without_text() -> None:
    """Then it is what the assistant said after the visitor's last message."""
    messages = [
        {"id": "1", "role": "assistant", "content": "Old"},
        {"id": "2", "role": "user", "content": "Q"},
        {"id": "3", "role": "assistant", "content": "New"},
        {"id": "4", "role": "assistant", "toolCalls": []},
        {"id": "5", "role": "tool", "toolCallId": "c", "content": "r"},
    ]
    snapshot = {"type": "MESSAGES_SNAPSHOT", "messages": messages}
    assert seen([snapshot]) == [TextDelta("New")]
    assert seen([*HELLO, snapshot]) == [TextDelta("Hel"), TextDelta("lo")]
    with pytest.raises(NothingSaid):
        seen([{"type": "MESSAGES_SNAPSHOT", "messages": messages[:2]}])


def test_an_activity_that_is_a_widget_is_shown_when_it_is_whole() -> None:
    """Patches change it until something else is said; anything else is a status line."""
    activity = {"type": "ACTIVITY_SNAPSHOT", "messageId": "a1", "activityType": "card", "content": CARD}
    delta = {
        "type": "ACTIVITY_DELTA",
        "messageId": "a1",
        "activityType": "card",
        "patch": [{"op": "replace", "path": "/children/0/value", "value": "Ho"}],
    }
    shown = WidgetShown(widget={"type": "Card", "children": [{"type": "Text", "value": "Ho"}]})
    assert seen([activity, delta]) == [shown]
    assert seen([activity, delta, *HELLO])[0] == shown
    assert seen([*HELLO[:2], activity, text("m1", "lo")])[1] == WidgetShown(widget=CARD)
    wrapped = {**activity, "content": {"widget": CARD}}
    assert seen([wrapped, {**activity, "replace": False, "content": {}}]) == [
        ProgressNote(text="Card"),
        WidgetShown(widget=CARD),
    ]


def test_an_activity_that_is_no_widget_is_a_status_line() -> None:
    """Whatever it holds, and whatever its patches say."""
    plan = {"type": "ACTIVITY_SNAPSHOT", "messageId": "a1", "activityType": "PLAN_STEP", "content": {"x": 1}}
    delta = {"type": "ACTIVITY_DELTA", "messageId": "a1", "activityType": "P", "patch": "nonsense"}
    assert seen([plan, delta, *HELLO])[0] == ProgressNote(text="PLAN STEP")
    huge = {**plan, "content": {"widget": {**CARD, "children": [{"type": "Text", "value": "x" * 2_000_000}]}}}
    assert words_of(seen([huge, *HELLO])) == "Hello"


def test_events_of_the_agents_own_are_effects_where_the_owner_allows_them() -> None:
    """Others are dropped, as are RAW ones."""
    custom = [
        {"type": "CUSTOM", "name": "cart", "value": {"items": 2}},
        {"type": "CUSTOM", "name": "beep", "value": 3},
        {"type": "CUSTOM", "name": "secret", "value": 1},
        {"type": "RAW", "event": {"a": 1}},
    ]
    assert seen(custom, Options(effects=frozenset({"cart", "beep"}))) == [
        EffectCaused(name="cart", data={"items": 2}),
        EffectCaused(name="beep", data={"value": 3}),
    ]


# --- the end ----------------------------------------------------------------------------------------------------------


def test_usage_is_the_sum_over_all_models() -> None:
    """For the owner."""
    usage = [{"model": "a", "inputTokens": 5, "outputTokens": 7}, {"model": "b", "inputTokens": 1, "outputTokens": "?"}]
    assert taken([*HELLO, {**FINISHED, "usage": usage}])[-1] == UsageReported(Usage(input_tokens=6, output_tokens=7))


def test_the_result_answers_where_nothing_else_does() -> None:
    """When it is text."""
    assert words_of(taken([{**FINISHED, "result": "Done."}])) == "Done."
    with pytest.raises(NothingSaid):
        taken([{**FINISHED, "result": {"a": 1}}])


@pytest.mark.parametrize("shows", [True, False])
def test_a_run_of_thoughts_alone_is_told_as_such(shows: bool) -> None:
    """Visitors see no answer; the owner reads what there was."""
    thought = [
        {"type": "REASONING_MESSAGE_START", "messageId": "r1", "role": "reasoning"},
        {"type": "REASONING_MESSAGE_CONTENT", "messageId": "r1", "delta": "Hm."},
        {"type": "REASONING_MESSAGE_END", "messageId": "r1"},
    ]
    with pytest.raises(NothingSaid, match="only what the model thought"):
        taken([*thought, FINISHED], Options(shows_reasoning=shows))


def test_an_error_of_the_agent_fails_the_run() -> None:
    """What was said and used before is passed on; the owner reads the agent's words."""
    stream = AgentEvents(Options())
    error = {"type": "RUN_ERROR", "message": "no money", "code": "E1", "usage": [{"inputTokens": 1}]}
    said = [each for event in [*HELLO[:2], error] for each in stream.take(event)]
    assert said == [TextDelta("Hel"), UsageReported(Usage(input_tokens=1))]
    with pytest.raises(AgentFailed, match=r"no money \(E1\)"):
        stream.end()


def test_what_follows_the_end_is_not_looked_at() -> None:
    """Text, another end, an error."""
    late = [text("m1", "late"), FINISHED, {"type": "RUN_ERROR", "message": "late"}, {"no": "type"}]
    assert words_of(taken([*HELLO, FINISHED, *late])) == "Hello"


def test_a_stream_without_an_end_broke_off() -> None:
    """The owner reads how far it came."""
    stream = AgentEvents(Options())
    for event in [STARTED, *HELLO]:
        stream.take(event)
    with pytest.raises(AgentBrokeOff, match="after 5 events"):
        stream.end()


def test_a_service_of_another_kind_is_named() -> None:
    """The owner reads the types of its events."""
    stream = AgentEvents(Options())
    assert stream.take({"type": "done"}) == stream.take({"type": "text", "text": "hi"}) == []
    with pytest.raises(AgentNotUnderstood, match="other types: done, text"):
        stream.end()


@pytest.mark.parametrize(
    ("event", "what"),
    [
        ("text", "event 1 is of the type str"),
        ({"delta": "x"}, "event 1 has no type"),
        ({"type": 1}, "event 1 has no type"),
        ({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m"}, "whose delta is not text"),
        ({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": 3}, "whose delta is not text"),
        ({"type": "TOOL_CALL_START", "toolCallId": ["c"]}, "whose toolCallId is not text"),
    ],
)
def test_what_is_no_event_is_refused(event: Any, what: str) -> None:
    """With the place, for the owner."""
    with pytest.raises(AgentNotUnderstood, match=what):
        taken([event])


def test_unknown_events_are_left_out() -> None:
    """A newer server may send more than is known here."""
    assert seen([{"type": "HOLOGRAM", "x": 1}, *HELLO]) == [TextDelta("Hel"), TextDelta("lo")]


def test_a_cancelled_run_is_told() -> None:
    """The agent's own word that it has stopped."""
    said = taken([*HELLO, {**FINISHED, "outcome": {"type": "cancelled"}}])
    assert any(isinstance(each, CutShort) and each.code == "agent_cancelled" for each in said)


def test_a_silent_run_is_allowed_after_a_tool_of_the_page() -> None:
    """The page has done what was asked."""
    assert seen([], may_be_silent=True) == []


# --- questions and the page's tools -----------------------------------------------------------------------------------


def test_an_interrupt_is_a_question() -> None:
    """It is kept, so that the answer can be given back."""
    interrupt = {"id": "i1", "reason": "tool_call", "message": "Send it?", "toolCallId": "c1"}
    end = {**FINISHED, "outcome": {"type": "interrupt", "interrupts": [interrupt]}}
    said = taken([*call("c1", "send", "{}"), end])
    assert [each for each in said if isinstance(each, InputAsked)] == [
        InputAsked(questions=(Question(id="i1", question="Send it?", options=("Approve", "Reject")),))
    ]
    assert kept([*call("c1", "send", "{}"), end])["interrupts"] == [interrupt]


@pytest.mark.parametrize(
    "events",
    [
        [{"type": "CUSTOM", "name": "on_interrupt", "value": '"Which size?"'}, FINISHED],
        [{"type": "CUSTOM", "name": "on_interrupt", "value": {"question": "Which size?"}}, FINISHED],
        [{**FINISHED, "interrupt": [{"id": "interrupt-0", "value": "Which size?"}]}],
    ],
)
def test_old_servers_ask_in_other_ways(events: list[Any]) -> None:
    """LangGraph's bridge by an event of its own, Microsoft's by a field that 1.0 does not have."""
    (asked,) = [each for each in taken(events) if isinstance(each, InputAsked)]
    assert asked.questions == (Question(id="interrupt-0", question="Which size?"),)


def test_a_call_of_a_tool_of_the_page_is_made_by_the_page() -> None:
    """It adds no step; further calls wait for the output of the first."""
    options = Options(client_tools=({"name": "locate", "description": "", "parameters": {}},))
    calls = [*call("c1", "locate", '{"exact": true}'), *call("c2", "locate", "")]
    assert seen(calls, options) == [ClientToolCalled(name="locate", arguments={"exact": True})]
    assert kept([*calls, FINISHED], options)["calls"] == [
        {"id": "c1", "name": "locate", "arguments": {"exact": True}},
        {"id": "c2", "name": "locate", "arguments": {}},
    ]
    with pytest.raises(AgentNotUnderstood, match="'locate' has arguments that cannot be read as a JSON object"):
        seen(call("c1", "locate", "[1"), options)


def test_a_step_shows_the_beginning_of_what_its_agent_has_said() -> None:
    """The rest is not looked at: joined anew for each short event, a long text would hold up all chats."""
    assert len(beginning(repeat("x" * 100))) == 8_100
    assert beginning(["ab", "cd"]) == "abcd"


def _many(make: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    return [STARTED, *(make(f"id-{number}") for number in range(20))]


ENDLESS: dict[str, list[dict[str, Any]]] = {
    "messages": _many(lambda name: {"type": "TEXT_MESSAGE_CHUNK", "messageId": name, "delta": "x"}),
    "messages at once": _many(lambda name: text(name, "x")),
    "calls of tools": _many(lambda name: {"type": "TOOL_CALL_START", "toolCallId": name, "toolCallName": "t"}),
    "results": _many(lambda name: result(name, "x")),
    "messages of others": _many(lambda name: {"type": "TEXT_MESSAGE_START", "messageId": name, "role": "user"}),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_an_agent_that_goes_round_in_circles_is_stopped(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings: what strangers leave behind is bounded. Each part of a run lies in memory until its end."""
    monkeypatch.setattr(memory, "MOST_PARTS", 10)
    with pytest.raises(AgentNotUnderstood, match="more than 10 messages or calls of tools"):
        taken(ENDLESS[what])


def test_what_sub_agents_say_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What each of them said last is kept, as it may be the answer."""
    monkeypatch.setattr(work, "OUTPUT_LIMIT", 100)
    begun = [{"type": "SUBAGENT_STARTED", "subagentRunId": "s1", "name": "helper"}]
    others = [text(f"m{number}", "x" * 60, subagentRunId="s1") for number in range(5)]
    assert words_of(taken([STARTED, *begun, *others, FINISHED])) == "x" * 60
    with pytest.raises(RunTooLong):
        taken([STARTED, *begun, *others, text("m4", "x" * 60, subagentRunId="s1")])


def test_old_interrupts_are_bounded() -> None:
    """Further ones would not be asked."""
    asks = [{"type": "CUSTOM", "name": "on_interrupt", "value": f"Question {number}?"} for number in range(30)]
    asked = next(each for each in seen([STARTED, *asks, FINISHED]) if isinstance(each, InputAsked))
    assert len(asked.questions) == 20
