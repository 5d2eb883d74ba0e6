"""The port to owner sessions that are kept, those that are tickets still included."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.login import EndedLogins
from orcheo_core.domain.owner_session import OwnerSession


class OwnerSessionRepository(Protocol):
    """Owner sessions by public id."""

    @abstractmethod
    async def find(self, public_id: str) -> OwnerSession | None:
        """The owner session with this public id."""

    @abstractmethod
    async def opened(self, of: Actor | EndedLogins, since: datetime, *, limit: int) -> Sequence[OwnerSession]:
        """Those that were opened after ``since`` and have not been ended, newest first: an owner's, or some logins'."""

    @abstractmethod
    def add(self, owner_session: OwnerSession) -> None:
        """Stage an insert; commit raises :class:`ConcurrentChange` when the public id is in use."""

    @abstractmethod
    def open(self, owner_session: OwnerSession) -> None:
        """Stage that a ticket becomes this session; commit raises :class:`ConcurrentChange` unless it is a ticket."""

    @abstractmethod
    def used(self, public_id: str, at: datetime) -> None:
        """Stage that it was used at ``at``; nothing happens for an unknown one."""

    @abstractmethod
    def end(self, public_id: str, at: datetime) -> None:
        """Stage its end at ``at``; nothing happens for an unknown one or one that has been ended."""

    @abstractmethod
    def remove_older(self, before: datetime, *, tickets_only: bool) -> None:
        """Stage the removal of those that were issued before ``before``, or of those of them that are tickets still."""
