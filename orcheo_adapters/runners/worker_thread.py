"""Blocking work in a thread of its own, which can be abandoned."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from orcheo_adapters.system.error_chains import chain_of
from orcheo_adapters.system.running import current_run, mark, may_start_thread
from orcheo_core.ports.runner import RunFailed, text_of

_Result = TypeVar("_Result")


def in_thread(work: Callable[[], _Result]) -> "asyncio.Future[_Result]":
    """Begin ``work`` in a daemon thread with the caller's context variables.

    Cancelling the future abandons the thread: it is not waited for, neither now nor when the process ends, which is
    why the threads of an executor will not do. What ``work`` raises becomes the future's exception.
    """
    running = current_run()
    if running is not None and not may_start_thread(running.workflow_id):
        raise _too_many()
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()
    context = contextvars.copy_context()

    def settle(method: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            method(value)

    def execute() -> None:
        try:
            outcome = _attempt(lambda: context.run(work), future)
        finally:
            if running is not None:
                running.end_part()
        with suppress(RuntimeError):  # the loop is closed, so the awaiting task is gone too
            loop.call_soon_threadsafe(settle, *outcome)

    thread = threading.Thread(target=execute, name="orcheo-workflow", daemon=True)
    mark(thread, is_work=True)
    if running is None:
        thread.start()
        return future
    running.begin_part()
    try:
        thread.start()
    except RuntimeError:  # the system gives no more threads
        running.end_part()
        raise
    return future


def _too_many() -> RunFailed:
    return RunFailed(
        "too_many_threads",
        "Threads of earlier runs that could not be stopped still run, as many as there may be. Put a yield, or a time "
        "limit of its own, into what the workflow waits for.",
        visitor_message="The workflow is busy. You can try again in a little while.",
    )


def _attempt(work: Callable[[], _Result], future: "asyncio.Future[_Result]") -> tuple[Callable[[Any], None], Any]:
    try:
        return future.set_result, work()
    except (StopIteration, GeneratorExit) as error:  # a future cannot hold one, a task does not survive the other
        return future.set_exception, RuntimeError(f"the workflow raised {text_of(error, repr)}")
    except BaseException as error:  # noqa: BLE001 - the error is passed to the event loop
        with suppress(BaseException):  # all of it is code of others, and the future must come to its end
            for each in chain_of(error):  # a text that never comes must hold up this thread, not all chats
                text_of(each)
        return future.set_exception, error
