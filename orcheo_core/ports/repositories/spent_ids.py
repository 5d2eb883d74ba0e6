"""The port to spent ids that are kept."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from orcheo_core.domain.spent_id import SpentId


class SpentIdRepository(Protocol):
    """Used-up ids by purpose: read once at the start of a process, which then knows them by heart."""

    @abstractmethod
    async def of(self, purpose: str) -> Sequence[SpentId]:
        """All used-up ids of a purpose, oldest first."""

    @abstractmethod
    def save(self, spent: SpentId) -> None:
        """Stage an insert or a replacement."""

    @abstractmethod
    def remove_older(self, purpose: str, before: datetime) -> None:
        """Stage the removal of those of a purpose that were used before ``before``."""
