"""Workflows that are LangGraph graphs of the server's own import path.

The target names a compiled graph whose state has ``messages``, or a function without parameters (sync or async) that
makes one; it is called once. A graph with a checkpointer keeps its own memory, by our thread id; one without is given
the history of the thread each time.
"""

import asyncio
import inspect
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.feed import Feed
from orcheo_adapters.runners.packages import require_package
from orcheo_adapters.runners.settings import Given, Setting
from orcheo_adapters.runners.target import Target, invalid_target
from orcheo_adapters.runners.task_run import TaskRun
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import ActionTaken, PastMessage, RunRequest
from orcheo_core.domain.structured_input import StructuredInputItem
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Run, Runner

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.runnables import RunnableConfig
    from langgraph.types import Interrupt

Graph = Any
"""A ``Pregel``, whose type parameters are the graph's own matter."""


class LangGraphRunner(Runner):
    """Streams a graph."""

    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="nodes",
            help="Names of the nodes whose text is the answer, with commas between; all nodes when left out.",
        ),
    )

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``; no graph is made yet."""
        self._conditions = conditions
        self._graphs: dict[str, Graph] = {}
        self._making = asyncio.Lock()

    def check(self, spec: RunnerSpec) -> None:
        """Import the target and look at it; a function that makes the graph is not called yet."""
        require_package("langgraph", extra="langgraph")
        Given.of(spec, self.settings, self._conditions.environment)
        _check_target(spec.target, Target.parse(spec.target).find())

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return TaskRun(partial(self._answer, request), time_limit=self._conditions.time_limit_of(request))

    async def takes_actions(self, spec: RunnerSpec) -> bool:
        """See the port: a graph with ``action`` in its state. One that cannot be made fails when it is run."""
        try:
            graph = await self._graph(spec.target)
        except Exception:  # noqa: BLE001 - a factory may raise anything, and does so again where its owner is told
            return True
        return "action" in graph.channels

    async def _answer(self, request: RunRequest, feed: Feed) -> None:
        given = Given.of(request.spec, self.settings, self._conditions.environment)
        graph = await self._graph(request.spec.target)
        from orcheo_adapters.runners.langgraph_events import GraphEvents

        config: RunnableConfig = {"configurable": {"thread_id": request.context.thread_id, "orcheo": request.context}}
        events = GraphEvents(nodes=given.names("nodes"))
        parts = graph.astream(
            await _input(graph, config, request), config, stream_mode=list(events.modes), subgraphs=True, version="v2"
        )
        async with aclosing(parts):
            async for part in parts:
                for event in events.of(part):
                    await feed.put(event)
        for event in events.last():
            await feed.put(event)

    async def _graph(self, text: str) -> Graph:
        async with self._making:
            if text not in self._graphs:
                target = Target.parse(text)
                found = target.find() if target.is_imported else await in_thread(target.find)
                self._graphs[text] = await _made(text, found)
            return self._graphs[text]


async def _made(target: str, found: Any) -> Graph:
    _check_target(target, found)
    if _is_graph(found):
        return found
    made = await found() if inspect.iscoroutinefunction(found) else await in_thread(found)
    _check_graph(target, made)
    return made


def _check_target(target: str, found: Any) -> None:
    if _is_graph(found) or not callable(found):
        _check_graph(target, found)
        return
    try:
        inspect.signature(found).bind()
    except TypeError:
        raise invalid_target(f"{target!r} must take no parameters to make a graph") from None


def _check_graph(target: str, found: Any) -> None:
    from langgraph.graph import StateGraph
    from langgraph.graph.state import CompiledStateGraph

    if isinstance(found, StateGraph):
        raise invalid_target(f"{target!r} is not compiled: end it with .compile()")
    if not _is_graph(found):
        raise invalid_target(f"{target!r} is no LangGraph graph (it is of type {type(found).__name__})")
    if isinstance(found, CompiledStateGraph) and "messages" not in found.channels:
        raise invalid_target(f"the state of {target!r} has no 'messages'")


def _is_graph(found: Any) -> bool:
    from langgraph.pregel import Pregel

    return isinstance(found, Pregel)


async def _input(graph: Graph, config: "RunnableConfig", request: RunRequest) -> Any:
    """What the graph goes on with: the answer to its question, the new message, or the whole conversation."""
    from langchain_core.messages import HumanMessage
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.types import Command

    cause = request.context.cause
    if isinstance(cause, ActionTaken):
        action = {"type": cause.type, "payload": cause.payload, "item_id": cause.widget.id if cause.widget else None}
        kept = isinstance(graph.checkpointer, BaseCheckpointSaver)
        return {"messages": [] if kept else [*map(_message, request.context.history)], "action": action}
    said = HumanMessage(request.text)
    if isinstance(graph.checkpointer, BaseCheckpointSaver):
        state = await graph.aget_state(config)
        if state.interrupts:
            return Command(resume=_replies(state.interrupts, request))
        if isinstance(state.values, dict) and state.values.get("messages"):
            return {"messages": [said]}
    return {"messages": [*map(_message, request.context.history), said]}


def _replies(interrupts: "tuple[Interrupt[Any], ...]", request: RunRequest) -> dict[str, Any]:
    """A reply to every question that waits: what was answered to it, None when it was skipped, or the message."""
    cause = request.context.cause
    if not isinstance(cause, StructuredInputItem):
        return {each.id: request.text for each in interrupts}
    given = {each.id: ", ".join(each.answer.values) for each in cause.questions if each.answer}
    return {each.id: given.get(each.id) or None for each in interrupts}


def _message(past: PastMessage) -> "BaseMessage":
    from langchain_core.messages import AIMessage, HumanMessage

    return HumanMessage(past.text) if past.said_by == "visitor" else AIMessage(past.text)
