"""Usage by day: what owners learn of how their chats are used."""

from collections.abc import Collection, Mapping
from datetime import date

from attrs import define

from orcheo_core.domain.usage_days import Days, UsageOfDays
from orcheo_core.domain.workflow import Workflow
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store


@define(kw_only=True, eq=False)
class UsageByDay:
    """Reads the figures of workflows; that the caller may see these is checked before."""

    _store: Store
    _clock: Clock

    async def of(self, workflow: Workflow, count: int) -> tuple[Days, UsageOfDays]:
        """The figures of the last ``count`` days, today (UTC) included."""
        days = Days.until_now(self._clock.now(), count)
        return days, await self._store.begin().usage.of_days(workflow.id, days)

    async def turns(self, workflows: Collection[Workflow], count: int) -> Mapping[str, tuple[int, ...]]:
        """The turns of each workflow by its id: one number for each of the last ``count`` days, the earliest first."""
        days = Days.until_now(self._clock.now(), count)
        counted: Mapping[tuple[str, date], int] = {}
        if workflows:
            counted = await self._store.begin().usage.turns([each.id for each in workflows], days)
        return {each.id: tuple(counted.get((each.id, day), 0) for day in days) for each in workflows}
