"""Agents that call back with what they say, as a stream of events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from orcheo_core.domain.run import RunEvent


async def pushed(
    work: Callable[[Callable[[RunEvent], None]], Awaitable[None]], leave: Callable[[], object] | None = None
) -> AsyncIterator[RunEvent]:
    """Give what ``work`` puts, as it comes; raises what it raises. Leaving calls ``leave``, then cancels it."""
    events: asyncio.Queue[RunEvent | None] = asyncio.Queue()
    working = asyncio.ensure_future(work(events.put_nowait))
    working.add_done_callback(lambda _: events.put_nowait(None))
    try:
        while (event := await events.get()) is not None:
            yield event
        await working
    finally:
        if leave is not None:
            leave()
        working.cancel()
        await asyncio.wait({working})
