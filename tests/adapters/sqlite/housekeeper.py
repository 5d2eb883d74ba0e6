"""Run as a program: fills a data folder with what is too old, and removes it; a line for each moment that passes."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.system.attachment_files import LocalAttachmentFiles
from orcheo_adapters.system.null_rate_limiter import NullRateLimiter
from orcheo_core.domain.attachments import AttachmentRules
from orcheo_core.domain.budget import BudgetPlan
from orcheo_core.domain.items import TextInput
from orcheo_core.domain.workflow import Workflow
from orcheo_core.services.shared.audit_trail import AuditTrail
from orcheo_core.services.shared.closing import Closing
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.services.visitors.attaching import Attaching
from orcheo_core.turns.register import Register
from tests import samples
from tests.conformance.keeping import keep
from tests.fakes.background import FakeBackground
from tests.fakes.clock import FakeClock
from tests.fakes.entropy import FakeEntropy

LONG = "what was said " * 2_000


async def _abc() -> AsyncIterator[bytes]:
    yield b"abc"


def attaching(store: SqliteStore, folder: Path) -> Attaching:
    """The service that removes unsent attachments, over files in a folder."""
    clock, register = FakeClock(), Register(FakeBackground())
    identifiers = Identifiers(clock, FakeEntropy())
    trail = AuditTrail(clock, identifiers)
    return Attaching(
        store=store,
        files=LocalAttachmentFiles(folder / "attachments"),
        clock=clock,
        identifiers=identifiers,
        rules=AttachmentRules(),
        budgets=BudgetPlan.unlimited(),
        register=register,
        closing=Closing(store=store, clock=clock, audit_trail=trail, register=register),
        limiter=NullRateLimiter(),
    )


async def fill(store: SqliteStore, service: Attaching) -> None:
    """Unsent attachments with their bytes, and threads that take some megabytes."""
    workflow: Workflow = samples.workflow()
    await keep(store, workflow)
    for _ in range(120):
        visit = Visit(workflow=workflow, subject=samples.VISITOR)
        found = await service.announce(visit, name="a.txt", size=3, mime_type="text/plain")
        await service.receive(found.id, _abc(), visit.leave)
    for number in range(400):
        item = samples.user_item(number, of=number, content=(TextInput(text=LONG),))
        await keep(store, samples.thread(number), item)


async def clean(store: SqliteStore, service: Attaching) -> None:
    """All that housekeeping does about it."""
    await service.remove_unsent(samples.moment(0) + timedelta(days=30))
    for number in range(400):
        change = store.begin()
        change.threads.remove(f"thr_{number}")
        await change.commit()
    await store.tidy()


async def tick() -> None:
    """A line a millisecond, by which the test knows how far it is."""
    while True:
        print(".", flush=True)  # noqa: T201 - the pipe to the test
        await asyncio.sleep(0.001)


async def main(folder: Path) -> None:
    """Fill, then remove until the end or until the process is killed."""
    store = SqliteStore(folder / "orcheo.db", synchronous="NORMAL")
    service = attaching(store, folder)
    await fill(store, service)
    ticking = asyncio.create_task(tick())
    await clean(store, service)
    ticking.cancel()
    print("done", flush=True)  # noqa: T201 - the same


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
