"""LangGraph graphs whose model writes its thought into its text, as models without a reasoning parser do."""

from collections.abc import AsyncIterator
from typing import Any

from langchain_core.messages import AIMessage, ToolMessage
from langgraph.graph import MessagesState

from orcheo_adapters.runners.reasoning import without_thoughts
from tests.conformance.runner_graphs import FakeModel, Update, of_node

_THOUGHT = "They greet me, so I greet them. " * 10


async def _think(_text: str) -> AsyncIterator[str]:
    for piece in ("<th", "ink>", _THOUGHT, "</th", "ink>\n\n", "Hel", "lo"):
        yield piece


MODEL = FakeModel(stream_pieces=_think)


async def _text() -> str:
    return str((await MODEL.ainvoke("hi")).text)


async def _stream(_state: MessagesState) -> Update:
    return {"messages": [await MODEL.ainvoke("hi")]}


async def _rewrap(_state: MessagesState) -> Update:
    return {"messages": [AIMessage(await _text())]}


async def _strip(_state: MessagesState) -> Update:
    return {"messages": [AIMessage(without_thoughts(await _text()))]}


async def _strip_and_add(_state: MessagesState) -> Update:
    return {"messages": [AIMessage(f"{without_thoughts(await _text())}!")]}


def _says(content: Any, **fields: Any) -> Any:
    return of_node(lambda _state: {"messages": [AIMessage(content, **fields)]})


streams = of_node(_stream)
rewraps = of_node(_rewrap)
strips = of_node(_strip)
strips_and_adds = of_node(_strip_and_add)
at_once = _says("<think>So.</think>Hello")
only_closes = _says("So.\n</think>\nHello")
as_dict = of_node(lambda _state: {"messages": [{"role": "assistant", "content": "<think>So.</think>Hello"}]})
talks_about_tags = _says("Write `<think>` like this.")

thinks_only = _says("<think>So.")
thinks_apart = _says([{"type": "thinking", "thinking": "So."}])
thinks_beside = _says("", additional_kwargs={"reasoning_content": "So."})
says_nothing = _says("")
calls_a_tool = of_node(
    lambda _state: {
        "messages": [
            AIMessage("<think>So.", tool_calls=[{"name": "look", "args": {}, "id": "1"}]),
            ToolMessage("seen", tool_call_id="1"),
        ]
    }
)
