"""The graphs of the runner ``langgraph``: found by their targets, looked at, made once, closed at the end."""

import asyncio
import inspect
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from orcheo_adapters.runners.lookups import Lookups
from orcheo_adapters.runners.target import CHANGE_HINT, Target, invalid_target, served_file
from orcheo_adapters.runners.worker_thread import in_thread

Graph = Any
"""A ``Pregel``, whose type parameters are the graph's own matter."""

_LANGGRAPH_JSON = re.compile(r"(?:\./)?((?:[^/:\x00]+/)*langgraph\.json)(?::([^:]+))?")

_RETURN = "End the function with `return builder.compile()`."


class Graphs:
    """Makes each graph when it is first asked for."""

    def __init__(self) -> None:
        """None is made yet."""
        self._graphs: dict[str, Graph] = {}
        self._making: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._targets = Lookups(_look_up)
        self._entered: list[_Entered] = []

    async def get(self, text: str) -> Graph:
        """The graph of a target; raises :class:`InvalidInput` when there is none."""
        if (made := self._graphs.get(text)) is not None:
            return made
        async with self._making[text]:
            if text not in self._graphs:
                self._graphs[text] = await self._made(text)
            return self._graphs[text]

    async def check(self, text: str, *, input_key: str) -> str | None:
        """Import the target and look at it; a function that makes the graph is not called yet.

        Returns what to write where a graph gets no earlier messages.
        """
        found = await self._targets.fresh(text)
        check_found(text, found, input_key=input_key)
        return _memory_advice(text, found) if input_key and _is_graph(found) else None

    async def close(self) -> None:
        """Leave the context managers that made graphs, the latest first."""
        while self._entered:
            await self._entered.pop().leave()
        self._graphs.clear()

    async def _made(self, text: str) -> Graph:
        from orcheo_adapters.runners.langgraph_memory import with_async_memory

        found = await self._targets.known(text)
        made = found if _is_graph(found) else await self._entered_or_same(await _called(found))
        if made is not found:
            _check_made(text, made)
        check_graph(text, made)
        return await with_async_memory(made)

    async def _entered_or_same(self, made: Any) -> Any:
        if _is_graph(made) or not isinstance(made, AbstractAsyncContextManager | AbstractContextManager):
            return made
        entered = _Entered(made if isinstance(made, AbstractAsyncContextManager) else _in_threads(made))
        graph = await entered.enter()
        self._entered.append(entered)
        return graph


def _look_up(text: str) -> Any:
    for module in ("events", "memory", "questions"):  # which import LangGraph, in this thread instead of the loop's
        import_module(f"orcheo_adapters.runners.langgraph_{module}")
    found = parse_target(text).find()
    check_found(text, found)
    return found


class _Entered:
    """A context manager that is entered and left in one task of its own, as task groups inside it want it."""

    def __init__(self, manager: AbstractAsyncContextManager[Any]) -> None:
        self._manager = manager
        self._leaving = asyncio.Event()
        self._value: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def enter(self) -> Any:
        self._task = asyncio.create_task(self._live())
        await asyncio.wait({self._task, self._value}, return_when=asyncio.FIRST_COMPLETED)
        if not self._value.done():
            await self._task
        return self._value.result()

    async def leave(self) -> None:
        self._leaving.set()
        await asyncio.wait({self._task})

    async def _live(self) -> None:
        async with self._manager as value:
            self._value.set_result(value)
            await self._leaving.wait()


@asynccontextmanager
async def _in_threads(manager: AbstractContextManager[Any]) -> Any:
    value = await in_thread(manager.__enter__)
    try:
        yield value
    finally:
        await in_thread(lambda: manager.__exit__(None, None, None))


async def _called(factory: Callable[..., Any]) -> Any:
    call = _call_of(factory) or factory  # which raises what is wrong; it was looked at before
    if inspect.iscoroutinefunction(call):
        return await call()
    made = await in_thread(call)
    return await made if inspect.isawaitable(made) else made


def parse_target(text: str) -> Target:
    """The target: ``module:name``, ``./file.py:name``, or a graph of a ``langgraph.json`` below the served folder."""
    match = _LANGGRAPH_JSON.fullmatch(text)
    if match is None:
        return Target.parse(text, form="package.module:graph, or be a langgraph.json")
    path = served_file(match[1])
    graphs = _graphs_in(path)
    name = match[2] or (next(iter(graphs)) if len(graphs) == 1 else "")
    if name not in graphs:
        raise invalid_target(
            f"{match[1]!r} has {'several graphs' if not name else f'no graph {name!r}'}",
            hint=f"Name one of: {', '.join(f'{match[1]}:{each}' for each in sorted(graphs)) or 'none'}.",
        )
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    found = graphs[name]
    inner = found.get("path") if isinstance(found, dict) else found
    file, _, attribute = str(inner).rpartition(":")
    if not file.endswith(".py"):
        return Target.parse(str(inner))
    below = (path.parent / file).resolve()
    folder = Path.cwd().resolve()
    return Target.parse(f"./{below.relative_to(folder) if below.is_relative_to(folder) else file}:{attribute}")


def _graphs_in(path: Path) -> dict[str, Any]:
    try:
        graphs = json.loads(path.read_text("utf-8"))["graphs"]
    except (ValueError, KeyError, TypeError) as error:
        raise invalid_target(f"{path.name} has no 'graphs' that can be read: {error}") from None
    if not isinstance(graphs, dict):
        raise invalid_target(f"'graphs' in {path.name} must be an object")
    return graphs


def check_found(text: str, found: Any, *, input_key: str | None = None) -> None:
    """Refuse anything but a graph or a factory of one; see :func:`check_graph`."""
    if _is_graph(found) or not callable(found) or inspect.isclass(found):
        check_graph(text, found, input_key=input_key)
    elif _answers_text(found):
        raise invalid_target(f"{text!r} answers text and makes no graph", hint="Register it with --runner python.")
    elif _call_of(found) is None:
        raise invalid_target(f"{text!r} must take no parameters, or a config, to make a graph")


def _check_made(text: str, made: Any) -> None:
    """Refuse what a factory returns that is no graph: what its name stands for is one thing, what it made another."""
    from langgraph.graph import StateGraph

    kind = type(made).__name__
    if isinstance(made, StateGraph):
        raise invalid_target(f"{text!r} returned a graph that is not compiled", hint=f"{_RETURN} {CHANGE_HINT}")
    if made is None:
        raise invalid_target(f"{text!r} returned None in place of a graph", hint=f"{_RETURN} {CHANGE_HINT}")
    if inspect.isawaitable(made):
        if inspect.iscoroutine(made):
            made.close()  # or Python would warn of it in the log as well
        advice = f"Write `return await …` in it. {CHANGE_HINT}"
        raise invalid_target(f"{text!r} returned a {kind} in place of a graph", hint=advice)
    if not _is_graph(made):
        raise invalid_target(
            f"{text!r} returned an object of the type {kind} in place of a graph",
            hint=f"{_RETURN} A function that answers itself is registered with --runner python.",
        )


def check_graph(text: str, found: Any, *, input_key: str | None = None) -> None:
    """Refuse what cannot be streamed; the state is looked at when ``input_key`` is given, empty for none."""
    from langgraph.graph import StateGraph

    if isinstance(found, StateGraph):
        raise invalid_target(f"{text!r} is not compiled: end it with .compile()", hint=CHANGE_HINT)
    if not _is_graph(found):
        raise invalid_target(
            f"{text!r} is not a LangGraph graph (it is of type {type(found).__name__})", hint=CHANGE_HINT
        )
    if found.checkpointer is True:
        raise invalid_target(
            f"{text!r} was compiled with checkpointer=True, which takes the checkpointer of a graph around it; "
            "a workflow has no graph around it",
            hint="Compile it with .compile(checkpointer=InMemorySaver()), or without a checkpointer.",
        )
    if input_key is not None:
        check_state(text, found, input_key=input_key)
    if _needs_memory(found):
        raise invalid_target(
            f"{text!r} stops to ask a person, but has no checkpointer, so it could never continue",
            hint="Compile it with a checkpointer, such as .compile(checkpointer=InMemorySaver()).",
        )


def check_state(text: str, graph: Graph, *, input_key: str) -> None:
    """Refuse a graph whose state has no place for the visitor's text."""
    from langgraph.graph.state import CompiledStateGraph

    if isinstance(graph, CompiledStateGraph) and (key := input_key or "messages") not in graph.channels:
        raise invalid_target(
            f"the state of {text!r} has no {key!r}",
            hint="Name the keys of the text that comes in and of the answer: --setting input_key=question "
            "--setting output_key=answer.",
        )


def _memory_advice(text: str, graph: Graph) -> str | None:
    """What to write so that a graph whose input is the visitor's text alone has a memory."""
    if graph.checkpointer not in (None, False):
        return None
    return (
        f"{text.rpartition(':')[2]!r} gets each message without the earlier ones, and has no checkpointer that keeps "
        "its state: compile it with one, `.compile(checkpointer=InMemorySaver())`."
    )


def _needs_memory(graph: Graph) -> bool:
    """Whether it has breakpoints or LangChain's human in the loop, and nothing that could resume it."""
    if graph.checkpointer not in (None, False):
        return False
    asks = any("HumanInTheLoopMiddleware" in name for name in graph.nodes)
    return asks or bool(graph.interrupt_before_nodes or graph.interrupt_after_nodes)


def _answers_text(found: Callable[..., Any]) -> bool:
    """Whether a function is a workflow of the runner ``python``, which would be taken for a factory with a config."""
    if inspect.isgeneratorfunction(found) or inspect.isasyncgenfunction(found):
        return True
    try:
        first = next(iter(inspect.signature(found).parameters.values()), None)
    except (TypeError, ValueError):  # some builtins have no signature
        return False
    if first is None or first.default is not first.empty:
        return False
    return first.name == "text" or first.annotation in (str, "str")


def _call_of(factory: Callable[..., Any]) -> Callable[[], Any] | None:
    """The call that makes a graph, with a config where the factory wants one; None when it wants anything else."""
    config: dict[str, dict[str, Any]] = {"configurable": {}}
    calls = (partial(factory), partial(factory, config), partial(factory, config=config))
    return next((call for call in calls if _binds(call)), None)


def _binds(call: Callable[..., Any]) -> bool:
    try:
        inspect.signature(call).bind()
    except (TypeError, ValueError):  # a partial call that does not fit has no signature
        return False
    return True


def _is_graph(found: Any) -> bool:
    from langgraph.pregel import Pregel

    return isinstance(found, Pregel)
