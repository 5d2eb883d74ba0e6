"""Which workflows an action of the page reaches, and what they get of it."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.run import ActionTaken, PastMessage, RunContext, RunRequest, TextDelta
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec
from tests.fakes.sink import FakeSink

CLICKED = ActionTaken(type="buy", payload={"n": 2})


class _Shop(MessagesState):
    action: dict[str, Any] | None


def _answer(state: _Shop) -> dict[str, Any]:
    said = [message.content for message in state["messages"] if message.type == "human"]
    return {"messages": [AIMessage(f"{state.get('action')} {said}")]}


def _shop(checkpointer: InMemorySaver | None) -> Any:
    graph = StateGraph(_Shop)
    graph.add_node("answer", _answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    return graph.compile(checkpointer=checkpointer)


shop = _shop(None)
shop_with_memory = _shop(InMemorySaver())
made_wrong = object()


def takes_text(text: str) -> str:
    return text


def takes_context(text: str, context: RunContext) -> str:
    return f"{text} {context.cause}"


@pytest.mark.parametrize(
    ("kind", "target", "takes"),
    [
        ("python", "tests.conformance.test_actions:takes_text", False),
        ("python", "tests.conformance.test_actions:takes_context", True),
        ("python", "tests.conformance.test_actions:missing", True),
        ("langgraph", "tests.conformance.runner_graphs:makes", False),
        ("langgraph", "tests.conformance.test_actions:shop", True),
        ("langgraph", "tests.conformance.test_actions:made_wrong", True),
        ("agent", "tests.conformance.runner_agents:streams", False),
        ("openai", "https://model.example.org/v1", False),
        ("http", "https://service.example.org/answer", False),
    ],
)
async def test_who_takes_actions(kind: str, target: str, takes: bool) -> None:
    """Who learns what began a turn; one that cannot be loaded is run, and fails as it does for a message."""
    spec = RunnerSpec(kind=kind, target=target)
    assert await RunnerRegistry().get(kind).takes_actions(spec) is takes


@pytest.mark.parametrize("name", ["shop", "shop_with_memory"])
async def test_a_graph_gets_the_action_and_no_message(name: str) -> None:
    """What was said before is there once, as what was said before."""
    spec = RunnerSpec(kind="langgraph", target=f"tests.conformance.test_actions:{name}")
    context = RunContext(
        workflow_id="wf_1",
        thread_id="thr_1",
        turn_id="trn_1",
        subject=Subject("anon:vis_1"),
        history=(
            PastMessage(said_by="visitor", text="delete my account"),
            PastMessage(said_by="workflow", text="Done."),
        )
        if name == "shop"
        else (),
        cause=CLICKED,
    )
    run = RunnerRegistry().get("langgraph").run(RunRequest(spec=spec, text="", context=context))
    text = "".join([each.text async for each in FakeSink().said(run) if isinstance(each, TextDelta)])
    said = ["delete my account"] if name == "shop" else []
    assert text == f"{ {'type': 'buy', 'payload': {'n': 2}, 'item_id': None} } {said}"
