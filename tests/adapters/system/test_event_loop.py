"""The server's event loop survives what workflows do to it."""

import _asyncio
import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from typing import Any, NoReturn

import pytest

from orcheo_adapters.runners.shared_loop import LentLoop
from orcheo_adapters.runners.task_run import TaskRun, TimeLimits, Work, Writer
from orcheo_adapters.system.event_loop import ServerLoop, run_server_loop
from orcheo_adapters.system.logs import LogKeeper
from orcheo_adapters.system.running import SHARED_THREADS, Conducts, Running, mark
from orcheo_core.ports.runner import RunFailed
from tests.fakes.sink import FakeSink

pytestmark = pytest.mark.processes


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
    """What else runs in the loop comes to its own end. Findings: a workflow cannot end the server."""
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


def running() -> Running:
    """A run of a workflow."""
    return Running("helper", "wf_1", Conducts())


def test_a_workflow_cannot_stop_the_loop_or_its_executor(caplog: pytest.LogCaptureFixture) -> None:
    """What the server hands to threads is still done. Findings: a workflow cannot end the server."""
    done = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with running():
            loop.stop()
            await loop.shutdown_default_executor()
        done.append(await asyncio.to_thread(lambda: "in a thread"))

    run_server_loop(main())
    assert done == ["in a thread"]
    assert "the workflow helper tried to stop the event loop" in caplog.text


def test_a_workflow_cannot_change_how_the_loop_works(caplog: pytest.LogCaptureFixture) -> None:
    """Its tasks, its errors, its threads and its generators are those of all chats."""
    done = []

    async def pieces() -> AsyncIterator[str]:
        yield "a piece"
        yield "another piece"

    def broken(*_: object, **__: object) -> NoReturn:
        raise SystemExit(4)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        others = pieces()
        await anext(others)
        with running(), ThreadPoolExecutor(1) as own:
            loop.set_task_factory(broken)
            loop.set_exception_handler(broken)
            loop.set_default_executor(own)
            loop.set_debug(True)
            await loop.shutdown_asyncgens()
        assert not loop.get_debug()
        assert loop.get_exception_handler() is None
        done.append(await anext(others))
        done.append(await asyncio.create_task(asyncio.to_thread(lambda: "in a thread")))

    run_server_loop(main())
    assert done == ["another piece", "in a thread"]
    assert caplog.text.count("the workflow helper tried to change the event loop") == 4


@pytest.mark.parametrize("way", ["call_soon", "call_soon_threadsafe", "call_later"])
@pytest.mark.parametrize("act", ["stop", "set_task_factory"])
def test_nor_by_a_callback_from_a_thread_of_its_own(act: str, way: str, caplog: pytest.LogCaptureFixture) -> None:
    """A thread does not know the context that it was started in, so what it hands to the loop had none either."""
    done = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        given = (getattr(loop, act), *(() if act == "stop" else (None,)))
        with running():
            delay = (0,) if way == "call_later" else ()
            thread = threading.Thread(target=getattr(loop, way), args=(*delay, *given))
            mark(thread)
        thread.start()
        await asyncio.to_thread(thread.join)
        await asyncio.sleep(0.01)
        done.append(loop.get_task_factory() is not None)

    run_server_loop(main())
    assert done == [True]
    assert "the workflow helper tried to" in caplog.text


def nested_run() -> None:
    """A sync form of an async function does this, after ``nest_asyncio.apply()`` also ``asyncio.run``."""
    asyncio.get_running_loop().run_until_complete(asyncio.ensure_future(asyncio.sleep(0)))


def nested_loop() -> None:
    """The other way to ask for it."""
    asyncio.get_running_loop().run_forever()


@pytest.mark.parametrize("nest", [nested_run, nested_loop])
def test_a_workflow_that_runs_the_loop_inside_itself_fails_alone(
    nest: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    """It reads what to do; the loop knows the server's task from it, and is not taken for broken."""
    done = []

    async def main() -> None:
        with running():
            with pytest.raises(RuntimeError, match=r"already running.*make the workflow a plain def"):
                nest()
            await asyncio.sleep(0)
            logged = caplog.text
            await in_a_callback(SystemExit(3))
        done.append(logged)

    run_server_loop(main())
    assert done == [""]


@pytest.mark.parametrize("place", [_asyncio, asyncio, asyncio.events])
@pytest.mark.parametrize("make", [lambda: None, asyncio.new_event_loop], ids=["none", "another"])
def test_a_workflow_cannot_say_that_the_loop_does_not_run(place: Any, make: Callable[[], Any]) -> None:
    """The server's own task would find no loop where it next looks for it. Findings: a workflow cannot end it."""
    done = []

    async def main() -> None:
        other = make()
        with running(), pytest.raises(RuntimeError, match=r"already running.*make the workflow a plain def"):
            place._set_running_loop(other)
        await asyncio.sleep(0)  # which looks for it
        if other is not None:
            other.close()
        place._set_running_loop(asyncio.get_running_loop())
        done.append(await asyncio.to_thread(asyncio.run, asyncio.sleep(0, "in a thread")))

    before = place._set_running_loop
    run_server_loop(main())
    assert done == ["in a thread"]
    assert place._set_running_loop is before


@pytest.mark.parametrize("kind", [asyncio.Task, asyncio.tasks._PyTask], ids=["usual", "in Python"])  # type: ignore[attr-defined]
def test_a_task_that_is_entered_and_not_left_stops_no_other(
    kind: Callable[..., "asyncio.Task[str]"], caplog: pytest.LogCaptureFixture
) -> None:
    """As code does it that has tasks begin at once; tasks that are written in Python enter and leave so too."""
    done = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def enter() -> str:
            own, other = asyncio.current_task(), loop.create_future()
            assert own is not None
            asyncio.tasks._leave_task(loop, own)
            asyncio.tasks._enter_task(loop, other)  # type: ignore[arg-type]  # which no one leaves
            return "entered"

        entered = kind(enter(), loop=loop)
        await asyncio.sleep(0)
        done.append(await entered)
        done.append(await asyncio.create_task(asyncio.sleep(0, "another")))

    run_server_loop(main())
    assert done == ["entered", "another"]
    assert "does not match the current task" in caplog.text


def test_a_child_has_no_running_loop() -> None:
    """As asyncio wants it: what is forked may run one of its own."""
    ended = []

    async def main() -> None:
        child = os.fork()
        if not child:
            asyncio._set_running_loop(None)
            asyncio.run(asyncio.sleep(0))
            os._exit(7)
        ended.append(await asyncio.to_thread(os.waitpid, child, 0))

    run_server_loop(main())
    assert os.waitstatus_to_exitcode(ended[0][1]) == 7


def test_patching_the_loop_for_nested_runs_does_nothing() -> None:
    """``nest_asyncio.apply()`` leaves alone what has this name; notebooks call it whether they need it or not.

    Held here is only that both loops have the name; nest_asyncio is not in the test environment, so it is not called.
    """
    assert hasattr(ServerLoop, "_nest_patched")
    assert hasattr(LentLoop, "_nest_patched")


def test_a_workflow_cancels_its_own_tasks_only(caplog: pytest.LogCaptureFixture) -> None:
    """The one it was called in, and those that it has started. Findings: a workflow cannot end the server."""
    ended: list[object] = []

    async def work() -> None:
        run = running()
        run.task = asyncio.current_task()
        with run:
            own = asyncio.create_task(asyncio.sleep(60))
            await asyncio.sleep(0)
            for each in asyncio.all_tasks():
                each.cancel()
            await asyncio.wait({own})
            ended.append(own.cancelled())

    async def main() -> None:
        other = asyncio.create_task(asyncio.sleep(0.02, "other"))
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(work())
        ended.append(await other)

    run_server_loop(main())
    assert ended == ["other"]
    assert "the workflow helper tried to cancel a task of the server" in caplog.text


async def cancels_itself(_writer: Writer) -> None:
    """As code does that mistakes the task for its own."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(60)


async def limits_its_time(_writer: Writer) -> None:
    """Also a cancellation of its own, but one that it takes back."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.sleep(60)
    await asyncio.Event().wait()


def test_a_run_that_cancels_itself_fails_and_its_task_continues() -> None:
    """The turn has to be ended by that task."""
    failed: list[BaseException] = []

    async def main() -> None:
        run = TaskRun(cancels_itself, TimeLimits(whole=30, silence=30), running())
        try:
            await run.execute(FakeSink())
        except RunFailed as error:
            failed.append(error)
        await asyncio.sleep(0)

    run_server_loop(main())
    assert "ended itself" in str(failed[0])


def cancel_all() -> None:
    """The cancellation comes when the task waits the next time."""
    for each in asyncio.all_tasks():
        each.cancel()


async def cancels_itself_and_returns(_writer: Writer) -> None:
    """It does not wait for anything any more."""
    cancel_all()


async def cancels_itself_and_fails(_writer: Writer) -> None:
    """The same with an error."""
    cancel_all()
    message = "no luck"
    raise ValueError(message)


@pytest.mark.parametrize(
    ("work", "failure"), [(cancels_itself_and_returns, None), (cancels_itself_and_fails, "no luck")]
)
def test_a_run_that_cancels_itself_at_its_end_does_not_hit_what_the_server_does_next(
    work: Work, failure: str | None
) -> None:
    """That is to save the answer and to end the turn, which would be under way for ever."""
    seen: list[object] = []

    async def main() -> None:
        run = TaskRun(work, TimeLimits(whole=30, silence=30), running())
        try:
            await run.execute(FakeSink())
        except ValueError as error:
            seen.append(str(error))
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        seen.append(task.cancelling())

    run_server_loop(main())
    assert seen == [*filter(None, [failure]), 0]


def test_a_run_that_limits_its_time_can_still_be_cancelled_from_outside() -> None:
    """Its own cancellation is taken back by then."""
    seen: list[bool] = []

    async def main() -> None:
        run = TaskRun(limits_its_time, TimeLimits(whole=30, silence=30), running())
        task = asyncio.create_task(run.execute(FakeSink()))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
        seen.append(task.cancelled())

    run_server_loop(main())
    assert seen == [True]


async def test_a_log_that_a_library_took_over_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """And switched on again."""
    root, ours = logging.getLogger(), logging.NullHandler()
    monkeypatch.setattr(root, "handlers", [*root.handlers, ours])
    keeper = LogKeeper()
    await keeper.look()
    root.handlers = [each for each in root.handlers if each is not ours]
    logging.disable()
    await keeper.look()
    assert ours in root.handlers
    assert not root.manager.disable


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
    ended = subprocess.run([sys.executable, "-c", failing], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    assert "out of order" in ended.stderr
    assert "stubborn (swallow)" in ended.stderr


def test_the_process_ends_although_a_task_swallows_its_cancellation() -> None:
    """With exit code 0, and the log says what was left behind. Findings: the process ends in time."""
    ended = subprocess.run([sys.executable, "-c", STUBBORN], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0
    assert "stubborn (swallow)" in ended.stderr


def test_idle_threads_are_kept_for_a_few_workflows_only() -> None:
    """However many there are; those whose threads are at work keep them."""
    release = threading.Event()

    async def main() -> None:
        conducts, loop = Conducts(), asyncio.get_running_loop()
        with Running("busy", "wf_busy", conducts):
            busy = loop.run_in_executor(None, release.wait)
        for number in range(100):
            with Running("some", f"wf_{number}", conducts):
                await loop.run_in_executor(None, str)
            await asyncio.sleep(0)

        def kept() -> int:
            return sum(each.name.startswith(SHARED_THREADS) for each in threading.enumerate())

        async with asyncio.timeout(60):
            while kept() > 65:  # noqa: ASYNC110 - threads have no event for their end
                await asyncio.sleep(0)
        release.set()
        assert await busy

    run_server_loop(main())


def test_threads_that_a_workflow_does_not_use_end() -> None:
    """Also those of the last one; while one is at work, however long, its workflow keeps them, and gets new ones."""
    release, names = threading.Event(), list[str]()

    def kept() -> int:
        return sum(each.name.startswith(SHARED_THREADS) for each in threading.enumerate())

    async def until(number: int) -> None:
        async with asyncio.timeout(60):
            while kept() != number:  # noqa: ASYNC110 - threads have no event for their end
                await asyncio.sleep(0.001)

    async def main() -> None:
        conducts, loop = Conducts(), asyncio.get_running_loop()
        with Running("busy", "wf_busy", conducts):
            busy = loop.run_in_executor(None, release.wait, 60)
        with Running("idle", "wf_idle", conducts):
            await asyncio.gather(*(loop.run_in_executor(None, time.sleep, 0.01) for _ in range(3)))
        await until(1)
        release.set()
        assert await busy
        await until(0)
        with Running("idle", "wf_idle", conducts):
            names.append(await loop.run_in_executor(None, str, "again"))
        await until(0)

    run_server_loop(main(), idle_seconds=0.01)
    assert names == ["again"]
