"""The one event loop of a workflow's sync answers: how long its thread is there."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from orcheo_adapters.runners.shared_loop import LentLoop, SharedLoop

_NAMES = ("orcheo-shared-loop", "asyncio_")
_EARLIER: set[threading.Thread] = set()


@pytest.fixture
def shared() -> Iterator[SharedLoop]:
    _EARLIER.update(threading.enumerate())
    loop = SharedLoop(idle_seconds=0.01)
    yield loop
    loop.close()


def threads() -> list[threading.Thread]:
    """Those of shared loops and their executors that a test has begun."""
    return [each for each in threading.enumerate() if each.name.startswith(_NAMES) and each not in _EARLIER]


async def _where() -> tuple[asyncio.AbstractEventLoop, str]:
    """The loop that this runs in, and the thread, after work of the loop's executor."""
    await asyncio.to_thread(lambda: None)
    return asyncio.get_running_loop(), threading.current_thread().name


def answer(lent: LentLoop) -> tuple[asyncio.AbstractEventLoop, str]:
    """What a sync answer does that runs async code."""
    try:
        return lent.run(lambda: asyncio.run(_where()))
    finally:
        lent.end()


def test_its_threads_end_when_nothing_uses_it_and_the_loop_stays(shared: SharedLoop) -> None:
    """A client that is bound to the loop is used again, an hour later or in the next answer."""
    loop, name = answer(shared.lend())
    assert name == "orcheo-shared-loop"
    for each in threads():
        each.join()
    again, _ = answer(shared.lend())
    assert again is loop
    assert not loop.is_closed()


def test_it_runs_on_while_an_answer_or_a_task_needs_it(shared: SharedLoop) -> None:
    """An answer that is still at work, and what it has begun."""
    lent, looks = shared.lend(), threading.Semaphore(0)
    task = lent.create_task(asyncio.sleep(3600))
    (thread,) = threads()
    loop = shared.real(lent)
    for _ in range(3):  # longer than it would take to end
        loop.call_soon_threadsafe(lambda: loop.call_later(0.02, looks.release))
        looks.acquire()
    assert thread.is_alive()
    assert not task.done()
    lent.end()
    thread.join()
    assert task.cancelled()


def test_it_is_closed_whether_its_thread_runs_or_not(shared: SharedLoop) -> None:
    """At the end of the server."""
    used, idle = SharedLoop(idle_seconds=3600), SharedLoop(idle_seconds=0.01)
    loops = [answer(each.lend())[0] for each in (used, idle)]
    SharedLoop().close()
    idle_thread = idle._thread
    if idle_thread is not None:
        idle_thread.join()
    for each in (used, idle):
        each.close()
    for thread in threads():
        thread.join()
    assert [each.is_closed() for each in loops] == [True, True]
