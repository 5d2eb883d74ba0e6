"""What only the runner ``langgraph`` does, with real graphs."""

import asyncio
from typing import Any

import pytest
from attrs import evolve
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langgraph.types import Interrupt

from orcheo_adapters.runners.langgraph_events import GraphEvents, question_events
from orcheo_core.domain.run import (
    Cause,
    InputAsked,
    ProgressNote,
    RunRequest,
    TextDelta,
    Usage,
    UsageReported,
)
from orcheo_core.domain.structured_input import InputStatus, Question, QuestionAnswer, StructuredInputItem
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Runner
from tests import samples
from tests.conformance.runner_kinds import LANGGRAPH, Subjected, everything, text_of


def graph(name: str, **settings: str) -> Subjected:
    return Subjected.of(LANGGRAPH, f"tests.conformance.talking_graphs:{name}", **settings)


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
    return next(event.questions for event in events if isinstance(event, InputAsked))


async def asked(runner: Runner, workflow: Subjected, text: str) -> list[str]:
    """The words of what it asks."""
    return [each.question for each in await questions(runner, workflow, text)]


async def test_tool_calls_and_nodes_are_progress_and_tool_messages_are_not_said() -> None:
    """Each part of the answer is a paragraph; usage is added up."""
    events = await everything(graph("with_tool").run("Where is order 7?"))
    assert text_of(events) == "Let me see.\n\nIt was sent."
    assert [event for event in events if not isinstance(event, TextDelta)] == [
        ProgressNote(text="Ask"),
        ProgressNote(text="Look up", icon="bolt"),
        ProgressNote(text="Tools"),
        ProgressNote(text="Ask"),
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


async def test_several_questions_get_the_same_answer() -> None:
    """As long as there is one text for all of them."""
    workflow = graph("asks_twice_at_once")
    runner = workflow.runner()
    assert await asked(runner, workflow, "Hello") == ["Name?", "Age?"]
    assert await say(runner, workflow, "Ada, 36") == "Name?: Ada, 36\n\nAge?: Ada, 36"


async def test_without_a_checkpointer_a_question_is_just_asked() -> None:
    """There is nothing to resume: each turn begins anew."""
    workflow = graph("asks_without_memory")
    runner = workflow.runner()
    assert await asked(runner, workflow, "Paint it") == ["Which colour?"]
    assert await asked(runner, workflow, "blue") == ["Which colour?"]


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
    (event,) = question_events(offered)
    assert isinstance(event, InputAsked)
    assert [each.options for each in event.questions] == [("S", "M"), ()]


def test_a_tool_call_that_is_streamed_is_noted_once() -> None:
    """Its name comes in the first chunk; the arguments that follow say nothing to a visitor."""
    events = GraphEvents(nodes=frozenset())
    calls = [("look_up", ""), (None, '{"order"'), (None, ': "7"}')]
    chunks = [
        AIMessageChunk(content="", tool_call_chunks=[tool_call_chunk(name=name, args=args, id="c", index=0)])
        for name, args in calls
    ]
    parts = [{"type": "messages", "ns": (), "data": (chunk, {"langgraph_node": "ask"})} for chunk in chunks]
    assert [event for part in parts for event in events.of(part)] == [ProgressNote(text="Look up", icon="bolt")]


def test_no_question_is_no_event() -> None:
    """Streams without interrupts pass through the same place."""
    assert list(question_events(())) == []


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
        ("no_graph", "is no LangGraph graph"),
        ("not_compiled", "is not compiled"),
        ("without_messages", "has no 'messages'"),
        ("needs_more", "must take no parameters"),
        ("nothing", "has no 'nothing'"),
    ],
)
async def test_check_names_what_is_wrong(name: str, message: str) -> None:
    """When it is registered, and when it breaks later."""
    workflow = graph(name)
    with pytest.raises(InvalidInput, match=message) as caught:
        workflow.runner().check(workflow.spec)
    assert [each.path for each in caught.value.fields] == ["target"]
    with pytest.raises(InvalidInput, match=message):
        await everything(workflow.run())


async def test_a_function_that_makes_no_graph_fails_the_run() -> None:
    """It is not called before."""
    workflow = graph("makes_nothing")
    workflow.runner().check(workflow.spec)
    with pytest.raises(InvalidInput, match="is no LangGraph graph"):
        await everything(workflow.run())


@pytest.mark.parametrize(("kind", "package"), [("langgraph", "langgraph"), ("openai", "openai")])
def test_a_missing_package_is_said(kind: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra that brings it."""
    from orcheo_adapters.runners import packages

    def nothing(_name: str) -> Any:
        return None

    monkeypatch.setattr(packages, "find_spec", nothing)
    with pytest.raises(InvalidInput, match=f"lacks the package no_{package}") as caught:
        packages.require_package(f"no_{package}", extra=kind)
    assert f"orcheo[{kind}]" in caught.value.hint
