"""The port to threads that are kept."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter, ThreadSum


class ThreadRepository(Protocol):
    """Threads by id, and by (workflow, subject)."""

    @abstractmethod
    async def find(self, thread_id: str) -> Thread | None:
        """The thread with this id, whosoever's it is: the caller compares workflow and subject."""

    @abstractmethod
    async def page(self, wanted: ThreadFilter, query: PageQuery) -> Page[Thread]:
        """The threads that a filter wants, in the order of their ids."""

    @abstractmethod
    async def sum_up(self, wanted: ThreadFilter) -> ThreadSum:
        """How many threads a filter without words wants, and the newest moment of them."""

    @abstractmethod
    def add(self, thread: Thread) -> None:
        """Stage a new thread."""

    @abstractmethod
    def save(self, thread: Thread) -> None:
        """Stage a change; commit raises :class:`ConcurrentChange` when the thread was removed in between."""

    @abstractmethod
    def remove(self, thread_id: str, *, untouched_since: datetime | None = None) -> None:
        """Stage a removal with all that belongs to the thread: items, turns, attachments, feedback.

        With ``untouched_since`` it stays, and so does all else, if it was touched since.
        """
