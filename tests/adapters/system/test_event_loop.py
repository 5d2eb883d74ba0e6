"""The server's event loop survives what workflows do to it."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import pytest

from orcheo_adapters.system.event_loop import run_server_loop


def interrupt() -> None:
    """What Ctrl-C does to a process that has no handler for it."""
    raise KeyboardInterrupt


async def exit_with(error: BaseException) -> None:
    """A task of a workflow that ends itself."""
    await asyncio.sleep(0)
    raise error


async def in_a_task(error: BaseException) -> None:
    """The exception comes to whoever waits for the task."""
    with pytest.raises(type(error)):
        await asyncio.gather(exit_with(error), asyncio.sleep(0.01))


async def in_a_forgotten_task(error: BaseException) -> None:
    """No one waits for it."""
    task = asyncio.create_task(exit_with(error))
    await asyncio.wait({task})
    assert task.exception() is error


async def in_a_callback(error: BaseException) -> None:
    """Not in a task at all."""

    def leave() -> None:
        raise error

    asyncio.get_running_loop().call_soon(leave)
    await asyncio.sleep(0.01)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=["exit", "interrupt"])
@pytest.mark.parametrize("way", [in_a_task, in_a_forgotten_task, in_a_callback])
def test_a_workflow_does_not_end_the_loop(
    way: Callable[[BaseException], Awaitable[None]], error: BaseException
) -> None:
    """What else runs in the loop comes to its own end."""
    done = []

    async def main() -> None:
        other = asyncio.create_task(asyncio.sleep(0.02, "other"))
        await way(error)
        done.append(await other)

    run_server_loop(main())
    assert done == ["other"]


def test_the_server_itself_can_still_exit() -> None:
    """An exit of the main task is meant."""

    async def main() -> None:
        raise SystemExit(4)

    with pytest.raises(SystemExit) as left:
        run_server_loop(main())
    assert left.value.code == 4


def test_a_task_that_ends_when_it_is_cancelled_is_waited_for() -> None:
    """It may clean up first."""
    done = []

    async def tidy() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            done.append("tidy")

    async def main() -> None:
        main.task = asyncio.create_task(tidy())  # type: ignore[attr-defined]  # keeps it from the collector
        await asyncio.sleep(0)

    run_server_loop(main())
    assert done == ["tidy"]


STUBBORN = """
import asyncio, sys
from orcheo_adapters.system import event_loop

event_loop._LAST_WORDS_SECONDS = 0.1

async def swallow():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def main():
    main.task = asyncio.create_task(swallow(), name="stubborn")
    await asyncio.sleep(0)

event_loop.run_server_loop(main())
"""


@pytest.mark.parametrize("cancelling", [False, True])
def test_a_second_ctrl_c_of_the_operator_ends_the_loop(*, cancelling: bool) -> None:
    """The first one cancels the main task; an interrupt without that is a workflow's."""
    reached = []

    async def main() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if cancelling and task is not None:
            loop.call_soon(task.cancel)
        loop.call_soon(interrupt)
        await asyncio.sleep(0.01)
        reached.append("end")

    with pytest.raises(KeyboardInterrupt) if cancelling else nullcontext():
        run_server_loop(main())
    assert reached == ([] if cancelling else ["end"])


def test_the_process_ends_although_the_server_failed_too() -> None:
    """With exit code 1, and the log has the reason."""
    failing = STUBBORN.replace("await asyncio.sleep(0)", "await asyncio.sleep(0); raise RuntimeError('out of order')")
    ended = subprocess.run([sys.executable, "-c", failing], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert "out of order" in ended.stderr
    assert "stubborn (swallow)" in ended.stderr


def test_the_process_ends_although_a_task_swallows_its_cancellation() -> None:
    """With exit code 0, and the log says what was left behind."""
    ended = subprocess.run([sys.executable, "-c", STUBBORN], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 0
    assert "stubborn (swallow)" in ended.stderr
