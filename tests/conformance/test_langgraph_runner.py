"""What only the runner ``langgraph`` does, with real graphs."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langgraph.types import Interrupt

from orcheo_adapters.runners.langgraph_agents import Agents
from orcheo_adapters.runners.langgraph_events import GraphEvents
from orcheo_adapters.runners.langgraph_hearing import Hearing
from orcheo_adapters.runners.langgraph_questions import questions_of
from orcheo_core.domain.component_items import Step, StepState
from orcheo_core.domain.run import (
    Cause,
    CutShort,
    InputAsked,
    NoticeGiven,
    PastMessage,
    ProgressNote,
    RunEvent,
    RunRequest,
    SentFile,
    StepNoted,
    TextDelta,
    UsageReported,
    WidgetShown,
)
from orcheo_core.domain.structured_input import InputStatus, Question, QuestionAnswer, StructuredInputItem
from orcheo_core.domain.usage import Usage
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import NothingSaid, Run, RunFailed, Runner, failure_of
from tests import samples
from tests.conformance.runner_kinds import LANGGRAPH, Subjected, collect, everything, said, text_of
from tests.conformance.talking_graphs import CARD, transcript
from tests.conformance.test_isolation import until
from tests.fakes.sink import FakeSink


def graph(name: str, **settings: str) -> Subjected:
    return Subjected.of(LANGGRAPH, f"tests.conformance.talking_graphs:{name}", **settings)


def thinking(name: str) -> Subjected:
    return Subjected.of(LANGGRAPH, f"tests.conformance.thinking_graphs:{name}")


async def say(
    runner: Runner, workflow: Subjected, text: str, *, thread_id: str = "thr_1", cause: Cause | None = None
) -> str:
    """The answer of a runner that is used more than once."""
    context = evolve(workflow.context, thread_id=thread_id, cause=cause)
    return text_of(await everything(runner.run(RunRequest(spec=workflow.spec, text=text, context=context))))


async def questions(runner: Runner, workflow: Subjected, text: str) -> tuple[Question, ...]:
    """What it asks instead."""
    context = evolve(workflow.context, thread_id="thr_1")
    events = await everything(runner.run(RunRequest(spec=workflow.spec, text=text, context=context)))
    return _asked_in(events)


def _asked_in(events: list[RunEvent]) -> tuple[Question, ...]:
    return next(event.questions for event in events if isinstance(event, InputAsked))


async def asked(runner: Runner, workflow: Subjected, text: str) -> list[str]:
    """The words of what it asks."""
    return [each.question for each in await questions(runner, workflow, text)]


async def test_tool_calls_are_steps_nodes_are_progress_and_tool_messages_are_not_said() -> None:
    """A call is a step between two parts of the answer; usage is added up."""
    events = await everything(graph("with_tool").run("Where is order 7?"))
    assert events == [
        ProgressNote(text="Ask"),
        TextDelta("Let me see."),
        StepNoted(index=0, step=Step(title="Look up", state=StepState.LOADING)),
        ProgressNote(text="Tools"),
        StepNoted(index=0, step=Step(title="Look up", state=StepState.COMPLETE)),
        ProgressNote(text="Ask"),
        TextDelta("It was sent."),
        UsageReported(Usage(input_tokens=10, output_tokens=4)),
    ]


async def test_only_messages_of_the_model_are_said() -> None:
    """Other messages that a node adds are not the answer."""
    assert text_of(await everything(graph("says_other_things").run())) == "mine"


async def test_without_a_checkpointer_the_history_is_sent() -> None:
    """The graph sees the whole conversation, oldest first."""
    workflow = graph("transcript").with_history("Hello", "Good day")
    assert text_of(await everything(workflow.run("How are you?"))) == (
        "human: Hello | ai: Good day | human: How are you?"
    )


async def test_with_a_checkpointer_only_the_new_message_is_sent() -> None:
    """The graph remembers by thread; other threads are strangers."""
    workflow = graph("transcript_with_memory")
    runner = workflow.runner()
    assert await say(runner, workflow, "one") == "human: one"
    longer = workflow.with_history("one", "human: one")
    assert await say(runner, longer, "two") == "human: one | ai: human: one | human: two"
    assert await say(runner, workflow, "three", thread_id="thr_2") == "human: three"


async def test_a_checkpointer_that_has_forgotten_is_told_the_history() -> None:
    """One that lives in memory is empty after a restart; the thread is not."""
    workflow = graph("transcript_with_memory").with_history("one", "two")
    assert await say(workflow.runner(), workflow, "three") == "human: one | ai: two | human: three"


async def test_a_function_makes_its_graph_once() -> None:
    """Also when the first two turns come at the same time."""
    workflow = graph("transcript_with_memory")
    runner = workflow.runner()
    await asyncio.gather(*(say(runner, workflow, "one", thread_id=thread) for thread in ("thr_1", "thr_2")))
    assert await say(runner, workflow, "two") == "human: one | ai: human: one | human: two"


async def test_the_graph_knows_its_thread_and_subject() -> None:
    """In ``configurable``."""
    assert text_of(await everything(graph("knows_context").run())) == "thr_1 anon:vis_1"


async def test_a_question_is_asked_and_its_answer_resumes_the_graph() -> None:
    """The visitor's next text is what ``interrupt`` returns."""
    workflow = graph("asks")
    runner = workflow.runner()
    assert await asked(runner, workflow, "Paint it") == ["Which colour?"]
    assert await say(runner, workflow, "blue") == "Then blue."
    assert await asked(runner, workflow, "Paint it again") == ["Which colour?"]


@pytest.mark.parametrize(
    ("given", "said"), [(("blue",), "Then blue."), (("blue", "red"), "Then blue."), ((), "Then None.")]
)
async def test_structured_input_resumes_the_graph(given: tuple[str, ...], said: str) -> None:
    """By the id of the interrupt; a choice is one answer, a skipped question resumes with nothing."""
    workflow = graph("asks")
    runner = workflow.runner()
    put = await questions(runner, workflow, "Paint it")
    item = StructuredInputItem(
        id="msg_1", thread_id="thr_1", turn_id="trn_1", created_at=samples.moment(1), questions=put
    ).submitted(InputStatus.ANSWERED, {put[0].id: QuestionAnswer(values=given)})
    assert await say(runner, workflow, "Paint it", cause=item) == said


@pytest.mark.parametrize("name", ["asks_and_fails_in_its_node", "asks_and_fails_behind"])
async def test_an_answer_that_failed_is_given_again(name: str) -> None:
    """The graph does not ask once more, and does not take the answer for a message."""
    workflow = graph(name)
    runner = workflow.runner()
    put = await questions(runner, workflow, "Paint it")
    item = StructuredInputItem(
        id="msg_1", thread_id="thr_1", turn_id="trn_1", created_at=samples.moment(1), questions=put
    ).submitted(InputStatus.ANSWERED, {put[0].id: QuestionAnswer(values=("blue",))})
    with pytest.raises(RunFailed):
        await say(runner, workflow, "blue", cause=item)
    assert (await say(runner, workflow, "blue", cause=item)).endswith("Then blue!")


@pytest.mark.parametrize("name", ["fails_in_its_node_before_a_breakpoint", "fails_behind_before_a_breakpoint"])
async def test_an_answer_that_failed_is_given_again_before_a_breakpoint(name: str) -> None:
    """The graph continues where it failed, and still stops at its breakpoint."""
    workflow = graph(name)
    runner = workflow.runner()
    put = await questions(runner, workflow, "Paint it")
    with pytest.raises(RunFailed):
        await answered(runner, workflow, put, "blue")
    again = await answered(runner, workflow, put, "blue")
    assert text_of(again).endswith("Then blue!")
    stops = _asked_in(again)
    assert [each.question for each in stops] == ["Continue with: last?"]
    assert text_of(await answered(runner, workflow, stops, "Yes")) == "Done"


async def test_an_earlier_answer_does_not_pass_a_breakpoint() -> None:
    """Given again, as the turn was broken off at the breakpoint: that asks for a yes of its own."""
    workflow = graph("asks_before_a_breakpoint")
    runner = workflow.runner()
    put = await questions(runner, workflow, "Paint it")
    assert [each.question for each in _asked_in(await answered(runner, workflow, put, "yes"))] == [
        "Continue with: last?"
    ]
    again = await answered(runner, workflow, put, "yes")
    assert text_of(again) == ""
    assert [each.question for each in _asked_in(again)] == ["Continue with: last?"]


async def test_a_message_answers_one_of_several_questions() -> None:
    """The first; the graph asks the others again."""
    workflow = graph("asks_twice_at_once")
    runner = workflow.runner()
    assert await asked(runner, workflow, "Hello") == ["Name?", "Age?"]
    assert await asked(runner, workflow, "Ada") == ["Age?"]
    assert await say(runner, workflow, "36") == "Age?: 36"


async def test_without_a_checkpointer_a_question_is_an_error_of_the_owner() -> None:
    """There is nothing to resume: asking would go on for ever."""
    with pytest.raises(RunFailed, match=r"has no checkpointer.*Compile it with one") as caught:
        await everything(graph("asks_without_memory").run("Paint it"))
    assert caught.value.code == "graph_without_memory"


@pytest.mark.parametrize(
    ("name", "text"),
    [("asks_in_words", "Go on?"), ("asks_for_approval", '{"action": "delete", "when": 7}')],
)
async def test_any_question_has_words(name: str, text: str) -> None:
    """Its own when it has some, else its JSON."""
    workflow = graph(name)
    assert await asked(workflow.runner(), workflow, "Go") == [text]


def test_an_interrupt_may_offer_answers() -> None:
    """As ``options``; anything else is free text."""
    offered = [Interrupt(value={"question": "Size?", "options": ["S", "M"]}, id="1"), Interrupt(value="Why?", id="2")]
    assert questions_of([Interrupt(None, id="i")])[0].question == "Your answer is needed to continue."
    assert [each.options for each in questions_of(offered)] == [("S", "M"), ()]


def test_a_tool_call_that_is_streamed_is_noted_once() -> None:
    """Its name comes in the first chunk; the arguments that follow say nothing to a visitor."""
    events = GraphEvents(Hearing(), Agents(transcript))
    calls = [("look_up", ""), (None, '{"order"'), (None, ': "7"}')]
    chunks = [
        AIMessageChunk(content="", tool_call_chunks=[tool_call_chunk(name=name, args=args, id="c", index=0)])
        for name, args in calls
    ]
    parts = [{"type": "messages", "ns": (), "data": (chunk, {"langgraph_node": "ask"})} for chunk in chunks]
    assert [event for part in parts for event in events.of(part)] == [
        StepNoted(index=0, step=Step(title="Look up", state=StepState.LOADING))
    ]


@pytest.mark.parametrize(
    ("name", "settings", "text"),
    [
        ("two_steps", {}, "draft of hi\n\nThe end."),
        ("two_steps", {"nodes": "final_answer"}, "The end."),
        ("two_steps", {"nodes": " draft , other"}, "draft of hi"),
        ("nested_steps", {"nodes": "inner"}, "draft of hi\n\nThe end."),
        ("nested_steps", {"nodes": "final_answer"}, "The end."),
    ],
)
async def test_nodes_say_whose_text_is_the_answer(name: str, settings: dict[str, str], text: str) -> None:
    """By their names, in subgraphs too."""
    assert text_of(await everything(graph(name, **settings).run())) == text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_graph", "is not a LangGraph graph"),
        ("not_compiled", "is not compiled"),
        ("without_messages", "has no 'messages'"),
        ("needs_more", "must take no parameters, or a config"),
        ("needs_another_name", "must take no parameters, or a config"),
        ("answers_text", "answers text and makes no graph"),
        ("answers_by_annotation", "answers text and makes no graph"),
        ("answers_in_pieces", "answers text and makes no graph"),
        ("nothing", "has no 'nothing'"),
    ],
)
async def test_check_names_what_is_wrong(name: str, message: str) -> None:
    """When it is registered, and when it breaks later."""
    workflow = graph(name)
    with pytest.raises(InvalidInput, match=message) as caught:
        await workflow.runner().check(workflow.spec)
    assert [each.path for each in caught.value.fields] == ["target"]
    with pytest.raises(InvalidInput, match=message):
        await everything(workflow.run())


async def test_a_function_whose_text_has_a_default_may_make_a_graph() -> None:
    """It is called without one, as functions without parameters are."""
    workflow = graph("makes_with_a_name")
    await workflow.runner().check(workflow.spec)
    assert await everything(workflow.run())


@pytest.mark.parametrize(
    ("name", "message", "advice"),
    [
        ("makes_nothing", "returned None in place of a graph", "return builder.compile()"),
        ("makes_text", "returned an object of the type str in place of a graph", "--runner python"),
        ("makes_one_uncompiled", "returned a graph that is not compiled", "return builder.compile()"),
        ("makes_a_promise", "returned a coroutine in place of a graph", "return await"),
    ],
)
async def test_a_function_that_makes_no_graph_fails_the_run(name: str, message: str, advice: str) -> None:
    """It is not called before."""
    workflow = graph(name)
    await workflow.runner().check(workflow.spec)
    with pytest.raises(InvalidInput, match=message) as caught:
        await everything(workflow.run())
    assert advice in failure_of(caught.value).reason


@pytest.mark.parametrize(("kind", "package"), [("langgraph", "langgraph"), ("openai", "openai")])
def test_a_missing_package_is_said(kind: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra that brings it."""
    from orcheo_adapters.runners import packages

    def nothing(_name: str) -> Any:
        return None

    monkeypatch.setattr(packages, "find_spec", nothing)
    with pytest.raises(InvalidInput, match=f"lacks the package no_{package}") as caught:
        packages.require_package(f"no_{package}", extra=kind)
    assert f'pip install -e ".[{kind}]" in a clone' in caught.value.hint


# --- what is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "as_dict",
        "as_pair",
        "as_one_dict",
        "in_command",
        "in_subgraph",
        "hands_back",
        "functional",
        "functional_messages",
        "functional_streams",
        "rewraps",
        "rewraps_as_dict",
        "cuts",
        "supervises",
    ],
)
async def test_an_answer_is_said_once_in_whichever_form_it_comes(name: str) -> None:
    """As a dict, a pair, in a command, as a functional graph's value, or wrapped again after it streamed."""
    workflow = graph(name)
    await workflow.runner().check(workflow.spec)
    assert text_of(await everything(workflow.run())) == "the reply"


@pytest.mark.parametrize(
    ("name", "code"),
    [("cut_at_limit", "answer_cut_off"), ("cut_by_ollama", "answer_cut_off"), ("filtered", "answer_filtered")],
)
async def test_an_answer_that_a_model_did_not_end_is_kept_with_a_notice(name: str, code: str) -> None:
    """What the model's message says of its end, in the words of each client."""
    text, cut, notice = await everything(graph(name).run())
    assert text == TextDelta("the reply")
    assert isinstance(cut, CutShort)
    assert cut.code == code
    assert isinstance(notice, NoticeGiven)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("adds_source", "the reply\n\nSource: handbook"),
        ("adds_around", "the reply!"),
        ("says_otherwise", "the reply\n\nSomething else altogether."),
        ("asks_model_twice", "the reply\n\nthe reply"),
        ("as_text_of_visitor", ""),
        ("functional_says_nothing", ""),
    ],
)
async def test_a_whole_message_adds_what_did_not_stream(name: str, text: str) -> None:
    """Behind what it continues; another text is a paragraph of its own."""
    assert text_of(await everything(graph(name).run())) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("streams", "Hello"),
        ("rewraps", "Hello"),
        ("strips", "Hello"),
        ("strips_and_adds", "Hello!"),
        ("at_once", "Hello"),
        ("only_closes", "Hello"),
        ("as_dict", "Hello"),
        ("talks_about_tags", "Write `<think>` like this."),
    ],
)
async def test_a_thought_in_tags_is_not_said(name: str, text: str) -> None:
    """Whichever way the message comes, and whether or not the node takes the thought out itself; the answer is said
    once."""
    assert text_of(await everything(thinking(name).run())) == text


@pytest.mark.parametrize("name", ["thinks_only", "thinks_apart", "thinks_beside"])
async def test_a_graph_that_only_thinks_has_not_answered(name: str) -> None:
    """The owner reads what there was; what else is shown, such as a call of a tool, is more."""
    with pytest.raises(NothingSaid, match="only what the model thought"):
        await everything(thinking(name).run())
    assert text_of(await everything(thinking("says_nothing").run())) == ""
    assert any(isinstance(each, StepNoted) for each in await everything(thinking("calls_a_tool").run()))


async def test_branches_that_stream_at_once_are_said_one_after_the_other() -> None:
    """Each is one paragraph."""
    assert text_of(await everything(graph("branches").run())) in (
        "one two 😀 \n\nalpha beta 😐 ",
        "alpha beta 😐 \n\none two 😀 ",
    )


async def test_what_waited_for_another_branch_is_said_before_an_error() -> None:
    """What was said before is not lost."""
    events: list[RunEvent] = []
    with pytest.raises(RunFailed):
        await collect(graph("branch_fails").run(), events)
    assert sorted(text_of(events).split("\n\n")) == ["half", "other"]


async def test_text_that_a_node_writes_is_progress(caplog: pytest.LogCaptureFixture) -> None:
    """A dict with a known key too; the log says once what is not shown."""
    events = await everything(graph("writes").run())
    assert events == [ProgressNote(text="Looking"), ProgressNote(text="Still looking")]
    assert [record.getMessage() for record in caplog.records] == [
        "a graph wrote a dict to its stream, which is not shown"
    ]


async def test_the_log_says_how_text_elsewhere_in_the_state_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    """The visitor saw nothing; with the setting, and where a message was said, there is nothing to say."""
    assert text_of(await everything(graph("answers_elsewhere_alone").run())) == ""
    (line,) = (record.getMessage() for record in caplog.records)
    assert "has text under: answer. If one of them is the answer, name it with the setting output_key." in line
    caplog.clear()
    assert text_of(await everything(graph("answers_elsewhere_alone", output_key="answer").run())) == "1 message"
    assert text_of(await everything(graph("answers_elsewhere").run())) == "the reply"
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "settings", "text"),
    [
        ("text_in_text_out", {"input_key": "question", "output_key": "answer"}, "You asked: hi"),
        ("text_in_text_out", {"input_key": "question"}, "the reply"),
        ("answers_elsewhere", {"output_key": "answer"}, "elsewhere: the reply"),
        ("answers_elsewhere", {"output_key": "answer", "nodes": "a"}, "the reply"),
        ("as_dict", {"output_key": "messages"}, "the reply"),
        ("lists", {"input_key": "question", "output_key": "texts"}, "You asked: hi"),
        ("lists", {"input_key": "question", "output_key": "parts"}, "one two"),
        ("lists", {"input_key": "question", "output_key": "none"}, ""),
    ],
)
async def test_settings_name_the_keys_of_the_state(name: str, settings: dict[str, str], text: str) -> None:
    """Text in, text out."""
    workflow = graph(name, **settings)
    await workflow.runner().check(workflow.spec)
    assert text_of(await everything(workflow.run())) == text


async def test_a_graph_that_forgets_is_taken_with_the_line_to_write() -> None:
    """One that gets the visitor's text alone, and has nothing that keeps its state."""
    workflow = graph("text_in_text_out", input_key="question", output_key="answer")
    assert await workflow.runner().check(workflow.spec) == (
        "'text_in_text_out' gets each message without the earlier ones, and has no checkpointer that keeps its state: "
        "compile it with one, `.compile(checkpointer=InMemorySaver())`."
    )
    for other in (graph("text_in_with_memory", input_key="question", output_key="answer"), graph("as_dict")):
        assert await other.runner().check(other.spec) is None


async def test_a_list_of_something_else_in_the_state_is_named() -> None:
    """By the type of what it holds, as a list itself is accepted."""
    with pytest.raises(RunFailed, match="of the type int, which is not understood"):
        await everything(graph("lists", input_key="question", output_key="odd").run())


async def test_a_graph_with_memory_may_have_no_messages() -> None:
    """It is given each text."""
    workflow = graph("text_in_with_memory", input_key="question", output_key="answer")
    runner = workflow.runner()
    assert await say(runner, workflow, "one") == "You asked: one"
    assert await say(runner, workflow, "two") == "You asked: two"


# --- memory ----------------------------------------------------------------------------------------------------------


async def break_off(runner: Runner, workflow: Subjected, text: str, *, message_id: str | None = None) -> None:
    """A turn that fails, or that the visitor stops as soon as the tool works."""
    context = evolve(workflow.context, message_id=message_id)
    run = runner.run(RunRequest(spec=workflow.spec, text=text, context=context))
    with suppress(RunFailed):
        async for event in said(run):
            if event == ProgressNote(text="Tools"):
                asyncio.get_running_loop().call_soon(run.stop)


@pytest.mark.parametrize("name", ["tool_fails", "tool_waits", "with_sync_memory", "appends"])
async def test_a_turn_that_broke_off_in_a_tool_leaves_the_thread_sound(name: str) -> None:
    """The call gets a result that says so."""
    workflow = graph(name)
    runner = workflow.runner()
    await say(runner, workflow, "hello")
    await break_off(runner, workflow, "call")
    answer = await say(runner, workflow, "hello again")
    assert answer.endswith(
        "human: call | ai:  | tool: This call was stopped before it had a result. | human: hello again"
    )


async def test_a_thread_that_was_broken_before_is_made_sound() -> None:
    """Also where messages came behind the call."""
    from langchain_core.messages import HumanMessage

    from tests.conformance.talking_graphs import CALL, SAVER, breaks_off

    broken = breaks_off("fails", saver=SAVER)
    config = {"configurable": {"thread_id": "thr_broken"}}
    await broken.aupdate_state(config, {"messages": [HumanMessage("call"), CALL, HumanMessage("lost")]}, as_node="_ask")
    workflow = graph("with_known_memory")
    events = await say(workflow.runner(), workflow, "again", thread_id="thr_broken")
    assert "RunFailed" not in events


@pytest.mark.parametrize(
    ("name", "partial", "text"),
    [
        ("tool_fails", None, "human: again"),
        ("tool_fails", "so f", "human: fail | ai: so f | human: again"),
        ("appends", None, "human: fail | human: again"),
        ("appends", "so f", "human: fail | ai: so f | human: again"),
    ],
)
async def test_a_message_whose_turn_broke_off_is_closed_or_left_out(name: str, partial: str | None, text: str) -> None:
    """With what was said of its answer; a state that only appends cannot leave it out."""
    workflow = graph(name)
    runner = workflow.runner()
    await break_off(runner, workflow, "fail", message_id="itm_1")
    later = workflow.with_history("fail", *([partial] if partial else []))
    assert await say(runner, later, "again") == text


async def test_a_retry_goes_back_to_before_the_question() -> None:
    """In the first turn and later, after an answer and after a failure."""
    workflow = graph("transcript_with_memory")
    runner = workflow.runner()

    async def ask(text: str, message_id: str) -> str:
        context = evolve(workflow.context, message_id=message_id)
        return text_of(await everything(runner.run(RunRequest(spec=workflow.spec, text=text, context=context))))

    assert await ask("one", "itm_1") == "human: one"
    assert await ask("one", "itm_1") == "human: one"
    second = "human: one | ai: human: one | human: two"
    assert await ask("two", "itm_2") == second
    assert await ask("two", "itm_2") == second
    assert await ask("three", "itm_3") == f"{second} | ai: {second} | human: three"
    assert await ask("one", "itm_1") == "human: one"


async def test_a_retry_after_a_failure_does_not_double_the_question() -> None:
    """The failed try is forgotten."""
    workflow = graph("tool_fails")
    runner = workflow.runner()
    await say(runner, workflow, "hello")
    await break_off(runner, workflow, "call", message_id="itm_2")
    context = evolve(workflow.context, message_id="itm_2")
    answer = text_of(await everything(runner.run(RunRequest(spec=workflow.spec, text="hi", context=context))))
    assert answer == "human: hello | ai: human: hello | human: hi"


async def test_history_begins_with_the_visitor_and_alternates() -> None:
    """For graphs without memory: what was not answered is left out, as are hidden entries."""
    past = [("workflow", "late"), ("visitor", "one"), ("visitor", "two"), ("workflow", "three")]
    history = [PastMessage(said_by=who, text=text) for who, text in past]  # type: ignore[arg-type]
    history.append(PastMessage(said_by="workflow", text="", hidden=1))
    workflow = graph("transcript")
    workflow = evolve(workflow, context=evolve(workflow.context, history=tuple(history)))
    assert text_of(await everything(workflow.run("four"))) == "human: two | ai: three | human: four"


def workflow_run(runner: Runner, workflow: Subjected, thread_id: str) -> Run:
    """A run in a thread."""
    context = evolve(workflow.context, thread_id=thread_id)
    return runner.run(RunRequest(spec=workflow.spec, text="hello", context=context))


async def threads(*ids: str) -> AsyncIterator[str]:
    for each in ids:
        yield each


async def test_a_forgotten_thread_is_deleted_from_the_graphs_memory() -> None:
    """Others stay; graphs without memory have nothing to forget, nor have those that are gone."""
    from tests.conformance.talking_graphs import SAVER

    workflow = graph("with_known_memory")
    runner = workflow.runner()
    for thread_id in ("thr_a", "thr_b"):
        await say(runner, workflow, "hello", thread_id=thread_id)
    await runner.forget(workflow.spec, threads("thr_a"))
    assert ("thr_a" in SAVER.storage, "thr_b" in SAVER.storage) == (False, True)
    assert [each for each in SAVER.storage if not each.startswith("thr_")] == []
    for name in ("transcript", "nothing"):
        await runner.forget(graph(name).spec, threads("thr_b"))
    sync = graph("with_sync_memory")
    await sync.runner().forget(sync.spec, threads("thr_a"))


async def test_a_thread_that_is_forgotten_while_it_runs_stays_forgotten() -> None:
    """What the run writes at its end is deleted too."""
    from tests.conformance.talking_graphs import SAVER

    workflow = graph("with_known_memory")
    runner = workflow.runner()
    context = evolve(workflow.context, thread_id="thr_running")
    run = runner.run(RunRequest(spec=workflow.spec, text="call", context=context))
    async for event in said(run):
        if event == ProgressNote(text="Tools"):
            await runner.forget(workflow.spec, threads("thr_running"))
            asyncio.get_running_loop().call_soon(run.stop)
    await until(lambda: "thr_running" not in SAVER.storage)


async def test_a_checkpoint_that_is_written_after_the_stop_is_deleted_too() -> None:
    """Its thread could not be stopped; closing waits for the deletion."""
    from tests.conformance.talking_graphs import SLOW_SAVER

    workflow = graph("with_slow_memory")
    runner = workflow.runner()
    run = workflow_run(runner, workflow, "thr_slow")
    executing = asyncio.ensure_future(run.execute_apart(FakeSink()))
    await until(SLOW_SAVER.is_writing.is_set)
    run.stop()
    await executing
    await runner.forget(workflow.spec, threads("thr_slow"))
    assert "thr_slow" not in SLOW_SAVER.storage
    SLOW_SAVER.may_write.set()
    await until(SLOW_SAVER.has_written.is_set)
    await until(lambda: "thr_slow" not in SLOW_SAVER.storage)
    await runner.close()


async def test_a_memory_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run may hold its lock for ever."""
    from tests.conformance.talking_graphs import STUCK_SAVER

    monkeypatch.setattr("orcheo_adapters.runners.langgraph.FORGET_SECONDS", 0.05)
    workflow = graph("with_stuck_memory")
    with pytest.raises(TimeoutError):
        await workflow.runner().forget(workflow.spec, threads("thr_a"))
    STUCK_SAVER.lock.release()


# --- questions -------------------------------------------------------------------------------------------------------


async def answered(
    runner: Runner, workflow: Subjected, put: tuple[Question, ...], *answers: str | None
) -> list[RunEvent]:
    """The turn after questions were answered with buttons."""
    item = StructuredInputItem(
        id="msg_1", thread_id="thr_1", turn_id="trn_1", created_at=samples.moment(1), questions=put
    )
    given = {
        each.id: QuestionAnswer(values=() if text is None else (text,)) for each, text in zip(put, answers, strict=True)
    }
    context = evolve(workflow.context, cause=item.submitted(InputStatus.ANSWERED, given))
    return await everything(runner.run(RunRequest(spec=workflow.spec, text="Go", context=context)))


async def test_a_request_for_approval_is_readable() -> None:
    """Its name, each argument in a line, and the decisions that are allowed."""
    workflow = graph("approves_mail")
    (question,) = await questions(workflow.runner(), workflow, "Go")
    assert question.question == "Needs approval\n\nSend mail\n- to: ada@example.org\n- copies: 2"
    assert question.options == ("Approve", "Edit", "Reject")


@pytest.mark.parametrize(
    ("name", "answer", "decision"),
    [
        ("approves_mail", "Approve", {"type": "approve"}),
        ("approves_mail", "yes", {"type": "approve"}),
        ("approves_mail", "Reject", {"type": "reject"}),
        ("approves_mail", "Not to Ada", {"type": "reject", "message": "Not to Ada"}),
        ("approves_mail", "[1]", {"type": "reject", "message": "[1]"}),
        ("approves_mail", '{"to": "b"}', {"type": "edit", "edited_action": {"name": "send_mail", "args": {"to": "b"}}}),
        ("approves_or_responds", "Later", {"type": "respond", "message": "Later"}),
        ("approves_or_responds", "no", {"type": "respond", "message": "no"}),
    ],
)
async def test_an_approval_resumes_the_graph_with_a_decision(name: str, answer: str, decision: dict[str, Any]) -> None:
    """By a button or by a message: free text is a reason against it, JSON changes the arguments."""
    workflow = graph(name)
    for by_button in (True, False):
        runner = workflow.runner()
        put = await questions(runner, workflow, "Go")
        events = await answered(runner, workflow, put, answer) if by_button else None
        text = text_of(events) if events else await say(runner, workflow, answer)
        assert text == f"given {json.dumps({'decisions': [decision]})}"


async def test_an_answer_that_a_request_does_not_allow_is_asked_for_again() -> None:
    """A decision that the middleware refuses would end the turn."""
    workflow = graph("only_edits")
    runner = workflow.runner()
    put = await questions(runner, workflow, "Go")
    for answer in ("No", "[" * 20_000):  # the second would go deeper than Python does
        (event,) = await answered(runner, workflow, put, answer)
        assert isinstance(event, InputAsked)
        assert event.questions == put
    assert text_of(await answered(runner, workflow, put, '{"to": "b"}')).startswith(
        'given {"decisions": [{"type": "edit"'
    )


async def test_a_functional_graph_can_ask() -> None:
    """What it has not returned yet is no answer."""
    workflow = graph("functional_asks")
    runner = workflow.runner()
    put = await questions(runner, workflow, "Go")
    assert [each.question for each in put] == ["Which?"]
    assert text_of(await answered(runner, workflow, put, "That")) == 'given "That"'


async def test_an_edit_asks_for_the_arguments() -> None:
    """The question shows those of now; requests beside it are asked again."""
    workflow = graph("approves_two")
    runner = workflow.runner()
    put = await questions(runner, workflow, "Go")
    assert [each.question.splitlines()[0] for each in put] == ["Needs approval", "May this be done?"]
    (event,) = await answered(runner, workflow, put, "Edit", "Approve")
    assert isinstance(event, InputAsked)
    edit, other = event.questions
    assert (edit.options, edit.description) == ((), '{"to": "ada@example.org", "copies": 2}')
    assert "Write the changed arguments as JSON." in edit.question
    events = await answered(runner, workflow, (edit, other), '{"to": "b"}', None)
    changed = {"type": "edit", "edited_action": {"name": "send_mail", "args": {"to": "b"}}}
    assert text_of(events) == f"given {json.dumps({'decisions': [changed, {'type': 'reject'}]})}"


@pytest.mark.parametrize(
    ("name", "answer", "given"),
    [
        ("asks_yes_or_no", "Yes", "true"),
        ("asks_yes_or_no", "no", "false"),
        ("asks_yes_or_no", "approve", "true"),
        ("asks_yes_or_no", "perhaps", '"perhaps"'),
        ("asks_typed_options", "1", "1"),
        ("asks_typed_options", "many", "99"),
        ("asks_typed_options", "Yes", "true"),
        ("asks_typed_options", "other", '"other"'),
    ],
)
async def test_answers_have_the_type_that_the_graph_offered(name: str, answer: str, given: str) -> None:
    """Yes is True where a boolean is asked for; an option is what the graph offered, not its words."""
    workflow = graph(name)
    runner = workflow.runner()
    await questions(runner, workflow, "Go")
    assert await say(runner, workflow, answer) == f"given {given}"


async def test_an_answer_that_breaks_the_graph_does_not_lock_the_thread() -> None:
    """The next message begins a turn of its own, as does an answer to a question that is gone."""
    workflow = graph("fails_with_answer")
    runner = workflow.runner()
    put = await questions(runner, workflow, "Go")
    with pytest.raises(RunFailed):
        await say(runner, workflow, "bad")
    assert (await say(runner, workflow, "hello")).startswith("You said")
    assert text_of(await answered(runner, workflow, put, "blue")) == "You said blue"


@pytest.mark.parametrize(
    ("answer", "text"), [("Yes", "Got 42"), ("Go on", "Got 42"), ("something else", "Got something else")]
)
async def test_a_breakpoint_asks_whether_to_go_on(answer: str, text: str) -> None:
    """Anything but yes is a new message, and the call that waited is closed."""
    workflow = graph("stops_before_tools")
    runner = workflow.runner()
    assert await asked(runner, workflow, "call") == ["Continue with: tools?"]
    assert await say(runner, workflow, answer) == text


async def test_a_breakpoint_may_be_answered_with_a_button() -> None:
    """As any other question."""
    workflow = graph("stops_before_tools")
    runner = workflow.runner()
    put = await questions(runner, workflow, "call")
    assert text_of(await answered(runner, workflow, put, "Yes")) == "Got 42"


# --- factories and targets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["makes_with_config", "makes_with_config_async", "makes_with_named_config", "makes_with_named_config_async"],
)
async def test_a_function_may_take_a_config(name: str) -> None:
    """LangGraph's own convention; also by its name alone."""
    workflow = graph(name)
    await workflow.runner().check(workflow.spec)
    assert text_of(await everything(workflow.run())) == "made with ['configurable']"


@pytest.mark.parametrize("name", ["makes_in_context", "makes_in_sync_context"])
async def test_a_context_manager_is_entered_once_and_left_at_the_end(name: str) -> None:
    """In one task, as connections to MCP servers need it."""
    from tests.conformance.talking_graphs import LIFE

    LIFE.clear()
    workflow = graph(name)
    runner = workflow.runner()
    await runner.check(workflow.spec)
    for _ in range(2):
        assert await asyncio.create_task(say(runner, workflow, "hi")) == "human: hi"
    assert LIFE == ["entered"]
    await runner.close()
    assert LIFE == ["entered", "left"]


async def test_a_context_manager_that_fails_is_an_error_of_the_run() -> None:
    """With the owner's line."""
    with pytest.raises(RunFailed, match=r"LookupError \(talking_graphs.py, line \d+, in fails_to_enter\)"):
        await everything(graph("fails_to_enter").run())


@pytest.mark.parametrize("name", ["breakpoint_without_memory", "breakpoint_with_memory_off"])
async def test_a_breakpoint_without_memory_is_refused(name: str) -> None:
    """It could never go on."""
    workflow = graph(name)
    with pytest.raises(InvalidInput, match="has no checkpointer, so it could never continue"):
        await workflow.runner().check(workflow.spec)


async def test_a_graph_that_is_part_of_another_is_refused() -> None:
    """LangGraph runs it inside of a graph only: each turn would fail."""
    workflow = graph("of_another_graph")
    with pytest.raises(
        InvalidInput, match="checkpointer=True, which takes the checkpointer of a graph around it"
    ) as refused:
        await workflow.runner().check(workflow.spec)
    assert ".compile(checkpointer=InMemorySaver())" in refused.value.hint


async def test_a_factory_of_such_a_graph_fails_with_the_reason() -> None:
    """What it makes is known when it is called."""
    with pytest.raises(InvalidInput, match="checkpointer=True, which takes the checkpointer of a graph around it"):
        await everything(graph("makes_one_of_another_graph").run())


async def test_the_graphs_own_context_holds_what_the_server_knows() -> None:
    """Of its schema; other fields have their defaults."""
    assert text_of(await everything(graph("with_context").run())) == "anon:vis_1 calm"


async def test_a_graph_knows_who_the_visitor_is() -> None:
    """As LangGraph's own server tells it."""
    assert text_of(await everything(graph("identifies").run())) == "anon:vis_1 False"


async def test_attachments_are_content_blocks() -> None:
    """Images, other files, and texts as text."""
    files = [("a.png", "image/png", b"\x89"), ("b.pdf", "application/pdf", b"%"), ("c.txt", "text/plain", b"hi \xff")]
    sent = tuple(
        SentFile(name=name, mime_type=kind, size=len(data), read=partial(bytes, data)) for name, kind, data in files
    )
    workflow = graph("shows_content")
    workflow = evolve(workflow, context=evolve(workflow.context, attachments=sent))
    assert json.loads(text_of(await everything(workflow.run("see")))) == [
        {"type": "text", "text": "see"},
        {"type": "image", "base64": "iQ==", "mime_type": "image/png", "extras": {"filename": "a.png"}},
        {"type": "file", "base64": "JQ==", "mime_type": "application/pdf", "extras": {"filename": "b.pdf"}},
        {"type": "text", "text": "c.txt:\n\nhi \ufffd"},
    ]


async def test_files_without_words_come_without_an_empty_text() -> None:
    """Models refuse one; a text file may be in UTF-16."""
    sent = SentFile(name="a.txt", mime_type="text/plain", size=8, read=lambda: "grüß".encode("utf-16"))
    workflow = graph("shows_content")
    workflow = evolve(workflow, context=evolve(workflow.context, attachments=(sent,)))
    assert json.loads(text_of(await everything(workflow.run("")))) == [{"type": "text", "text": "a.txt:\n\ngrüß"}]


async def test_a_graph_without_messages_says_that_it_reads_no_files() -> None:
    """Its state has no place for them."""
    sent = SentFile(name="a.txt", mime_type="text/plain", size=1, read=lambda: b"a")
    workflow = graph("text_in_text_out", input_key="question", output_key="answer")
    workflow = evolve(workflow, context=evolve(workflow.context, attachments=(sent,)))
    notice, *rest = await everything(workflow.run("hi"))
    assert notice == NoticeGiven(message="This workflow cannot read attachments of this kind: a.txt.")
    assert text_of(rest) == "You asked: hi"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder as LangGraph's templates have it."""
    (tmp_path / "served_app" / "src").mkdir(parents=True)
    source = "from tests.conformance.talking_graphs import as_dict as graph\n"
    (tmp_path / "served_app" / "src" / "served_agent.py").write_text(source)
    graphs = {"agent": "./src/served_agent.py:graph", "other": {"path": "tests.conformance.talking_graphs:as_pair"}}
    (tmp_path / "served_app" / "langgraph.json").write_text(json.dumps({"graphs": graphs}))
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "langgraph.json").write_text(json.dumps({"graphs": {"other": graphs["other"]}}))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "langgraph.json").write_text(json.dumps({"graphs": {"a": "../../x.py:graph"}}))
    (tmp_path / "langgraph.json").write_text(json.dumps({"graphs": ["agent"]}))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "langgraph.json").write_text("{")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    sys.modules.pop("served_agent", None)


@pytest.mark.parametrize(
    "target",
    [
        "./served_app/src/served_agent.py:graph",
        "served_app/langgraph.json:agent",
        "./served_app/langgraph.json:other",
        "one/langgraph.json",
    ],
)
@pytest.mark.usefixtures("served")
async def test_a_graph_is_named_by_its_file_or_in_langgraph_json(target: str) -> None:
    """Below the served folder."""
    workflow = Subjected.of(LANGGRAPH, target)
    await workflow.runner().check(workflow.spec)
    assert text_of(await everything(workflow.run())) == "the reply"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("served_app/langgraph.json", "has several graphs"),
        ("served_app/langgraph.json:nothing", "has no graph 'nothing'"),
        ("nowhere/langgraph.json", "there is no file"),
        ("broken/langgraph.json", "has no 'graphs' that can be read"),
        ("langgraph.json", "must be an object"),
        ("outside/langgraph.json", "form package.module:graph, or be a langgraph.json|outside the folder"),
    ],
)
@pytest.mark.usefixtures("served")
async def test_a_langgraph_json_without_the_graph_is_refused(target: str, words: str) -> None:
    """With the names that it has."""
    workflow = Subjected.of(LANGGRAPH, target)
    with pytest.raises(InvalidInput, match=words):
        await workflow.runner().check(workflow.spec)


@pytest.mark.parametrize("name", ["gives_widgets", "gives_them_below"])
@pytest.mark.parametrize(
    ("text", "copy_text"), [("artifact", "Seven"), ("odd words", None), ("content", None), ("parts", None)]
)
async def test_a_widget_that_a_tool_gives_is_shown_once(name: str, text: str, copy_text: str | None) -> None:
    """In its artifact, as tools of MCP have it, or as the JSON of its content; also below another graph."""
    events = await everything(graph(name).run(text))
    shown = [each for each in events if isinstance(each, WidgetShown)]
    assert shown == [WidgetShown(widget=CARD, copy_text=copy_text)]
    assert text_of(events) == "Here it is"


@pytest.mark.parametrize("text", ["other card", "wrong widget", "no JSON", "deep"])
async def test_other_json_of_tools_is_for_the_model_alone(text: str) -> None:
    """A card may be one of a bank."""
    events = await everything(graph("gives_widgets").run(text))
    assert not [each for each in events if isinstance(each, WidgetShown)]
    assert text_of(events) == "Here it is"
