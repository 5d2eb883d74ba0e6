"""The repository of what is counted by day, in memory."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date

from attrs import evolve

from orcheo_adapters.memory.repository import MemoryRepository
from orcheo_adapters.memory.tables import RefusalCount, Tables, Undo
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.usage_days import Days, Figures, UsageOfDays
from orcheo_core.ports.repositories.usage import UsageRepository


class MemoryUsageRepository(MemoryRepository, UsageRepository):
    """See the port."""

    async def of_days(self, workflow_id: str, days: Days) -> UsageOfDays:
        turns = list(self._turns({workflow_id}, days))
        by_day = defaultdict[date, list[Turn]](list)
        for each in turns:
            by_day[_day_of(each)].append(each)
        counts = (each for each in self._tables.refusals.rows.values() if each.workflow_id == workflow_id)
        return UsageOfDays(
            in_all=Figures.of(turns),
            by_day={day: Figures.of(those) for day, those in by_day.items()},
            refusals={(each.day, each.code): each.times for each in counts if days.first <= each.day <= days.last},
        )

    async def turns(self, workflow_ids: Collection[str], days: Days) -> Mapping[tuple[str, date], int]:
        return Counter((each.workflow_id, _day_of(each)) for each in self._turns(workflow_ids, days))

    def _turns(self, workflow_ids: Collection[str], days: Days) -> Iterator[Turn]:
        for each in self._tables.turns.rows.values():
            if each.workflow_id in workflow_ids and days.since <= each.started_at < days.until:
                yield each

    def add_refusals(self, workflow_id: str, day: date, code: str, times: int) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            if workflow_id in tables.workflows.rows:
                key = f"{workflow_id} {day} {code}"
                before = tables.refusals.rows.get(key, RefusalCount(workflow_id, day, code, 0))
                yield tables.refusals.put(key, evolve(before, times=before.times + times))

        self._stage(write)

    def remove_refusals(self, before: date) -> None:
        def write(tables: Tables) -> Iterator[Undo]:
            for key in [key for key, each in tables.refusals.rows.items() if each.day < before]:
                yield tables.refusals.drop(key)

        self._stage(write)


def _day_of(turn: Turn) -> date:
    return turn.started_at.astimezone(UTC).date()
