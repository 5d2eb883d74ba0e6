"""Telling the operator's own systems what happened."""

from abc import abstractmethod
from typing import Protocol

from orcheo_core.domain.audit import AuditEntry
from orcheo_core.domain.delivery import Outbox
from orcheo_core.domain.turn import Turn
from orcheo_core.ports.unit_of_work import UnitOfWork


class Notices(Protocol):
    """Stages notices in the unit of work whose change they are about, so that both become durable together."""

    @abstractmethod
    def acted(self, change: UnitOfWork, entry: AuditEntry) -> None:
        """An act is audited in ``change``."""

    @abstractmethod
    async def turn_ended(self, change: UnitOfWork, turn: Turn) -> None:
        """A turn ends in ``change``, whichever way."""

    @abstractmethod
    async def outbox(self) -> Outbox | None:
        """The messages that wait to be sent; None for a server that sends none."""


class NullNotices(Notices):
    """For servers without a webhook."""

    def acted(self, change: UnitOfWork, entry: AuditEntry) -> None:
        """See the port."""

    async def turn_ended(self, change: UnitOfWork, turn: Turn) -> None:
        """See the port."""

    async def outbox(self) -> Outbox | None:
        """See the port."""
        return None
