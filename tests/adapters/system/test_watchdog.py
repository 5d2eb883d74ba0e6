"""A blocked event loop is noticed, named, and counted for the owner."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from threading import Event, Thread
from typing import Any

import pytest

from orcheo_adapters.runners.task_run import TaskRun, TimeLimits, Writer
from orcheo_adapters.system.event_loop import run_server_loop
from orcheo_adapters.system.running import Conducts, Running, mark
from orcheo_adapters.system.watchdog import LeftThreads, Watchdog
from tests.adapters.system.conftest import Lines
from tests.fakes.sink import FakeSink


def block_until(noticed: Event) -> None:
    """Blocks like a call of a client that is not async."""
    noticed.wait(10)


class Noticing(Watchdog):
    """Says when it has reported a block, so that a test blocks no longer than needed."""

    def __init__(self) -> None:
        super().__init__(blocked_after=0.01)
        self.noticed = Event()

    def look(self, frame: Any, task: Any) -> None:
        super().look(frame, task)
        if self._block is not None:
            self.noticed.set()


async def in_its_task(noticed: Event) -> None:
    """In the task of the run itself."""
    block_until(noticed)


async def in_a_task_of_its_own(noticed: Event) -> None:
    """In a task that the workflow starts."""
    await asyncio.gather(in_its_task(noticed), asyncio.sleep(0))


async def in_a_callback(noticed: Event) -> None:
    """In no task at all."""
    asyncio.get_running_loop().call_soon(block_until, noticed)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def in_a_timer(noticed: Event) -> None:
    """In a callback that comes later."""
    asyncio.get_running_loop().call_later(0.001, block_until, noticed)
    await asyncio.sleep(0.01)


async def in_a_callback_of_a_future(noticed: Event) -> None:
    """Which the future calls in the context that it was given in."""
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda _done: block_until(noticed))
    future.set_result(None)
    await asyncio.sleep(0.01)


async def in_a_callback_of_a_thread(noticed: Event) -> None:
    """Whose own context does not know the run."""
    loop = asyncio.get_running_loop()
    thread = Thread(target=loop.call_soon_threadsafe, args=(block_until, noticed))
    mark(thread)
    thread.start()
    while not noticed.is_set():  # noqa: ASYNC110 - it is set while the loop is blocked
        await asyncio.sleep(0.001)


async def as_a_reader(noticed: Event) -> None:
    """In what waits for a file descriptor."""
    loop, (one, other) = asyncio.get_running_loop(), socket.socketpair()
    with one, other:
        loop.add_reader(one, block_until, noticed)
        loop.add_writer(other, str)
        other.send(b"!")
        await asyncio.sleep(0.01)
        loop.remove_reader(one)
        loop.remove_writer(other)


WAYS = [
    in_its_task,
    in_a_task_of_its_own,
    in_a_callback,
    in_a_timer,
    in_a_callback_of_a_future,
    in_a_callback_of_a_thread,
    as_a_reader,
]


@pytest.mark.parametrize("way", WAYS)
def test_a_block_is_logged_once_with_workflow_and_place(lines: Lines, way: Callable[[Event], Awaitable[None]]) -> None:
    """And once more when it is over; the owner finds it counted. Findings: a workflow is named and bounded."""
    conducts, watchdog = Conducts(), Noticing()

    async def work(_writer: Writer) -> None:
        await way(watchdog.noticed)
        await asyncio.sleep(0)

    async def main() -> None:
        with watchdog.watching():
            await TaskRun(work, TimeLimits(whole=60, silence=60), Running("helper", "wf_1", conducts)).execute(
                FakeSink()
            )
            while watchdog._block is not None:  # noqa: ASYNC110 - its end comes with the next beat
                await asyncio.sleep(0.01)

    run_server_loop(main())
    begun, ended = lines()
    assert "the workflow helper has blocked the event loop for" in begun["text"]
    assert "in block_until\n    noticed.wait(10)" in begun["text"]
    assert "site-packages/pytest" not in begun["text"]
    assert "it runs again" in ended["text"]
    assert begun["workflow_id"] == ended["workflow_id"] == "wf_1"
    assert conducts.of("wf_1").blocks == 1
    assert conducts.of("wf_1").longest_block > 0


async def test_a_block_of_the_server_itself_is_logged_too(lines: Lines) -> None:
    """No workflow is blamed."""
    watchdog = Noticing()
    with watchdog.watching():
        await asyncio.create_task(in_its_task(watchdog.noticed))
        while watchdog._block is not None:  # noqa: ASYNC110 - its end comes with the next beat
            await asyncio.sleep(0.01)
    assert lines()[0]["text"].startswith("the server has blocked the event loop")


async def test_threads_left_behind_are_logged_once(lines: Lines) -> None:
    """When two looks see them, and again when there are more."""
    look, release = LeftThreads().look, Event()
    threads: list[Thread] = []

    def leave_one() -> None:
        with Running("helper", "wf_1", Conducts()):
            threads.append(Thread(target=release.wait))
            mark(threads[-1], is_work=True)
            threads[-1].start()

    leave_one()
    await look()
    assert lines() == []
    await look()
    await look()
    leave_one()
    await look()
    await look()
    said = "the workflow helper has left {} at work"
    assert [line["text"] for line in lines()] == [said.format("1 thread"), said.format("2 threads")]
    release.set()
    for each in threads:
        each.join()
    await look()


class Hands:
    """A clock that a test turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_loop_that_comes_round_is_not_reported(lines: Lines) -> None:
    """Less than a second is nothing."""
    hands = Hands()
    watchdog = Watchdog(clock=hands)
    hands.now += 0.9
    watchdog.look(sys._getframe(), None)
    watchdog.beat()
    assert lines() == []


@pytest.mark.parametrize(("seconds", "later", "recent"), [(12.0, 59.0, 12.0), (12.0, 61.0, None), (9.0, 0.0, None)])
def test_a_long_block_is_remembered_for_a_minute(seconds: float, later: float, recent: float | None) -> None:
    """Ten seconds are long."""
    hands = Hands()
    watchdog = Watchdog(clock=hands)
    hands.now += seconds
    watchdog.look(sys._getframe(), None)
    watchdog.beat()
    hands.now += later
    assert watchdog.recent_long_block == recent


def test_time_in_which_the_whole_process_stood_still_is_no_block(lines: Lines) -> None:
    """The machine slept, say: the watching thread did not run either."""
    hands = Hands()
    watchdog = Watchdog(clock=hands)
    hands.now += 3_600
    watchdog.excuse(3_599.5)
    watchdog.excuse(-1.0)
    watchdog.look(sys._getframe(), None)
    assert lines() == []
    assert watchdog.recent_long_block is None
