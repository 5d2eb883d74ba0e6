"""Workflows that are Python callables of the server's own import path.

The callable takes ``(text)`` or ``(text, context)`` and is sync or async. It returns the answer as text, or is a
generator (sync or async) of pieces of text and run events. None and empty text are no answer.
Sync code runs in a thread of its own, so it may block; async code runs on the server's event loop, so it must not.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Generator, Iterable
from contextlib import closing, nullcontext
from functools import partial
from typing import Any

from orcheo_adapters.runners.feed import Feed
from orcheo_adapters.runners.target import Target, call_workflow
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import ProgressNote, RunEvent, RunRequest, SourceCited, TextDelta, UsageReported
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Run, Runner, RunTimedOut

_FAREWELL = 1.0
"""Seconds a stopped workflow has to clean up before it is left to itself."""


class PythonRunner(Runner):
    """Executes ``package.module:callable``."""

    def __init__(self, *, time_limit: float = 120.0) -> None:
        """Give every run ``time_limit`` seconds."""
        self._time_limit = time_limit

    def check(self, spec: RunnerSpec) -> None:
        """Import the target and look at it; see :meth:`Target.load` for what is refused."""
        Target.parse(spec.target).load()

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return PythonRun(request, time_limit=self._time_limit)


class PythonRun(Run):
    """One call of a callable.

    The workflow lives in a task of its own: stop and time-out cancel that task, never the reader.
    """

    def __init__(self, request: RunRequest, *, time_limit: float) -> None:
        """Prepare; nothing is imported or called yet."""
        self._request = request
        self._time_limit = time_limit
        self._stopped = False
        self._feed: Feed | None = None
        self._task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """See :meth:`Run.stop`. A sync workflow in the middle of something is abandoned there."""
        self._stopped = True
        if self._feed and self._task:
            self._feed.close()
            self._task.cancel()

    async def events(self) -> AsyncIterator[RunEvent]:
        """See :meth:`Run.events`."""
        if self._stopped:
            return
        self._feed = feed = Feed()
        self._task = task = asyncio.create_task(self._execute(feed))
        timer = asyncio.get_running_loop().call_later(self._time_limit, self._time_out, feed, task)
        try:
            async for event in feed.read():
                yield event
        finally:
            timer.cancel()
            feed.close()
            task.cancel()
            await asyncio.wait({task}, timeout=_FAREWELL)

    def _time_out(self, feed: Feed, task: asyncio.Task[None]) -> None:
        feed.end(RunTimedOut(f"no end of the answer after {self._time_limit:g} s"))
        task.cancel()

    async def _execute(self, feed: Feed) -> None:
        """Never raises: how the workflow ended is for the reader, not for the event loop."""
        try:
            await _feed_answer(await self._call(), feed)
        except Exception as error:  # noqa: BLE001 - whatever a workflow raises is the reader's to see
            feed.end(error)
        except BaseException as error:  # noqa: BLE001 - sys.exit() in a workflow must not end the server
            feed.end(RuntimeError(f"the workflow ended itself with {error!r}"))
        else:
            feed.end()

    async def _call(self) -> Any:
        target = Target.parse(self._request.spec.target)
        call = target.load() if target.is_imported else await in_thread(target.load)
        execute = partial(call_workflow, call, self._request.text, self._request.context)
        return execute() if _is_quick(call) else await in_thread(execute)


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
        await _put(answer, feed)


async def _pump(pieces: AsyncIterable[Any], feed: Feed) -> None:
    try:
        async for piece in pieces:
            await _put(piece, feed)
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _pump_in_thread(pieces: Iterable[Any], feed: Feed) -> None:
    with closing(pieces) if isinstance(pieces, Generator) else nullcontext():
        for piece in pieces:
            event = _run_event(piece)
            if event is not None:
                feed.put_from_thread(event)


async def _put(piece: Any, feed: Feed) -> None:
    event = _run_event(piece)
    if event is not None:
        await feed.put(event)


def _run_event(piece: Any) -> RunEvent | None:
    """The run event that ``piece`` is or stands for, None when it is empty text; :class:`TypeError` otherwise."""
    if isinstance(piece, SourceCited | ProgressNote | UsageReported):
        return piece
    text = piece.text if isinstance(piece, TextDelta) else piece
    if not isinstance(text, str):
        message = f"a workflow answers with str or run events, not with {type(text).__name__}"
        raise TypeError(message)
    return TextDelta(_encodable(text)) if text else None


def _encodable(text: str) -> str:
    """``text`` without lone surrogates, which neither a database nor a browser takes."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
