"""The port to deliveries that are kept."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from orcheo_core.domain.delivery import Delivery, DeliverySum


class DeliveryRepository(Protocol):
    """Messages to the webhook that wait to be delivered."""

    @abstractmethod
    async def due(self, now: datetime, limit: int, *, unless_beyond: datetime | None = None) -> Sequence[Delivery]:
        """Those whose next attempt is due at ``now``, the longest due first.

        Also those that are due after ``unless_beyond``, which a clock that was ahead has put off.
        """

    @abstractmethod
    async def sum(self) -> DeliverySum:
        """How many wait."""

    @abstractmethod
    def add(self, delivery: Delivery, *, most: int) -> None:
        """Stage a new one; it is left out when ``most`` wait already, or when one with its id does."""

    @abstractmethod
    def put_off(self, delivery: Delivery) -> None:
        """Stage its new count of attempts and its next time; nothing happens for one that is gone."""

    @abstractmethod
    def remove(self, delivery_id: str) -> None:
        """Stage a removal; an unknown one is ignored."""

    @abstractmethod
    def remove_older(self, before: datetime) -> None:
        """Stage the removal of those that were added before ``before``."""
