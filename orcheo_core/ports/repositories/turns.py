"""The port to turns that are kept."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.turn import Turn, TurnSum


class TurnRepository(Protocol):
    """Turns by id; a thread has at most one that runs."""

    @abstractmethod
    async def latest(self, thread_id: str) -> Turn | None:
        """The turn of this thread that began last."""

    @abstractmethod
    async def find_by_key(self, workflow_id: str, subject: Subject, idempotency_key: str) -> Turn | None:
        """The turn that this subject began with this idempotency key."""

    @abstractmethod
    async def running(self) -> Sequence[Turn]:
        """All turns that are marked as running."""

    @abstractmethod
    async def page(self, thread_id: str, query: PageQuery, only: Collection[str] | None = None) -> Page[Turn]:
        """The turns of a thread in the order of their ids; with ``only`` those with one of these ids, a page of them.

        The turns of a thread that are no longer in it, as their message was answered again, are among them.
        """

    @abstractmethod
    async def sum_up(self, workflow_id: str, *, since: datetime | None = None) -> TurnSum:
        """The turns of a workflow that began since a moment, all of them when none is given."""

    @abstractmethod
    def add(self, turn: Turn) -> None:
        """Stage a new turn.

        Commit raises :class:`TurnInProgress` when the thread has a running one, and :class:`DuplicateTurn` when the
        idempotency key was used before (which is looked at first).
        """

    @abstractmethod
    def save(self, turn: Turn) -> None:
        """Stage the end of a turn."""
