"""A thread that goes on after its run was stopped is still a part of the run, until it really ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from orcheo_adapters.runners.task_run import TaskRun, TimeLimits, Writer
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_adapters.system.event_loop import run_server_loop
from orcheo_adapters.system.running import Conducts, Running
from orcheo_core.domain.run import TextDelta
from tests.conformance.runner_kinds import PYTHON, PYTHON_PROCESS, Kind, Subjected, said
from tests.conformance.test_isolation import until
from tests.fakes.sink import FakeSink

pytestmark = pytest.mark.usefixtures("closed_runners")


def _sleep_on(folder: str) -> None:
    Path(folder, "begun").touch()
    while not Path(folder, "end").exists():
        time.sleep(0.01)


def sleeps_on(text: str) -> Iterator[str]:
    yield "a"
    _sleep_on(text)


def sleeps_on_in_call(text: str) -> str:
    _sleep_on(text)
    return ""


async def sleeps_on_in_a_thread(text: str) -> AsyncIterator[str]:
    yield "a"
    await asyncio.to_thread(_sleep_on, text)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (PYTHON, "sleeps_on"),
        (PYTHON, "sleeps_on_in_call"),
        (PYTHON_PROCESS, "sleeps_on"),
        (PYTHON_PROCESS, "sleeps_on_in_a_thread"),
    ],
    ids=lambda each: each.label or each.name if isinstance(each, Kind) else each,
)
async def test_a_stopped_run_is_over_when_its_thread_is(kind: Kind, name: str, tmp_path: Path) -> None:
    """Its turn has long ended by then. Findings: abandoned runs count."""
    workflow, over = Subjected.of(kind, f"{__name__}:{name}"), list[str]()
    run = workflow.run(str(tmp_path))
    executing = asyncio.ensure_future(run.execute_apart(FakeSink()))
    await until((tmp_path / "begun").exists)
    run.stop()
    await executing
    run.when_over(partial(over.append, "over"))
    await asyncio.sleep(0.05)
    assert not over
    (tmp_path / "end").touch()
    await until(lambda: bool(over))


async def test_a_run_is_over_when_its_process_is(tmp_path: Path) -> None:
    """Whatever was at work in it. Findings: abandoned runs count."""
    workflow, over = Subjected.of(PYTHON_PROCESS, f"{__name__}:sleeps_on"), list[str]()
    runner = workflow.runner()
    run = runner.run(workflow.request(str(tmp_path)))
    executing = asyncio.ensure_future(run.execute_apart(FakeSink()))
    await until((tmp_path / "begun").exists)
    run.stop()
    await executing
    run.when_over(partial(over.append, "over"))
    assert not over
    await runner.close()
    await until(lambda: bool(over))


async def test_a_run_that_leaves_nothing_is_over_at_its_end() -> None:
    """Also before it has begun."""
    over = list[str]()
    run = Subjected.of(PYTHON, "tests.workflows:echo").run("hi")
    run.when_over(partial(over.append, "before"))
    async for event in said(run):
        assert isinstance(event, TextDelta)
    run.when_over(partial(over.append, "after"))
    assert over == ["before", "after"]


def _double(number: int) -> int:
    return 2 * number


def test_a_workflow_may_have_a_pool_of_processes() -> None:
    """What marks threads of this process is not sent there."""
    results = []

    async def compute(writer: Writer) -> None:
        with ProcessPoolExecutor(1) as pool:
            results.append(await asyncio.get_running_loop().run_in_executor(pool, _double, 21))

    async def main() -> None:
        run = TaskRun(compute, TimeLimits(whole=30, silence=30), Running("helper", "wf_1", Conducts()))
        await run.execute(FakeSink())

    run_server_loop(main())
    assert results == [42]


async def test_a_thread_that_cannot_be_started_is_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system has no more of them."""

    def refuse(_thread: object) -> None:
        message = "can't start new thread"
        raise RuntimeError(message)

    over = list[str]()
    running = Running("helper", "wf_1", Conducts())
    monkeypatch.setattr("threading.Thread.start", refuse)
    with running, pytest.raises(RuntimeError):
        in_thread(str)
    running.when_over(partial(over.append, "over"))
    assert over == ["over"]
