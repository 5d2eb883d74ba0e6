"""Run as a program: commits rows to the database it is given until it is killed, and tells each durable one."""

import asyncio
import sys
from itertools import count
from pathlib import Path

from orcheo_adapters.sqlite.store import SqliteStore
from tests import samples
from tests.conformance.keeping import keep

WRITERS = 8


async def commit_for_ever(store: SqliteStore, writer: int) -> None:
    """Thread after thread, each with an item; a line for each pair that was acknowledged."""
    for number in count(writer, WRITERS):
        await keep(store, samples.thread(number), samples.user_item(number, of=number))
        print(number, flush=True)  # noqa: T201 - the pipe to the test


async def main(path: Path) -> None:
    """Several commit at once, so that groups form."""
    store = SqliteStore(path)
    await keep(store, samples.workflow())
    await asyncio.gather(*(commit_for_ever(store, writer) for writer in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
