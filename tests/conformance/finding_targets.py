"""Targets of several kinds, without their frameworks."""

from typing import Any


def _object_of(module: str, name: str) -> Any:
    return type(name, (), {"__module__": module, "run": lambda self, text: text, "invoke": lambda self, given: given})()


agent = _object_of("agents.agent", "Agent")
graph = _object_of("langgraph.graph", "StateGraph")


class OwnAgent(type(agent)):  # type: ignore[misc]  # made above
    """With a method of the owner's."""

    def answer(self, text: str) -> str:
        """By a way of its own."""
        return text


own_agent = OwnAgent()


def make_agent() -> Any:
    """An agent for each answer."""
    return agent


def make_graph(config: Any) -> Any:
    """A graph for each run."""
    return graph


async def app(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application."""


class LangGraphAgent:
    """Stands for a bridge of the protocol's makers."""

    def run(self, given: object) -> object:
        return [given]


LangGraphAgent.__module__ = "ag_ui_langgraph.agent"
bridge = LangGraphAgent()
