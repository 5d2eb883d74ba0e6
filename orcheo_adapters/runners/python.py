"""Workflows that are Python callables of the server's own import path.

The callable takes ``(text)``, and ``context`` or ``history`` if it has a parameter for them; it is sync or async. It
returns the answer or is a generator (sync or async) of its pieces: see :mod:`orcheo_adapters.runners.pieces` for what
both may be. Sync code runs in a thread of its own, so it may block; async code runs on the server's event loop.
"""

import asyncio
import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from types import AsyncGeneratorType
from typing import Any, ClassVar

from attrs import frozen

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.endings import not_read
from orcheo_adapters.runners.isolation.options import ISOLATION_SETTINGS, check_isolation
from orcheo_adapters.runners.lookups import Lookups
from orcheo_adapters.runners.owner_errors import told_to_owner
from orcheo_adapters.runners.pieces import AnswerPieces, is_pair
from orcheo_adapters.runners.settings import HEADERS_SETTING, Given, Setting
from orcheo_adapters.runners.target import Target, caller, takes_context
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.thread_feed import write_from_thread
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import RunContext, RunEvent, RunRequest, TextDelta
from orcheo_core.domain.workflow import RunnerSpec, header_names
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Run, Runner

_IN_VAIN = 32
"""After this many pieces that say nothing others have their turn: a workflow may never pause by itself."""


class PythonRunner(Runner):
    """Executes ``package.module:callable``."""

    settings: ClassVar[tuple[Setting, ...]] = (HEADERS_SETTING, *ISOLATION_SETTINGS)

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``."""
        self._conditions = conditions
        self._workflows = Lookups(_look_up)

    async def check(self, spec: RunnerSpec) -> None:
        """Import the target and look at it; see :meth:`Target.load` for what is refused."""
        check_isolation(Given.of(spec, self.settings, self._conditions.environment))
        header_names(spec.settings.get(HEADERS_SETTING.name, ""))
        await self._workflows.fresh(spec.target)

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return self._conditions.run_of(request, partial(self._answer, request))

    async def takes_actions(self, spec: RunnerSpec) -> bool:
        """See the port: a callable with a place for the context. One that cannot be loaded fails when it is run."""
        try:
            return (await self._workflows.known(spec.target)).takes_context
        except InvalidInput:
            return True

    async def _answer(self, request: RunRequest, writer: Writer) -> None:
        workflow = await self._workflows.known(request.spec.target)
        execute = partial(workflow.call, request.text, request.context)
        if not workflow.takes_context:
            for notice in not_read(request.context.attachments):
                await writer.put(notice)
        with told_to_owner(self._conditions.clock):
            await _write_answer(execute() if workflow.is_quick else await in_thread(execute), writer)


@frozen
class _Workflow:
    """A callable with all that inspecting it has shown."""

    call: Callable[[str, RunContext], Any]
    is_quick: bool
    takes_context: bool


def _look_up(target: str) -> _Workflow:
    call = Target.parse(target).load()
    return _Workflow(caller(call), is_quick=_is_quick(call), takes_context=takes_context(call))


def _is_quick(call: Callable[..., Any]) -> bool:
    """Whether a mere call does no work yet, or does it on the event loop."""
    tests = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    return any(test(each) for test in tests for each in (call, getattr(call, "__call__", None)))  # noqa: B004 - its code is meant


async def _write_answer(answer: Any, writer: Writer) -> None:
    """Only generators, iterators, lists and tuples are streams: a result that can be iterated may give its fields.

    What has a sync and an async face is read by the sync one, as sync callables are those that return it.
    """
    pieces = AnswerPieces()
    is_generator = type(answer) is AsyncGeneratorType  # by far the most of them; the other tests take longer
    if not is_generator and isinstance(answer, Awaitable):
        answer = await answer
    if is_generator:
        await _write_pieces(answer, pieces, writer)
    elif isinstance(answer, Iterator):
        await write_from_thread(partial(_put_pieces, answer, pieces), writer)
    elif isinstance(answer, AsyncIterable):
        await _write_pieces(answer, pieces, writer)
    else:
        is_many = isinstance(answer, list | tuple) and not is_pair(answer)
        for piece in answer if is_many else [answer]:
            for event in pieces.take(piece):
                await writer.put(event)
    for event in pieces.rest():
        writer.event(event)


async def _write_pieces(answer: AsyncIterable[Any], pieces: AnswerPieces, writer: Writer) -> None:
    is_settled = is_exhausted = False
    in_vain = 0
    try:
        async for piece in answer:
            if is_settled and type(piece) is str and piece and piece.isascii():  # by far the most of them
                if not writer.text(piece):
                    await writer.room()
                continue
            in_vain += 1
            for event in pieces.take(piece):
                in_vain = 0
                if not (writer.text(event.text) if type(event) is TextDelta else writer.event(event)):
                    await writer.room()
            if in_vain == _IN_VAIN:  # of pieces that say nothing a writer knows nothing
                in_vain = 0
                await asyncio.sleep(0)
            is_settled = pieces.is_settled
        is_exhausted = True
    finally:
        if not (is_exhausted and type(answer) is AsyncGeneratorType):  # which has nothing left to close
            await _close(answer)


def _put_pieces(answer: Iterator[Any], pieces: AnswerPieces, put: Callable[[RunEvent], None]) -> None:
    """Pass pieces on, in the thread of a workflow that may block."""
    try:
        for piece in answer:
            for event in pieces.take(piece):
                put(event)
    finally:
        close = getattr(answer, "close", None)
        if callable(close):
            with suppress(Exception):
                close()


async def _close(answer: AsyncIterable[Any]) -> None:
    """Close what streams, so that a model stops too; an error of closing must not hide the one before."""
    close = getattr(answer, "aclose", None) or getattr(answer, "close", None)
    if callable(close):
        with suppress(Exception):
            closing = close()
            if isinstance(closing, Awaitable):
                await closing
