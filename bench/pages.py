"""Whether a page of a long list costs more than one of a short list.

Run as `python -m bench.pages`.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from statistics import median
from typing import TypeVar

from attrs import evolve

from bench.rounds import print_table
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.sqlite.table import Table, marks
from orcheo_adapters.sqlite.tables import ITEMS, THREADS, WORKFLOWS
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.workflow import Workflow, WorkflowFilter
from orcheo_core.ports.unit_of_work import Store
from tests import samples

SHORT, LONG = 1_000, 1_000_000
ROUNDS, READS = 15, 50
Read = Callable[[str], Awaitable[object]]
V = TypeVar("V")


def fill(path: Path) -> None:
    """Two workflows: the first has few threads and a thread with few items, the second has many."""
    with sqlite3.connect(path) as file:
        for number, count in ((1, SHORT), (2, LONG)):
            _put(file, THREADS, (_thread(number, each) for each in range(count)))
            _put(file, ITEMS, (_item(number, each) for each in range(count)))
            _put(file, WORKFLOWS, (_workflow(number, each) for each in range(count)))
    file.close()


def _put(file: sqlite3.Connection, table: Table[V], values: Iterable[V]) -> None:
    sql = f"INSERT INTO {table.name} ({table.columns}) VALUES ({marks(table.columns.split(','))})"
    file.executemany(sql, map(table.row, values))


def _thread(workflow: int, number: int) -> Thread:
    return samples.thread(1, of=workflow, id=f"thr_{workflow}_{number:09}")


def _item(workflow: int, number: int) -> Item:
    return samples.user_item(1, id=f"msg_{workflow}_{number:09}", thread_id=f"thr_{workflow}_{0:09}")


def _workflow(owner: int, number: int) -> Workflow:
    name = f"{owner}-{number:09}"
    made = samples.workflow(1, id=f"wf_{name}", handle=f"flow-{name}")
    return evolve(made, owner=evolve(made.owner, name=f"owner{owner}"))


def reads(store: Store) -> dict[str, Read]:
    """The reads of the page in the middle, by what is read; each takes the number of the short or the long list."""
    middle = {"1": SHORT // 2, "2": LONG // 2}

    async def items(size: str) -> object:
        query = PageQuery(after=f"msg_{size}_{middle[size]:09}")
        return await store.begin().items.page(f"thr_{size}_{0:09}", query)

    async def threads(size: str) -> object:
        wanted = ThreadFilter(workflow_id=f"wf_{size}", subject=Subject(samples.VISITOR.key))
        return await store.begin().threads.page(wanted, PageQuery(after=f"thr_{size}_{middle[size]:09}"))

    async def workflows(size: str) -> object:
        query = PageQuery(after=f"wf_{size}-{middle[size]:09}")
        return await store.begin().workflows.page(WorkflowFilter(owner=f"owner{size}"), query)

    return {"items of a thread": items, "threads of a visitor": threads, "workflows of an owner": workflows}


async def took(read: Read, size: str) -> float:
    """Microseconds of one read, the mean of a few."""
    began = time.perf_counter()
    for _ in range(READS):
        await read(size)
    return (time.perf_counter() - began) / READS * 1e6


async def compare() -> None:
    """Measure in turns and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orcheo.db"
        await SqliteStore(path).close()
        fill(path)
        store = SqliteStore(path)
        table = []
        for name, read in reads(store).items():
            pairs = [(await took(read, "1"), await took(read, "2")) for _ in range(ROUNDS)]
            short, long = (median(pair[at] for pair in pairs) for at in (0, 1))
            table.append([name, f"{short:.0f}", f"{long:.0f}", f"{long / short:.2f}"])
        head = ("list", f"of {SHORT:,}, µs", f"of {LONG:,}, µs", "÷")
        print_table("A page of 20 from the middle, SQLite", head, table)
        await store.close()


if __name__ == "__main__":
    asyncio.run(compare())
