"""Workflows that are agents of a framework, as their owners have them: the agent object itself, or what makes one.

A factory ``make_agent()`` or ``make_agent(context)`` is called for each turn. Visitors never share what an agent keeps
in itself: readers of frameworks that keep the conversation in the object work with a copy for each turn, and each turn
is given the earlier messages of its own thread.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import aclosing, suppress
from functools import partial
from typing import Any, ClassVar

from attrs import field, frozen

from orcheo_adapters.runners.agents.files import ReadFile
from orcheo_adapters.runners.agents.frameworks import FRAMEWORKS, Answer, Framework, framework_of, other_runner
from orcheo_adapters.runners.agents.said import Said
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.agui.options import AGENT_SETTINGS, Options
from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.isolation.options import ISOLATION_SETTINGS, check_isolation
from orcheo_adapters.runners.lookups import Lookups
from orcheo_adapters.runners.owner_errors import told_to_owner
from orcheo_adapters.runners.settings import HEADERS_SETTING, Given, Setting, invalid_setting
from orcheo_adapters.runners.target import CHANGE_HINT, Target, invalid_target
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.thread_feed import write_from_thread
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import RunContext, RunEvent, RunRequest
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Run, Runner

_FORM = "package.module:agent"


class AgentRunner(Runner):
    """Lets agents of frameworks answer."""

    settings: ClassVar[tuple[Setting, ...]] = (*AGENT_SETTINGS, HEADERS_SETTING, *ISOLATION_SETTINGS)

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``; no agent is imported yet."""
        self._conditions = conditions
        self._agents = Lookups(_look_up)

    async def check(self, spec: RunnerSpec) -> str | None:
        """Import the target and look at it; a factory is not called yet."""
        given = self._given(spec)
        check_isolation(given)
        Options.of(given)
        found = await self._agents.fresh(spec.target)
        if found.framework is not None and found.framework.bridge is None:
            _refuse_bridge_settings(given, found.framework)
        return await in_thread(found.memory_advice)

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return self._conditions.run_of(request, partial(self._answer, request))

    def _given(self, spec: RunnerSpec) -> Given:
        return Given.of(spec, self.settings, self._conditions.environment)

    async def _answer(self, request: RunRequest, writer: Writer) -> None:
        options = Options.of(self._given(request.spec))
        said = Said(options)
        try:
            with told_to_owner(self._conditions.clock):
                found = await self._agents.known(request.spec.target)
                agent, framework, deps = await found.agent(request)
                read = await in_thread(framework.load_reader)
                turn = AgentTurn(
                    framework=framework.name,
                    request=request,
                    options=options,
                    said=said,
                    files=await _files(request),
                    shared=found.shared if found.framework else {},
                    deps=deps,
                )
                await _write(read(agent, turn), writer)
                said.check_end()
        finally:
            for event in said.rest():
                writer.event(event)


def _refuse_bridge_settings(given: Given, framework: Framework) -> None:
    """Raise :class:`InvalidInput` for settings that only agents with a bridge to AG-UI can use."""
    for name in ("client_tools", "effects", "forward"):
        if given.text(name):
            raise invalid_setting(name, f"is not used by agents of {framework.name}", hint="Take it out.")


async def _files(request: RunRequest) -> tuple[ReadFile, ...]:
    sent = request.context.attachments
    return await in_thread(lambda: tuple([ReadFile.of(each) for each in sent])) if sent else ()


async def _write(answer: Answer, writer: Writer) -> None:
    if callable(answer):
        await write_from_thread(answer, writer)
        return
    if isinstance(answer, Iterator):
        await write_from_thread(partial(_put_all, answer), writer)
        return
    async with aclosing(answer):  # type: ignore[type-var]  # readers are generators
        async for event in answer:
            await writer.put(event)


def _put_all(answer: Iterator[RunEvent], put: Callable[[RunEvent], None]) -> None:
    try:
        for event in answer:
            put(event)
    finally:
        with suppress(Exception):
            answer.close()  # type: ignore[attr-defined]  # readers are generators


@frozen
class _Found:
    """What a target names: an agent, or a function that makes one for each turn."""

    target: str
    value: Any
    framework: Framework | None
    """None for a factory."""
    takes_context: bool = False
    shared: dict[str, Any] = field(factory=dict)
    """What its reader keeps for all turns of an agent object."""

    def memory_advice(self) -> str | None:
        """What to write so that an agent gets the earlier messages; of a factory nothing is known."""
        return None if self.framework is None else self.framework.memory_advice(self.target, self.value)

    async def agent(self, request: RunRequest) -> tuple[Any, Framework, Any]:
        """The agent of a turn, and what its factory returned beside it for the run."""
        if self.framework is not None:
            return self.value, self.framework, None
        made = await self._made(request.context)
        if made is None:
            raise invalid_target(
                f"{self.target!r} returned None",
                hint="A function that makes an agent returns it. Correct that, or name the agent itself.",
            )
        is_pair = isinstance(made, tuple) and len(made) == 2
        agent, deps = made if is_pair else (made, None)
        framework = _framework(self.target, agent, is_made=True)
        if is_pair and framework.deps is None:
            raise invalid_target(
                f"{self.target!r} returned two values, and agents of {framework.name} take nothing beside themselves",
                hint="Return the agent alone.",
            )
        return agent, framework, deps

    async def _made(self, context: RunContext) -> Any:
        make = partial(self.value, context) if self.takes_context else self.value
        if inspect.iscoroutinefunction(self.value):
            return await make()
        made = await in_thread(make)
        return await made if inspect.isawaitable(made) else made


def _look_up(text: str) -> _Found:
    target = Target.parse(text, form=_FORM)
    found = target.find()
    if inspect.isclass(found):
        name = found.__name__.lower()
        raise invalid_target(
            f"{text!r} is a class",
            hint=f"Write {name} = {found.__name__}(…) in the module and name {target.module}:{name}.",
        )
    if inspect.isroutine(found):
        return _Found(text, found, None, takes_context=_takes_context(text, found))
    framework = _framework(text, found)
    framework.refuse_shared(text, type(found))
    framework.refuse_without_deps(text, found)
    framework.load_reader()
    return _Found(text, found, framework)


def _framework(text: str, agent: Any, *, is_made: bool = False) -> Framework:
    kind = type(agent)
    if (other := other_runner(kind)) is not None:  # asked first: a graph is a runnable of LangChain too
        what, runner = other
        raise invalid_target(f"{text!r} is {what}", hint=f"Register it with --runner {runner}.")
    if (framework := framework_of(kind)) is not None:
        return framework
    known = ", ".join(each.name for each in FRAMEWORKS)
    what = f"{text!r} gave a value {_described(kind)}" if is_made else f"{text!r} is {_described(kind)}"
    raise invalid_target(
        f"{what}, which is not known as an agent here",
        hint=f"Known are agents of {known}. Anything else can be called in a function of yours: "
        "def answer(text, history), registered with --runner python.",
    )


def _described(kind: type) -> str:
    return f"of the type {kind.__name__}" + ("" if kind.__module__ == "builtins" else f" of {kind.__module__}")


def _takes_context(text: str, factory: Callable[..., Any]) -> bool:
    """Whether a factory takes the run context; :class:`InvalidInput` for a function that makes no agent."""
    try:
        parameters = list(inspect.signature(factory).parameters.values())
    except (TypeError, ValueError):  # some builtins have none
        parameters = []
    needed = [each for each in parameters if each.default is each.empty and each.kind not in (2, 4)]
    names = [each.name for each in needed]
    if inspect.isgeneratorfunction(factory) or inspect.isasyncgenfunction(factory) or names[:1] == ["text"]:
        raise invalid_target(f"{text!r} answers text and makes no agent", hint="Register it with --runner python.")
    if names == ["context"] or (not names and any(each.name == "context" for each in parameters)):
        return True
    if names:
        raise invalid_target(
            f"{text!r} must take no parameters, or a context, to make an agent",
            hint="Write def make_agent() or def make_agent(context). A function that answers a text is registered with "
            f"--runner python. {CHANGE_HINT}",
        )
    return False
