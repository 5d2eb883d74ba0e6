"""The port to items that are kept."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol

from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import Page, PageQuery


class ItemRepository(Protocol):
    """Items by id, and by thread."""

    @abstractmethod
    async def find(self, thread_id: str, item_id: str) -> Item | None:
        """The item of this thread with this id."""

    @abstractmethod
    async def page(self, thread_id: str, query: PageQuery, *, hidden: bool = False) -> Page[Item]:
        """The items of a thread in the order of their ids; hidden ones only when asked for."""

    @abstractmethod
    async def classes_after(self, thread_id: str, item_id: str) -> Mapping[str, type[Item]]:
        """The ids of all items behind this one, hidden ones too, in their order, and of which class each is.

        What they say is not read: together they can be larger than the memory.
        """

    @abstractmethod
    def save(self, item: Item) -> None:
        """Stage an insert or a replacement."""

    @abstractmethod
    def remove(self, thread_id: str, first_id: str, last_id: str, *, only: type[Item] | None = None) -> None:
        """Stage a removal of the items of a thread from one id to another; with ``only``, of those of that class.

        A later item must not be given an id between the two.
        """
