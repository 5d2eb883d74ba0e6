"""Run as a program: removes something large, and is killed by itself in the middle of it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.items import TextInput
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.adapters.sqlite.files import ask
from tests.conformance.keeping import keep

SECRET = "xylophonequartz"
ITEMS = 1_000
LEFT = "SELECT count(*) FROM items WHERE thread_id = 'thr_1' AND id <> 'msg_1'"
WAYS = ("thread", "workflow", "part")
"""What is removed: a thread, its workflow, or all that is behind its first message."""


async def fill(store: Store) -> None:
    """Thread 1 with some megabytes, threads 2 and 3 with a message each; thread 3 is with another workflow."""
    said = (TextInput(text=f"{SECRET} " * 400),)
    await keep(store, samples.workflow(), samples.workflow(2), samples.publish_token(), samples.chat_session())
    await keep(store, samples.thread(1), samples.thread(2), samples.thread(3, of=2))
    await keep(store, samples.turn(1, idempotency_key="k1"), samples.attachment(1).sent_in("thr_1"))
    ended = samples.turn(3, user_item_id="msg_1", status=TurnStatus.COMPLETED)  # whose words are searched
    await keep(store, ended, samples.user_item(1), samples.attachment(2))
    await keep(store, *(samples.chat_session(each) for each in range(10, 80)))
    for first in range(2, ITEMS + 1, 111):
        await keep(store, *(samples.user_item(each, content=said) for each in range(first, first + 111)))
    await keep(store, samples.feedback(500), samples.user_item(5_000, of=2), samples.user_item(6_000, of=3))


async def remove(store: Store, way: str) -> None:
    """Remove one of the ways."""
    change = store.begin()
    if way == "thread":
        change.threads.remove("thr_1")
    elif way == "workflow":
        change.workflows.remove(samples.workflow())
    else:
        change.items.remove("thr_1", "msg_10", "msg_999")
    await change.commit()


async def remove_and_write(store: Store, path: Path, way: str) -> "asyncio.Task[None]":
    """Begin to remove; returns when another change has landed after the first slice."""
    ((before,),) = ask(path, LEFT)
    await remove(store, way)
    removing = asyncio.create_task(store.tidy(erase=True))
    while ask(path, LEFT) == [(before,)]:
        await keep(store, samples.user_item(6_001, of=3))
    await keep(store, samples.user_item(6_002, of=3))
    return removing


async def main(path: Path, way: str) -> None:
    """Fill, remove, and die."""
    store = SqliteStore(path)
    await fill(store)
    await remove_and_write(store, path, way)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
