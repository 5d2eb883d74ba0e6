"""LangGraph graphs with tools, questions and memory, for what only the runner ``langgraph`` does."""

from collections.abc import AsyncIterator
from typing import Any

from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict

from tests.conformance.runner_graphs import FakeModel, Update, of_node


class Other(TypedDict):
    """A state without messages."""

    text: str


@tool
def look_up(order: str) -> str:
    """Find an order."""
    return f"Order {order} was sent."


def with_tool() -> Any:
    """A model that calls a tool, then answers; both from a fixed list of messages."""
    call = AIMessage("Let me see.", tool_calls=[{"name": "look_up", "args": {"order": "7"}, "id": "call_1"}])
    used = UsageMetadata(input_tokens=10, output_tokens=4, total_tokens=14)
    model = FakeMessagesListChatModel(responses=[call, AIMessage("It was sent.", usage_metadata=used)])

    async def ask(state: MessagesState) -> Update:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState).add_node("ask", ask).add_node("tools", ToolNode([look_up]))
    return graph.add_edge(START, "ask").add_conditional_edges("ask", tools_condition).add_edge("tools", "ask").compile()


def _count(state: MessagesState) -> Update:
    said = [f"{message.type}: {message.text}" for message in state["messages"]]
    return {"messages": [AIMessage(" | ".join(said))]}


transcript = of_node(_count)
"""Says all messages it was given."""


def transcript_with_memory() -> Any:
    """The same with a checkpointer of its own."""
    return of_node(_count, checkpointer=InMemorySaver())


def _knows(state: MessagesState, config: RunnableConfig) -> Update:
    about = config["configurable"]
    return {"messages": [AIMessage(f"{about['thread_id']} {about['orcheo'].subject.key}")]}


knows_context = of_node(_knows)


def _ask_colour(state: MessagesState) -> Update:
    colour = interrupt({"question": "Which colour?", "options": ["red", "blue"]})
    return {"messages": [AIMessage(f"Then {colour}.")]}


def asks() -> Any:
    """Asks before it answers."""
    return of_node(_ask_colour, checkpointer=InMemorySaver())


asks_without_memory = of_node(_ask_colour)


def asks_twice_at_once() -> Any:
    """Two nodes ask in the same step."""

    def ask(state: Other) -> Update:
        return {"messages": [AIMessage(f"{state['text']}: {interrupt(state['text'])}")]}

    def both(_state: MessagesState) -> list[Send]:
        return [Send("_ask", {"text": about}) for about in ("Name?", "Age?")]

    graph = StateGraph(MessagesState).add_node("_ask", ask).add_conditional_edges(START, both, ["_ask"])
    return graph.compile(checkpointer=InMemorySaver())


def asks_oddly(value: object) -> Any:
    """Asks with this value."""

    def ask(_state: MessagesState) -> Update:
        interrupt(value)
        return {"messages": []}

    return of_node(ask, checkpointer=InMemorySaver())


def asks_for_approval() -> Any:
    """A question of a form that says nothing about its text."""
    return asks_oddly({"action": "delete", "when": 7})


def asks_in_words() -> Any:
    """A question that is plain text."""
    return asks_oddly("Go on?")


async def _draft(text: str) -> AsyncIterator[str]:
    yield "draft of "
    yield text


def two_steps() -> Any:
    """A draft that is not the answer, then the answer."""
    model = FakeModel(stream_pieces=_draft)

    async def draft(state: MessagesState) -> Update:
        return {"messages": [await model.ainvoke(state["messages"])]}

    def final(state: MessagesState) -> Update:
        return {"messages": [AIMessage("The end.")]}

    graph = StateGraph(MessagesState).add_node("draft", draft).add_node("final_answer", final)
    return graph.add_edge(START, "draft").add_edge("draft", "final_answer").compile()


def nested_steps() -> Any:
    """The same as a node of another graph."""
    return StateGraph(MessagesState).add_node("inner", two_steps()).add_edge(START, "inner").compile()


def _says_other_things(state: MessagesState) -> Command[Any]:
    messages: list[BaseMessage] = [HumanMessage("not mine"), AIMessage("mine")]
    return Command(update={"messages": messages})


says_other_things = of_node(_says_other_things)


without_messages = StateGraph(Other).add_node("a", lambda _state: {}).add_edge(START, "a").compile()
not_compiled = StateGraph(MessagesState)
no_graph = {"a": 1}


def needs_more(config: object) -> Any:
    """A function that wants a parameter."""
    return transcript


def makes_nothing() -> None:
    """A function that makes no graph."""
