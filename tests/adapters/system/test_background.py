"""Work that no one awaits."""

import asyncio

from orcheo_adapters.system.background import AsyncioBackground
from tests.adapters.system.conftest import Lines


async def test_waiting_returns_when_nothing_runs() -> None:
    """With no work there is nothing to wait for."""
    await AsyncioBackground().wait()


async def test_work_that_starts_work_is_waited_for_to_the_last() -> None:
    """Whoever waits gets the end of everything, not only of what ran at the beginning."""
    background, done = AsyncioBackground(), []

    async def work(left: int) -> None:
        await asyncio.sleep(0)
        if left:
            background.start(work(left - 1), name=f"work {left}")
        done.append(left)

    background.start(work(3), name="work")
    await background.wait()
    assert done == [3, 2, 1, 0]


async def test_an_error_in_background_work_is_logged_with_its_turn(lines: Lines) -> None:
    """No one awaits the work, so the log is where its error is seen; other work is not disturbed."""
    background = AsyncioBackground()

    async def fail() -> None:
        message = "out of ideas"
        raise RuntimeError(message)

    background.start(fail(), name="trn_1")
    await background.wait()
    (line,) = lines()
    assert (line["level"], line["text"], line["turn_id"]) == ("error", "background work failed", "trn_1")
    assert line["traceback"].endswith("RuntimeError: out of ideas")


async def test_work_that_is_cancelled_is_no_error(lines: Lines) -> None:
    """A loop that ends takes its work with it in silence."""
    background, tasks = AsyncioBackground(), []

    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        task.cancel()
        await asyncio.sleep(0)

    background.start(work(), name="trn_1")
    await background.wait()
    assert tasks[0].cancelled()
    assert lines() == []
