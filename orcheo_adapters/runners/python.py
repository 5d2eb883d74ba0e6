"""Workflows that are Python callables of the server's own import path.

The callable takes ``(text)`` or ``(text, context)`` and is sync or async. It returns the answer as text, or is a
generator (sync or async) of pieces of text and run events. None and empty text are no answer.
Sync code runs in a thread of its own, so it may block; async code runs on the server's event loop, so it must not.
"""

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Generator, Iterable
from contextlib import closing, nullcontext
from functools import partial
from typing import Any, ClassVar

from attrs import frozen

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.feed import Feed
from orcheo_adapters.runners.settings import Given, Setting
from orcheo_adapters.runners.target import Target, caller
from orcheo_adapters.runners.task_run import TaskRun
from orcheo_adapters.runners.text import text_delta
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import RunContext, RunEvent, RunRequest, TextDelta
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Run, Runner


class PythonRunner(Runner):
    """Executes ``package.module:callable``."""

    settings: ClassVar[tuple[Setting, ...]] = ()

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``."""
        self._conditions = conditions
        self._known: dict[str, _Workflow] = {}

    def check(self, spec: RunnerSpec) -> None:
        """Import the target and look at it; see :meth:`Target.load` for what is refused."""
        Given.of(spec, self.settings, self._conditions.environment)
        Target.parse(spec.target).load()

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return TaskRun(partial(self._answer, request), time_limit=self._conditions.time_limit_of(request))

    async def _answer(self, request: RunRequest, feed: Feed) -> None:
        workflow = self._known.get(request.spec.target) or await self._look_up(request.spec.target)
        execute = partial(workflow.call, request.text, request.context)
        await _feed_answer(execute() if workflow.is_quick else await in_thread(execute), feed)

    async def _look_up(self, name: str) -> "_Workflow":
        """Import and look at a target, once for each: a running server does not see changes of a module anyway."""
        target = Target.parse(name)
        call = target.load() if target.is_imported else await in_thread(target.load)
        self._known[name] = _Workflow(caller(call), is_quick=_is_quick(call))
        return self._known[name]


@frozen
class _Workflow:
    """A callable with all that inspecting it has shown."""

    call: Callable[[str, RunContext], Any]
    is_quick: bool


def _is_quick(call: Callable[..., Any]) -> bool:
    """Whether a mere call does no work yet, or does it on the event loop."""
    tests = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    return any(test(each) for test in tests for each in (call, getattr(call, "__call__", None)))  # noqa: B004 - its code is meant


async def _feed_answer(answer: Any, feed: Feed) -> None:
    if isinstance(answer, Awaitable):
        answer = await answer
    if isinstance(answer, AsyncIterable):
        await _pump(answer, feed)
    elif isinstance(answer, Iterable) and not isinstance(answer, str | bytes | bytearray | dict):
        await in_thread(partial(_pump_in_thread, answer, feed))
    elif answer is not None:
        _put(answer, feed)


async def _pump(pieces: AsyncIterable[Any], feed: Feed) -> None:
    try:
        async for piece in pieces:
            event = _run_event(piece)
            if event is not None and not feed.offer(event):
                await feed.room()
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _pump_in_thread(pieces: Iterable[Any], feed: Feed) -> None:
    with closing(pieces) if isinstance(pieces, Generator) else nullcontext():
        for piece in pieces:
            event = _run_event(piece)
            if event is not None:
                feed.put_from_thread(event)


def _put(piece: Any, feed: Feed) -> None:
    event = _run_event(piece)
    if event is not None:
        feed.offer(event)


def _run_event(piece: Any) -> RunEvent | None:
    """The run event that ``piece`` is or stands for, None when it is empty text; :class:`TypeError` otherwise."""
    if type(piece) is str:
        return text_delta(piece)
    if isinstance(piece, RunEvent) and not isinstance(piece, TextDelta):
        return piece
    text = piece.text if isinstance(piece, TextDelta) else piece
    if not isinstance(text, str):
        message = f"a workflow answers with str or run events, not with {type(text).__name__}"
        raise TypeError(message)
    return text_delta(text)
