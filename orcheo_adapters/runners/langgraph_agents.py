"""Which parts of a LangGraph graph are agents, and whose text is the answer: seen from how the graph is built."""

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any

from attrs import frozen
from langgraph.graph import END
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode

Graph = Any
"""A ``Pregel``, whose type parameters are the graph's own matter."""

_MIDDLEWARE_HOOKS = (".before_agent", ".before_model", ".after_model", ".after_agent")


class Part(Enum):
    """What a part of a graph says."""

    ANSWERS = "its text is the answer"
    HANDS_OVER = "its text is the answer, unless it calls another agent after it"
    WORKS = "its text is for other agents"


@frozen
class Seat:
    """Where a node of a graph sits among the graph's agents."""

    part: Part
    agent: int | None
    """Which name of the node's path is the agent that it belongs to, where the graph has several."""


class Agents:
    """The agents of one graph, in sub-graphs too.

    A node that is a graph, or a function that calls one, is an agent where it has such a node beside it. One behind
    which another agent always follows only works for that; so does what runs as a tool.
    """

    def __init__(self, graph: Graph) -> None:
        """Of ``graph``; one of the functional API has none."""
        self._graph = graph
        self.channels = frozenset(graph.channels)
        """Keys of the graph's state, and names of LangGraph's own."""
        self.at = cache(self._look)
        """The seat of the node at a path: names of nodes, the outermost first."""

    def _look(self, path: tuple[str, ...]) -> Seat:
        graph, parts, agent = self._graph, [Part.ANSWERS], None
        for place, name in enumerate(path):
            if not isinstance(graph, CompiledStateGraph) or name not in graph.nodes:
                break
            agents = _agents(graph)
            agent = place if name in agents else agent
            parts.append(Part.WORKS if _runs_tools(graph, name) else agents.get(name, Part.ANSWERS))
            graph = next(iter(graph.nodes[name].subgraphs), None)
        return Seat(max(parts, key=[*Part].index), agent)


def is_middleware(name: str) -> bool:
    """Whether a node was made of a middleware of LangChain: its owner did not write that name."""
    return "Middleware" in name or name.endswith(_MIDDLEWARE_HOOKS)


def _runs_tools(graph: CompiledStateGraph[Any, Any, Any, Any], name: str) -> bool:
    return name == "tools" or isinstance(graph.nodes[name].bound, ToolNode)


def _agents(graph: CompiledStateGraph[Any, Any, Any, Any]) -> Mapping[str, Part]:
    """The agents among the nodes of a graph that has several."""
    names = [name for name, node in graph.nodes.items() if node.subgraphs and not _runs_tools(graph, name)]
    if len(names) < 2:
        return {}
    return {name: _part_of(graph, name, frozenset(names)) for name in names}


def _part_of(graph: CompiledStateGraph[Any, Any, Any, Any], agent: str, agents: frozenset[str]) -> Part:
    """By what may follow: the end, another agent, or either."""
    following, seen = set(_next(graph, agent)), {agent}
    while through := following - seen - agents - {END}:
        seen |= through
        following |= {each for name in through for each in _next(graph, name)}
    if END not in following:
        return Part.WORKS
    return Part.HANDS_OVER if following & agents - {agent} else Part.ANSWERS


def _next(graph: CompiledStateGraph[Any, Any, Any, Any], name: str) -> Iterator[str]:
    """Nodes that may come after this one, or the end: a node without edges may end, and so may one that names only
    where its commands lead."""
    builder = graph.builder
    found = {end for start, end in builder.edges if start == name}
    found |= {end for starts, end in builder.waiting_edges if name in starts}
    for branch in builder.branches.get(name, {}).values():
        found |= {*graph.nodes, END} if branch.ends is None else {*branch.ends.values()}
    yield from found or {END}
    if name in builder.nodes:
        yield from builder.nodes[name].ends or ()
