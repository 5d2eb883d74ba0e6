"""A LangGraph graph behind a chat: it calls tools, and asks before it cancels anything.

``decide`` stands where a language model would: it picks a tool by rules, so the example runs offline. Any chat model
with tools bound to it can take its place.
"""

import re
from collections.abc import Iterator

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import interrupt

ORDERS = {"7": "a lamp", "8": "two chairs"}


@tool
def find_order(number: str) -> str:
    """Say what is known of an order."""
    found = ORDERS.get(number)
    return f"Order {number} is {found}; it leaves tomorrow." if found else f"There is no order {number}."


@tool
def cancel_order(number: str) -> str:
    """Cancel an order, once the visitor has agreed."""
    if number not in ORDERS:
        return f"There is no order {number}."
    reply = interrupt(f"Really cancel order {number} ({ORDERS[number]})? Please answer yes or no.")
    if str(reply).strip().lower() not in ("yes", "y"):
        return f"Order {number} stays as it is."
    return f"Order {number} is cancelled."


def decide(state: MessagesState) -> dict[str, list[BaseMessage]]:
    """Say what a tool found, or choose the tool for what the visitor said."""
    return {"messages": list(_next_message(state["messages"][-1]))}


def _next_message(last: BaseMessage) -> Iterator[AIMessage]:
    if isinstance(last, ToolMessage):
        yield AIMessage(str(last.text))
        return
    number = re.search(r"\d+", str(last.text))
    if number is None:
        yield AIMessage("Which order is it about? Tell me its number, for example: where is order 7?")
        return
    name = "cancel_order" if "cancel" in str(last.text).lower() else "find_order"
    yield AIMessage("", tool_calls=[{"name": name, "args": {"number": number.group()}, "id": f"call_{name}"}])


graph = (
    StateGraph(MessagesState)
    .add_node("decide", decide)
    .add_node("tools", ToolNode([find_order, cancel_order]))
    .add_edge(START, "decide")
    .add_conditional_edges("decide", tools_condition)
    .add_edge("tools", "decide")
    .compile(checkpointer=InMemorySaver())
)
