"""Graphs of several agents: whose text is the answer, and what is a step."""

from typing import Any

import pytest
from attrs import evolve
from langchain_core.messages import AIMessageChunk, ToolMessage
from langchain_core.messages.tool import tool_call_chunk

from orcheo_adapters.runners.langgraph_agents import Agents, Part
from orcheo_adapters.runners.langgraph_events import GraphEvents
from orcheo_adapters.runners.langgraph_hearing import Hearing
from orcheo_adapters.runners.langgraph_work import GraphWork
from orcheo_core.domain.component_items import Step, StepKind, StepState
from orcheo_core.domain.run import (
    AnswerEnded,
    ContextKept,
    ImageShown,
    NoticeGiven,
    PastMessage,
    ProgressNote,
    RunEvent,
    StepNoted,
    TextDelta,
    WidgetShown,
)
from orcheo_core.errors import InvalidInput
from tests.conformance import agent_graphs
from tests.conformance.runner_kinds import LANGGRAPH, Subjected, everything, text_of


def graph(name: str, **settings: str) -> Subjected:
    return Subjected.of(LANGGRAPH, f"tests.conformance.agent_graphs:{name}", **settings)


def steps(events: list[RunEvent]) -> dict[str, StepState]:
    """The titles of all steps, with how they look in the end."""
    return {str(each.step.title): each.step.state for each in events if isinstance(each, StepNoted)}


def details(events: list[RunEvent]) -> dict[str, str | None]:
    """What the steps say in the end."""
    return {str(each.step.title): each.step.content for each in events if isinstance(each, StepNoted)}


DONE, FAILED = StepState.COMPLETE, StepState.NONE


@pytest.mark.parametrize("name", ["supervisor", "supervisor_at_once", "in_a_team"])
async def test_only_the_supervisor_answers(name: str) -> None:
    """What is said before and by others is a step; handing over and back is not shown."""
    events = await everything(graph(name).run())
    assert text_of(events).strip() == "The weather is fine."
    assert steps(events) == {"Supervisor": DONE, "Expert": DONE, "Expert › Weather": DONE}
    assert not any("ransfer" in repr(each) for each in events)


async def test_steps_have_details_where_the_owner_wants_them() -> None:
    """Arguments and results in one line; the words of an agent."""
    events = await everything(graph("supervisor", steps="details").run())
    assert details(events) == {
        "Supervisor": "I ask the expert.",
        "Expert": "It is sunny there.",
        "Expert › Weather": "city: Paris → Sunny in Paris",
    }


async def test_steps_may_be_hidden() -> None:
    """Names of nodes too."""
    events = await everything(graph("supervisor", steps="none").run())
    assert not [each for each in events if isinstance(each, StepNoted | ProgressNote)]
    assert text_of(events).strip() == "The weather is fine."


async def test_all_agents_may_be_heard() -> None:
    """Each text is an answer; an agent that is heard is no step."""
    events = await everything(graph("supervisor", agents="all").run())
    assert text_of(events) == "I ask the expert. It is sunny there. \n\nThe weather is fine. "
    assert [*steps(events)] == ["Expert › Weather"]


async def test_an_expert_has_answered_when_the_supervisor_says_nothing() -> None:
    """Something is an answer."""
    assert text_of(await everything(graph("supervisor_without_words").run())).strip() == "It is sunny there."


async def test_nodes_choose_an_agent() -> None:
    """By the setting, whatever the graph looks like."""
    assert text_of(await everything(graph("supervisor", nodes="expert").run())).strip() == "It is sunny there."


async def test_settings_are_checked() -> None:
    """When the workflow is registered."""
    for settings in ({"steps": "some"}, {"agents": "first"}):
        workflow = graph("supervisor", **settings)
        with pytest.raises(InvalidInput, match="must be one of"):
            await workflow.runner().check(workflow.spec)


@pytest.mark.parametrize(
    ("text", "said", "shown"),
    [
        ("hi", "Bob speaking. ", ["Alice"]),
        ("short", "Alice speaking. ", []),
        ("long", f"{agent_graphs.LONG}\n\nBob speaking. ", []),
    ],
)
async def test_the_agent_that_speaks_last_in_a_swarm_answers(text: str, said: str, shown: list[str]) -> None:
    """What one says before it hands over is a step, unless it is so long that it was shown already."""
    events = await everything(graph("swarm").run(text))
    assert text_of(events) == said
    assert [*steps(events)] == shown


async def test_a_swarm_without_a_checkpointer_begins_where_it_ended() -> None:
    """The agent that spoke last is kept in the thread, where visitors do not see it."""
    workflow = graph("swarm")
    (kept,) = [each for each in await everything(workflow.run("hi")) if isinstance(each, ContextKept)]
    for hidden, said in ((kept.content, "Bob speaking. "), ("other", "Alice speaking. "), ({}, "Alice speaking. ")):
        past = PastMessage(said_by="workflow", text="", hidden=hidden)
        later = evolve(workflow, context=evolve(workflow.context, history=(past,)))
        assert text_of(await everything(later.run("short"))) == said


async def test_agents_of_a_chain_are_followed_by_others_or_by_the_end() -> None:
    """One that may be the last is heard, as are nodes that are no agents, also with messages that are dicts."""
    events = await everything(graph("chained").run())
    assert text_of(events) == "It is sunny there. An article. \n\nIn the end."
    assert steps(events) == {"Weather": DONE, "Mine": FAILED}


async def test_steps_of_the_graphs_own_are_a_note_of_their_own() -> None:
    """Steps of one note would change those of the other."""
    events = GraphEvents(Hearing(), Agents(agent_graphs.chained))
    own = StepNoted(index=0, step=Step(title="Mine"))
    called, other = (agent_graphs.calls("weather", call_id) for call_id in ("a", "b"))
    parts = [_message(called, "researcher"), _part("custom", own), _message(other, "researcher")]
    said = [event for part in parts for event in events.of(part)]
    loading, stopped = (
        StepNoted(index=0, step=Step(title="Weather", state=state)) for state in (StepState.LOADING, StepState.NONE)
    )
    assert said == [loading, stopped, AnswerEnded(), own, AnswerEnded(), loading]


def _part(kind: str, data: Any) -> dict[str, Any]:
    return {"type": kind, "ns": (), "data": data}


def _message(message: Any, node: str) -> dict[str, Any]:
    metadata = {"langgraph_node": node, "langgraph_checkpoint_ns": f"{node}:1|2|model:{node}"}
    return _part("messages", (message, metadata))


def test_a_step_waits_until_a_message_of_another_branch_is_whole() -> None:
    """It would stand in the middle of a sentence."""
    events = GraphEvents(Hearing(), Agents(agent_graphs.swarm))
    first, last = (AIMessageChunk(content=text, id="m") for text in ("It is", " so."))
    called = agent_graphs.calls("weather", "a")
    parts = [_message(first, "bob"), _message(called, "alice"), _message(last, "bob")]
    assert [event for part in parts for event in events.of(part)] == [TextDelta("It is"), TextDelta(" so.")]
    loading, stopped = (
        StepNoted(index=0, step=Step(title="Weather", state=state)) for state in (StepState.LOADING, StepState.NONE)
    )
    assert [*events.rest()] == [loading, stopped]


def test_a_step_that_waited_comes_before_what_follows() -> None:
    """As soon as the other message has ended."""
    events = GraphEvents(Hearing(), Agents(agent_graphs.swarm))
    first, last = (AIMessageChunk(content="So", id="m"), AIMessageChunk(content=".", id="m", chunk_position="last"))
    parts = [
        _message(first, "bob"),
        _message(agent_graphs.calls("weather", "a"), "alice"),
        _message(ToolMessage("Sunny", tool_call_id="a", name="weather"), "alice"),
        _message(last, "bob"),
    ]
    assert [event for part in parts for event in events.of(part)] == [
        TextDelta("So"),
        TextDelta("."),
        StepNoted(index=0, step=Step(title="Weather", state=DONE)),
    ]


def test_calls_whose_results_nothing_tells_end_with_their_agent() -> None:
    """As those of tools that hand over under another name; arguments may be no JSON."""
    work = GraphWork(channels=())
    pieces: tuple[tuple[Any, str], ...] = ((None, "{"), ("last", ""))
    for position, piece in pieces:
        chunk = tool_call_chunk(name="ask_bob" if piece else None, args=piece, id="a", index=0)
        message = AIMessageChunk(content="", id="m", tool_call_chunks=[chunk], chunk_position=position)
        noted = [*work.calls(message, parent="", ids=frozenset({"task"}))]
        assert [each.state for _key, each in noted] == ([StepState.LOADING] if piece else [])
    assert [each.state for _key, each in work.task_ended("task")] == [DONE]
    assert not [*work.task_ended("task")]


def test_a_result_of_an_earlier_turns_call_is_a_step() -> None:
    """A person has allowed it in this one; it is shown once."""
    work, result = GraphWork(channels=()), ToolMessage("Sent", tool_call_id="a", name="send_mail")
    assert [(each.title, each.state) for _key, each in work.result(result)] == [("Send mail", DONE)]
    assert not [*work.result(result)]
    assert not [*work.result(ToolMessage("Sent", tool_call_id="b"))]


async def test_sub_agents_to_do_lists_and_files_are_steps() -> None:
    """A sub-agent has its own name; to-dos change in place; a tool that failed has no tick."""
    events = await everything(graph("deep").run())
    assert text_of(events) == "All done. "
    assert steps(events) == {
        "Look": DONE,
        "Write": DONE,
        "Task": StepState.LOADING,
        "General purpose": DONE,
        "General purpose › Weather": DONE,
        "Weather": FAILED,
        "Write file": DONE,
        "old.md": DONE,
        "notes.md": DONE,
        "script.py": DONE,
        "plan.txt": DONE,
        "dot.png": DONE,
        "data.bin": DONE,
    }
    kinds = {each.step.title: each.step.kind for each in events if isinstance(each, StepNoted)}
    assert kinds["notes.md"] is StepKind.FILE
    assert not [each for each in events if isinstance(each, WidgetShown | ImageShown)]


async def test_the_visitor_gets_the_files_that_the_owner_names() -> None:
    """Texts to read and copy, images; what cannot be shown is said."""
    events = await everything(graph("deep", files="*.md, script.py, /plan.txt, *.png, *.bin").run())
    shown: list[Any] = [each for each in events if isinstance(each, WidgetShown | ImageShown | NoticeGiven)]
    texts = {each.widget["children"][0]["value"]: each for each in shown if isinstance(each, WidgetShown)}
    assert [*texts] == ["old.md", "notes.md", "script.py", "plan.txt"]
    assert texts["notes.md"].widget["children"][1]["value"] == texts["notes.md"].copy_text == "# Notes"
    assert texts["script.py"].widget["children"][1]["value"] == "````py\na = '```'\nb\n````"
    assert texts["plan.txt"].copy_text == "Plain"
    assert ImageShown(url="data:image/png;base64,iVBORw0KGgo=") in shown
    assert NoticeGiven(message="The file data.bin cannot be shown here.") in shown


async def test_middleware_is_not_shown_and_its_own_questions_to_models_are_not_the_answer() -> None:
    """What it says itself is."""
    events = await everything(graph("with_middleware").run())
    assert events == [TextDelta("The limit is reached.")]


def test_agents_are_seen_from_how_the_graph_is_built() -> None:
    """Inside of others too; a graph with one agent has none that works for others."""
    of = Agents(agent_graphs.in_a_team).at
    assert [of(path).part for path in ((), ("office",), ("gone", "model"))] == [Part.ANSWERS] * 3
    assert of(("office", "supervisor", "model")).part is Part.HANDS_OVER
    assert of(("office", "expert", "model")).part is Part.WORKS
    assert of(("office", "expert", "model")).agent == 1
    assert of(("office", "supervisor", "tools", "x")).part is Part.WORKS
