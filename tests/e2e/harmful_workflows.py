"""Workflows that do to the server's process what bad code does."""

import asyncio
import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable


def _wait() -> None:
    threading.Event().wait()


async def fine(text: str) -> str:
    return f"You said: {text}"


async def blocks(text: str) -> AsyncIterator[str]:
    """Blocks the event loop for the seconds that it is told."""
    yield "before "
    await asyncio.sleep(0.1)
    time.sleep(float(text))  # noqa: ASYNC251 - the harm that is meant
    yield "after"


async def prints(text: str) -> str:
    for _ in range(200):
        sys.stdout.write(text * 1_000 + "\n")
    return "printed"


async def leaves_thread(text: str) -> str:
    threading.Thread(target=_wait, name="left-behind").start()
    return "left"


async def fills_executor(text: str) -> AsyncIterator[str]:
    yield "before "
    await asyncio.gather(*(asyncio.to_thread(_wait) for _ in range(100)))


async def waits_at_exit(text: str) -> str:
    atexit.register(_wait)
    return "registered"


class _Stubborn:
    wait: Callable[[], None] = staticmethod(_wait)

    def __del__(self) -> None:
        self.wait()


async def waits_in_a_finaliser(text: str) -> str:
    waits_in_a_finaliser.kept = _Stubborn()  # type: ignore[attr-defined]  # collected when the interpreter ends
    return "kept"


async def takes_signals(text: str) -> str:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    return "taken"


async def changes_the_process(text: str) -> str:
    os.chdir("/")
    os.environ.clear()
    sys.stdout = sys.stderr = None
    return "changed"
