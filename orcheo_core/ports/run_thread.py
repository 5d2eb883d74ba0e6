"""The thread of a run, for a workflow that reads and writes items itself."""

from abc import abstractmethod
from typing import Protocol

from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.run import ThreadChange
from orcheo_core.domain.thread_events import ItemEvent
from orcheo_core.domain.threads import Thread


class RunThread(Protocol):
    """What one run may read and write of its own thread, while its turn lasts; only from the event loop.

    Items are those of the thread as a later turn would find them: the visitor's message, what this run has said so
    far, hidden ones too, but nothing of what this turn takes the place of.
    """

    @property
    @abstractmethod
    def thread(self) -> Thread:
        """The thread as it is now."""

    @abstractmethod
    def new_item_id(self) -> str:
        """An id for an item that the run writes; items stand in the order of their ids."""

    @abstractmethod
    async def page(self, query: PageQuery) -> Page[Item]:
        """Items that are whole, in the order of their ids."""

    @abstractmethod
    async def find(self, item_id: str) -> Item | None:
        """The item with this id, if it is whole; it may be changed and taken back then."""

    @abstractmethod
    async def read_file(self, attachment_id: str) -> bytes:
        """The bytes of a file that was sent in this thread; raises :class:`AttachmentNotFound`."""

    @abstractmethod
    def tell(self, event: ItemEvent | ThreadChange) -> bool:
        """Write: an item begins, grows, is whole, is changed, or is taken back; or the thread itself is changed.

        Returns whether the run may continue at once, as :meth:`RunSink.event` does. Raises :class:`ValueError` for an
        item that is neither new nor found in this thread, and :class:`RunIsOver`.
        """


class RunIsOver(Exception):
    """The turn of a run has ended: nothing is taken from it any more."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The turn has ended, so nothing can be written to its thread any more.")
