"""Turns of earlier days, written into the database of a server that does not run."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import evolve

from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus
from orcheo_core.domain.usage import Usage

_SHAPE = (5, 8, 7, 11, 9, 3, 2)
"""Turns on each day of a week, the weekend last."""
_FAULTS = (TurnFault("timed_out", "no end after 120 s"), TurnFault("endpoint_unavailable", "503"))


def fill(data_dir: Path, workflow_id: str, *, days: int, times: int = 1) -> None:
    """``days`` days of a chat that is used, today as the last one: the same turns each time, ``times`` as many."""
    with ThreadPoolExecutor(1) as pool:  # a browser's event loop may run in this thread
        pool.submit(asyncio.run, _fill(data_dir / "orcheo.db", workflow_id, days, times)).result()


def copy(data_dir: Path, handle: str, handles: Sequence[str], *, used: int, days: int) -> None:
    """Register more workflows like this one; the last ``used`` of them have the turns of :func:`fill`."""
    with ThreadPoolExecutor(1) as pool:
        ids = pool.submit(asyncio.run, _copy(data_dir / "orcheo.db", handle, handles)).result()
    for each in ids[-used:]:
        fill(data_dir, each, days=days)


async def _copy(path: Path, handle: str, handles: Sequence[str]) -> list[str]:
    store = SqliteStore(path)
    change = store.begin()
    first = await change.workflows.find(handle)
    assert first is not None
    copies = [evolve(first, id=f"{first.id[:-4]}{at:04}", handle=each) for at, each in enumerate(handles)]
    for each in copies:
        change.workflows.add(evolve(each, name=each.handle.replace("-", " ").capitalize()))
    await change.commit()
    await store.close()
    return [each.id for each in copies]


async def _fill(path: Path, workflow_id: str, days: int, times: int) -> None:
    store = SqliteStore(path)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for ago in range(days):
        change = store.begin()
        for turn in _turns(workflow_id, midnight - timedelta(days=ago), ago, times):
            change.threads.add(
                Thread(
                    id=turn.thread_id,
                    workflow_id=workflow_id,
                    subject=turn.subject,
                    created_at=turn.started_at,
                    updated_at=turn.started_at,
                    title="An earlier question",
                )
            )
            change.turns.add(turn)
        if ago % 3 == 0:
            change.usage.add_refusals(workflow_id, midnight.date() - timedelta(days=ago), "rate_limited", 1 + ago % 5)
        await change.commit()
    await store.close()


def _turns(workflow_id: str, day: datetime, ago: int, times: int) -> Iterator[Turn]:
    for number in range(_SHAPE[(day.weekday()) % 7] * times + ago % 3):
        at = day + timedelta(seconds=60 * number)
        key = f"{workflow_id.removeprefix('wf_')}{ago:03}{number:05}"
        is_failed = (ago * 7 + number) % 19 == 0
        took = 2 + (number * 37 + ago * 11) % 70 / 10
        yield Turn(
            id=f"trn_{key}",
            workflow_id=workflow_id,
            thread_id=f"thr_{key}",
            subject=Subject(f"anon:vis_{(number * 5 + ago) % 40}"),
            user_item_id=f"msg_{key}a",
            answer_id=f"msg_{key}b",
            started_at=at,
            first_event_at=at + timedelta(seconds=took / 4),
            ended_at=at + timedelta(seconds=took),
            status=TurnStatus.FAILED if is_failed else TurnStatus.COMPLETED,
            fault=_FAULTS[number % 2] if is_failed else None,
            usage=Usage(input_tokens=300 + 17 * number, output_tokens=80 + 9 * number),
        )
