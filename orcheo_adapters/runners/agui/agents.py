"""Agents of the server's own import path that speak AG-UI: what a target names, and how it is called."""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import orjson
from attrs import frozen

from orcheo_adapters.runners.agui.asgi import App, AsgiAnswer, Lifespan, post
from orcheo_adapters.runners.agui.events import AgentEvents
from orcheo_adapters.runners.agui.reading import write_answer
from orcheo_adapters.runners.agui.wire import AgentNotUnderstood
from orcheo_adapters.runners.failures import ErrorAnswer
from orcheo_adapters.runners.target import Target, invalid_target
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.runner import RunFailed

_ASGI = ("scope", "receive", "send")
_LANGGRAPH = ("ag_ui_langgraph", "LangGraphAgent")
_EXCERPT = 2_000
_HEADERS = {"content-type": "application/json", "accept": "text/event-stream"}
_HINT = (
    "Name a function that takes a RunAgentInput and yields events, an object whose run(input) does so, "
    "or an ASGI application. The agent object of a framework is registered with --runner agent."
)


@frozen(kw_only=True)
class Agent:
    """What a target names: an ASGI application, or something that is called with the input."""

    app: App | None = None
    lifespan: Lifespan | None = None
    route: str = "/"
    """Where the application takes the input, when the owner names no other place."""
    call: Callable[[Mapping[str, Any]], Any] | None = None
    blocks: bool = False
    """Whether a call may do its work before it returns."""

    async def answer(
        self, given: Mapping[str, Any], events: AgentEvents, writer: Writer, *, route: str, clock: Clock
    ) -> None:
        """Ask the agent, and write what it says."""
        if self.app is not None and self.lifespan is not None:
            await self.lifespan.start()
            body = orjson.dumps(given)
            async with post(self.app, route or self.route, body, _HEADERS) as answer:
                await _check(answer, clock)
                await write_answer(answer.body, events, writer)
        elif self.call is not None:
            call = self.call
            await write_answer(await in_thread(lambda: call(given)) if self.blocks else call(given), events, writer)


async def _check(answer: AsgiAnswer, clock: Clock) -> None:
    if answer.status >= 300:
        body = b""
        async for piece in answer.body:
            body += piece
            if len(body) >= _EXCERPT:
                break
        raise ErrorAnswer(
            status=answer.status, headers=answer.headers, body=body[:_EXCERPT], now=clock.now(), who="application"
        ).failure()
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "text/event-stream":
        raise AgentNotUnderstood(f"the application answers with the content type {kind!r}, not text/event-stream")


def find_agent(target: str) -> Agent:
    """What has this name; raises :class:`InvalidInput` (path ``target``) for anything but an agent."""
    found = Target.parse(target, form="package.module:agent, or an address").find()
    if _is_asgi(found):
        return Agent(app=found, lifespan=Lifespan(found), route=_only_route(found))
    if inspect.isclass(found):
        return _made_by(found, target)
    if callable(run := getattr(found, "run", None)):
        return _object(found, run, target)
    if not callable(found):
        raise invalid_target(f"{target!r} is of the type {type(found).__name__}, which cannot be called", hint=_HINT)
    if not _takes(found, 1):
        return _made_by(found, target)
    return Agent(call=_with_input(found), blocks=not _is_async(found))


def _object(found: Any, run: Callable[..., Any], target: str) -> Agent:
    """An object with ``run``; one that can be cloned keeps something of its run, so that each run gets a clone."""
    _refuse_without_memory(found, target)
    if not _takes(run, 1):
        raise invalid_target(f"run of {target!r} does not take a RunAgentInput alone", hint=_HINT)
    clone = getattr(found, "clone", None)
    if callable(clone) and _takes(clone, 0):
        return Agent(call=_cloned(clone), blocks=not _is_async(run))
    return Agent(call=_with_input(run), blocks=not _is_async(run))


def _refuse_without_memory(found: Any, target: str) -> None:
    """Raise :class:`InvalidInput` for LangGraph's bridge around a graph whose state it could not look at."""
    is_bridge = any((each.__module__.partition(".")[0], each.__name__) == _LANGGRAPH for each in type(found).__mro__)
    graph = getattr(found, "graph", None)
    if is_bridge and graph is not None and isinstance(getattr(graph, "checkpointer", None), bool | None):
        raise invalid_target(
            f"{target!r} is a bridge around a graph without a checkpointer, which it needs for each message",
            hint="Compile the graph with one, such as .compile(checkpointer=InMemorySaver()), or name the graph "
            "itself, which --runner langgraph takes as it is.",
        )


def _cloned(clone: Callable[[], Any]) -> Callable[[Mapping[str, Any]], Any]:
    """Calls a clone made for this call."""

    def call(given: Mapping[str, Any]) -> Any:
        return _with_input(clone().run)(given)

    return call


def _made_by(make: Callable[[], Any], target: str) -> Agent:
    """A class or a function without parameters: it makes the agent of each run."""
    if not _takes(make, 0):
        raise invalid_target(f"{target!r} cannot be called with a RunAgentInput, or with nothing", hint=_HINT)

    def call(given: Mapping[str, Any]) -> Any:
        made = make()
        _refuse_without_memory(made, target)
        run = getattr(made, "run", made)
        if not callable(run):
            reason = f"{target!r} made an object of the type {type(made).__name__}, which has no run(input)."
            raise RunFailed(code="answer_not_understood", reason=reason)
        return _with_input(run)(given)

    return Agent(call=call, blocks=True)


def _with_input(call: Callable[[Any], Any]) -> Callable[[Mapping[str, Any]], Any]:
    """Calls with the input as the protocol's own object, or as a dict where the callable says so."""
    if _wants_dict(call):
        return call
    return lambda given: call(_run_agent_input(given))


def _wants_dict(call: Callable[..., Any]) -> bool:
    """Whether the parameter is annotated as a dict, or the protocol's package is not installed."""
    first = next(iter(inspect.signature(call).parameters.values()), None)
    kind = inspect.Parameter.empty if first is None else first.annotation
    if kind is inspect.Parameter.empty:
        return find_spec("ag_ui") is None
    return str(getattr(kind, "__name__", kind)).startswith(("dict", "Dict", "Mapping", "typing.Dict"))


def _run_agent_input(given: Mapping[str, Any]) -> Any:
    try:
        return import_module("ag_ui.core").RunAgentInput.model_validate(dict(given))
    except ValueError as error:
        reason = f"The installed version of ag-ui-protocol does not take this input: {error}"
        raise RunFailed(code="agent_input_refused", reason=reason) from error


def _takes(call: Callable[..., Any], count: int) -> bool:
    """Whether it can be called with so many positional arguments."""
    try:
        inspect.signature(call).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


def _is_async(call: Callable[..., Any]) -> bool:
    """Whether a call does no work yet, or does it on the event loop."""
    tests = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    return any(test(each) for test in tests for each in (call, getattr(call, "__call__", None)))  # noqa: B004 - its code is meant


def _is_asgi(found: Any) -> bool:
    is_function = inspect.isfunction(found) or inspect.ismethod(found)
    call = found if is_function else getattr(type(found), "__call__", None)  # noqa: B004 - its code is meant
    if inspect.isclass(found) or not inspect.iscoroutinefunction(call):
        return False
    names = [each for each in inspect.signature(call).parameters if each != "self"]
    return tuple(names[:3]) == _ASGI


def _only_route(app: Any) -> str:
    """The one place to which such an application lets post; the top where it has none, or several."""
    routes = getattr(app, "routes", ())
    posts = [each.path for each in routes if "POST" in (getattr(each, "methods", None) or ())]
    return posts[0] if len(posts) == 1 and "{" not in posts[0] else "/"
