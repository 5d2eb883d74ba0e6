"""The port to what is counted of chats by day."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from datetime import date
from typing import Protocol

from orcheo_core.domain.usage_days import Days, UsageOfDays


class UsageRepository(Protocol):
    """Figures of the turns that are kept, and counts of refusals."""

    @abstractmethod
    async def of_days(self, workflow_id: str, days: Days) -> UsageOfDays:
        """The figures of a workflow; takes long where it has very many turns."""

    @abstractmethod
    async def turns(self, workflow_ids: Collection[str], days: Days) -> Mapping[tuple[str, date], int]:
        """How many turns of each of these workflows began on each day; those without any are left out."""

    @abstractmethod
    def add_refusals(self, workflow_id: str, day: date, code: str, times: int) -> None:
        """Stage ``times`` more refusals with this code; nothing happens for a workflow that is gone."""

    @abstractmethod
    def remove_refusals(self, before: date) -> None:
        """Stage the removal of the counts of earlier days."""
