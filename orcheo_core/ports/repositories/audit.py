"""The port to the audit."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from orcheo_core.domain.audit import AuditEntry, AuditFilter, AuditLink
from orcheo_core.domain.pages import Page, PageQuery


class AuditRepository(Protocol):
    """The audit: append-only, with a hash chain over it in the order in which entries became durable."""

    @abstractmethod
    def append(self, entry: AuditEntry) -> None:
        """Stage an entry; its link (:func:`link_of`) is made when it lands."""

    @abstractmethod
    async def find(self, entry_id: str) -> AuditEntry | None:
        """The entry with this id."""

    @abstractmethod
    async def page(self, query: PageQuery, wanted: AuditFilter = AuditFilter()) -> Page[AuditEntry]:  # noqa: B008 - a value
        """The entries that a filter wants, in the order of their ids."""

    @abstractmethod
    async def chain(self, *, after: int, limit: int) -> Sequence[AuditLink]:
        """Links in the order of their numbers, which begin at 1, behind the one with the number ``after``."""

    @abstractmethod
    async def size(self) -> int:
        """How many entries there are, linked or not."""
