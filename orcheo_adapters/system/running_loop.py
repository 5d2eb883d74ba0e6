"""Which event loop runs in a thread, and which task in it, as asyncio keeps them: workflows cannot change the server's.

Code that wants to run another loop inside takes it away. All that waits in the server's loop would then find none, and
the server itself would end by that.
"""

import _asyncio
import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ALREADY_RUNNING = (
    "This event loop is already running: async code of workflows runs in it. Use await here, or make the workflow a "
    "plain def: it is called in a thread, where asyncio.run() works."
)
_PLACES: tuple[tuple[Any, str], ...] = (
    (_asyncio, "_set_running_loop"),
    (asyncio, "_set_running_loop"),
    (asyncio.events, "_set_running_loop"),
    (asyncio.events, "_c__set_running_loop"),
)
"""Where the function is found; uvloop keeps the one that it found when it was imported."""


@contextmanager
def kept_running(kind: type[asyncio.AbstractEventLoop]) -> Iterator[None]:
    """Where a loop of this kind runs, code inside it cannot say that another one does, or none."""
    original, process = asyncio._set_running_loop, os.getpid()  # noqa: SLF001 - asyncio has no other door

    def set_running_loop(loop: asyncio.AbstractEventLoop | None) -> None:
        running = asyncio._get_running_loop()  # noqa: SLF001 - see above
        if isinstance(running, kind) and loop is not running and os.getpid() == process:  # a child has none
            raise RuntimeError(ALREADY_RUNNING)
        original(loop)

    found = [(module, name, getattr(module, name)) for module, name in _PLACES if hasattr(module, name)]
    for module, name, _ in found:
        setattr(module, name, set_running_loop)
    try:
        yield
    finally:
        for module, name, before in found:
            setattr(module, name, before)


def none_at_work(loop: asyncio.AbstractEventLoop) -> None:
    """Say between two callbacks that no task is at work: a step that has entered another one left that behind.

    Code enters tasks that begin their work at once, and no task could take a step any more.
    """
    if swap := getattr(asyncio.tasks, "_swap_current_task", None):  # from Python 3.12 on
        swap(loop, None)
    else:
        asyncio.tasks._current_tasks.pop(loop, None)  # type: ignore[attr-defined]  # noqa: SLF001 - see above
