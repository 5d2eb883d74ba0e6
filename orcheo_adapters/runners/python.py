"""Workflows that are Python callables of the server's own import path.

The callable is called with what its parameters ask for (:mod:`orcheo_adapters.runners.callables`); it is sync or async.
It returns the answer or is a generator (sync or async) of its pieces: see :mod:`orcheo_adapters.runners.pieces` for
what both may be, and :mod:`orcheo_adapters.runners.containers` for what may hold them. Sync code runs in a thread of
its own, so it may block; async code runs on the server's event loop.
"""

import asyncio
import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from functools import partial
from types import AsyncGeneratorType
from typing import Any, ClassVar

from attrs import define

from orcheo_adapters.runners.answer_pieces import AnswerPieces
from orcheo_adapters.runners.callables import async_twin, caller, memory_advice, takes_context
from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.containers import is_async_stream, needs_entering, opened, opened_sync, sync_stream
from orcheo_adapters.runners.endings import not_read
from orcheo_adapters.runners.isolation.options import ISOLATION_SETTINGS, check_isolation
from orcheo_adapters.runners.lookups import Lookups
from orcheo_adapters.runners.owner_errors import told_to_owner
from orcheo_adapters.runners.pieces import is_pair
from orcheo_adapters.runners.settings import HEADERS_SETTING, Given, Setting
from orcheo_adapters.runners.shared_loop import LentLoop, SharedLoop
from orcheo_adapters.runners.target import Target
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.thread_feed import write_from_thread
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import RunContext, RunEvent, RunRequest, TextDelta
from orcheo_core.domain.workflow import RunnerSpec
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
        self._loops: dict[str, SharedLoop] = {}

    async def check(self, spec: RunnerSpec) -> str | None:
        """Import the target and look at it; see :meth:`Target.load` for what is refused."""
        check_isolation(Given.of(spec, self.settings, self._conditions.environment))
        return (await self._workflows.fresh(spec.target)).advice

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return self._conditions.run_of(request, partial(self._answer, request))

    async def takes_actions(self, spec: RunnerSpec) -> bool:
        """See the port: a callable with a place for the context. One that cannot be loaded fails when it is run."""
        try:
            return (await self._workflows.known(spec.target)).takes_context
        except InvalidInput:
            return True

    async def close(self) -> None:
        """See the port: the threads of the shared loops end."""
        while self._loops:
            self._loops.popitem()[1].close()

    async def _answer(self, request: RunRequest, writer: Writer) -> None:
        target = request.spec.target
        workflow = await self._workflows.known(target)
        execute = partial(workflow.call, request.text, request.context)
        if request.context.attachments and not workflow.takes_context:
            for notice in not_read(request.context.attachments):
                await writer.put(notice)
        if target not in self._loops:
            self._loops[target] = SharedLoop()
        lent = self._loops[target].lend()
        try:
            with told_to_owner(self._conditions.clock):
                answer = await _called(workflow, execute, lent)
                await _write_answer(answer, writer, lent, prefers_async=workflow.is_quick)
        finally:
            lent.end()


@define
class _Workflow:
    """A callable with all that inspecting it has shown, and what calling it did."""

    call: Callable[[str, RunContext], Any]
    is_quick: bool
    takes_context: bool
    advice: str | None
    """What to write so that it gets the earlier messages; None where it does."""
    needs_loop: bool = False
    """Whether it only starts something on the running event loop, as its first call has shown."""


def _look_up(target: str) -> _Workflow:
    named = Target.parse(target).load()
    call = async_twin(named) or named
    return _Workflow(
        caller(call), is_quick=_is_quick(call), takes_context=takes_context(call), advice=memory_advice(target, named)
    )


def _is_quick(call: Callable[..., Any]) -> bool:
    """Whether a mere call does no work yet, or does it on the event loop."""
    tests = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    if getattr(call, "__globals__", {}).get("__name__") == "contextlib":  # it makes a context manager
        return True
    return any(test(each) for test in tests for each in (call, getattr(call, "__call__", None)))  # noqa: B004 - its code is meant


async def _called(workflow: _Workflow, execute: Callable[[], Any], lent: LentLoop) -> Any:
    if workflow.is_quick or workflow.needs_loop:
        return execute()
    try:
        return await in_thread(partial(lent.run, execute))
    except RuntimeError as error:
        if "no running event loop" not in str(error):
            raise
    workflow.needs_loop = True
    return execute()


async def _write_answer(answer: Any, writer: Writer, lent: LentLoop, *, prefers_async: bool) -> None:
    """Only generators, iterators, lists and tuples are streams: a result that can be iterated may give its fields.

    What has a sync and an async face is read by the face of the callable that gave it.
    """
    pieces = AnswerPieces()
    if type(answer) is AsyncGeneratorType:  # by far the most of them; the other tests take longer
        await _write_pieces(answer, pieces, writer)
    else:
        async with _left_quietly() as entered:
            found = await opened(answer, entered, prefers_async=prefers_async)
            await _write_found(found, pieces, writer, lent, prefers_async=prefers_async)
    for event in pieces.rest():
        writer.event(event)


async def _write_found(
    found: Any, pieces: AnswerPieces, writer: Writer, lent: LentLoop, *, prefers_async: bool
) -> None:
    is_async = is_async_stream(found)
    if is_async and (prefers_async or sync_stream(found) is None):
        await _write_pieces(found, pieces, writer)
    elif sync_stream(found) is not None or needs_entering(found):
        await write_from_thread(lambda put: lent.run(partial(_put_pieces, found, pieces, put)), writer)
    else:
        read = partial(_events_of, found, pieces)
        # What an object has to say may never come, which must hold up a thread of its own, not all chats.
        is_quick = prefers_async or type(found) is str
        for event in read() if is_quick else await in_thread(partial(lent.run, read)):
            await writer.put(event)


def _events_of(result: Any, pieces: AnswerPieces) -> list[RunEvent]:
    if isinstance(result, list | tuple) and not is_pair(result):
        return [event for piece in result for event in pieces.take(piece)]
    return pieces.take(result, is_result=True)


@asynccontextmanager
async def _left_quietly() -> AsyncIterator[AsyncExitStack]:
    """Leave what was entered; an error of leaving must not hide the one before."""
    stack = AsyncExitStack()
    try:
        yield stack
    except BaseException as error:
        with suppress(Exception):
            await stack.__aexit__(type(error), error, error.__traceback__)
        raise
    await stack.aclose()


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


def _put_pieces(answer: Any, pieces: AnswerPieces, put: Callable[[RunEvent], None]) -> None:
    """Pass pieces on, in the thread of a workflow that may block."""
    with ExitStack() as entered:
        found = opened_sync(answer, entered)
        stream = sync_stream(found)
        if stream is None:
            for event in _events_of(found, pieces):
                put(event)
            return
        try:
            for piece in stream:
                for event in pieces.take(piece):
                    put(event)
        finally:
            _close_sync(stream)
            if found is not stream:
                _close_sync(found)


def _close_sync(stream: Any) -> None:
    close = getattr(stream, "close", None)
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
